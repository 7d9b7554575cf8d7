//! Which items of a row go out, by their state and by what a person said of them. Never writes one, and never takes a
//! decision for somebody's that was about another picture.

use super::super::said::Said;
use super::{Choice, Format, Wanted};
use crate::domain::{Artifact, Decision, ImageFile, ItemId};
use crate::queue::{ItemRecord, Ledger, QueueError, RowRecord};

/// A row as it goes out.
pub(super) struct Outgoing {
    /// It, with no items but those that go.
    pub row: RowRecord,
    /// What was said of each of these, where that is wanted.
    said: Vec<Said>,
}

impl Outgoing {
    /// Its items, each with what was said of it where that is wanted.
    pub fn items(&self) -> impl Iterator<Item = (&ItemRecord, Option<&Said>)> {
        self.row.items.iter().enumerate().map(|(at, item)| (item, self.said.get(at)))
    }
}

/// Whoever chooses.
pub(super) struct Chooser<'a> {
    ledger: &'a dyn Ledger,
    wanted: &'a Wanted<'a>,
    /// Items whose favourite is not there any more.
    pub missing: Vec<ItemId>,
}

impl<'a> Chooser<'a> {
    /// Chooses what is wanted.
    pub fn new(ledger: &'a dyn Ledger, wanted: &'a Wanted<'a>) -> Self {
        Self { ledger, wanted, missing: Vec::new() }
    }

    /// The row with what goes out of it; none if the row does not. A shop takes a product for what its rows are, so
    /// there every row goes.
    pub fn choose(&mut self, mut row: RowRecord) -> Result<Option<Outgoing>, QueueError> {
        let Wanted { states, choice, .. } = *self.wanted;
        let is_choosy = !states.is_empty() || choice != Choice::All;
        let is_shop = matches!(self.wanted.format, Format::Shopify { .. });
        if !states.is_empty() {
            row.items.retain(|item| states.contains(&item.state));
        }
        match choice {
            Choice::All => {}
            Choice::Approved => {
                row.items.retain(is_approved);
                if is_shop {
                    bring_favourites_forward(&mut row.items);
                }
            }
            Choice::Favourites => row.items = self.favourite(row.items)?.into_iter().collect(),
        }
        if row.items.is_empty() && is_choosy && !is_shop {
            return Ok(None);
        }
        let said = if self.wanted.verdicts { self.said(&row.items)? } else { vec![] };
        Ok(Some(Outgoing { row, said }))
    }

    /// What stands for a row: the item that has its favourite, with that as its only picture; where nobody chose one,
    /// the only one that is approved.
    fn favourite(&mut self, items: Vec<ItemRecord>) -> Result<Option<ItemRecord>, QueueError> {
        for item in &items {
            let Some(favourite) = item.favourite() else { continue };
            match self.find(item, favourite)? {
                Some(artifact) => return Ok(Some(ItemRecord { artifact: Some(artifact), ..item.clone() })),
                None if !item.repeated => self.missing.push(item.item.id.clone()),
                None => {}
            }
        }
        let mut approved = items.into_iter().filter(is_approved);
        Ok(approved.next().filter(|_| approved.next().is_none()))
    }

    /// What the item has, or had, with this picture alone, and with the place where that lies; none if it is gone.
    fn find(&self, item: &ItemRecord, blake3: &str) -> Result<Option<Artifact>, QueueError> {
        if let Some(artifact) = &item.artifact
            && let Some(image) = image(artifact, blake3)
        {
            return Ok(Some(Artifact { images: vec![image.clone()], ..artifact.clone() }));
        }
        let Some(shelf) = self.wanted.shelf else { return Ok(None) };
        let versions = self.ledger.item(self.wanted.job, &item.item.id)?.versions;
        let mut found = versions.iter().rev().filter(|version| version.pruned_at.is_none()).filter_map(|version| {
            let image = image(&version.artifact, blake3)?;
            let image = ImageFile { file: shelf.whereabouts(image)?, ..image.clone() };
            Some(Artifact { images: vec![image], ..version.artifact.clone() })
        });
        Ok(found.next())
    }

    fn said(&self, items: &[ItemRecord]) -> Result<Vec<Said>, QueueError> {
        let said = items.iter().map(|item| {
            let artifact = item.favourite().map(|favourite| self.find(item, favourite)).transpose()?.flatten();
            let file = artifact.and_then(|artifact| artifact.images.into_iter().next()).map(|image| image.file);
            Ok(Said::of(item, file))
        });
        said.collect()
    }
}

fn is_approved(item: &ItemRecord) -> bool {
    item.artifact.is_some() && item.decision() == Some(Decision::Approved)
}

/// Whether an item's first picture is the one that stands for the product.
pub(super) fn is_favourite(item: &ItemRecord) -> bool {
    let first = item.artifact.as_ref().and_then(|artifact| artifact.images.first());
    first.is_some_and(|image| item.favourite() == Some(&image.blake3))
}

/// The picture that stands for the product becomes the first of its item, and that the first of its row.
fn bring_favourites_forward(items: &mut [ItemRecord]) {
    for item in items.iter_mut() {
        let favourite = item.favourite().map(str::to_owned);
        if let Some(artifact) = &mut item.artifact {
            artifact.images.sort_by_key(|image| favourite.as_deref() != Some(&image.blake3));
        }
    }
    items.sort_by_key(|item| !is_favourite(item));
}

fn image<'a>(artifact: &'a Artifact, blake3: &str) -> Option<&'a ImageFile> {
    artifact.images.iter().find(|image| image.blake3 == blake3)
}
