//! How the items of a row are called, and how many there are. Never looks at what they ask for.

use super::cells::Cells;
use super::shaper::Shaper;
use super::{digest, names, stored};
use crate::domain::{Digest, Item, ItemId, Request, Sources};
use crate::job::shape::{Combination, RowCells};

/// The most items one row can ask for with each combination of the matrix.
const MOST_VARIANTS: u32 = 1000;

/// The most bytes of text that one row's items can hold together: each has the whole request.
const MOST_BYTES: usize = 32 << 20;

/// Hexadecimal digits of a request's hash that name an item whose row does not: 64 bits, so that among a million
/// different rows two share one with a chance of 1 in 37 million.
const ID_DIGITS: usize = 16;

/// What names the items of a row with one combination of the matrix.
pub struct NamingOf<'a> {
    /// What the job makes of rows.
    pub shaper: &'a Shaper,
    /// The row as templates see it.
    pub seen: &'a RowCells,
    /// Which values it is made with.
    pub combination: &'a Combination<'a>,
}

/// How one item is called.
struct Naming {
    /// What its row or a template calls it.
    id: Option<String>,
    /// Where it has its picture go, below the output folder.
    name: Option<String>,
}

impl NamingOf<'_> {
    /// Adds the items, or notes what is wrong; returns whether the row or a template names them. Without an id they are
    /// named by their request, so that adding variants keeps those there are.
    pub fn items(&self, cells: &mut Cells<'_>, asked: &(Request, Sources), items: &mut Vec<Item>) -> bool {
        let variants = cells.parsed("variants", variants).unwrap_or(1);
        let (request, sources) = asked;
        let digest = digest(request);
        if variants > 1 && stored(request).len().saturating_mul(variants as usize) > MOST_BYTES {
            let most = MOST_BYTES >> 20;
            let message = format!("`variants`: so many of so long a request take more than {most} MiB; write fewer");
            cells.fault("variants", message);
            return false;
        }
        let mut has_id = false;
        let before = items.len();
        for variant in 1..=variants {
            let Some(naming) = self.naming(cells, variant) else { break };
            has_id |= naming.id.is_some();
            match self.called(&naming, digest, (variants > 1).then_some(variant)) {
                Ok((id, name)) => {
                    items.push(Item { id, name, request: request.clone(), digest, sources: sources.clone() })
                }
                Err((column, message)) => {
                    items.truncate(before);
                    cells.fault(column, message);
                    break;
                }
            }
        }
        has_id
    }

    /// What the row calls a variant: its templates where it has some, else its cells.
    fn naming(&self, cells: &mut Cells<'_>, variant: u32) -> Option<Naming> {
        let rendered = match self.shaper.names(self.seen, self.combination, variant) {
            Ok(rendered) => rendered,
            Err(broken) => {
                broken.into_iter().for_each(|message| cells.fault_of_row(message));
                return None;
            }
        };
        let given = |column: &str| rendered.iter().find(|given| given.column == column)?.texts.first().cloned();
        Some(Naming {
            id: match given("id") {
                Some(id) => cells.given_id(&id),
                None => cells.id(),
            },
            name: match given("name") {
                Some(name) => Some(name.trim().to_owned()).filter(|name| !name.is_empty()),
                None => cells.text("name").map(str::to_owned),
            },
        })
    }

    /// An item's id and name, or the column at fault and why.
    fn called(
        &self,
        naming: &Naming,
        digest: Digest,
        variant: Option<u32>,
    ) -> Result<(ItemId, String), (&'static str, String)> {
        let hash = || blake3::Hash::from(digest.0).to_hex()[..ID_DIGITS].to_owned();
        let id = naming.id.clone().unwrap_or_else(hash) + &self.suffix("id", variant);
        let name = match &naming.name {
            Some(name) => names::path(&format!("{name}{}", self.suffix("name", variant))),
            None => Ok(names::clean(&id)),
        };
        let name = name.map_err(|problem| ("name", format!("`name`: {problem}")))?;
        Ok((ItemId::new(id), name))
    }

    /// What tells the items of one row apart, but for the values that the column's template names itself.
    fn suffix(&self, column: &str, variant: Option<u32>) -> String {
        let values = self.combination.iter().filter(|(axis, _)| !self.shaper.uses(column, &axis.name));
        let mut suffix: String = values.map(|(_, value)| format!("-{}", value.suffix)).collect();
        if let Some(variant) = variant.filter(|_| !self.shaper.uses(column, "variant")) {
            suffix += &format!("-{variant}");
        }
        suffix
    }
}

/// A number of variants as a cell has it.
pub fn variants(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=MOST_VARIANTS).contains(number));
    number
        .ok_or_else(|| format!("`{text}` is not a number of variants; write a whole number from 1 to {MOST_VARIANTS}"))
}
