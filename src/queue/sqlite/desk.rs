//! A person's hand on the queue: put back, take out, approve, pause. Never touches what a run holds.

use std::path::Path;

use rusqlite::{Transaction, TransactionBehavior, params};

use super::super::{Desk, QueueError, Selection, StoredItem, lock};
use super::{Database, Doing, job_key, no_such_item, pause, versions};
use crate::domain::{ItemId, Timestamp};

/// What an item becomes when a person puts it back: as if it had never been tried, but for its history.
const REQUEUE: &str = "UPDATE items SET state = 'queued', due_at = iif(attempts = 0, 0, ?2), counted = 0, empty = 0,
       failure_kind = NULL, failure = NULL, cancelled_by = NULL WHERE job_id = ?1";

/// The same for a done item, if it still has the picture that is gone and a row that wants it.
const REMAKE: &str = "UPDATE items SET state = 'queued', due_at = ?2, counted = 0, empty = 0, artifact = NULL
     WHERE job_id = ?1 AND key = ?3 AND state = 'done' AND artifact ->> '$.images[0].blake3' IS ?4
           AND last_revision >= (SELECT revision FROM jobs WHERE id = ?1)";

/// Takes an item out. What a dead run left claimed waits as well, unless its answer was received.
const CANCEL: &str = "UPDATE items SET state = 'cancelled', due_at = NULL, cancelled_by = 'person'
     WHERE job_id = ?1 AND (state = 'queued' OR (?2 AND state = 'running' AND NOT EXISTS
           (SELECT 1 FROM attempts WHERE item_key = key AND attempts.state = 'received')))";

/// The desk of a workspace database.
#[derive(Debug)]
pub struct SqliteDesk {
    database: Database,
}

impl SqliteDesk {
    /// Opens an existing database.
    pub fn open(path: &Path) -> Result<Self, QueueError> {
        Ok(Self { database: Database::open_existing(path)? })
    }

    /// A change that the written results tell nothing of yet.
    fn write<T>(
        &mut self,
        job: &str,
        act: impl FnOnce(&Transaction<'_>, i64) -> Result<T, ActError>,
    ) -> Result<T, QueueError> {
        self.change(job, |transaction, key| {
            let done = act(transaction, key)?;
            transaction.execute("UPDATE jobs SET results_stale = 1 WHERE id = ?1", [key])?;
            Ok(done)
        })
    }

    fn change<T>(
        &mut self,
        job: &str,
        act: impl FnOnce(&Transaction<'_>, i64) -> Result<T, ActError>,
    ) -> Result<T, QueueError> {
        let path = self.database.path.clone();
        let key = job_key(&self.database.connection, &path, job)?;
        let begun = self.database.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.doing(&path, "opening it for a change")?;
        let done = act(&transaction, key).map_err(|error| match error {
            ActError::NoSuchItem(item) => no_such_item(&transaction, key, job, &item),
            ActError::Database(source) => failed(&path, source),
        })?;
        transaction.commit().doing(&path, "changing items")?;
        Ok(done)
    }
}

/// Why a change was not made.
enum ActError {
    NoSuchItem(ItemId),
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for ActError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

fn failed(path: &Path, source: rusqlite::Error) -> QueueError {
    QueueError::Database { path: path.display().to_string(), doing: "changing items", source }
}

impl Desk for SqliteDesk {
    fn retry(&mut self, now: Timestamp, job: &str, selection: &Selection) -> Result<u64, QueueError> {
        self.write(job, |transaction, key| match selection {
            Selection::Failed => {
                let sql = format!("{REQUEUE} AND state = 'failed' AND failure_kind NOT IN ('refused', 'lost')");
                Ok(transaction.execute(&sql, params![key, now.millis()])? as u64)
            }
            Selection::Kind(kind) => {
                let sql = format!("{REQUEUE} AND state = 'failed' AND failure_kind = ?3");
                Ok(transaction.execute(&sql, params![key, now.millis(), kind.as_str()])? as u64)
            }
            Selection::Items(items) => {
                let sql = format!("{REQUEUE} AND state IN ('failed', 'cancelled') AND id = ?3");
                each(transaction, key, items, |id| {
                    transaction.prepare_cached(&sql)?.execute(params![key, now.millis(), id])
                })
            }
        })
    }

    fn remake(&mut self, now: Timestamp, job: &str, items: &[&StoredItem]) -> Result<u64, QueueError> {
        self.write(job, |transaction, key| {
            let (mut remade, mut images) = (0, 0);
            for item in items {
                let kept = item.artifact.as_ref().map_or(&[][..], |artifact| &artifact.images);
                let picture = kept.first().map(|image| &image.blake3);
                let put_back = params![key, now.millis(), item.key, picture];
                if transaction.prepare_cached(REMAKE)?.execute(put_back)? == 1 {
                    remade += 1;
                    images += kept.len();
                }
            }
            transaction.execute("UPDATE jobs SET images = images - ?2 WHERE id = ?1", params![key, images])?;
            Ok(remade)
        })
    }

    fn approve(&mut self, now: Timestamp, job: &str) -> Result<Option<Timestamp>, QueueError> {
        self.write(job, |transaction, key| {
            let before = "SELECT approved_at FROM jobs WHERE id = ?1";
            let before: Option<i64> = transaction.query_row(before, [key], |row| row.get(0))?;
            let approve = "UPDATE jobs SET approved_at = ?2 WHERE id = ?1 AND approved_at IS NULL";
            transaction.execute(approve, params![key, now.millis()])?;
            Ok(before.map(Timestamp::from_millis))
        })
    }

    fn pause(&mut self, now: Timestamp, job: &str) -> Result<Option<Timestamp>, QueueError> {
        self.change(job, |transaction, key| {
            let before = pause::since(transaction, key)?;
            pause::begin(transaction, key, now)?;
            Ok(before)
        })
    }

    fn resume(&mut self, job: &str) -> Result<Option<Timestamp>, QueueError> {
        self.change(job, |transaction, key| {
            let before = pause::since(transaction, key)?;
            pause::end(transaction, key)?;
            Ok(before)
        })
    }

    fn cancel(&mut self, job: &str, items: Option<&[ItemId]>) -> Result<u64, QueueError> {
        let path = self.database.path.clone();
        self.write(job, |transaction, key| {
            // Asked while nobody else can write: a run that begins now claims nothing before this is done.
            let dead = !lock::is_held(&path, job);
            match items {
                None => {
                    let left = versions::leave_all(transaction, key)?;
                    Ok((left + transaction.execute(CANCEL, params![key, dead])?) as u64)
                }
                Some(items) => {
                    let left = versions::leave(transaction, key, items)?;
                    let sql = format!("{CANCEL} AND id = ?3");
                    let cancel = |id: &str| transaction.prepare_cached(&sql)?.execute(params![key, dead, id]);
                    Ok(left as u64 + each(transaction, key, items, cancel)?)
                }
            }
        })
    }
}

/// Changes the named items one by one; a name that stands for none takes everything back.
fn each(
    transaction: &Transaction<'_>,
    job: i64,
    items: &[ItemId],
    change: impl Fn(&str) -> rusqlite::Result<usize>,
) -> Result<u64, ActError> {
    let mut changed = 0;
    for item in items {
        let known = "SELECT EXISTS (SELECT 1 FROM items WHERE job_id = ?1 AND id = ?2)";
        let mut known = transaction.prepare_cached(known)?;
        if !known.query_row(params![job, item.as_str()], |row| row.get::<_, bool>(0))? {
            return Err(ActError::NoSuchItem(item.clone()));
        }
        changed += change(item.as_str())? as u64;
    }
    Ok(changed)
}
