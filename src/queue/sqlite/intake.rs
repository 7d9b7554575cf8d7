//! Takes a manifest in under a revision nobody sees until it is published. Never reads a file, never sends.

use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::super::{Clash, ClashOver, Enqueued, Intake, QueueError};
use super::stored::to_json;
use super::{Database, Doing};
use crate::domain::{Item, ManifestRow};

/// Rows written by one transaction: large enough to be fast, small enough to keep the write-ahead log small.
const ROWS_A_TRANSACTION: u64 = 10_000;

/// One reading of a job's manifest. The job's lock must be held.
#[derive(Debug)]
pub struct SqliteIntake {
    database: Database,
    job: i64,
    revision: i64,
    position: i64,
    enqueued: Enqueued,
    /// Of the rows so far.
    table: blake3::Hasher,
}

/// What is known of an item that a row names again.
struct Known {
    key: i64,
    last_revision: i64,
    state: String,
    same: bool,
    cancelled_by: Option<String>,
    /// Whether an attempt of it may have cost something. Being throttled or meeting a bad key costs nothing.
    maybe_paid: bool,
}

/// What a new revision does to an item known before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    None,
    Kept,
    Edit { requeue: bool },
}

impl SqliteIntake {
    /// Begins a revision, after clearing away one that was never published.
    pub(super) fn begin(database: Database, job: i64) -> Result<Box<Self>, QueueError> {
        let path = database.path.clone();
        let revision = begin_revision(&database.connection, job).doing(&path, "beginning to read the manifest")?;
        Ok(Box::new(Self {
            database,
            job,
            revision,
            position: 0,
            enqueued: Enqueued::default(),
            table: blake3::Hasher::new(),
        }))
    }

    fn take(&mut self, row: &ManifestRow, items: &[Item]) -> rusqlite::Result<Vec<Clash>> {
        let clashes = self.claim_names(row, items)?;
        if !clashes.is_empty() {
            return Ok(clashes);
        }
        for item in items {
            self.take_item(row.line, item)?;
        }
        self.keep_row(row, items)?;
        Ok(vec![])
    }

    /// Ids and names belong to the first row that uses them; rows without an id may repeat a request.
    fn claim_names(&mut self, row: &ManifestRow, items: &[Item]) -> rusqlite::Result<Vec<Clash>> {
        let mut clashes = Vec::new();
        for item in items {
            let first_line = self.first_line("id", item.id.as_str(), row.line)?;
            if let Some(first_line) = first_line {
                if row.has_id {
                    clashes.push(Clash { over: ClashOver::Id(item.id.clone()), first_line });
                }
                continue;
            }
            // File systems that fold case would let two names meet in one file.
            let first_line = self.first_line("name", &item.name.to_lowercase(), row.line)?;
            clashes.extend(first_line.map(|first_line| Clash { over: ClashOver::Name(item.name.clone()), first_line }));
        }
        Ok(clashes)
    }

    /// The line that used this id or name before, in this reading; `None` makes it the present line's.
    fn first_line(&self, what: &str, text: &str, line: u64) -> rusqlite::Result<Option<u64>> {
        let connection = &self.database.connection;
        let new = connection
            .prepare_cached("INSERT OR IGNORE INTO temp.used (what, text, line) VALUES (?1, ?2, ?3)")?
            .execute(params![what, text, line])?;
        if new == 1 {
            return Ok(None);
        }
        connection
            .prepare_cached("SELECT line FROM temp.used WHERE what = ?1 AND text = ?2")?
            .query_row([what, text], |row| row.get(0))
            .map(Some)
    }

    fn take_item(&mut self, line: u64, item: &Item) -> rusqlite::Result<()> {
        let Some(known) = self.known(item)? else {
            self.enqueued.new += 1;
            return self.insert(line, item);
        };
        if known.last_revision == self.revision {
            self.enqueued.repeated += 1;
            return Ok(());
        }
        match known.change() {
            Change::None => self.enqueued.unchanged += 1,
            Change::Kept => self.enqueued.kept += 1,
            Change::Edit { requeue } => {
                self.enqueued.updated += 1;
                self.edit(&known, item, requeue)?;
            }
        }
        self.touch(line, &known)
    }

    fn known(&self, item: &Item) -> rusqlite::Result<Option<Known>> {
        self.database
            .connection
            .prepare_cached(
                "SELECT key, last_revision, state, digest = ?3 AND name = ?4, cancelled_by,
                        counted > 0 OR EXISTS (SELECT 1 FROM attempts WHERE item_key = key AND state = 'lost')
                 FROM items WHERE job_id = ?1 AND id = ?2",
            )?
            .query_row(params![self.job, item.id.as_str(), item.digest.0, item.name], |row| {
                Ok(Known {
                    key: row.get(0)?,
                    last_revision: row.get(1)?,
                    state: row.get(2)?,
                    same: row.get(3)?,
                    cancelled_by: row.get(4)?,
                    maybe_paid: row.get(5)?,
                })
            })
            .optional()
    }

    fn insert(&self, line: u64, item: &Item) -> rusqlite::Result<()> {
        self.database
            .connection
            .prepare_cached(
                "INSERT INTO items (job_id, id, name, line, first_revision, last_revision, request, digest, due_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, 0)",
            )?
            .execute(params![
                self.job,
                item.id.as_str(),
                item.name,
                line,
                self.revision,
                to_json(&item.request)?,
                item.digest.0
            ])?;
        Ok(())
    }

    fn touch(&self, line: u64, known: &Known) -> rusqlite::Result<()> {
        self.database
            .connection
            .prepare_cached("UPDATE items SET last_revision = ?2, line = ?3 WHERE key = ?1")?
            .execute(params![known.key, self.revision, line])?;
        Ok(())
    }

    fn edit(&self, known: &Known, item: &Item, requeue: bool) -> rusqlite::Result<()> {
        self.database
            .connection
            .prepare_cached(
                "INSERT INTO edits (item_key, job_id, name, request, digest, requeue) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![known.key, self.job, item.name, to_json(&item.request)?, item.digest.0, requeue])?;
        Ok(())
    }

    fn keep_row(&mut self, row: &ManifestRow, items: &[Item]) -> rusqlite::Result<()> {
        let ids: Vec<&str> = items.iter().map(|item| item.id.as_str()).collect();
        let (cells, ids) = (to_json(&row.cells)?, to_json(&ids)?);
        for part in [&cells, "\n", &ids, "\n"] {
            self.table.update(part.as_bytes());
        }
        self.database
            .connection
            .prepare_cached(
                "INSERT INTO rows (job_id, revision, position, line, cells, items) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![self.job, self.revision, self.position, row.line, cells, ids])?;
        self.position += 1;
        self.enqueued.rows += 1;
        Ok(())
    }

    fn turn_transaction(&self) -> rusqlite::Result<()> {
        if self.position > 0 && (self.position as u64).is_multiple_of(ROWS_A_TRANSACTION) {
            self.database.connection.execute_batch("COMMIT; BEGIN IMMEDIATE")?;
        }
        Ok(())
    }

    fn publish_revision(&mut self, columns: &[String]) -> rusqlite::Result<()> {
        self.database.connection.execute_batch("COMMIT")?;
        let columns = to_json(&columns)?;
        let transaction = self.database.connection.transaction()?;
        apply_edits(&transaction, self.job)?;
        self.enqueued.removed = retire(&transaction, self.job, self.revision)?;
        self.table.update(columns.as_bytes());
        let table = *self.table.finalize().as_bytes();
        transaction.execute(
            "INSERT INTO tallies (job_id, state, kind, items) VALUES (?1, 'queued', '', ?2)
             ON CONFLICT (job_id, state, kind) DO UPDATE SET items = items + ?2",
            params![self.job, self.enqueued.new],
        )?;
        transaction.execute(
            "UPDATE jobs SET revision = ?2, columns = ?3, table_digest = ?4,
                    results_stale = results_stale OR ?5 OR table_digest IS NOT ?4
             WHERE id = ?1",
            params![self.job, self.revision, columns, table, self.enqueued.updated > 0],
        )?;
        transaction.commit()?;
        let old = "DELETE FROM rows WHERE job_id = ?1 AND revision < ?2";
        self.database.connection.execute(old, params![self.job, self.revision]).map(drop)
    }
}

impl Known {
    /// While nothing was paid for it, it takes the new request; failed, it gets a new chance; otherwise it keeps what it
    /// has.
    fn change(&self) -> Change {
        let gone_before = self.cancelled_by.as_deref() == Some("manifest");
        match (self.state.as_str(), self.same) {
            ("cancelled", _) if gone_before => Change::Edit { requeue: true },
            (_, true) => Change::None,
            ("failed", false) => Change::Edit { requeue: true },
            ("queued" | "cancelled", false) if !self.maybe_paid => Change::Edit { requeue: false },
            _ => Change::Kept,
        }
    }
}

impl Intake for SqliteIntake {
    fn push(&mut self, row: &ManifestRow, items: &[Item]) -> Result<Vec<Clash>, QueueError> {
        let path = self.database.path.clone();
        let clashes = self.take(row, items).doing(&path, "taking in the manifest")?;
        self.turn_transaction().doing(&path, "taking in the manifest")?;
        Ok(clashes)
    }

    fn publish(mut self: Box<Self>, columns: &[String]) -> Result<Enqueued, QueueError> {
        let path = self.database.path.clone();
        self.publish_revision(columns).doing(&path, "publishing the manifest")?;
        Ok(self.enqueued)
    }

    fn abandon(self: Box<Self>) -> Result<(), QueueError> {
        let connection = &self.database.connection;
        connection
            .execute_batch("ROLLBACK")
            .and_then(|()| clear_unpublished(connection, self.job))
            .doing(&self.database.path, "taking the manifest back")
    }
}

fn begin_revision(connection: &Connection, job: i64) -> rusqlite::Result<i64> {
    clear_unpublished(connection, job)?;
    connection.execute_batch(
        "CREATE TEMP TABLE used (what TEXT, text TEXT, line INTEGER, PRIMARY KEY (what, text)) WITHOUT ROWID",
    )?;
    let next = "UPDATE jobs SET intake = intake + 1 WHERE id = ?1 RETURNING intake";
    let revision = connection.query_row(next, [job], |row| row.get(0))?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    Ok(revision)
}

/// Removes what a reading left that was never published; nobody has seen it, and no tally counts it.
fn clear_unpublished(connection: &Connection, job: i64) -> rusqlite::Result<()> {
    let unfinished = "SELECT intake > revision FROM jobs WHERE id = ?1";
    if !connection.query_row(unfinished, [job], |row| row.get::<_, bool>(0))? {
        return Ok(());
    }
    for statement in [
        "DELETE FROM edits WHERE job_id = :job",
        "DELETE FROM items WHERE job_id = :job AND first_revision > (SELECT revision FROM jobs WHERE id = :job)",
        "DELETE FROM rows WHERE job_id = :job AND revision > (SELECT revision FROM jobs WHERE id = :job)",
    ] {
        connection.execute(statement, named_params! { ":job": job })?;
    }
    Ok(())
}

/// Known items take what their rows say now; those that failed or were gone are queued anew.
fn apply_edits(connection: &Connection, job: i64) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE items SET name = edits.name, request = edits.request, digest = edits.digest
         FROM edits WHERE edits.item_key = items.key AND edits.job_id = ?1",
        [job],
    )?;
    connection.execute(
        "UPDATE items SET state = 'queued', due_at = 0, counted = 0, empty = 0, failure_kind = NULL, failure = NULL,
                cancelled_by = NULL
         FROM edits WHERE edits.item_key = items.key AND edits.job_id = ?1 AND edits.requeue",
        [job],
    )?;
    connection.execute("DELETE FROM edits WHERE job_id = ?1", [job]).map(drop)
}

/// Takes out the waiting items whose rows are gone, and counts all whose rows went with this revision.
fn retire(connection: &Connection, job: i64, revision: i64) -> rusqlite::Result<u64> {
    connection.execute(
        "UPDATE items SET state = 'cancelled', due_at = NULL, cancelled_by = 'manifest'
         WHERE job_id = ?1 AND state = 'queued' AND last_revision < ?2",
        params![job, revision],
    )?;
    connection.query_row(
        "SELECT count(*) FROM items WHERE job_id = ?1 AND last_revision < ?2",
        params![job, revision],
        |row| row.get(0),
    )
}
