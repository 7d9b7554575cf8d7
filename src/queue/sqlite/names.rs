//! The names, or the ids, that a reading has given away, in little memory. Never keeps one itself.

use std::collections::HashMap;

use icu_normalizer::ComposingNormalizerBorrowed;

/// How many tables share the names. A table that grows is there twice for a moment; of so many, one at a time.
const SHARES: usize = 64;

/// The lines that first used each text, by 96 bits of the name's BLAKE3: among a million names two share them with a
/// chance of 1 in 10^17. A name takes 17 bytes in tables that are 44 to 88 % full: 36 MB for a million.
#[derive(Debug)]
pub(super) struct Taken(Vec<HashMap<[u32; 3], u32>>);

impl Default for Taken {
    /// None taken.
    fn default() -> Self {
        Self(vec![HashMap::new(); SHARES])
    }
}

impl Taken {
    /// The line that used this text before; `None` makes it the present line's.
    pub(super) fn claim(&mut self, text: &str, line: u64) -> Option<u64> {
        let hash = *blake3::hash(text.as_bytes()).as_bytes();
        let word = |at| u32::from_le_bytes([hash[at], hash[at + 1], hash[at + 2], hash[at + 3]]);
        // Four billion lines are far beyond any list; whatever stands behind them is told to be there.
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        let share = &mut self.0[usize::from(hash[12]) % SHARES];
        let mut first = None;
        share.entry([word(0), word(4), word(8)]).and_modify(|line| first = Some(u64::from(*line))).or_insert(line);
        first
    }

    /// The same for a name. File systems that fold case, or that write accents in one way only, would let two names meet
    /// in one file: so neither counts.
    pub(super) fn claim_folded(&mut self, name: &str, line: u64) -> Option<u64> {
        self.claim(&folded(name), line)
    }
}

/// A name in small letters, with accents as part of their letters (NFC).
fn folded(name: &str) -> String {
    let folded = name.to_lowercase();
    match folded.is_ascii() {
        true => folded,
        false => ComposingNormalizerBorrowed::new_nfc().normalize(&folded).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_belongs_to_the_line_that_used_it_first_in_whatever_case() {
        let mut names = Taken::default();
        assert_eq!(names.claim_folded("Mugs/Äpfel", 2), None);
        assert_eq!(names.claim_folded("mugs/äpfel", 3), Some(2));
        assert_eq!(names.claim_folded("mugs/birne", 4), None);
        assert_eq!(names.claim_folded("MUGS/ÄPFEL", 5), Some(2));
    }

    #[test]
    fn a_name_belongs_to_the_line_that_used_it_first_however_its_accents_are_written() {
        let mut names = Taken::default();
        assert_eq!(names.claim_folded("caf\u{e9}/\u{1e69}", 2), None);
        for alike in ["cafe\u{301}/s\u{323}\u{307}", "CAFE\u{301}/S\u{307}\u{323}", "CAF\u{c9}/\u{1e68}"] {
            assert_eq!(names.claim_folded(alike, 3), Some(2), "{alike}");
        }
        assert_eq!(names.claim_folded("cafe/s", 4), None);
    }
}
