//! How the pictures of a job look, as far as a run knows: those that were there before, and those that it keeps. Never
//! decodes one, never writes anything down.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::{Impression, ItemId};

/// The looks of a job's pictures. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Seen(Arc<Mutex<Pictures>>);

#[derive(Debug, Default)]
struct Pictures {
    /// One for each item: of the picture that it has, or had before one that is made now.
    of_items: HashMap<ItemId, Impression>,
    /// What was decoded in this run, by BLAKE3 of the bytes in hexadecimal.
    decoded: Vec<(String, Impression)>,
}

impl Seen {
    /// Those of the pictures that these items have.
    pub fn before(looks: impl IntoIterator<Item = (ItemId, Impression)>) -> Self {
        Self(Arc::new(Mutex::new(Pictures { of_items: looks.into_iter().collect(), decoded: Vec::new() })))
    }

    /// What was decoded so far, by BLAKE3 of the bytes in hexadecimal, for whoever keeps it so that nobody decodes it again.
    pub fn decoded(&self) -> Vec<(String, Impression)> {
        self.lock().decoded.clone()
    }

    pub(super) fn note(&self, blake3: &str, impression: Impression) {
        self.lock().decoded.push((blake3.to_owned(), impression));
    }

    /// From now on the item's picture looks like this. When it must be the only one, and another item's looks nearly the
    /// same, it stays as it was, and that item is told: of two that come at once, the first has it.
    pub(super) fn take(&self, item: &ItemId, impression: Impression, only: bool) -> Result<(), ItemId> {
        let mut pictures = self.lock();
        let is_twin = |(other, looks): &(&ItemId, &Impression)| *other != item && impression.resembles(looks);
        let twins = pictures.of_items.iter().filter(|_| only).filter(is_twin).map(|(other, _)| other);
        // The first by name, so that the same is told again.
        if let Some(twin) = twins.min_by_key(|twin| twin.as_str()).cloned() {
            return Err(twin);
        }
        pictures.of_items.insert(item.clone(), impression);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Pictures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(value: u8) -> Impression {
        Impression::of(64, 64, &[[value; 3]; Impression::PARTS * Impression::PARTS])
    }

    #[test]
    fn of_two_that_look_alike_the_first_is_kept() {
        let item = |id: &str| ItemId::new(id);
        let seen = Seen::before([(item("old"), grey(10))]);
        assert_eq!(seen.take(&item("new"), grey(11), true), Err(item("old")));
        assert_eq!(seen.take(&item("new"), grey(90), true), Ok(()));
        assert_eq!(seen.take(&item("late"), grey(90), true), Err(item("new")));
        assert_eq!(seen.take(&item("late"), grey(90), false), Ok(()), "where nobody minds");
        assert_eq!(seen.take(&item("late"), grey(91), true), Err(item("new")));
    }

    #[test]
    fn an_item_that_is_made_again_is_no_twin_of_its_own_earlier_picture() {
        let item = ItemId::new("mug");
        let seen = Seen::before([(item.clone(), grey(10))]);
        assert_eq!(seen.take(&item, grey(10), true), Ok(()));
    }
}
