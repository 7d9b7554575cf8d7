//! Which items somebody wants to see, and in which order. Never looks at an item that the manifest does not list.

use std::cmp::Ordering;
use std::collections::HashMap;

use rusqlite::Connection;

use super::super::super::{CardKey, ItemState, Order, PictureMark, Wanted};
use super::Listed;
use super::fold::{as_people_count, plain};
use super::looks::{self, Look, More};
use super::rows;
use crate::domain::cell_text;

/// An item that was found, with what it is put in order by.
struct Found {
    rank: i64,
    /// Empty unless that is the order.
    id: String,
    line: u64,
    key: i64,
    picture: PictureMark,
}

/// The items wanted, in this order; with the pictures they have, where that is asked.
pub(super) fn find(
    connection: &Connection,
    listed: Listed,
    wanted: &Wanted,
    order: Order,
    with_pictures: bool,
) -> rusqlite::Result<Vec<(CardKey, PictureMark)>> {
    let words = wanted.words.iter().map(|word| plain(word).into_owned()).filter(|word| !word.is_empty());
    let words: Vec<String> = words.collect();
    let of_rows = match words.is_empty() && wanted.cell.is_none() {
        true => None,
        false => Some(OfRows::read(connection, listed, &words, wanted.cell.as_ref())?),
    };
    let more =
        More { id: of_rows.is_some() || order == Order::Id, text: !words.is_empty(), order, picture: with_pictures };
    let mut found = Vec::new();
    looks::each(connection, listed, more, &mut |look| {
        let is_wanted = is_wanted(&look, wanted) && of_rows.as_ref().is_none_or(|rows| rows.allow(&look, &words));
        if is_wanted {
            let rank = rank(&look, order);
            let id = if order == Order::Id { look.id } else { String::new() };
            found.push(Found { rank, id, line: look.line, key: look.key, picture: look.picture });
        }
    })?;
    found.sort_unstable_by(before);
    Ok(found.into_iter().map(|item| (CardKey(item.key), item.picture)).collect())
}

/// All but what depends on texts.
fn is_wanted(look: &Look, wanted: &Wanted) -> bool {
    wanted.state.is_none_or(|state| look.state == state)
        && wanted.kind.is_none_or(|kind| look.state == ItemState::Failed && look.kind == Some(kind))
        && wanted.standing.is_none_or(|standing| look.stand.is(standing))
        && wanted.check.is_none_or(|check| look.found.contains(&check))
}

/// What comes first has the least.
fn rank(look: &Look, order: Order) -> i64 {
    match order {
        Order::Manifest | Order::Id => 0,
        Order::Trouble if look.state == ItemState::Failed => 0,
        Order::Trouble => {
            if look.found.is_empty() {
                2
            } else {
                1
            }
        }
        Order::Newest | Order::Attempts | Order::Cost => look.rank.map_or(i64::MAX, |rank| -rank),
    }
}

fn before(one: &Found, other: &Found) -> Ordering {
    let ids = || as_people_count(&one.id, &other.id).then_with(|| one.id.cmp(&other.id));
    let place = |found: &Found| (found.line, found.key);
    one.rank.cmp(&other.rank).then_with(ids).then_with(|| place(one).cmp(&place(other)))
}

/// What the rows of a manifest say to somebody who looks for words, or for a cell, by the ids of their items.
struct OfRows {
    /// The words that stand in none of its cells, by their places; an item of which all are missing is not in here,
    /// unless a cell is wanted as well.
    missing: HashMap<String, Vec<usize>>,
    is_for_cell: bool,
}

impl OfRows {
    fn read(
        connection: &Connection,
        listed: Listed,
        words: &[String],
        cell: Option<&(usize, String)>,
    ) -> rusqlite::Result<Self> {
        let mut missing = HashMap::<String, Vec<usize>>::new();
        rows::each(connection, listed, &mut |row| {
            let holds = |(column, text): &(usize, String)| cell_text(row.cells.get(*column)) == text.as_str();
            if !cell.is_none_or(holds) {
                return;
            }
            let mut lacks: Vec<usize> = (0..words.len()).collect();
            if !words.is_empty() {
                let text: Vec<_> = row.cells.iter().map(|cell| cell_text(Some(cell))).collect();
                let text = text.join("\n");
                let text = plain(&text);
                lacks.retain(|word| !text.contains(words[*word].as_str()));
            }
            if cell.is_none() && lacks.len() == words.len() {
                return;
            }
            // Rows without an id may share an item: what stands in any of them is the item's.
            for id in row.ids {
                let known = missing.entry(id).or_insert_with(|| lacks.clone());
                known.retain(|word| lacks.contains(word));
            }
        })?;
        Ok(Self { missing, is_for_cell: cell.is_some() })
    }

    /// Whether an item has the cell, and each word somewhere.
    fn allow(&self, look: &Look, words: &[String]) -> bool {
        let missing = self.missing.get(&look.id);
        if missing.is_none() && self.is_for_cell {
            return false;
        }
        if missing.map_or(words.len(), Vec::len) == 0 {
            return true;
        }
        let texts = std::iter::once(look.id.as_str()).chain(look.texts.iter().flatten().map(String::as_str));
        let text = texts.collect::<Vec<_>>().join("\n");
        let text = plain(&text);
        match missing {
            Some(missing) => missing.iter().all(|word| text.contains(words[*word].as_str())),
            None => words.iter().all(|word| text.contains(word.as_str())),
        }
    }
}
