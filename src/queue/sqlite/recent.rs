//! The newest attempts of all jobs, one after the other. Never holds more than one, never writes.

use rusqlite::{Connection, params};

use super::super::{AttemptEnd, RecentAttempt};
use super::stored::{attempt_state, optional_kind, usd};
use crate::domain::Timestamp;

/// Further back than so many attempts nobody looks, whatever model they asked: a server changes.
const FURTHEST: i64 = 50_000;

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
        each(RecentAttempt {
            sent_at: Timestamp::from_millis(row.get(0)?),
            came_at: Timestamp::from_millis(row.get(1)?),
            end: AttemptEnd::of(attempt_state(row, 2)?, optional_kind(row, 3)?),
            status: row.get(4)?,
            cost: usd(row, 5)?,
        });
    }
    Ok(())
}
