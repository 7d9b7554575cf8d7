//! Whether pictures would be called alike, of jobs that share an output folder or of one job. Never looks into a folder.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use super::super::{Displaced, Neighbour, lock};
use crate::domain::ItemId;

/// A job that has the same output folder.
struct Other {
    job: i64,
    name: String,
    revision: i64,
    /// Whether what it has not asked for yet counts as well: of two jobs that both wait, the one that was known first
    /// goes on, and neither while the other is at work.
    goes_first: bool,
}

/// The first waiting item of a job whose picture would be called as one of another job that has the same output folder.
pub(super) fn crowded(connection: &Connection, database: &Path, job: i64) -> rusqlite::Result<Option<Neighbour>> {
    for other in sharing(connection, database, job)? {
        let found = alike(connection, job, &other)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The first waiting item of a job whose picture would be called as one that a finished item of the job has.
pub(super) fn displacing(connection: &Connection, job: i64) -> rusqlite::Result<Option<Displaced>> {
    let displacing = "SELECT waiting.id, waiting.line, waiting.name, done.id
         FROM (SELECT id, line, name FROM items WHERE job_id = ?1 AND state = 'queued' AND name IN
                   (SELECT name FROM items WHERE job_id = ?1 AND state = 'done')
               ORDER BY line LIMIT 1) AS waiting
         JOIN items AS done ON done.job_id = ?1 AND done.state = 'done' AND done.name = waiting.name";
    let found = connection.query_row(displacing, [job], |row| {
        let id = |column| row.get::<_, String>(column).map(ItemId::new);
        Ok(Displaced { item: id(0)?, line: row.get(1)?, name: row.get(2)?, holder: id(3)? })
    });
    found.optional()
}

fn sharing(connection: &Connection, database: &Path, job: i64) -> rusqlite::Result<Vec<Other>> {
    let others = "SELECT id, name, revision FROM jobs
                  WHERE output = (SELECT output FROM jobs WHERE id = ?1) AND id <> ?1 AND revision > 0 ORDER BY id";
    let mut statement = connection.prepare(others)?;
    let others = statement.query_map([job], |row| {
        let (other, name): (i64, String) = (row.get(0)?, row.get(1)?);
        let goes_first = other < job || lock::is_held(database, &name);
        Ok(Other { job: other, name, revision: row.get(2)?, goes_first })
    })?;
    others.collect()
}

/// Looks at all items of both jobs once: the names of the other are gathered first, if anything waits here at all.
fn alike(connection: &Connection, job: i64, other: &Other) -> rusqlite::Result<Option<Neighbour>> {
    let alike = "SELECT id, line, name FROM items WHERE job_id = ?1 AND state = 'queued' AND name IN
                     (SELECT name FROM items WHERE job_id = ?2 AND first_revision <= ?3
                      AND (state IN ('done', 'running') OR (state = 'queued' AND ?4)))
                 ORDER BY line LIMIT 1";
    let found = connection.query_row(alike, params![job, other.job, other.revision, other.goes_first], |row| {
        let item = ItemId::new(row.get::<_, String>(0)?);
        Ok(Neighbour { item, line: row.get(1)?, name: row.get(2)?, job: other.name.clone() })
    });
    found.optional()
}
