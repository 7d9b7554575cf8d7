//! One item's whole story, read from its rows, and the ids most like one that is not there. Never writes.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::{AttemptRecord, CancelledBy, ItemRecord, ItemStory};
use super::reviewed::{IS_SENT_BACK, acts};
use super::stored::{attempt_state, optional_json, optional_kind, unknown_word, usd};
use super::versions;
use crate::domain::Timestamp;

/// How many likely ids are told to someone who asked for another.
const SUGGESTIONS: usize = 3;
/// A likeness (Jaro-Winkler, 0 to 1) below which a suggestion would rather confuse.
const ALIKE: f64 = 0.8;

/// What the table of items knows beside the record; none if the job has no such item.
pub(super) fn item_story(
    connection: &Connection,
    job: i64,
    id: &str,
    record: impl FnOnce() -> rusqlite::Result<ItemRecord>,
) -> rusqlite::Result<Option<ItemStory>> {
    let sql = format!(
        "SELECT key, line, last_revision >= revision, due_at, cancelled_by, {IS_SENT_BACK}
         FROM items JOIN jobs ON jobs.id = job_id WHERE job_id = ?1 AND items.id = ?2 AND first_revision <= revision"
    );
    let about = connection.query_row(&sql, params![job, id], |row| {
        let due_at: Option<i64> = row.get(3)?;
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, due_at.filter(|at| *at > 0), cancelled_by(row, 4)?, row.get(5)?))
    });
    let Some((key, line, is_listed, due_at, cancelled_by, is_sent_back)) = about.optional()? else { return Ok(None) };
    Ok(Some(ItemStory {
        record: record()?,
        line,
        is_listed,
        due_at: due_at.map(Timestamp::from_millis),
        cancelled_by,
        is_sent_back,
        history: history(connection, key)?,
        versions: versions::of_item(connection, key)?,
        acts: acts(connection, key)?,
    }))
}

fn history(connection: &Connection, item: i64) -> rusqlite::Result<Vec<AttemptRecord>> {
    let mut statement = connection.prepare(
        "SELECT number, state, sent_at, received_at, ended_at, reserved, cost, outcome, kind, status, message, reply
         FROM attempts WHERE item_key = ?1 ORDER BY number",
    )?;
    statement.query_map([item], attempt_record)?.collect()
}

fn attempt_record(row: &Row<'_>) -> rusqlite::Result<AttemptRecord> {
    let moment = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_millis));
    Ok(AttemptRecord {
        number: row.get(0)?,
        state: attempt_state(row, 1)?,
        sent_at: Timestamp::from_millis(row.get(2)?),
        received_at: moment(3)?,
        ended_at: moment(4)?,
        reserved: usd(row, 5)?,
        cost: usd(row, 6)?,
        outcome: row.get(7)?,
        kind: optional_kind(row, 8)?,
        status: row.get(9)?,
        message: row.get(10)?,
        reply: optional_json(row, 11)?.unwrap_or_default(),
    })
}

fn cancelled_by(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<CancelledBy>> {
    let Some(word) = row.get::<_, Option<String>>(column)? else { return Ok(None) };
    let known = CancelledBy::ALL.iter().copied().find(|by| by.as_str() == word);
    known.map(Some).ok_or_else(|| unknown_word(column))
}

/// The job's ids most like this one, the likeliest first; none if none is much like it.
pub(super) fn ids_like(connection: &Connection, job: i64, id: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(
        "SELECT items.id FROM items JOIN jobs ON jobs.id = job_id WHERE job_id = ?1 AND first_revision <= revision",
    )?;
    let mut rows = statement.query([job])?;
    let wanted = id.to_lowercase();
    let mut best: Vec<(f64, String)> = Vec::new();
    while let Some(row) = rows.next()? {
        let known: String = row.get(0)?;
        let likeness = strsim::jaro_winkler(&wanted, &known.to_lowercase());
        if likeness > ALIKE && (best.len() < SUGGESTIONS || best.last().is_some_and(|(least, _)| likeness > *least)) {
            let place = best.partition_point(|(better, _)| *better >= likeness);
            best.insert(place, (likeness, known));
            best.truncate(SUGGESTIONS);
        }
    }
    Ok(best.into_iter().map(|(_, id)| id).collect())
}
