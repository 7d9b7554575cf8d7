//! Text as people search for it: without capitals and accents, as the contact sheet has it. Never changes what is kept.

use std::borrow::Cow;
use std::cmp::Ordering;

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};

/// A text in small letters, without marks such as accents.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => text.to_ascii_lowercase().into(),
            false => text.into(),
        };
    }
    let (category, parts) = (CodePointMapData::<GeneralCategory>::new(), DecomposingNormalizerBorrowed::new_nfkd());
    let is_mark = |letter: &char| GeneralCategoryGroup::Mark.contains(category.get(*letter));
    let (small, mut plain) = (text.to_lowercase(), String::with_capacity(text.len()));
    // Most letters are plain already, and what a mark would stand on is of no account: it goes.
    for piece in small.as_bytes().chunk_by(|one, next| one.is_ascii() == next.is_ascii()) {
        let piece = std::str::from_utf8(piece).unwrap_or_default();
        match piece.is_ascii() {
            true => plain.push_str(piece),
            false => plain.extend(parts.normalize_iter(piece.chars()).filter(|letter| !is_mark(letter))),
        }
    }
    plain.into()
}

/// The order of two ids as people have it, in which 9 comes before 10.
pub(super) fn as_people_count(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one.as_bytes(), other.as_bytes());
    while let (Some(first), Some(second)) = (left.first(), right.first()) {
        let order = if first.is_ascii_digit() && second.is_ascii_digit() {
            let (number, against) = (number(&mut left), number(&mut right));
            number.len().cmp(&against.len()).then_with(|| number.cmp(against))
        } else {
            (left, right) = (&left[1..], &right[1..]);
            first.cmp(second)
        };
        if order.is_ne() {
            return order;
        }
    }
    left.len().cmp(&right.len())
}

/// Takes the digits that a text begins with, and gives them without zeros in front.
fn number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    let zeros = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_and_accents_are_nothing_to_a_search() {
        let alike = [
            ("A Cup", "a cup"),
            ("CAF\u{c9}", "cafe"),
            ("cafe\u{301}", "cafe"),
            ("\u{1e68}\u{130}", "si"),
            ("\u{fb01}ne", "fine"),
            ("Straße", "straße"),
            ("\u{e01}\u{e33}", "\u{e01}\u{e32}"),
            ("\u{65e5}\u{672c}", "\u{65e5}\u{672c}"),
        ];
        for (text, expected) in alike {
            assert_eq!(plain(text), expected);
        }
    }

    #[test]
    fn ids_are_in_order_as_people_count() {
        let mut ids = ["a10", "b", "a9", "a010", "a", "a9-2", "a9-10", "10", "9"];
        ids.sort_by(|one, other| as_people_count(one, other).then_with(|| one.cmp(other)));
        assert_eq!(ids, ["9", "10", "a", "a9", "a9-2", "a9-10", "a010", "a10", "b"]);
    }
}
