//! Whether a person lets a job's runs send. Never stops one: whoever writes a turn asks, and heeds it.

use rusqlite::{Connection, params};

use crate::domain::Timestamp;

/// Since when the job is paused, if it is.
pub(super) fn since(connection: &Connection, job: i64) -> rusqlite::Result<Option<Timestamp>> {
    let paused = "SELECT paused_at FROM jobs WHERE id = ?1";
    let paused: Option<i64> = connection.prepare_cached(paused)?.query_row([job], |row| row.get(0))?;
    Ok(paused.map(Timestamp::from_millis))
}

/// Pauses the job, unless it is paused.
pub(super) fn begin(connection: &Connection, job: i64, now: Timestamp) -> rusqlite::Result<()> {
    let pause = "UPDATE jobs SET paused_at = ?2 WHERE id = ?1 AND paused_at IS NULL";
    connection.execute(pause, params![job, now.millis()]).map(drop)
}

/// Ends the job's pause, if there is one.
pub(super) fn end(connection: &Connection, job: i64) -> rusqlite::Result<()> {
    let resume = "UPDATE jobs SET paused_at = NULL WHERE id = ?1 AND paused_at IS NOT NULL";
    connection.execute(resume, [job]).map(drop)
}
