//! Brings a database to the schema this program knows. Never touches a newer or a foreign file.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::super::QueueError;
use super::{Database, Doing, beside_itself};
use crate::disk::private;

/// Marks the file as ours ("OVNT").
const APPLICATION_ID: i64 = 0x4F56_4E54;

/// The migrations in order; a database's `user_version` says how many it has seen.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/sqlite/0001_queue.sql"),
    include_str!("../../../migrations/sqlite/0002_readings.sql"),
    include_str!("../../../migrations/sqlite/0003_account.sql"),
];

/// Runs the migrations the database has not seen, each in a transaction of its own, after copying it if it holds
/// anything.
pub(super) fn bring_up_to_date(database: &mut Database) -> Result<(), QueueError> {
    let path = database.path.clone();
    let seen = schema_version(&database.connection, &path)?;
    let known = MIGRATIONS.len();
    if seen > known {
        let path = path.display().to_string();
        return Err(QueueError::Newer { path, found: seen, known });
    }
    if seen > 0 && seen < known {
        let copy = copy_path(&path, seen);
        // Into an empty file SQLite copies, into any other it does not.
        let _ = private::make(&copy);
        let copied = database.connection.execute("VACUUM INTO ?1", [copy.to_string_lossy()]);
        copied.doing(&path, "copying it before a migration")?;
    }
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(seen) {
        apply(&mut database.connection, migration, index + 1).doing(&path, "migrating it")?;
    }
    Ok(())
}

/// How many migrations the file has seen; 0 for a new one. A file that is not ours is refused.
fn schema_version(connection: &Connection, path: &Path) -> Result<usize, QueueError> {
    let foreign = |why: String| QueueError::Foreign { path: path.display().to_string(), why };
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    let tables = match tables {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            return Err(foreign("it is no SQLite file, or no longer; if it was one, bring back a copy".to_owned()));
        }
        other => other.doing(path, "reading its schema")?,
    };
    let application = pragma("application_id").doing(path, "reading its schema")?;
    if tables > 0 && application != APPLICATION_ID {
        return Err(foreign("it belongs to another program".to_owned()));
    }
    let version = pragma("user_version").doing(path, "reading its schema")?;
    usize::try_from(version).map_err(|_| foreign(format!("its schema version is {version}")))
}

/// Two processes may open a new database at once: whoever comes second finds the migration done.
fn apply(connection: &mut Connection, migration: &str, version: usize) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let seen: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if usize::try_from(seen).is_ok_and(|seen| seen >= version) {
        return Ok(());
    }
    transaction.execute_batch(migration)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", version as i64)?;
    transaction.commit()
}

fn copy_path(path: &Path, version: usize) -> PathBuf {
    beside_itself(path, &format!(".before-{}", version + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn temporary() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("overnight.db");
        (folder, path)
    }

    #[test]
    fn a_new_database_has_the_newest_schema_and_opening_it_again_changes_nothing() {
        let (_folder, path) = temporary();
        for _ in 0..2 {
            let database = Database::open(&path).unwrap();
            assert_eq!(schema_version(&database.connection, &path).unwrap(), MIGRATIONS.len());
        }
    }

    #[test]
    fn an_older_database_is_brought_along_after_a_copy_and_keeps_what_it_holds() {
        let (_folder, path) = temporary();
        let mut old = Connection::open(&path).unwrap();
        apply(&mut old, MIGRATIONS[0], 1).unwrap();
        old.execute("INSERT INTO jobs (name, manifest, output) VALUES ('spring', 'spring.csv', 'output')", []).unwrap();
        drop(old);
        let database = Database::open(&path).unwrap();
        assert_eq!(schema_version(&database.connection, &path).unwrap(), MIGRATIONS.len());
        let mode = std::os::unix::fs::PermissionsExt::mode(&copy_path(&path, 1).metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        let copy = Connection::open(copy_path(&path, 1)).unwrap();
        for connection in [&database.connection, &copy] {
            let name: String = connection.query_row("SELECT name FROM jobs", [], |row| row.get(0)).unwrap();
            assert_eq!(name, "spring");
        }
    }

    #[test]
    fn a_newer_database_is_refused() {
        let (_folder, path) = temporary();
        let database = Database::open(&path).unwrap();
        database.connection.pragma_update(None, "user_version", 99).unwrap();
        drop(database);
        assert!(matches!(Database::open(&path), Err(QueueError::Newer { found: 99, .. })));
    }

    #[test]
    fn a_foreign_file_is_refused_and_left_as_it_is() {
        let (_folder, path) = temporary();
        std::fs::write(&path, "a,shopping,list\n".repeat(100)).unwrap();
        assert!(matches!(Database::open(&path), Err(QueueError::Foreign { .. })));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a,shopping,list\n".repeat(100));
        std::fs::remove_file(&path).unwrap();
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
        assert!(matches!(Database::open(&path), Err(QueueError::Foreign { .. })));
    }
}
