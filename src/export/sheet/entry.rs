//! An item as the page's script reads it. Never says more than the ledger does, but for what strikes the eye.

use std::borrow::Cow;

use serde::Serialize;

use super::link::Reference;
use crate::domain::{
    Artifact, AspectRatio, Check, FailureKind, ImageFile, Timestamp, Usd, cell_text, is_uncaptioned, misshapen,
};
use crate::queue::{ItemRecord, RowRecord};

/// Where the page finds what an entry shows.
pub(in crate::export) trait Links {
    /// Those of these pictures that it can show.
    fn pictures(&self, images: &[ImageFile]) -> Vec<Picture>;

    /// The reference that the manifest calls so.
    fn reference(&mut self, name: &str) -> Reference;
}

/// One item. What there is none of is left out.
#[derive(Serialize)]
pub(in crate::export) struct Entry<'a> {
    id: &'a str,
    line: u64,
    state: &'static str,
    prompt: &'a str,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aspect_ratio: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<Reference>,
    /// The first is the item's picture.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub images: Vec<Picture>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caption: Option<&'a str>,
    /// What a person said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Said<'a>>,
    /// Where it is in the review; it may be in several places.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub standings: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure<'a>>,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<Usd>,
    /// In the order of the head's columns; empty where the cell only repeats the id or the prompt.
    cells: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub badges: Vec<&'static str>,
}

#[derive(Serialize)]
pub(in crate::export) struct Picture {
    href: String,
    /// What the file is called, where its address does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it stands for the product.
    #[serde(skip_serializing_if = "is_not")]
    pub favourite: bool,
    /// Whether it is one that the item had before.
    #[serde(skip_serializing_if = "is_not")]
    pub earlier: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
}

#[derive(Serialize)]
struct Failure<'a> {
    kind: FailureKind,
    message: &'a str,
}

/// What a person said of an item.
#[derive(Serialize)]
pub(in crate::export) struct Said<'a> {
    /// What was decided, be it about the picture that is there or about one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<&'static str>,
    /// Whether it is about the picture that is there.
    pub holds: bool,
    pub by: &'a str,
    /// Milliseconds since the Unix epoch.
    pub at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'a str>,
    /// Whether the caption is a person's.
    #[serde(skip_serializing_if = "is_not")]
    pub edited: bool,
}

/// The answer held several pictures: a badge beside those of the checks.
const SEVERAL: &str = "several";

/// The entry of an item in one of its rows.
pub(in crate::export) fn entry<'a>(row: &'a RowRecord, record: &'a ItemRecord, links: &mut dyn Links) -> Entry<'a> {
    let request = &record.item.request;
    let artifact = record.artifact.as_ref();
    let finish_reason = artifact.and_then(|artifact| artifact.finish_reason.as_deref());
    Entry {
        id: record.item.id.as_str(),
        line: row.line,
        state: record.state.as_str(),
        prompt: &request.prompt,
        model: &request.model,
        aspect_ratio: request.aspect_ratio.map(AspectRatio::as_str),
        references: request.references.iter().map(|name| links.reference(name)).collect(),
        images: artifact.map_or(vec![], |artifact| links.pictures(&artifact.images)),
        caption: record.caption().filter(|caption| artifact.is_some() && !caption.is_empty()),
        review: None,
        standings: vec![],
        finish_reason: finish_reason.or(record.reply.finish_reason.as_deref()),
        failure: record.failure.as_ref().map(|(kind, message)| Failure { kind: *kind, message }),
        attempts: record.attempts,
        cost_usd: record.cost,
        cells: cells(row, record),
        badges: artifact.map_or(vec![], |artifact| badges(record, artifact)),
    }
}

impl Picture {
    /// An image that is found there.
    pub fn at(href: String, image: &ImageFile) -> Self {
        let (width, height) = (image.width, image.height);
        Self { href, name: None, favourite: false, earlier: false, width, height }
    }
}

const fn is_not(fact: &bool) -> bool {
    !*fact
}

fn cells<'a>(row: &'a RowRecord, record: &ItemRecord) -> Vec<Cow<'a, str>> {
    let told = [record.item.id.as_str(), &record.item.request.prompt];
    let cells = row.cells.iter().map(|value| cell_text(Some(value)));
    cells.map(|text| if told.contains(&text.as_ref()) { "".into() } else { text }).collect()
}

fn badges(record: &ItemRecord, artifact: &Artifact) -> Vec<&'static str> {
    let request = &record.item.request;
    let mut badges = Vec::new();
    if misshapen(request, artifact.images.iter().map(|image| (image.width, image.height))).is_some() {
        badges.push(Check::Shape.as_str());
    }
    if is_uncaptioned(request, artifact.caption.as_deref()) {
        badges.push(Check::Uncaptioned.as_str());
    }
    if artifact.images.len() > 1 {
        badges.push(SEVERAL);
    }
    badges
}
