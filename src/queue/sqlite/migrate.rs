//! Brings a database to the schema this program knows. Never touches a newer or a foreign file.

mod copy;

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::super::QueueError;
use super::{Database, Doing};
use copy::Copy;
pub(super) use copy::is_copy;

/// Marks the file as ours ("OVNT").
const APPLICATION_ID: i64 = 0x4F56_4E54;

/// The migrations in order; a database's `user_version` says how many it has seen.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/sqlite/0001_queue.sql"),
    include_str!("../../../migrations/sqlite/0002_readings.sql"),
    include_str!("../../../migrations/sqlite/0003_account.sql"),
    include_str!("../../../migrations/sqlite/0004_sources.sql"),
    include_str!("../../../migrations/sqlite/0005_seen_hashes.sql"),
    include_str!("../../../migrations/sqlite/0006_versions.sql"),
    include_str!("../../../migrations/sqlite/0007_approval.sql"),
    include_str!("../../../migrations/sqlite/0008_money.sql"),
    include_str!("../../../migrations/sqlite/0009_price_sources.sql"),
    include_str!("../../../migrations/sqlite/0010_pause.sql"),
    include_str!("../../../migrations/sqlite/0011_scheduled.sql"),
    include_str!("../../../migrations/sqlite/0012_pruned.sql"),
    include_str!("../../../migrations/sqlite/0013_review.sql"),
    include_str!("../../../migrations/sqlite/0014_sent_back.sql"),
];

/// The version of the schema that this program knows.
pub(super) const fn known() -> usize {
    MIGRATIONS.len()
}

/// Runs the migrations the database has not seen, all or none, after copying it if it holds anything.
pub(super) fn bring_up_to_date(database: &mut Database) -> Result<(), QueueError> {
    let path = database.path.clone();
    let seen = readable_version(&database.connection, &path)?;
    if seen == MIGRATIONS.len() {
        return Ok(());
    }
    let mut copy = if seen == 0 { None } else { Some(Copy::begin(&path, seen + 1)?) };
    // Another process may have migrated it while this one waited for its turn.
    if schema_version(&database.connection, &path)? != seen {
        drop(copy);
        return bring_up_to_date(database);
    }
    if let Some(copy) = &copy {
        copy.fill(&database.connection, &path)?;
    }
    migrate(&mut database.connection, &path, copy.as_mut())
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

/// The same, where this program can read the file: a newer one is refused.
pub(super) fn readable_version(connection: &Connection, path: &Path) -> Result<usize, QueueError> {
    let (found, known) = (schema_version(connection, path)?, MIGRATIONS.len());
    match found > known {
        true => Err(QueueError::Newer { path: path.display().to_string(), found, known }),
        false => Ok(found),
    }
}

/// Two processes may open a new database at once: whoever comes second finds the migration done. The copy gets its name
/// last, so that a migration which fails leaves none.
fn migrate(connection: &mut Connection, path: &Path, copy: Option<&mut Copy>) -> Result<(), QueueError> {
    let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let transaction = begun.doing(path, "migrating it")?;
    let seen = schema_version(&transaction, path)?;
    if seen >= MIGRATIONS.len() {
        return Ok(());
    }
    apply(&transaction, seen, MIGRATIONS.len()).doing(path, "migrating it")?;
    copy.map_or(Ok(()), Copy::keep)?;
    transaction.commit().doing(path, "migrating it")
}

/// Takes a database from one version to a later one.
fn apply(connection: &Connection, from: usize, to: usize) -> rusqlite::Result<()> {
    MIGRATIONS[from..to].iter().try_for_each(|migration| connection.execute_batch(migration))?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", to as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

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

    /// A database of the first version, with a job.
    fn older() -> (tempfile::TempDir, PathBuf) {
        let (folder, path) = temporary();
        let old = Connection::open(&path).unwrap();
        apply(&old, 0, 1).unwrap();
        old.execute("INSERT INTO jobs (name, manifest, output) VALUES ('spring', 'spring.csv', 'output')", []).unwrap();
        (folder, path)
    }

    fn job_in(path: &Path) -> String {
        Connection::open(path).unwrap().query_row("SELECT name FROM jobs", [], |row| row.get(0)).unwrap()
    }

    fn version_of(path: &Path) -> usize {
        schema_version(&Connection::open(path).unwrap(), path).unwrap()
    }

    /// The names of the copies there are, finished or not.
    fn copies(folder: &tempfile::TempDir) -> Vec<String> {
        let names =
            std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut copies: Vec<_> =
            names.filter_map(|name| name.strip_prefix("overnight.db.").map(str::to_owned)).collect();
        copies.sort();
        copies
    }

    #[test]
    fn an_older_database_is_brought_along_after_a_copy_and_keeps_what_it_holds() {
        let (folder, path) = older();
        drop(Database::open(&path).unwrap());
        let copy = folder.path().join("overnight.db.before-2");
        assert_eq!(copies(&folder), ["before-2"]);
        assert_eq!((version_of(&path), version_of(&copy)), (MIGRATIONS.len(), 1));
        assert_eq!((job_in(&path), job_in(&copy)), ("spring".to_owned(), "spring".to_owned()));
        assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_copy_that_is_there_already_is_kept_and_the_next_takes_the_next_name() {
        let (folder, path) = older();
        for expected in [&["before-2"][..], &["before-2", "before-2-2"], &["before-2", "before-2-2", "before-2-3"]] {
            drop(Database::open(&path).unwrap());
            assert_eq!(copies(&folder), expected);
            // As somebody does who goes back to the older program.
            std::fs::copy(folder.path().join("overnight.db.before-2"), &path).unwrap();
        }
    }

    #[test]
    fn a_migration_that_fails_changes_nothing_leaves_no_copy_and_may_be_tried_again() {
        let (folder, path) = older();
        let in_the_way = Connection::open(&path).unwrap();
        in_the_way.execute_batch("CREATE TABLE workspace (a)").unwrap();
        for _ in 0..2 {
            assert!(matches!(Database::open(&path), Err(QueueError::Database { doing: "migrating it", .. })));
            assert_eq!((version_of(&path), copies(&folder)), (1, vec![]));
        }
        in_the_way.execute_batch("DROP TABLE workspace").unwrap();
        drop(Database::open(&path).unwrap());
        assert_eq!((version_of(&path), job_in(&path)), (MIGRATIONS.len(), "spring".to_owned()));
    }

    #[test]
    fn what_a_killed_process_left_of_a_copy_is_in_nobodys_way() {
        let (folder, path) = older();
        std::fs::write(folder.path().join("overnight.db.before-2.part"), "half of a database").unwrap();
        drop(Database::open(&path).unwrap());
        assert_eq!(copies(&folder), ["before-2"]);
        assert_eq!(job_in(&folder.path().join("overnight.db.before-2")), "spring");
    }

    #[test]
    fn of_several_who_open_an_older_database_at_once_one_migrates_it_and_all_end_well() {
        let (folder, path) = older();
        let start = std::sync::Barrier::new(4);
        let open = || {
            start.wait();
            Database::open(&path).map(drop)
        };
        std::thread::scope(|scope| {
            let opening: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
            opening.into_iter().for_each(|open| open.join().unwrap().unwrap());
        });
        assert_eq!((version_of(&path), copies(&folder)), (MIGRATIONS.len(), vec!["before-2".to_owned()]));
        assert_eq!(version_of(&folder.path().join("overnight.db.before-2")), 1);
    }

    #[test]
    fn what_older_attempts_cost_and_may_cost_yet_is_summed_up() {
        let (_folder, path) = temporary();
        let old = Connection::open(&path).unwrap();
        apply(&old, 0, 7).unwrap();
        old.execute_batch(
            "INSERT INTO jobs (id, name, manifest, output) VALUES (1, 'spring', 'spring.csv', 'output');
             INSERT INTO runs (id, job_id, holder, started_at, lease_until) VALUES (1, 1, 'h', 0, 0), (2, 1, 'h', 0, 0);
             INSERT INTO items (key, job_id, id, name, line, first_revision, last_revision, request, digest, due_at)
             VALUES (1, 1, 'a', 'a', 2, 1, 1, '{}', zeroblob(32), 0);
             INSERT INTO attempts (job_id, item_key, run_id, number, state, sent_at, ended_at, outcome, reserved, cost)
             VALUES (1, 1, 1, 1, 'settled', 899999, 1, 'retry', 9, 4), (1, 1, 1, 2, 'lost', 0, 1, 'retry', 9, NULL),
                    (1, 1, 1, 3, 'unsent', 9, 1, 'retry', 9, 0), (1, 1, 1, 4, 'settled', 900000, 1, 'retry', 9, 5),
                    (1, 1, 2, 5, 'settled', 900001, 1, 'retry', 9, 6), (1, 1, 2, 6, 'settled', 9, 1, 'retry', NULL, NULL),
                    (1, 1, 2, 7, 'sent', 900002, NULL, NULL, 9, NULL);",
        )
        .unwrap();
        let new = Database::open(&path).unwrap().connection;
        let sums =
            "SELECT group_concat(concat_ws(' ', run_id, quarter, job_id, settled, reserved, lost), ', ') FROM held";
        let sums: String = new.query_row(sums, [], |row| row.get(0)).unwrap();
        assert_eq!(sums, "1 0 1 4 0 9, 1 1 1 5 0 0, 2 1 1 6 9 0");
    }

    #[test]
    fn what_was_made_before_there_were_reviews_can_be_reviewed() {
        let (_folder, path) = temporary();
        let old = Connection::open(&path).unwrap();
        apply(&old, 0, 12).unwrap();
        old.execute_batch(
            "INSERT INTO jobs (id, name, manifest, output, revision, intake) VALUES (1, 'spring', 's.csv', 'output', 1, 1);
             INSERT INTO items (key, job_id, id, name, line, first_revision, last_revision, request, digest, state, artifact)
             VALUES (1, 1, 'a', 'a', 2, 1, 1, '{}', zeroblob(32), 'done', '{}');
             INSERT INTO versions (item_key, number, job_id, name, request, digest, artifact, stands)
             VALUES (1, 1, 1, 'a', '{}', zeroblob(32), '{}', 0);",
        )
        .unwrap();
        let new = Database::open(&path).unwrap().connection;
        let unsaid =
            "SELECT row_digest IS NULL AND kept_digest IS NULL AND NOT EXISTS (SELECT 1 FROM verdicts) FROM items";
        assert!(new.query_row(unsaid, [], |row| row.get::<_, bool>(0)).unwrap());
        let version = "SELECT row_digest IS NULL AND NOT sent_back FROM versions";
        assert!(new.query_row(version, [], |row| row.get::<_, bool>(0)).unwrap());
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
