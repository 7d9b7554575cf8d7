//! A revision of a manifest as a whole: begun, published, cleared away. Never looks at a single row.

use rusqlite::{Connection, Transaction, TransactionBehavior, named_params, params};

use super::super::{Enqueued, Reading};
use super::stored::to_json;
use super::{readings, undo_in_memory, versions};
use crate::domain::Fingerprint;

/// Rows of an older revision removed by one transaction, so that nobody waits long for another.
const ROWS_A_SLICE: i64 = 20_000;

/// Makes a connection quick for a reading.
///
/// NORMAL: a commit is not synced. Nobody sees a row of the revision before the commit that publishes it, and that one
/// is synced ([`Publication::commit`]): it makes the log durable up to its own end, and so everything before it. A
/// power cut before that takes the revision away, as if the reading had been cut off then.
///
/// The log may grow to 64 MiB (pages of 4 KiB) before it is copied into the database, so that a page of an index that
/// many rows touch is copied once for all of them. 24 MiB hold the pages in use. What rows refer to, the job, is there.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "wal_autocheckpoint", 16 * 1024)?;
    connection.pragma_update(None, "cache_size", -24 * 1024)?;
    connection.pragma_update(None, "foreign_keys", false)?;
    undo_in_memory(connection)
}

/// Begins a revision, after clearing away one that was never published; returns its number.
pub(super) fn begin(connection: &Connection, job: i64) -> rusqlite::Result<i64> {
    clear_unpublished(connection, job)?;
    // Not by RETURNING: a statement that is left after its first row is committed without a word when that fails.
    connection.execute("UPDATE jobs SET intake = intake + 1 WHERE id = ?1", [job])?;
    connection.query_row("SELECT intake FROM jobs WHERE id = ?1", [job], |row| row.get(0))
}

/// Removes what a reading left that was never published; nobody has seen it, and no tally counts it.
pub(super) fn clear_unpublished(connection: &Connection, job: i64) -> rusqlite::Result<()> {
    let unfinished = "SELECT intake > revision FROM jobs WHERE id = ?1";
    if !connection.query_row(unfinished, [job], |row| row.get::<_, bool>(0))? {
        return Ok(());
    }
    for statement in [
        "DELETE FROM edits WHERE job_id = :job",
        "DELETE FROM items WHERE job_id = :job AND first_revision > (SELECT revision FROM jobs WHERE id = :job)",
        "DELETE FROM rows WHERE job_id = :job AND revision > (SELECT revision FROM jobs WHERE id = :job)",
        "DELETE FROM seen_files WHERE job_id = :job AND revision > (SELECT revision FROM jobs WHERE id = :job)",
    ] {
        connection.execute(statement, named_params! { ":job": job })?;
    }
    Ok(())
}

/// Removes the rows of older revisions, which nobody reads any more. Whatever is left by a process that is killed
/// meanwhile, the next publication removes.
pub(super) fn clear_older(connection: &Connection, job: i64, revision: i64) -> rusqlite::Result<()> {
    for (table, place) in [("rows", "position"), ("seen_files", "path")] {
        let slice = format!(
            "DELETE FROM {table} WHERE job_id = ?1 AND (revision, {place}) IN
                 (SELECT revision, {place} FROM {table} WHERE job_id = ?1 AND revision < ?2 LIMIT ?3)"
        );
        let mut statement = connection.prepare(&slice)?;
        while statement.execute(params![job, revision, ROWS_A_SLICE])? > 0 {}
    }
    Ok(())
}

/// A revision that was read to its end.
pub(super) struct Publication<'a> {
    pub job: i64,
    pub revision: i64,
    pub columns: &'a [String],
    /// Of its columns and rows.
    pub table: [u8; 32],
    /// What it was read from, if it is to be recognised.
    pub fingerprint: Option<Fingerprint>,
    /// What it did, but for what it removes.
    pub enqueued: Enqueued,
}

impl Publication<'_> {
    /// Makes the revision the job's present one: durable, and at once.
    pub(super) fn commit(&self, connection: &mut Connection) -> rusqlite::Result<Enqueued> {
        connection.pragma_update(None, "synchronous", "full")?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let enqueued = Enqueued { removed: self.count_removed(&transaction)?, ..self.enqueued };
        apply_edits(&transaction, self.job)?;
        if enqueued.removed > 0 {
            self.retire(&transaction)?;
        }
        self.count_new(&transaction)?;
        transaction.execute(
            "UPDATE jobs SET revision = ?2, columns = ?3, table_digest = ?4,
                    results_stale = results_stale OR ?5 OR table_digest IS NOT ?4
             WHERE id = ?1",
            params![
                self.job,
                self.revision,
                to_json(&self.columns)?,
                self.table,
                enqueued.updated + enqueued.redone > 0
            ],
        )?;
        let again = enqueued.again();
        let reading = self.fingerprint.map(|fingerprint| Reading { fingerprint, again });
        readings::replace(&transaction, self.job, reading)?;
        transaction.commit()?;
        connection.pragma_update(None, "synchronous", "normal")?;
        Ok(enqueued)
    }

    /// How many of the items known before have no row in this revision: all but those it met.
    fn count_removed(&self, transaction: &Transaction<'_>) -> rusqlite::Result<u64> {
        let known = "SELECT coalesce(sum(items), 0) FROM tallies WHERE job_id = ?1";
        let known: u64 = transaction.query_row(known, [self.job], |row| row.get(0))?;
        let met = self.enqueued.updated + self.enqueued.redone + self.enqueued.kept + self.enqueued.unchanged;
        Ok(known.saturating_sub(met))
    }

    /// Takes out the waiting items whose rows are gone.
    fn retire(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let retire = "UPDATE items SET state = 'cancelled', due_at = NULL, cancelled_by = 'manifest'
                      WHERE job_id = ?1 AND state = 'queued' AND last_revision < ?2";
        transaction.execute(retire, [self.job, self.revision]).map(drop)
    }

    fn count_new(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        transaction.execute(
            "INSERT INTO tallies (job_id, state, kind, items) VALUES (?1, 'queued', '', ?2)
             ON CONFLICT (job_id, state, kind) DO UPDATE SET items = items + ?2",
            params![self.job, self.enqueued.new],
        )?;
        Ok(())
    }
}

/// Known items take what their rows say now; those that failed or were gone, or are to be made again, are queued anew.
/// One that a person sent back, and whose row asks for the same as then, keeps what the person asks for.
fn apply_edits(connection: &Connection, job: i64) -> rusqlite::Result<()> {
    versions::lay_by(connection, job)?;
    connection.execute(
        "UPDATE items SET name = edits.name, sources = edits.sources,
                request = iif(row_digest IS edits.digest, items.request, edits.request),
                digest = iif(row_digest IS edits.digest, items.digest, edits.digest),
                row_digest = iif(row_digest IS edits.digest, row_digest, NULL)
         FROM edits WHERE edits.item_key = items.key AND edits.job_id = ?1",
        [job],
    )?;
    connection.execute(
        "UPDATE items SET state = 'queued', due_at = 0, counted = 0, empty = 0, failure_kind = NULL, failure = NULL,
                cancelled_by = NULL, artifact = NULL
         FROM edits WHERE edits.item_key = items.key AND edits.job_id = ?1 AND edits.requeue",
        [job],
    )?;
    versions::bring_back(connection, job)?;
    connection.execute("DELETE FROM edits WHERE job_id = ?1", [job])?;
    versions::give_up_names(connection, job)
}
