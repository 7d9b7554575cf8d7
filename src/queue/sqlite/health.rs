//! Looks whether a database is well. Never changes a row, and never migrates.

use std::path::Path;
use std::time::Duration;

use rusqlite::OpenFlags;

use super::super::{Health, QueueError};
use super::{Database, Doing, migrate, refuse_strange};

/// Whoever only looks does not wait long for another program.
const PATIENCE: Duration = Duration::from_secs(2);
/// No more is told of what is damaged.
const MOST_DAMAGE: i64 = 5;

/// How the database is; none if there is none.
pub fn health(path: &Path) -> Result<Option<Health>, QueueError> {
    if !path.exists() {
        return Ok(None);
    }
    refuse_strange(path)?;
    let database = Database::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    database.connection.busy_timeout(PATIENCE).doing(path, "opening it")?;
    let version = migrate::readable_version(&database.connection, path)?;
    let damage = damage(&database).doing(path, "checking its pages")?;
    let begun = database.connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK").doing(path, "opening it for a change");
    let unwritable = begun.err().map(|error| error.to_string());
    Ok(Some(Health { version, known: migrate::known(), damage, unwritable }))
}

fn damage(database: &Database) -> rusqlite::Result<Vec<String>> {
    let mut statement = database.connection.prepare(&format!("PRAGMA quick_check({MOST_DAMAGE})"))?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    Ok(lines.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().filter(|line| line != "ok").collect())
}
