//! The review in SQLite: what a person looks at and says of it, and what a look at pictures found. Never makes a picture,
//! never touches a file.

mod cards;
mod fold;
mod found;
mod inspected;
mod looks;
mod rows;
mod said;
mod sent_back;
mod undone;

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::super::{
    Acted, Card, CardKey, Finding, Gallery, Inspection, Jury, Order, PictureMark, QueueError, ReviewTally, SentBack,
    Unseen, Wanted, Witness, Word,
};
use super::{Database, Doing, job_key};
use crate::domain::Impression;

/// So many KiB of pages stay in memory: those of ten thousand items, which are passed over again and again.
const CACHE: i64 = -16 * 1024;

/// A person's table: they look at what there is, and say something of it.
#[derive(Debug)]
pub struct SqliteReview {
    database: Database,
}

/// A job and the revision of its manifest that everybody sees.
#[derive(Debug, Clone, Copy)]
struct Listed {
    job: i64,
    revision: i64,
}

impl SqliteReview {
    /// Opens an existing database.
    pub fn open(path: &Path) -> Result<Self, QueueError> {
        let database = Database::open_existing(path)?;
        database.connection.pragma_update(None, "cache_size", CACHE).doing(path, "setting it up")?;
        Ok(Self::over(database))
    }

    /// Over a database that is open.
    pub(super) const fn over(database: Database) -> Self {
        Self { database }
    }

    /// Reads from one moment of the database, whatever a run writes meanwhile.
    fn read<T>(
        &self,
        job: &str,
        what: &'static str,
        read: impl FnOnce(&Connection, Listed) -> rusqlite::Result<T>,
    ) -> Result<T, QueueError> {
        self.database.is_there()?;
        let (connection, path) = (&self.database.connection, &self.database.path);
        let moment = connection.unchecked_transaction().doing(path, what)?;
        let listed = listed(&moment, path, job)?;
        read(&moment, listed).doing(path, what)
    }

    fn found(
        &self,
        job: &str,
        wanted: &Wanted,
        order: Order,
        with_pictures: bool,
    ) -> Result<Vec<(CardKey, PictureMark)>, QueueError> {
        self.read(job, "looking for items", |connection, listed| {
            found::find(connection, listed, wanted, order, with_pictures)
        })
    }

    /// All of it, or nothing.
    fn write<T>(
        &mut self,
        job: &str,
        what: &'static str,
        write: impl FnOnce(&Transaction<'_>, Listed) -> rusqlite::Result<T>,
    ) -> Result<T, QueueError> {
        self.database.is_there()?;
        let Database { connection, path, .. } = &mut self.database;
        let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.doing(path, what)?;
        let listed = listed(&transaction, path, job)?;
        let done = write(&transaction, listed).doing(path, what)?;
        transaction.commit().doing(path, what)?;
        Ok(done)
    }
}

fn listed(connection: &Connection, path: &Path, job: &str) -> Result<Listed, QueueError> {
    let job = job_key(connection, path, job)?;
    let revision = connection.query_row("SELECT revision FROM jobs WHERE id = ?1", [job], |row| row.get(0));
    Ok(Listed { job, revision: revision.doing(path, "looking for the job")? })
}

impl Gallery for SqliteReview {
    /// What others wrote, and what was written here: neither ever becomes less.
    fn change(&self) -> Result<i64, QueueError> {
        let connection = &self.database.connection;
        let others = connection.pragma_query_value(None, "data_version", |row| row.get::<_, i64>(0));
        let others = others.doing(&self.database.path, "asking whether it changed")?;
        Ok(others.saturating_add_unsigned(connection.total_changes()))
    }

    fn find(&self, job: &str, wanted: &Wanted, order: Order) -> Result<Vec<CardKey>, QueueError> {
        let found = self.found(job, wanted, order, false)?;
        Ok(found.into_iter().map(|(key, _)| key).collect())
    }

    fn find_pictures(
        &self,
        job: &str,
        wanted: &Wanted,
        order: Order,
    ) -> Result<Vec<(CardKey, PictureMark)>, QueueError> {
        self.found(job, wanted, order, true)
    }

    fn cards(&self, job: &str, keys: &[CardKey]) -> Result<Vec<Card>, QueueError> {
        self.read(job, "reading what is known of items", |connection, listed| cards::cards(connection, listed, keys))
    }

    fn review_tally(&self, job: &str) -> Result<ReviewTally, QueueError> {
        self.read(job, "counting what was reviewed", looks::tally)
    }

    fn values(&self, job: &str, column: usize, most: usize) -> Result<Vec<(String, u64)>, QueueError> {
        self.read(job, "reading a column of the manifest", |connection, listed| {
            rows::values(connection, listed, column, most)
        })
    }
}

impl Jury for SqliteReview {
    fn say(
        &mut self,
        witness: Witness<'_>,
        job: &str,
        items: &[CardKey],
        word: &Word,
    ) -> Result<Option<Acted>, QueueError> {
        self.write(job, "writing down what was said", |transaction, listed| {
            said::say(transaction, listed, witness, items, word)
        })
    }

    fn send_back(
        &mut self,
        witness: Witness<'_>,
        job: &str,
        item: CardKey,
        prompt: &str,
    ) -> Result<SentBack, QueueError> {
        self.write(job, "sending an item back", |transaction, listed| {
            sent_back::send_back(transaction, listed, witness, item, prompt)
        })
    }

    fn undo(&mut self, witness: Witness<'_>, job: &str) -> Result<Option<Acted>, QueueError> {
        self.write(job, "taking back what was said", |transaction, listed| undone::undo(transaction, listed, witness))
    }
}

impl Inspection for SqliteReview {
    fn unseen(&self, job: &str, most: usize) -> Result<Vec<Unseen>, QueueError> {
        self.read(job, "looking for pictures that nobody looked at", |connection, listed| {
            inspected::unseen(connection, listed, most)
        })
    }

    fn impression(&self, blake3: &str) -> Result<Option<Impression>, QueueError> {
        let found = inspected::impression(&self.database.connection, blake3);
        found.doing(&self.database.path, "reading how a picture looks")
    }

    fn impressions(&self, job: &str) -> Result<Vec<(CardKey, Impression)>, QueueError> {
        self.read(job, "reading how pictures look", inspected::impressions)
    }

    fn note(
        &mut self,
        job: &str,
        impressions: &[(String, Impression)],
        findings: &[Finding],
    ) -> Result<(), QueueError> {
        self.write(job, "noting how pictures look", |transaction, listed| {
            inspected::note(transaction, listed, impressions, findings)
        })
    }
}
