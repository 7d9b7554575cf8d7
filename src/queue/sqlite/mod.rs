//! The queue in SQLite: one workspace database for every job. Never knows what a picture is.

mod account;
mod chosen;
mod desk;
mod drain;
mod entry;
mod health;
mod held;
mod intake;
mod inventory;
mod known;
mod ledger;
mod migrate;
mod names;
mod neighbours;
mod past;
mod pause;
#[cfg(test)]
mod plans;
mod preview;
mod readings;
mod receipts;
mod recent;
mod rescue;
mod review;
mod reviewed;
mod revision;
mod seen;
mod stored;
mod story;
mod turn;
mod upkeep;
mod versions;
mod waits;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction};

use super::QueueError;
use crate::disk::private;
use crate::domain::ItemId;
pub use desk::SqliteDesk;
pub use drain::SqliteQueue;
pub use entry::JobEntry;
pub use health::health;
pub use intake::SqliteIntake;
pub use ledger::SqliteLedger;
pub use preview::SqlitePreview;
pub use review::SqliteReview;
pub use upkeep::SqliteUpkeep;

/// How long to wait for another process that is writing.
const BUSY: Duration = Duration::from_secs(30);

/// How long until the mode of the log is tried again.
const MODE_AGAIN: Duration = Duration::from_millis(10);

/// An open workspace database.
#[derive(Debug)]
pub struct Database {
    connection: Connection,
    path: PathBuf,
    /// Device and number of the file that is open.
    identity: Option<(u64, u64)>,
}

impl Database {
    /// Opens the database for writing; makes it, with its folder, where there is none, and brings an older one up to
    /// date after a copy. A newer or a foreign file is refused untouched.
    pub fn open(path: &Path) -> Result<Self, QueueError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)
                .map_err(|source| QueueError::Lock { path: folder.display().to_string(), source })?;
        }
        refuse_strange(path)?;
        // SQLite gives its other files the mode of this one. What keeps us from making it, it tells better.
        let _ = private::make(path);
        let mut database = Self::connect(path, OpenFlags::default())?;
        migrate::bring_up_to_date(&mut database)?;
        ["", "-wal", "-shm"].iter().for_each(|ending| private::narrow(&beside_itself(path, ending)));
        database.configure().doing(path, "setting it up")?;
        Ok(database)
    }

    /// Opens the database where there is one, and says so kindly where there is none.
    pub fn open_existing(path: &Path) -> Result<Self, QueueError> {
        if !path.exists() {
            return Err(QueueError::Missing { path: path.display().to_string() });
        }
        Self::open(path)
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Self, QueueError> {
        let connection = Connection::open_with_flags(path, flags).doing(path, "opening it")?;
        connection.busy_timeout(BUSY).doing(path, "opening it")?;
        Ok(Self { connection, path: path.to_owned(), identity: identity(path) })
    }

    /// Writing into a file that was removed would lose all of it, and a second run would not see this one.
    fn is_there(&self) -> Result<(), QueueError> {
        if identity(&self.path) == self.identity {
            return Ok(());
        }
        Err(QueueError::Gone { path: self.path.display().to_string() })
    }

    /// FULL: a commit that was answered survives a power cut. No memory map: a disk error must not kill the process.
    /// And a plan holds for whatever is bound: else each new number of wanted claims would have its statement planned
    /// anew, a third of all the queue's work.
    fn configure(&self) -> rusqlite::Result<()> {
        let begun = Instant::now();
        write_ahead(&self.connection, || {
            thread::sleep(MODE_AGAIN);
            begun.elapsed() < BUSY
        })?;
        self.connection.pragma_update(None, "synchronous", "full")?;
        self.connection.pragma_update(None, "foreign_keys", true)?;
        self.connection.pragma_update(None, "mmap_size", 0)?;
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        self.connection.set_prepared_statement_cache_capacity(64);
        Ok(())
    }
}

/// Sets the write-ahead log. Who changes the mode needs the file alone, and here SQLite waits for nobody, whatever the busy
/// timeout says: so where another is just opening it, `wait` lets some time pass, and says whether there is any left.
fn write_ahead(connection: &Connection, mut wait: impl FnMut() -> bool) -> rusqlite::Result<()> {
    loop {
        match connection.pragma_update(None, "journal_mode", "wal") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && wait() => {}
            set => return set,
        }
    }
}

/// Keeps in memory what would undo a single statement, where it begins with 1 KiB; beside a file it begins with 64 KiB,
/// which the allocator gives back to the system and fetches again for every row. For statements that change few rows.
fn undo_in_memory(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "temp_store", "memory")
}

/// For statements that may change more than memory should hold.
fn undo_on_disk(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "temp_store", "default")
}

/// What tells a file from another that stands in its place later.
fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Says what was being done when SQLite failed.
trait Doing<T> {
    fn doing(self, path: &Path, what: &'static str) -> Result<T, QueueError>;
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, path: &Path, what: &'static str) -> Result<T, QueueError> {
        self.map_err(|source| QueueError::Database { path: path.display().to_string(), doing: what, source })
    }
}

/// The key of a job, or an error that lists the jobs there are.
fn job_key(connection: &Connection, path: &Path, job: &str) -> Result<i64, QueueError> {
    let found = connection
        .query_row("SELECT id FROM jobs WHERE name = ?1 AND revision > 0", [job], |row| row.get(0))
        .optional()
        .doing(path, "looking for the job")?;
    match found {
        Some(key) => Ok(key),
        None => {
            let known = known_jobs(connection).doing(path, "listing the jobs")?;
            let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
            Err(QueueError::NoSuchJob { job: job.to_owned(), path: path.display().to_string(), known })
        }
    }
}

/// That a job has no such item, with the ids that may have been meant.
fn no_such_item(connection: &Connection, key: i64, job: &str, item: &ItemId) -> QueueError {
    // Suggestions are a kindness: without them the mistake is still told.
    let alike = story::ids_like(connection, key, item.as_str()).unwrap_or_default();
    QueueError::NoSuchItem { job: job.to_owned(), item: item.clone(), alike }
}

/// The jobs' names, in order. One whose manifest was never accepted is none yet.
fn known_jobs(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM jobs WHERE revision > 0 ORDER BY name")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// The path of a database with something behind it.
fn beside_itself(database: &Path, ending: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(ending);
    PathBuf::from(path)
}

/// What cannot be, or no longer is, a database is refused before SQLite touches it.
fn refuse_strange(path: &Path) -> Result<(), QueueError> {
    let refused = |why: &str| Err(QueueError::Foreign { path: path.display().to_string(), why: why.to_owned() });
    if path.is_dir() {
        return refused("it is a folder");
    }
    if is_emptied(path) {
        return refused("it is empty, though runs have used it; bring back a copy, or remove it to begin anew");
    }
    Ok(())
}

/// Whether somebody cut the file to nothing: a new one, which is empty as well, has no job's lock beside it.
fn is_emptied(database: &Path) -> bool {
    let is_empty = fs::metadata(database).is_ok_and(|file| file.len() == 0);
    let (Some(folder), Some(name)) = (database.parent(), database.file_name()) else { return false };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let is_lock = |file: &Path| {
        let file = file.file_name().unwrap_or_default().as_encoded_bytes();
        let rest = file.strip_prefix(name.as_encoded_bytes());
        rest.is_some_and(|rest| rest.starts_with(b".") && rest.ends_with(b".lock"))
    };
    is_empty && fs::read_dir(folder).is_ok_and(|files| files.flatten().any(|file| is_lock(&file.path())))
}

/// Runs a statement that must change exactly one row: anything else means another hand was on the queue.
fn one(transaction: &Transaction<'_>, sql: &str, parameters: impl rusqlite::Params) -> rusqlite::Result<()> {
    match transaction.prepare_cached(sql)?.execute(parameters)? {
        1 => Ok(()),
        changed => Err(rusqlite::Error::StatementChangedRows(changed)),
    }
}

/// A place as the database knows it, relative to its own folder.
fn beside(database: &Path, place: &str) -> PathBuf {
    database.parent().unwrap_or(Path::new("")).join(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_opens_a_database_waits_for_another_who_is_just_doing_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("overnight.db");
        let (ours, other) = (Connection::open(&path).unwrap(), Connection::open(&path).unwrap());
        other.execute_batch("CREATE TABLE a (b); BEGIN; SELECT * FROM a").unwrap();
        // Each try is over at once.
        ours.busy_timeout(Duration::ZERO).unwrap();
        let mut waited = 0;
        let set = write_ahead(&ours, || {
            waited += 1;
            if waited == 2 {
                other.execute_batch("COMMIT").unwrap();
            }
            waited < 9
        });
        assert_eq!((set, waited), (Ok(()), 2));
        assert_eq!(ours.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0)).unwrap(), "wal");
        // Once it is set, nobody is waited for.
        other.execute_batch("BEGIN; SELECT * FROM a").unwrap();
        write_ahead(&ours, || unreachable!()).unwrap();
    }

    #[test]
    fn a_file_that_stays_in_use_is_told_when_the_time_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("overnight.db");
        let (ours, other) = (Connection::open(&path).unwrap(), Connection::open(&path).unwrap());
        other.execute_batch("CREATE TABLE a (b); BEGIN IMMEDIATE; INSERT INTO a VALUES (1)").unwrap();
        ours.busy_timeout(Duration::ZERO).unwrap();
        let told = write_ahead(&ours, || false).unwrap_err();
        assert_eq!(told.sqlite_error_code(), Some(ErrorCode::DatabaseBusy));
    }
}
