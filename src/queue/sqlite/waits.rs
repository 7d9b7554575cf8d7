//! What waits, when the clock is set. Never decides how long anything waits.

use rusqlite::{Connection, params};

use crate::domain::{LATEST_DUE, Timestamp};

/// Moves what was tried and waits; what was never tried waits for nothing.
pub(super) fn move_all(connection: &Connection, job: i64, now: Timestamp, by: i64) -> rusqlite::Result<()> {
    let (now, latest) = (now.millis(), now.after(LATEST_DUE).millis());
    // Later than this before the move is too late after it, or is due anyhow.
    let from = if by == 0 { latest } else { 0 };
    connection.execute(
        "UPDATE items SET due_at = iif(due_at + ?2 > ?4, ?3, max(due_at + ?2, 1))
         WHERE job_id = ?1 AND state = 'queued' AND due_at > ?5",
        params![job, by, now, latest, from],
    )?;
    Ok(())
}
