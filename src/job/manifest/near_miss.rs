//! Columns that nobody reads and that were probably meant to be read. Never decides: such a column is kept as it is.

use super::columns::Columns;
use super::raw_row::READ;
use crate::job::fault::Problem;

/// What other programs call a column of ours.
const OTHER_WORDS: [(&str, &str); 6] = [
    ("reference", "images"),
    ("references", "images"),
    ("reference_image", "images"),
    ("reference_images", "images"),
    ("aspect", "aspect_ratio"),
    ("ratio", "aspect_ratio"),
];

/// Columns for which nothing is taken that is merely spelled alike: a catalogue may well have a `label` of its own.
const EXACT: [&str; 4] = ["system_instruction", "safety", "labels", "extra"];

/// Letters of a name for each that may be wrong: `imgaes` is near enough to `images`, `game` is not to `name`. With
/// more, a catalogue's own columns (`image_src`, `variant_sku`) would be suspected.
const LETTERS_A_SLIP: usize = 5;

/// The columns to warn of, in their order, and the warnings. Those that the job file maps are read.
pub fn near_misses(columns: &Columns, is_mapped: impl Fn(&str) -> bool) -> Vec<(&str, Problem)> {
    let unread = columns.iter().filter(|(name, _)| !READ.contains(name) && !is_mapped(name));
    let suspicion = |(name, place): (_, _)| {
        let meant = meant(name, columns)?;
        let message = format!("the column `{name}` is not one this program reads; if `{meant}` was meant, rename it");
        Some((name, Problem::new(place, message)))
    };
    unread.filter_map(suspicion).collect()
}

/// The column that was probably meant. One that is there as well was hardly meant, unless it is spelled the same.
fn meant(name: &str, columns: &Columns) -> Option<&'static str> {
    let plain = name.trim().to_lowercase().replace(['-', ' '], "_");
    if let Some(same) = READ.into_iter().find(|known| *known == plain) {
        return Some(same);
    }
    let other = OTHER_WORDS.into_iter().find(|(word, _)| *word == plain).map(|(_, known)| known);
    let alike = |known: &str| strsim::osa_distance(known, &plain) <= known.len() / LETTERS_A_SLIP;
    let like = || READ.into_iter().find(|known| !EXACT.contains(known) && alike(known));
    other.or_else(like).filter(|known| columns.get(known).is_none())
}
