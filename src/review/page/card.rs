//! An item as a card of the page shows it. Never more than a glance needs.

use serde::Serialize;

use super::words::{checked, state_word};
use crate::domain::{Artifact, Decision};
use crate::queue::{Card, ItemState};

/// What a card shows.
#[derive(Serialize)]
pub(super) struct Seen<'a> {
    pub key: i64,
    pub id: &'a str,
    pub state: &'static str,
    /// Why there is no picture.
    pub why: String,
    pub message: Option<&'a str>,
    pub prompt: &'a str,
    pub caption: Option<&'a str>,
    /// The picture that is shown: BLAKE3 in hexadecimal.
    pub picture: Option<&'a str>,
    /// Whether the first reference is shown beside it.
    pub has_reference: bool,
    pub decision: Option<&'static str>,
    /// What was decided on the picture before this one.
    pub decided_before: Option<&'static str>,
    pub is_favourite: bool,
    pub has_note: bool,
    pub is_sent_back: bool,
    pub badges: Vec<&'static str>,
    /// How many pictures there are to choose from for its row: those of its row's items and their earlier ones.
    pub candidates: usize,
}

impl<'a> Seen<'a> {
    pub fn of(card: &'a Card) -> Self {
        let record = &card.record;
        let artifact = shown(card);
        let verdict = record.verdict.as_ref();
        let said = verdict.map(|record| &record.verdict);
        let decision = said.and_then(|said| said.decision).map(Decision::as_str);
        let holds = verdict.is_some_and(|verdict| verdict.holds);
        let further = artifact.map_or(0, |artifact| artifact.images.len().saturating_sub(1));
        Self {
            key: card.key.0,
            id: record.item.id.as_str(),
            state: record.state.as_str(),
            why: why(card),
            message: record.failure.as_ref().map(|(_, message)| message.as_str()),
            prompt: &record.item.request.prompt,
            caption: caption(card),
            picture: artifact.and_then(|artifact| artifact.images.first()).map(|image| image.blake3.as_str()),
            has_reference: !record.item.request.references.is_empty(),
            decision: decision.filter(|_| holds),
            decided_before: decision.filter(|_| !holds && !card.is_sent_back),
            is_favourite: record.favourite().is_some(),
            has_note: said.is_some_and(|said| said.note.is_some()),
            is_sent_back: card.is_sent_back,
            badges: card.found.iter().copied().map(checked).collect(),
            candidates: card.siblings.len().max(1) + further + card.versions as usize
                - usize::from(card.earlier.is_some()),
        }
    }

    /// Another one whenever the card looks otherwise.
    pub fn stamp(&self) -> String {
        let all = serde_json::to_vec(self).unwrap_or_default();
        blake3::hash(&all).to_hex()[..12].to_owned()
    }
}

/// The picture that an item has, or has until the next one comes.
pub(super) fn shown(card: &Card) -> Option<&Artifact> {
    card.record.artifact.as_ref().or(card.earlier.as_ref())
}

/// What a person wrote in place of the model's caption, or that.
pub(super) fn caption(card: &Card) -> Option<&str> {
    card.record.caption().or_else(|| card.earlier.as_ref()?.caption.as_deref())
}

fn why(card: &Card) -> String {
    match (&card.record.failure, card.record.state) {
        (Some((kind, _)), ItemState::Failed) => kind.as_str().to_owned(),
        (_, state) => state_word(state).to_owned(),
    }
}
