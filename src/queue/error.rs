//! Why the queue cannot go on. Never a failure of an item: those are data.

use super::words::{did_you_mean, is_full, sqlite_words};
use crate::domain::{ItemId, io_words};

/// A queue error stops the run: nothing is sent that cannot be written down.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// SQLite said no.
    #[error("the database {path} failed while {doing}: {}", sqlite_words(.source))]
    Database {
        /// The database file.
        path: String,
        /// What was being done.
        doing: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// Another run of this job lives.
    #[error("another run of job `{job}` is on: {holder}; wait for it, or stop it first")]
    Held {
        /// The job.
        job: String,
        /// Who holds the lock.
        holder: String,
    },
    /// A run was made for this start of the job's schedule, and came to its end.
    #[error("another scheduler has seen to this start of job `{job}`; let only one of them run it")]
    Made {
        /// The job.
        job: String,
    },
    /// The lock file cannot be made or locked.
    #[error("cannot lock {path}: {}; the database's folder must be writable and on a local disk", io_words(.source))]
    Lock {
        /// The lock file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Its folder cannot be looked at.
    #[error("cannot ask what room {path} has: {}; see that its disk is well, then run the same command again", io_words(.source))]
    Room {
        /// The database file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The copy that a migration begins with cannot be made.
    #[error(
        "cannot make {path}, the copy of the database before its migration: {}; \
         the database's folder must be writable and have room for it",
        io_words(.source)
    )]
    Copy {
        /// The copy.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that was to go stays.
    #[error("cannot remove {path}: {}", io_words(.source))]
    Remove {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database was written by a newer program.
    #[error("{path} was written by a newer overnight (schema {found}, this one knows {known}); update the program")]
    Newer {
        /// The database file.
        path: String,
        /// Its schema version.
        found: usize,
        /// The newest this program knows.
        known: usize,
    },
    /// The file is something else.
    #[error("{path} is not an overnight database: {why}; choose another with --db")]
    Foreign {
        /// The database file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The database is no longer where it was.
    #[error(
        "the database {path} was moved or removed while it was in use; put it back, or what was done since is lost"
    )]
    Gone {
        /// The database file.
        path: String,
    },
    /// There is no database.
    #[error("there is no database {path}; a run makes it, --rehearse looks at a rehearsal's, --db names another")]
    Missing {
        /// Where it was looked for.
        path: String,
    },
    /// The job's name stands for another manifest.
    #[error("job `{job}` is known here for the manifest {known}; choose another name for {given} with --name")]
    OtherManifest {
        /// The job.
        job: String,
        /// The manifest the database knows.
        known: String,
        /// The one given now.
        given: String,
    },
    /// The job's pictures are elsewhere.
    #[error(
        "job `{job}` keeps its pictures in {known}; go on there with `-o {known}`, or move that folder to {given} first"
    )]
    OtherOutput {
        /// The job.
        job: String,
        /// The output folder the database knows.
        known: String,
        /// The one given now.
        given: String,
    },
    /// There is no such job.
    #[error("there is no job `{job}` in {path}; it has {known}")]
    NoSuchJob {
        /// The job asked for.
        job: String,
        /// The database file.
        path: String,
        /// The jobs there are.
        known: String,
    },
    /// There is no such item.
    #[error("job `{job}` has no item `{item}`; {}", did_you_mean(.alike))]
    NoSuchItem {
        /// The job.
        job: String,
        /// The item asked for.
        item: ItemId,
        /// Ids much like it, the likeliest first.
        alike: Vec<String>,
    },
}

impl QueueError {
    /// Whether another program keeps the database locked, and may let go of it.
    pub fn is_busy(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
        matches!(self.sqlite_code(), Some(DatabaseBusy | DatabaseLocked))
    }

    /// Whether the database found no room on its disk.
    pub fn is_full(&self) -> bool {
        let Self::Database { source, .. } = self else { return false };
        is_full(source)
    }

    fn sqlite_code(&self) -> Option<rusqlite::ErrorCode> {
        let Self::Database { source, .. } = self else { return None };
        source.sqlite_error_code()
    }
}
