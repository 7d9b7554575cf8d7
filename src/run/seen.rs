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
    /// Those that this run keeps, by BLAKE3 of their bytes in hexadecimal.
    taken: Vec<(String, Impression)>,
}

impl Seen {
    /// Those of the pictures that these items have.
    pub fn before(looks: impl IntoIterator<Item = (ItemId, Impression)>) -> Self {
        Self(Arc::new(Mutex::new(Pictures { of_items: looks.into_iter().collect(), taken: Vec::new() })))
    }

    /// Those that were kept since, by BLAKE3 of their bytes in hexadecimal: for whoever notes them, so that nobody decodes
    /// them again.
    pub fn taken(&self) -> Vec<(String, Impression)> {
        self.lock().taken.clone()
    }

    /// From now on the item's picture is this one, and looks so. When it must be the only one, and another item's looks
    /// nearly the same, it stays as it was, and that item is told: of two that come at once, the first has it.
    pub(super) fn take(&self, item: &ItemId, blake3: &str, impression: Impression, only: bool) -> Result<(), ItemId> {
        let mut pictures = self.lock();
        let is_twin = |(other, looks): &(&ItemId, &Impression)| *other != item && impression.resembles(looks);
        let twins = pictures.of_items.iter().filter(|_| only).filter(is_twin).map(|(other, _)| other);
        // The first by name, so that the same is told again.
        if let Some(twin) = twins.min_by_key(|twin| twin.as_str()).cloned() {
            return Err(twin);
        }
        pictures.of_items.insert(item.clone(), impression);
        pictures.taken.push((blake3.to_owned(), impression));
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
        assert_eq!(seen.take(&item("new"), "b3", grey(11), true), Err(item("old")));
        assert_eq!(seen.take(&item("new"), "b3", grey(90), true), Ok(()));
        assert_eq!(seen.take(&item("late"), "b3", grey(90), true), Err(item("new")));
        assert_eq!(seen.take(&item("late"), "b3", grey(90), false), Ok(()), "where nobody minds");
        assert_eq!(seen.take(&item("late"), "b3", grey(91), true), Err(item("new")));
        assert_eq!(seen.taken().len(), 2, "what was not kept is not noted");
    }

    #[test]
    fn an_item_that_is_made_again_is_no_twin_of_its_own_earlier_picture() {
        let item = ItemId::new("mug");
        let seen = Seen::before([(item.clone(), grey(10))]);
        assert_eq!(seen.take(&item, "b3", grey(10), true), Ok(()));
    }
}
