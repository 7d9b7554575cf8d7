//! Takes a manifest in under a revision nobody sees until it is published. Never reads a file, never sends.

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use super::super::{Clash, ClashOver, Enqueued, Intake, ItemState, QueueError, Redo};
use super::known::{Change, Known};
use super::names::Taken;
use super::revision::{self, Publication};
use super::stored::to_json;
use super::{Database, Doing, migrate, readings, undo_on_disk};
use crate::domain::{Digest, Fingerprint, Item, ManifestRow, SeenFile, Sources};

/// Rows written by one transaction: large enough to be fast, small enough to keep the write-ahead log small.
const ROWS_A_TRANSACTION: u64 = 10_000;

/// Nobody else can write meanwhile, so none lasts longer, however slowly rows come.
const LONGEST_TRANSACTION: Duration = Duration::from_secs(1);

/// After so long at work, others get a turn: SQLite has who waits look every 100 ms, so they have come by after a few.
const OTHERS_TURN: Duration = Duration::from_millis(50);

/// What is being done when that fails.
const TAKING_IN: &str = "taking in the manifest";

/// One reading of a job's manifest. The job's lock must be held.
#[derive(Debug)]
pub struct SqliteIntake {
    database: Database,
    job: i64,
    redo: Redo,
    revision: i64,
    position: i64,
    enqueued: Enqueued,
    /// Of the rows so far.
    table: blake3::Hasher,
    names: Taken,
    /// Whether no revision before had any item: most items are new then, and need not be looked for first.
    knows_none: bool,
    /// Whether the same manifest, read again later, would change nothing. An item that keeps its old request for now
    /// may take the new one then, unless it is done.
    is_settled: bool,
    /// When others last could write.
    rested: Instant,
}

impl SqliteIntake {
    /// Begins a revision, after clearing away one that was never published.
    pub(super) fn begin(database: Database, job: i64, redo: Redo) -> Result<Box<Self>, QueueError> {
        let path = database.path.clone();
        let begun = begin_revision(&database.connection, job);
        let (revision, knows_none) = begun.doing(&path, "beginning to read the manifest")?;
        Ok(Box::new(Self {
            database,
            job,
            redo,
            revision,
            position: 0,
            enqueued: Enqueued::default(),
            names: Taken::default(),
            table: blake3::Hasher::new(),
            knows_none,
            is_settled: true,
            rested: Instant::now(),
        }))
    }

    fn take(&mut self, row: &ManifestRow, items: &[Item]) -> rusqlite::Result<Vec<Clash>> {
        let mut clashes = Vec::new();
        for item in items {
            clashes.extend(self.take_item(row, item)?);
        }
        self.keep_row(row, items)?;
        Ok(clashes)
    }

    /// Takes an item. Its id and its name belong to the first row that uses them; rows without an id may repeat a
    /// request. An item whose name clashes is taken all the same, to find whoever clashes with its id.
    fn take_item(&mut self, row: &ManifestRow, item: &Item) -> rusqlite::Result<Option<Clash>> {
        let is_new = self.knows_none && self.insert(row.line, item)?;
        let known = if is_new { None } else { self.known(item)? };
        if let Some(earlier) = known.as_ref().filter(|known| known.last_revision == self.revision) {
            let clash = Clash { over: ClashOver::Id(item.id.clone()), first_line: earlier.line };
            self.enqueued.repeated += u64::from(!row.has_id);
            return Ok(row.has_id.then_some(clash));
        }
        let first_line = self.names.claim_folded(&item.name, row.line);
        match known {
            None if is_new => {}
            None => drop(self.insert(row.line, item)?),
            Some(known) => self.meet(row.line, item, &known)?,
        }
        Ok(first_line.map(|first_line| Clash { over: ClashOver::Name(item.name.clone()), first_line }))
    }

    /// Finds an item again that an earlier revision knew.
    fn meet(&mut self, line: u64, item: &Item, known: &Known) -> rusqlite::Result<()> {
        let (mut learned, mut kept) = (None, None);
        match known.change(self.redo) {
            Change::None => {
                self.enqueued.unchanged += 1;
                learned = known.learned(item);
            }
            Change::Kept => {
                let is_finished = known.state == ItemState::Done;
                self.enqueued.kept += 1;
                self.enqueued.finished += u64::from(is_finished);
                self.is_settled &= is_finished;
                kept = Some(item.digest);
            }
            Change::Edit { requeue } => {
                self.enqueued.updated += 1;
                self.edit(known, item, requeue)?;
            }
            Change::Redo => {
                self.enqueued.redone += 1;
                self.edit(known, item, true)?;
            }
        }
        self.touch(line, known, learned, kept)
    }

    fn known(&self, item: &Item) -> rusqlite::Result<Option<Known>> {
        Known::find(&self.database.connection, migrate::known(), self.job, self.revision, item)
    }

    /// Adds an item; returns whether its id was free.
    fn insert(&mut self, line: u64, item: &Item) -> rusqlite::Result<bool> {
        let inserted = self
            .database
            .connection
            .prepare_cached(
                "INSERT INTO items (job_id, id, name, line, first_revision, last_revision, request, digest, sources,
                                    due_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8, 0) ON CONFLICT (job_id, id) DO NOTHING",
            )?
            .execute(params![
                self.job,
                item.id.as_str(),
                item.name,
                line,
                self.revision,
                to_json(&item.request)?,
                item.digest.0,
                to_json(&item.sources)?
            ])?;
        self.enqueued.new += inserted as u64;
        Ok(inserted == 1)
    }

    /// Notes where its row stands now, what was learned of its references, and what its row asks for where it keeps what
    /// it has.
    fn touch(&self, line: u64, known: &Known, learned: Option<Sources>, kept: Option<Digest>) -> rusqlite::Result<()> {
        let (connection, kept) = (&self.database.connection, kept.map(|kept| kept.0));
        match learned {
            None => connection
                .prepare_cached("UPDATE items SET last_revision = ?2, line = ?3, kept_digest = ?4 WHERE key = ?1")?
                .execute(params![known.key, self.revision, line, kept])?,
            Some(sources) => connection
                .prepare_cached(
                    "UPDATE items SET last_revision = ?2, line = ?3, kept_digest = ?4, sources = ?5 WHERE key = ?1",
                )?
                .execute(params![known.key, self.revision, line, kept, to_json(&sources)?])?,
        };
        Ok(())
    }

    fn edit(&self, known: &Known, item: &Item, requeue: bool) -> rusqlite::Result<()> {
        self.database
            .connection
            .prepare_cached(
                "INSERT INTO edits (item_key, job_id, name, request, digest, requeue, sources)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                known.key,
                self.job,
                item.name,
                to_json(&item.request)?,
                item.digest.0,
                requeue,
                to_json(&item.sources)?
            ])?;
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

    /// What is written next is of a transaction.
    fn begin_transaction(&mut self) -> rusqlite::Result<()> {
        if self.database.connection.is_autocommit() {
            self.database.connection.execute_batch("BEGIN IMMEDIATE")?;
        }
        Ok(())
    }

    fn end_transaction(&mut self) -> rusqlite::Result<()> {
        if !self.database.connection.is_autocommit() {
            self.database.connection.execute_batch("COMMIT")?;
        }
        Ok(())
    }

    fn turn_transaction(&mut self) -> rusqlite::Result<()> {
        let is_long = self.rested.elapsed() > LONGEST_TRANSACTION;
        if is_long || (self.position as u64).is_multiple_of(ROWS_A_TRANSACTION) {
            self.end_transaction()?;
        }
        if is_long {
            thread::sleep(OTHERS_TURN);
            self.rested = Instant::now();
        }
        Ok(())
    }

    fn publish_revision(&mut self, columns: &[String], fingerprint: Option<Fingerprint>) -> rusqlite::Result<Enqueued> {
        self.end_transaction()?;
        let connection = &mut self.database.connection;
        undo_on_disk(connection)?;
        self.table.update(to_json(&columns)?.as_bytes());
        let publication = Publication {
            job: self.job,
            revision: self.revision,
            columns,
            table: *self.table.finalize().as_bytes(),
            fingerprint: fingerprint.filter(|_| self.is_settled),
            enqueued: self.enqueued,
        };
        let enqueued = publication.commit(connection)?;
        revision::clear_older(connection, self.job, self.revision)?;
        Ok(enqueued)
    }
}

impl Intake for SqliteIntake {
    fn push(&mut self, row: &ManifestRow, items: &[Item]) -> Result<Vec<Clash>, QueueError> {
        let path = self.database.path.clone();
        let clashes = self.begin_transaction().and_then(|()| self.take(row, items)).doing(&path, TAKING_IN)?;
        self.turn_transaction().doing(&path, TAKING_IN)?;
        Ok(clashes)
    }

    fn see(&mut self, file: &SeenFile) -> Result<(), QueueError> {
        self.begin_transaction()
            .and_then(|()| readings::see(&self.database.connection, self.job, self.revision, file))
            .doing(&self.database.path, TAKING_IN)
    }

    fn rest(&mut self) -> Result<(), QueueError> {
        self.rested = Instant::now();
        self.end_transaction().doing(&self.database.path, TAKING_IN)
    }

    fn publish(
        mut self: Box<Self>,
        columns: &[String],
        fingerprint: Option<Fingerprint>,
    ) -> Result<Enqueued, QueueError> {
        let path = self.database.path.clone();
        self.publish_revision(columns, fingerprint).doing(&path, "publishing the manifest")
    }

    fn abandon(self: Box<Self>) -> Result<(), QueueError> {
        let connection = &self.database.connection;
        let undone = if connection.is_autocommit() { Ok(()) } else { connection.execute_batch("ROLLBACK") };
        undone
            .and_then(|()| undo_on_disk(connection))
            .and_then(|()| revision::clear_unpublished(connection, self.job))
            .doing(&self.database.path, "taking the manifest back")
    }
}

/// Begins a revision; returns its number, and whether no revision before had any item.
fn begin_revision(connection: &Connection, job: i64) -> rusqlite::Result<(i64, bool)> {
    let revision = revision::begin(connection, job)?;
    revision::prepare(connection)?;
    let known = "SELECT EXISTS (SELECT 1 FROM tallies WHERE job_id = ?1 AND items > 0)";
    let knows_any: bool = connection.query_row(known, [job], |row| row.get(0))?;
    Ok((revision, !knows_any))
}

#[cfg(test)]
mod tests {
    use super::super::{JobEntry, SqliteQueue};
    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn others_get_a_turn_though_rows_come_without_a_pause() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Database::open(&folder.path().join("overnight.db")).unwrap();
        let (name, manifest, output) = ("spring".into(), "m.csv".into(), "output".into());
        let entry = JobEntry { name, manifest, output, holder: "the test".into(), scheduled_for: None };
        let _run = SqliteQueue::begin_run(open(), &entry, Timestamp::default()).unwrap();
        let mut intake = SqliteIntake::begin(open(), 1, Redo::No).unwrap();
        let mut is_over_after = |line, rested| {
            intake.rested = rested;
            intake.push(&ManifestRow { line, cells: vec![], has_id: true }, &[]).unwrap();
            intake.database.connection.is_autocommit()
        };
        let now = Instant::now();
        assert!(!is_over_after(2, now + LONGEST_TRANSACTION * 60), "others could just write");
        assert!(is_over_after(3, now.checked_sub(LONGEST_TRANSACTION).unwrap()));
    }
}
