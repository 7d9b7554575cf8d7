//! Which items a reading has met: a bit for each, so that a million take a few hundred kilobytes. Never forgets one.

use std::collections::HashMap;

/// Keys of a table, 64 neighbours to a word.
#[derive(Debug, Default)]
pub(super) struct Seen(HashMap<i64, u64>);

impl Seen {
    /// Notes the key. Returns whether it was noted before.
    pub(super) fn again(&mut self, key: i64) -> bool {
        let (word, bit) = (self.0.entry(key >> 6).or_default(), 1 << (key & 63));
        let again = *word & bit != 0;
        *word |= bit;
        again
    }

    /// Whether the key was noted.
    pub(super) fn has(&self, key: i64) -> bool {
        self.0.get(&(key >> 6)).is_some_and(|word| word & (1 << (key & 63)) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_new_once_whatever_its_neighbours_are() {
        let mut seen = Seen::default();
        for key in [1, 0, 63, 64, 65, i64::MAX, i64::MIN, -1] {
            assert!(!seen.has(key) && !seen.again(key), "{key}");
            assert!(seen.has(key) && seen.again(key), "{key}");
        }
    }
}
