//! An item as whoever gets the folder may see it: what was made of it, and what was said. Never holds what only this
//! machine should know.

use serde_json::Value;

use super::super::sheet::{Entry, Said, entry};
use super::Keepsake;
use super::passable::passable;
use super::reduced::Reduced;
use crate::domain::{Check, Decision, ImageFile, cell_text};
use crate::queue::{Card, ItemRecord, ItemState, QueueError, RowRecord, Stand, Standing};

/// An item and its row.
pub(super) struct Seen {
    row: RowRecord,
    /// Its artifact is what it has, or had until the next comes.
    record: ItemRecord,
    is_sent_back: bool,
    found: Vec<Check>,
    /// The picture that stands for the product, where it is an earlier one.
    favourite: Option<ImageFile>,
}

impl Seen {
    /// What may be seen of a card.
    pub fn of(keepsake: &Keepsake<'_>, card: Card) -> Result<Self, QueueError> {
        let Card { mut record, line, cells, is_sent_back, earlier, found, .. } = card;
        record.artifact = record.artifact.or(earlier);
        let cells = cells.iter().map(|cell| Value::from(passable(&cell_text(Some(cell))))).collect();
        let mut seen = Self {
            row: RowRecord { line, cells, items: vec![] },
            favourite: earlier_favourite(keepsake, &record)?,
            record,
            is_sent_back,
            found,
        };
        seen.keep_to_oneself();
        Ok(seen)
    }

    /// Takes out of all texts what nobody else should know.
    fn keep_to_oneself(&mut self) {
        let record = &mut self.record;
        let pass = |text: &mut String| *text = passable(text).into_owned();
        pass(&mut record.item.request.prompt);
        record.artifact.iter_mut().filter_map(|artifact| artifact.caption.as_mut()).for_each(pass);
        record.failure.iter_mut().for_each(|(_, message)| pass(message));
        if let Some(said) = &mut record.verdict {
            pass(&mut said.person);
            [&mut said.verdict.note, &mut said.verdict.caption].into_iter().flatten().for_each(pass);
        }
        // It is nobody's business but who pays.
        record.cost = None;
    }

    /// Where it stands.
    pub fn state(&self) -> ItemState {
        self.record.state
    }

    /// All its pictures: its first, its further ones, and the earlier one that stands for the product.
    pub fn images(&self) -> impl Iterator<Item = &ImageFile> {
        let own = self.record.artifact.iter().flat_map(|artifact| &artifact.images);
        own.chain(&self.favourite)
    }

    /// What the manifest calls its references.
    pub fn references(&self) -> &[String] {
        &self.record.item.request.references
    }

    /// It, as the page's script reads it.
    pub fn entry<'a>(&'a self, reduced: &mut Reduced<'_>) -> Entry<'a> {
        let record = &self.record;
        let mut entry = entry(&self.row, record, reduced);
        let pictures = reduced.pictures_of(self).into_iter().map(|(image, mut picture)| {
            picture.favourite = record.favourite() == Some(&image.blake3);
            let is_earlier = self.favourite.as_ref().is_some_and(|favourite| favourite.blake3 == image.blake3);
            picture.earlier = is_earlier || record.state != ItemState::Done;
            picture
        });
        entry.images = pictures.collect();
        entry.standings = self.standings();
        entry.review = self.said();
        for check in self.found.iter().map(|check| check.as_str()) {
            if !entry.badges.contains(&check) {
                entry.badges.push(check);
            }
        }
        entry
    }

    fn standings(&self) -> Vec<&'static str> {
        let record = &self.record;
        let has_note = record.verdict.as_ref().is_some_and(|said| said.verdict.note.is_some());
        let stand = Stand {
            state: record.state,
            decision: record.decision(),
            is_favourite: record.favourite().is_some(),
            is_sent_back: self.is_sent_back,
            has_note,
        };
        Standing::ALL.iter().filter(|standing| stand.is(**standing)).map(|standing| standing.as_str()).collect()
    }

    fn said(&self) -> Option<Said<'_>> {
        let record = self.record.verdict.as_ref()?;
        let verdict = &record.verdict;
        Some(Said {
            decision: verdict.decision.map(Decision::as_str),
            holds: record.holds,
            by: &record.person,
            at: record.at,
            note: verdict.note.as_deref(),
            edited: verdict.caption.is_some(),
        })
    }
}

/// The picture that stands for the product, where the item does not have it any more.
fn earlier_favourite(keepsake: &Keepsake<'_>, record: &ItemRecord) -> Result<Option<ImageFile>, QueueError> {
    let Some(favourite) = record.favourite() else { return Ok(None) };
    let is_it = |image: &&ImageFile| image.blake3 == favourite;
    if record.artifact.iter().flat_map(|artifact| &artifact.images).any(|image| is_it(&image)) {
        return Ok(None);
    }
    let versions = keepsake.ledger.item(keepsake.job, &record.item.id)?.versions;
    Ok(versions.iter().rev().flat_map(|version| &version.artifact.images).find(is_it).cloned())
}
