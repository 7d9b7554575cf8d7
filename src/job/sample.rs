//! A sample of a list that is the same each time, and grows without changing: the larger one holds the smaller. Never
//! holds more items than it may have to choose.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use super::nearest::nearest;
use crate::domain::ItemId;

/// Chooses so many items of all that it is offered. Of each stratum those come first whose ids have the smallest hashes;
/// the strata take turns, in the order of the hashes of their names.
#[derive(Debug)]
pub struct Sample {
    size: usize,
    /// By hashes: more strata, or more items of one, than the sample is large are never chosen.
    strata: BTreeMap<u128, BTreeMap<u128, ItemId>>,
}

impl Sample {
    /// A sample of this size, with nothing to choose from yet.
    pub fn of(size: NonZeroUsize) -> Self {
        Self { size: size.get(), strata: BTreeMap::new() }
    }

    /// Offers an item. Whoever wants one stratum only calls it always the same.
    pub fn offer(&mut self, stratum: &str, item: &ItemId) {
        let items = self.strata.entry(hash(stratum)).or_default();
        items.insert(hash(item.as_str()), item.clone());
        if items.len() > self.size {
            items.pop_last();
        }
        if self.strata.len() > self.size {
            self.strata.pop_last();
        }
    }

    /// The chosen items.
    pub fn chosen(self) -> Vec<ItemId> {
        let mut strata: Vec<_> = self.strata.into_values().map(BTreeMap::into_values).collect();
        let mut chosen = Vec::new();
        loop {
            let round: Vec<ItemId> = strata.iter_mut().filter_map(Iterator::next).collect();
            if round.is_empty() || chosen.len() >= self.size {
                chosen.truncate(self.size);
                return chosen;
            }
            chosen.extend(round);
        }
    }
}

fn hash(text: &str) -> u128 {
    let hash = *blake3::hash(text.as_bytes()).as_bytes();
    hash[..16].iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// The place of a column by its name, or what is wrong with that.
pub fn column_called(name: &str, columns: &[String]) -> Result<usize, String> {
    if let Some(place) = columns.iter().position(|column| column == name) {
        return Ok(place);
    }
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    Err(match nearest(name, &names) {
        Some(meant) => format!("the manifest has no column `{name}`; did you mean `{meant}`?"),
        None => format!("the manifest has no column `{name}`; it has {}", names.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sample of so many of a thousand items, of which one in ten is rare.
    fn sample(size: usize) -> Vec<ItemId> {
        let mut sample = Sample::of(NonZeroUsize::new(size).unwrap());
        for number in 0..1000 {
            let stratum = if number % 10 == 0 { "rare" } else { "common" };
            sample.offer(stratum, &ItemId::new(format!("{stratum}-{number}")));
        }
        sample.chosen()
    }

    #[test]
    fn the_larger_sample_holds_the_smaller_and_both_are_the_same_each_time() {
        let largest = sample(300);
        for size in [1, 2, 20, 40, 299, 300] {
            assert_eq!(sample(size), largest[..size]);
        }
    }

    #[test]
    fn each_stratum_gets_its_share_until_it_has_no_more() {
        let rare = |size| sample(size).iter().filter(|id| id.as_str().starts_with("rare")).count();
        assert_eq!((rare(20), rare(200), rare(300)), (10, 100, 100));
        assert_eq!(sample(2000).len(), 1000);
    }

    #[test]
    fn more_strata_than_the_sample_is_large_are_chosen_from_as_well() {
        let of = |size| {
            let mut sample = Sample::of(NonZeroUsize::new(size).unwrap());
            (0..100).for_each(|number| sample.offer(&format!("{number}"), &ItemId::new(format!("item-{number}"))));
            sample.chosen()
        };
        assert_eq!(of(5).len(), 5);
        assert_eq!(of(5), of(50)[..5]);
    }

    #[test]
    fn a_column_that_is_not_there_is_told_the_nearest() {
        let columns = ["id".to_owned(), "vendor".to_owned()];
        assert_eq!(column_called("vendor", &columns), Ok(1));
        assert!(column_called("vendro", &columns).unwrap_err().contains("did you mean `vendor`?"));
        assert!(column_called("colour", &columns).unwrap_err().ends_with("it has id, vendor"));
    }
}
