//! An item as the page's script reads it. Never says more than the ledger does, but for what strikes the eye.

use std::borrow::Cow;

use serde::Serialize;

use super::super::address::address;
use super::link::{Reference, References};
use crate::domain::{Artifact, AspectRatio, FailureKind, ImageFile, Usd, cell_text, is_uncaptioned, misshapen};
use crate::queue::{ItemRecord, RowRecord};

/// One item. What there is none of is left out.
#[derive(Serialize)]
pub(super) struct Entry<'a> {
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
    images: Vec<Picture>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caption: Option<&'a str>,
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
    badges: Vec<Badge>,
}

#[derive(Serialize)]
struct Picture {
    href: String,
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

/// What a person should look at twice.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Badge {
    /// A picture has not the shape that was asked for.
    Shape,
    /// A caption was asked for and none came.
    Uncaptioned,
    /// The answer held several pictures.
    Several,
}

/// The entry of an item in one of its rows.
pub(super) fn entry<'a>(row: &'a RowRecord, record: &'a ItemRecord, references: &mut References) -> Entry<'a> {
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
        references: request.references.iter().map(|name| references.find(name)).collect(),
        images: artifact.map_or(vec![], |artifact| artifact.images.iter().map(picture).collect()),
        caption: artifact.and_then(|artifact| artifact.caption.as_deref()),
        finish_reason: finish_reason.or(record.reply.finish_reason.as_deref()),
        failure: record.failure.as_ref().map(|(kind, message)| Failure { kind: *kind, message }),
        attempts: record.attempts,
        cost_usd: record.cost,
        cells: cells(row, record),
        badges: artifact.map_or(vec![], |artifact| badges(record, artifact)),
    }
}

fn picture(image: &ImageFile) -> Picture {
    Picture { href: address(&image.file), width: image.width, height: image.height }
}

fn cells<'a>(row: &'a RowRecord, record: &ItemRecord) -> Vec<Cow<'a, str>> {
    let told = [record.item.id.as_str(), &record.item.request.prompt];
    let cells = row.cells.iter().map(|value| cell_text(Some(value)));
    cells.map(|text| if told.contains(&text.as_ref()) { "".into() } else { text }).collect()
}

fn badges(record: &ItemRecord, artifact: &Artifact) -> Vec<Badge> {
    let request = &record.item.request;
    let mut badges = Vec::new();
    if misshapen(request, artifact.images.iter().map(|image| (image.width, image.height))).is_some() {
        badges.push(Badge::Shape);
    }
    if is_uncaptioned(request, artifact.caption.as_deref()) {
        badges.push(Badge::Uncaptioned);
    }
    if artifact.images.len() > 1 {
        badges.push(Badge::Several);
    }
    badges
}
