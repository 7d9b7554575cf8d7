//! The newest attempts of all jobs, one after the other or counted. Never holds more than one, never writes.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::{AttemptEnd, RecentAttempt};
use super::stored::{attempt_state, optional_kind, usd};
use crate::domain::Timestamp;

/// Further back than so many attempts nobody looks, whatever model they asked: a server changes.
const FURTHEST: i64 = 50_000;

/// Who asks how it goes at the moment looks at no more.
const A_GLANCE: i64 = 20_000;

/// Calls `each` with the newest attempts that asked this model and ended, the newest first, so many at most.
pub(super) fn each_recent(
    connection: &Connection,
    model: &str,
    most: usize,
    each: &mut dyn FnMut(RecentAttempt),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT sent_at, coalesce(received_at, ended_at), state, kind, status, cost
         FROM (SELECT * FROM attempts ORDER BY id DESC LIMIT ?1)
         WHERE model = ?2 AND ended_at IS NOT NULL LIMIT ?3",
    )?;
    let mut rows = statement.query(params![FURTHEST, model, i64::try_from(most).unwrap_or(i64::MAX)])?;
    while let Some(row) = rows.next()? {
        each(attempt(row)?);
    }
    Ok(())
}

/// Calls `each` with the attempts of a job that came back since this moment, in that order.
pub(super) fn each_lately(
    connection: &Connection,
    job: i64,
    since: Timestamp,
    each: &mut dyn FnMut(RecentAttempt),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT sent_at, came_at, state, kind, status, cost
         FROM (SELECT job_id, sent_at, coalesce(received_at, ended_at) AS came_at, state, kind, status, cost
               FROM attempts ORDER BY id DESC LIMIT ?1)
         WHERE job_id = ?2 AND came_at >= ?3 ORDER BY came_at",
    )?;
    let mut rows = statement.query(params![A_GLANCE, job, since.millis()])?;
    while let Some(row) = rows.next()? {
        each(attempt(row)?);
    }
    Ok(())
}

/// One of the newest attempts; the columns of a row are those of the queries above.
fn attempt(row: &Row<'_>) -> rusqlite::Result<RecentAttempt> {
    Ok(RecentAttempt {
        sent_at: Timestamp::from_millis(row.get(0)?),
        came_at: Timestamp::from_millis(row.get(1)?),
        end: AttemptEnd::of(attempt_state(row, 2)?, optional_kind(row, 3)?),
        status: row.get(4)?,
        cost: usd(row, 5)?,
    })
}

/// How many requests left since then and were let in. Those on their way may still come to nothing; whoever asks for a
/// limit would rather count one too many. They are counted from the newest back: ids follow the time.
pub(super) fn sent_since(connection: &Connection, moment: Timestamp) -> rusqlite::Result<u64> {
    let before = "SELECT id FROM attempts WHERE sent_at < ?1 ORDER BY id DESC LIMIT 1";
    let before: Option<i64> = connection.query_row(before, [moment.millis()], |row| row.get(0)).optional()?;
    let since = "SELECT count(*) FROM attempts
                 WHERE id > ?1 AND state <> 'unsent' AND kind IS NOT 'throttled'";
    connection.query_row(since, [before.unwrap_or(i64::MIN)], |row| row.get(0))
}
