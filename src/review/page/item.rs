//! An item with everything that is known of it, and every picture there is to choose from. Never looks for a file.

use std::borrow::Cow;

use serde::Serialize;

use super::card::{caption, shown};
use super::words::{checked, state_word};
use crate::domain::count_words::count;
use crate::domain::{AspectRatio, Decision, Usd, cell_text, reference_name};
use crate::queue::{Card, ItemStory};

/// What there is to be seen of an item.
pub(in crate::review) struct Sight<'a> {
    pub card: &'a Card,
    pub story: &'a ItemStory,
    /// The items of its row, itself among them.
    pub siblings: &'a [Card],
    /// The manifest's columns.
    pub columns: &'a [String],
    /// The item whose picture is nearly the same.
    pub twin: Option<&'a Card>,
    /// Its place in what was found, and how many were.
    pub place: Option<(usize, usize)>,
}

/// The same, as the template reads it.
#[derive(Serialize)]
pub(super) struct Seen<'a> {
    key: i64,
    id: &'a str,
    state: &'static str,
    state_word: &'static str,
    place: Option<String>,
    prompt: &'a str,
    /// The model's own.
    said: Option<&'a str>,
    caption: &'a str,
    is_captioned_by_hand: bool,
    note: &'a str,
    decision: Option<&'static str>,
    holds: bool,
    by: Option<By<'a>>,
    favourite: Option<&'a str>,
    /// The picture that decisions are about: the item's own, first one.
    own: Option<&'a str>,
    /// Whether any of its own pictures can be shown.
    is_seen: bool,
    is_sent_back: bool,
    can_be_sent_back: bool,
    failure: Option<(&'static str, &'a str)>,
    findings: Vec<&'static str>,
    twin: Option<(i64, &'a str)>,
    references: Vec<Reference<'a>>,
    candidates: Vec<Candidate<'a>>,
    facts: Vec<(&'static str, String)>,
    cells: Vec<(&'a str, Cow<'a, str>)>,
    versions: Vec<Version<'a>>,
}

/// Who said the last of it, and when.
#[derive(Serialize)]
struct By<'a> {
    person: &'a str,
    at: i64,
}

#[derive(Serialize)]
struct Reference<'a> {
    number: usize,
    name: &'a str,
}

/// A picture to choose.
#[derive(Serialize)]
struct Candidate<'a> {
    /// Whose it is.
    key: i64,
    picture: &'a str,
    /// What it is among the others.
    word: String,
    is_shown: bool,
    is_favourite: bool,
    decision: Option<&'static str>,
}

#[derive(Serialize)]
struct Version<'a> {
    number: u32,
    prompt: &'a str,
    made_at: Option<i64>,
    is_pruned: bool,
}

impl<'a> Seen<'a> {
    pub fn of(sight: &Sight<'a>) -> Self {
        let (card, record) = (sight.card, &sight.card.record);
        let verdict = record.verdict.as_ref();
        let said = verdict.map(|record| &record.verdict);
        let failure = record.failure.as_ref();
        let candidates = candidates(sight);
        Self {
            key: card.key.0,
            id: record.item.id.as_str(),
            state: record.state.as_str(),
            state_word: state_word(record.state),
            place: sight.place.map(|(at, all)| format!("{} of {}", count(at as u64 + 1), count(all as u64))),
            prompt: &record.item.request.prompt,
            said: shown(card).and_then(|artifact| artifact.caption.as_deref()),
            caption: caption(card).unwrap_or_default(),
            is_captioned_by_hand: said.is_some_and(|said| said.caption.is_some()),
            note: said.and_then(|said| said.note.as_deref()).unwrap_or_default(),
            decision: said.and_then(|said| said.decision).map(Decision::as_str),
            holds: verdict.is_some_and(|verdict| verdict.holds),
            by: verdict.map(|verdict| By { person: &verdict.person, at: verdict.at.millis() }),
            favourite: record.favourite(),
            own: record
                .artifact
                .as_ref()
                .and_then(|artifact| artifact.images.first())
                .map(|image| image.blake3.as_str()),
            is_seen: candidates.iter().any(|candidate| candidate.key == card.key.0),
            is_sent_back: card.is_sent_back,
            can_be_sent_back: matches!(record.state.as_str(), "done" | "failed") || card.is_sent_back,
            failure: failure.map(|(kind, message)| (kind.as_str(), message.as_str())),
            findings: card.found.iter().copied().map(checked).collect(),
            twin: sight.twin.map(|twin| (twin.key.0, twin.record.item.id.as_str())),
            references: references(card),
            candidates,
            facts: facts(card),
            cells: cells(sight),
            versions: sight.story.versions.iter().map(version).collect(),
        }
    }
}

fn references(card: &Card) -> Vec<Reference<'_>> {
    let references = card.record.item.request.references.iter().enumerate();
    references.map(|(number, written)| Reference { number, name: reference_name(written) }).collect()
}

/// The pictures of the row's items, in their order: each item's own, then what it had before.
fn candidates<'a>(sight: &Sight<'a>) -> Vec<Candidate<'a>> {
    let mut candidates = Vec::new();
    let several = sight.siblings.len() > 1;
    for card in sight.siblings {
        let record = &card.record;
        let verdict = record.verdict.as_ref();
        let favourite = record.favourite();
        let decision = verdict.filter(|verdict| verdict.holds).and_then(|verdict| verdict.verdict.decision);
        let is_this = card.key == sight.card.key;
        let id = record.item.id.as_str();
        let new = |picture: &'a crate::domain::ImageFile, word: String, decision: Option<Decision>| Candidate {
            key: card.key.0,
            picture: &picture.blake3,
            word,
            is_shown: false,
            is_favourite: favourite == Some(picture.blake3.as_str()),
            decision: decision.map(Decision::as_str),
        };
        let images = shown(card).map_or(&[][..], |artifact| &artifact.images);
        for (number, image) in images.iter().enumerate() {
            let own = match (several, card.record.artifact.is_none()) {
                (_, true) => "until the next comes".to_owned(),
                (true, _) => id.to_owned(),
                (false, _) => "the picture".to_owned(),
            };
            let word = if number == 0 { own } else { format!("{own}, picture {}", number + 1) };
            let decision = decision.filter(|_| number == 0);
            candidates.push(Candidate { is_shown: is_this && number == 0, ..new(image, word, decision) });
        }
        if is_this {
            let earlier =
                sight.story.versions.iter().rev().filter(|version| !version.stands && version.pruned_at.is_none());
            for version in earlier {
                let images = version.artifact.images.iter();
                candidates.extend(images.map(|image| new(image, format!("version {}", version.number), None)));
            }
        }
    }
    candidates
}

fn version(version: &crate::queue::story::VersionRecord) -> Version<'_> {
    Version {
        number: version.number,
        prompt: &version.request.prompt,
        made_at: version.made_at.map(crate::domain::Timestamp::millis),
        is_pruned: version.pruned_at.is_some(),
    }
}

fn cells<'a>(sight: &Sight<'a>) -> Vec<(&'a str, Cow<'a, str>)> {
    let told = [sight.card.record.item.id.as_str(), &sight.card.record.item.request.prompt];
    let cells = sight.columns.iter().zip(&sight.card.cells);
    let cells = cells.map(|(column, value)| (column.as_str(), cell_text(Some(value))));
    cells.filter(|(_, text)| !text.is_empty() && !told.contains(&text.as_ref())).collect()
}

fn facts(card: &Card) -> Vec<(&'static str, String)> {
    let (record, request) = (&card.record, &card.record.item.request);
    let images = shown(card).map_or(&[][..], |artifact| &artifact.images);
    let sizes = images.iter().filter_map(|image| Some(format!("{} × {}", image.width?, image.height?)));
    let asked = request.aspect_ratio.map(|ratio: AspectRatio| format!("asked for {}", ratio.as_str()));
    let mut size: Vec<String> = sizes.chain(asked).collect();
    size.dedup();
    let files: Vec<&str> = images.iter().map(|image| image.file.as_str()).collect();
    [
        ("Size", size.join(", ")),
        ("File", files.join("\n")),
        ("Attempts", count(record.attempts.into())),
        ("Cost", record.cost.map_or_else(String::new, |cost: Usd| cost.to_string())),
        ("Model", request.model.clone()),
        ("Line", format!("{} of the manifest", count(card.line))),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .collect()
}
