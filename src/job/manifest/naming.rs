//! How the items of a row are called, and how many there are. Never looks at what they ask for.

use super::{names, stored};
use crate::domain::{Digest, Item, ItemId, Request, Sources};

/// The most items one row can ask for.
const MOST_VARIANTS: u32 = 1000;

/// The most bytes of text that one row's items can hold together: each has the whole request.
const MOST_BYTES: usize = 32 << 20;

/// Hexadecimal digits of a request's hash that name an item whose row does not: 64 bits, so that among a million
/// different rows two share one with a chance of 1 in 37 million.
const ID_DIGITS: usize = 16;

/// How the items of a row are called.
pub struct Naming {
    /// What the row calls its item.
    pub id: Option<String>,
    /// Where the row has its picture go, below the output folder.
    pub name: Option<String>,
    /// How many items it asks for.
    pub variants: u32,
}

impl Naming {
    /// The row's items, or the column at fault and why. Without an id they are named by their request, so that adding
    /// variants keeps those there are.
    pub fn items(
        &self,
        request: &Request,
        digest: Digest,
        sources: &Sources,
    ) -> Result<Vec<Item>, (&'static str, String)> {
        if self.variants > 1 && stored(request).len().saturating_mul(self.variants as usize) > MOST_BYTES {
            let most = MOST_BYTES >> 20;
            let message = format!("`variants`: so many of so long a request take more than {most} MiB; write fewer");
            return Err(("variants", message));
        }
        let hash = || blake3::Hash::from(digest.0).to_hex()[..ID_DIGITS].to_owned();
        let base = self.id.clone().unwrap_or_else(hash);
        let numbered = (1..=self.variants).map(|number| {
            let suffix = if self.variants == 1 { String::new() } else { format!("-{number}") };
            let id = format!("{base}{suffix}");
            let name = match &self.name {
                Some(name) => names::path(&format!("{name}{suffix}")),
                None => Ok(names::clean(&id)),
            };
            let name = name.map_err(|problem| ("name", format!("`name`: {problem}")))?;
            Ok(Item { id: ItemId::new(id), name, request: request.clone(), digest, sources: sources.clone() })
        });
        numbered.collect()
    }
}

/// A number of variants as a cell has it.
pub fn variants(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=MOST_VARIANTS).contains(number));
    number
        .ok_or_else(|| format!("`{text}` is not a number of variants; write a whole number from 1 to {MOST_VARIANTS}"))
}
