//! What a manifest was last read from, kept to recognise the same one. Never reads a file.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::{Enqueued, Reading};
use crate::domain::{Fingerprint, SeenFile};

/// What the job's present revision was read from. None where reading the same again may change something: after a
/// reading that was cut off or refused, for it has left its traces; and while an item waits whose row is gone, for a
/// person may have put it back, and a reading takes it out.
pub(super) fn last_reading(connection: &Connection, job: i64) -> rusqlite::Result<Option<Reading>> {
    let sql = "SELECT fingerprint, rows, unchanged, kept, removed, repeated, finished
               FROM readings JOIN jobs ON jobs.id = job_id
               WHERE job_id = ?1 AND intake = revision
                     AND NOT (removed > 0 AND EXISTS
                         (SELECT 1 FROM items WHERE job_id = ?1 AND state = 'queued' AND last_revision < revision))";
    let reading = connection.query_row(sql, [job], |row| {
        Ok(Reading {
            fingerprint: Fingerprint(row.get(0)?),
            again: Enqueued {
                rows: row.get(1)?,
                unchanged: row.get(2)?,
                kept: row.get(3)?,
                removed: row.get(4)?,
                repeated: row.get(5)?,
                finished: row.get(6)?,
                ..Enqueued::default()
            },
        })
    });
    reading.optional()
}

/// Calls `each` with every file the present revision was checked against, until it returns false.
pub(super) fn files_seen(
    connection: &Connection,
    job: i64,
    each: &mut dyn FnMut(&SeenFile) -> bool,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT path, bytes, modified, hash FROM seen_files
         WHERE job_id = ?1 AND revision = (SELECT revision FROM jobs WHERE id = ?1)",
    )?;
    let mut rows = statement.query([job])?;
    while let Some(row) = rows.next()? {
        let hash = row.get(3)?;
        if !each(&SeenFile { path: row.get(0)?, bytes: row.get(1)?, modified: row.get(2)?, hash }) {
            break;
        }
    }
    Ok(())
}

/// Notes a file that a revision is checked against, if it was not seen before.
pub(super) fn see(connection: &Connection, job: i64, revision: i64, file: &SeenFile) -> rusqlite::Result<()> {
    let sql = "INSERT OR IGNORE INTO seen_files (job_id, revision, path, bytes, modified, hash)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let mut statement = connection.prepare_cached(sql)?;
    statement.execute(params![job, revision, file.path, file.bytes, file.modified, file.hash]).map(drop)
}

/// Keeps what the revision that is being published was read from, or that it is not to be recognised.
pub(super) fn replace(connection: &Connection, job: i64, reading: Option<Reading>) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM readings WHERE job_id = ?1", [job])?;
    let Some(Reading { fingerprint, again }) = reading else { return Ok(()) };
    let sql = "INSERT INTO readings (job_id, fingerprint, rows, unchanged, kept, removed, repeated, finished)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let Enqueued { rows, unchanged, kept, removed, repeated, finished, .. } = again;
    let values = params![job, fingerprint.0, rows, unchanged, kept, removed, repeated, finished];
    connection.execute(sql, values).map(drop)
}
