//! The rows of the manifest that everybody sees, as they were written. Never looks at an item.

use std::cmp::Reverse;
use std::collections::HashMap;

use rusqlite::{Connection, Row, params};
use serde_json::Value;

use super::super::stored::{json, to_json};
use super::Listed;
use crate::domain::cell_text;

/// A row.
pub(super) struct Written {
    pub cells: Vec<Value>,
    /// The ids of its items.
    pub ids: Vec<String>,
}

/// Passes over all rows, in their order.
pub(super) fn each(connection: &Connection, listed: Listed, each: &mut dyn FnMut(Written)) -> rusqlite::Result<()> {
    let all = "SELECT cells, items FROM rows WHERE job_id = ?1 AND revision = ?2 ORDER BY position";
    let mut statement = connection.prepare_cached(all)?;
    let mut rows = statement.query(params![listed.job, listed.revision])?;
    while let Some(row) = rows.next()? {
        each(written(row)?);
    }
    Ok(())
}

/// The commonest values of a column, each with how many rows hold it.
pub(super) fn values(
    connection: &Connection,
    listed: Listed,
    column: usize,
    most: usize,
) -> rusqlite::Result<Vec<(String, u64)>> {
    let mut counts = HashMap::<String, u64>::new();
    each(connection, listed, &mut |row| {
        let value = cell_text(row.cells.get(column));
        match counts.get_mut(&*value) {
            Some(count) => *count += 1,
            None => drop(counts.insert(value.into_owned(), 1)),
        }
    })?;
    let mut values: Vec<(String, u64)> = counts.into_iter().collect();
    values.sort_unstable_by(|(one, often), (other, times)| (Reverse(often), one).cmp(&(Reverse(times), other)));
    values.truncate(most);
    Ok(values)
}

/// The first row that has the item of this id, which begins on this line. Lines grow with the places of their rows, so it
/// is found in few steps; but while a manifest is read again, the item may be known by its new line already.
pub(super) fn of_item(
    connection: &Connection,
    listed: Listed,
    line: u64,
    id: &str,
) -> rusqlite::Result<Option<Written>> {
    let from = "SELECT cells, items, line FROM rows WHERE job_id = ?1 AND revision = ?2 AND position >= ?3
                ORDER BY position";
    let mut statement = connection.prepare_cached(from)?;
    let mut rows = statement.query(params![listed.job, listed.revision, first_at(connection, listed, line)?])?;
    while let Some(row) = rows.next()? {
        if row.get::<_, u64>(2)? != line {
            break;
        }
        let row = written(row)?;
        if row.ids.iter().any(|item| item == id) {
            return Ok(Some(row));
        }
    }
    anywhere(connection, listed, id)
}

/// The place of the first row on this line or behind it.
fn first_at(connection: &Connection, listed: Listed, line: u64) -> rusqlite::Result<i64> {
    let last = "SELECT coalesce(max(position), -1) FROM rows WHERE job_id = ?1 AND revision = ?2";
    let last: i64 = connection.prepare_cached(last)?.query_row([listed.job, listed.revision], |row| row.get(0))?;
    let at = "SELECT line FROM rows WHERE job_id = ?1 AND revision = ?2 AND position = ?3";
    let mut at = connection.prepare_cached(at)?;
    let (mut first, mut end) = (0, last + 1);
    while first < end {
        let middle = first + (end - first) / 2;
        let is_before = at.query_row([listed.job, listed.revision, middle], |row| Ok(row.get::<_, u64>(0)? < line))?;
        if is_before { first = middle + 1 } else { end = middle }
    }
    Ok(first)
}

fn anywhere(connection: &Connection, listed: Listed, id: &str) -> rusqlite::Result<Option<Written>> {
    let any =
        "SELECT cells, items FROM rows WHERE job_id = ?1 AND revision = ?2 AND instr(items, ?3) ORDER BY position";
    let mut statement = connection.prepare_cached(any)?;
    let mut rows = statement.query(params![listed.job, listed.revision, to_json(&id)?])?;
    while let Some(row) = rows.next()? {
        let row = written(row)?;
        if row.ids.iter().any(|item| item == id) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

fn written(row: &Row<'_>) -> rusqlite::Result<Written> {
    Ok(Written { cells: json(row, 0)?, ids: json(row, 1)? })
}

/// The items with these ids, in the order of their keys.
pub(super) fn keys(connection: &Connection, listed: Listed, ids: &[String]) -> rusqlite::Result<Vec<i64>> {
    let mut key = connection.prepare_cached("SELECT key FROM items WHERE job_id = ?1 AND id = ?2")?;
    let keys = ids.iter().map(|id| key.query_row(params![listed.job, id], |row| row.get(0)));
    let mut keys = keys.collect::<rusqlite::Result<Vec<i64>>>()?;
    keys.sort_unstable();
    keys.dedup();
    Ok(keys)
}
