//! One run's hand on one job's queue: claims, intents, receipts and settlements, a transaction a turn. Never waits.

use std::io;

use rusqlite::{Connection, TransactionBehavior, params};

use super::super::lock::RunLock;
use super::super::{
    Attempt, Claim, Displaced, Intake, LEASE, LeftOpen, Neighbour, Queue, QueueError, Reading, Redo, Rescued, Turn,
    Turned, Uncommitted,
};
use super::chosen::{Chosen, Looked};
use super::entry::{JobEntry, know_job};
use super::intake::SqliteIntake;
use super::ledger::counts;
use super::receipts::record_receipt;
use super::turn::{Begun, TurnWriter};
use super::{
    Database, Doing, beside_itself, held, neighbours, past, pause, readings, recent, rescue, undo_in_memory, versions,
    waits,
};
use crate::disk::{self, Ballast};
use crate::domain::{Cap, Counts, Held, ItemId, Mark, OnLost, Received, Room, SeenFile, Timestamp};

/// Room for the last turns of a run whose disk is full, in bytes.
const BALLAST: u64 = 8 << 20;

/// What writing a turn gave.
struct Written {
    begun: Begun,
    claims: Vec<Claim>,
    paused_since: Option<Timestamp>,
    /// Of the chosen items, those that were looked at.
    looked: Looked,
}

/// The queue of one job in the hand of one run, which is proved by the lock.
#[derive(Debug)]
pub struct SqliteQueue {
    database: Database,
    job: i64,
    run: i64,
    mark: Mark,
    /// The items this run is narrowed to.
    chosen: Option<Chosen>,
    ballast: Ballast,
    _lock: RunLock,
}

impl SqliteQueue {
    /// Takes the job's lock and begins a run, unless one was made already for the same start of its schedule: who had the
    /// lock then may be gone by now.
    pub fn begin_run(database: Database, entry: &JobEntry, now: Timestamp) -> Result<Self, QueueError> {
        let lock = RunLock::acquire(&database.path, &entry.name, &entry.holder)?;
        let job = know_job(&database.connection, &database.path, entry)?;
        let is_made = entry.scheduled_for.map(|start| past::is_made(&database.connection, job, start)).transpose();
        if is_made.doing(&database.path, "beginning a run")?.unwrap_or_default() {
            return Err(QueueError::Made { job: entry.name.clone() });
        }
        let mark = "SELECT mark FROM workspace";
        let mark = database.connection.query_row(mark, [], |row| row.get::<_, String>(0));
        let mark = Mark::new(mark.doing(&database.path, "beginning a run")?);
        let insert =
            "INSERT INTO runs (job_id, holder, started_at, lease_until, scheduled_for) VALUES (?1, ?2, ?3, ?4, ?5)";
        let scheduled_for = entry.scheduled_for.map(Timestamp::millis);
        // Not by RETURNING: a statement that is left after its first row is committed without a word when that fails.
        database
            .connection
            .execute(insert, params![job, entry.holder, now.millis(), now.after(LEASE).millis(), scheduled_for])
            .doing(&database.path, "beginning a run")?;
        let run = database.connection.last_insert_rowid();
        undo_in_memory(&database.connection).doing(&database.path, "beginning a run")?;
        let ballast = beside_itself(&database.path, &format!(".{}.ballast", entry.name));
        let ballast = Ballast::lay(&ballast, BALLAST);
        Ok(Self { database, job, run, mark, chosen: None, ballast, _lock: lock })
    }

    /// In one transaction, of all but the items of these keys.
    fn leave_unsent_but(&mut self, keys: &[i64]) -> Result<u64, QueueError> {
        let path = self.database.path.clone();
        let begun = self.database.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.doing(&path, "leaving items as they were")?;
        let left = versions::leave_unsent(&transaction, self.job, keys).doing(&path, "leaving items as they were")?;
        transaction.commit().doing(&path, "leaving items as they were")?;
        Ok(left as u64)
    }

    fn try_commit(&mut self, now: Timestamp, turn: &Turn) -> Result<Written, QueueError> {
        self.database.is_there()?;
        if let Some(chosen) = &mut self.chosen {
            chosen.wake(now);
        }
        self.write(now, turn).doing(&self.database.path, "writing the queue")
    }

    fn write(&mut self, now: Timestamp, turn: &Turn) -> rusqlite::Result<Written> {
        let (job, run) = (self.job, self.run);
        let transaction = self.database.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let writer = TurnWriter { transaction: &transaction, job, run, now };
        writer.renew(turn.lease_until)?;
        for (attempt, receipt) in &turn.receipts {
            record_receipt(&transaction, now, *attempt, receipt)?;
        }
        for settlement in &turn.settlements {
            writer.settle(settlement)?;
        }
        for claim in &turn.releases {
            writer.release(claim)?;
        }
        let paused_since = pause::since(&transaction, job)?;
        let (starts, want) = if paused_since.is_some() { (&[][..], 0) } else { (&turn.starts[..], turn.want) };
        let begun = writer.start(starts, &turn.caps, turn.day)?;
        writer.note_prices(&turn.prices)?;
        writer.total(&turn.settlements, begun.attempts.len())?;
        let (claims, looked) = match &self.chosen {
            None => (writer.claim(want, turn.only_attempted)?, Looked::default()),
            Some(chosen) => chosen.claim(&writer, want, turn.only_attempted)?,
        };
        transaction.commit()?;
        Ok(Written { begun, claims, paused_since, looked })
    }
}

impl SqliteQueue {
    fn note_results(&self, are_stale: bool) -> rusqlite::Result<()> {
        let note = "UPDATE jobs SET results_stale = ?2 WHERE id = ?1";
        self.database.connection.execute(note, params![self.job, are_stale]).map(drop)
    }

    /// The moment of the first item that this run may claim.
    fn due(&mut self, only_attempted: bool) -> rusqlite::Result<Option<i64>> {
        let all = "SELECT min(due_at) FROM items WHERE job_id = ?1 AND state = 'queued'";
        let mine = "SELECT min(due_at) FROM items
                    WHERE job_id = ?1 AND state = 'queued' AND due_at > 0 AND claimed_by = ?2";
        let connection = &self.database.connection;
        if !only_attempted && self.chosen.is_none() {
            return connection.query_row(all, [self.job], |row| row.get(0));
        }
        let mine: Option<i64> = connection.query_row(mine, [self.job, self.run], |row| row.get(0))?;
        let first = match &mut self.chosen {
            Some(chosen) if !only_attempted => chosen.next_due(connection)?,
            _ => None,
        };
        Ok(mine.into_iter().chain(first).min())
    }
}

impl Queue for SqliteQueue {
    fn last_reading(&mut self) -> Result<Option<Reading>, QueueError> {
        let reading = readings::last_reading(&self.database.connection, self.job);
        reading.doing(&self.database.path, "looking for what was read last")
    }

    fn files_seen(&mut self, each: &mut dyn FnMut(&SeenFile) -> bool) -> Result<(), QueueError> {
        let seen = readings::files_seen(&self.database.connection, self.job, each);
        seen.doing(&self.database.path, "looking for what was read last")
    }

    /// On a connection of its own, so that a reading can be dropped without a trace.
    fn intake(&mut self, redo: Redo) -> Result<Box<dyn Intake>, QueueError> {
        Ok(SqliteIntake::begin(Database::open(&self.database.path)?, self.job, redo)?)
    }

    fn crowded(&mut self) -> Result<Option<Neighbour>, QueueError> {
        let crowded = neighbours::crowded(&self.database.connection, &self.database.path, self.job);
        crowded.doing(&self.database.path, "looking at the jobs that share the output folder")
    }

    fn displacing(&mut self) -> Result<Option<Displaced>, QueueError> {
        let displacing = neighbours::displacing(&self.database.connection, self.job);
        displacing.doing(&self.database.path, "looking at the names of finished items")
    }

    fn mark(&self) -> Mark {
        self.mark.clone()
    }

    fn left_open(&mut self) -> Result<LeftOpen, QueueError> {
        let left = rescue::left_open(&self.database.connection, self.job);
        left.doing(&self.database.path, "looking for what an earlier run left")
    }

    fn rescue(&mut self, now: Timestamp, on_lost: OnLost, found: Vec<Received>) -> Result<Rescued, QueueError> {
        let (job, run) = (self.job, self.run);
        rescue::take_over(&mut self.database.connection, job, run, now, on_lost, &found)
            .doing(&self.database.path, "rescuing what an earlier run left")
    }

    fn commit(&mut self, now: Timestamp, turn: Turn) -> Result<Turned, Box<Uncommitted>> {
        let mut written = self.try_commit(now, &turn);
        if written.as_ref().is_err_and(QueueError::is_full) && !self.ballast.is_released() {
            self.ballast.release();
            written = self.try_commit(now, &turn);
        }
        match written {
            Ok(Written { begun, claims, paused_since, looked }) => {
                if let Some(chosen) = &mut self.chosen {
                    chosen.note(looked);
                    chosen.come_back(turn.releases.iter());
                }
                let mut starts = turn.starts;
                let unstarted = starts.split_off(begun.attempts.len()).into_iter().map(|start| start.claim).collect();
                let attempts = starts.into_iter().zip(begun.attempts);
                let attempts = attempts.map(|(start, (id, number))| Attempt { id, number, claim: start.claim });
                let Begun { held, sent_today, .. } = begun;
                Ok(Turned { attempts: attempts.collect(), unstarted, held, sent_today, claims, paused_since })
            }
            Err(error) => Err(Box::new(Uncommitted { error, turn })),
        }
    }

    fn narrow(&mut self, items: &[ItemId]) -> Result<u64, QueueError> {
        let chosen = Chosen::of(&self.database.connection, self.job, items);
        let chosen = self.chosen.insert(chosen.doing(&self.database.path, "looking for the chosen items")?);
        let (waiting, keys) = (chosen.waiting(), chosen.keys());
        self.leave_unsent_but(&keys)?;
        Ok(waiting)
    }

    fn leave_unsent(&mut self) -> Result<u64, QueueError> {
        self.leave_unsent_but(&[])
    }

    fn next_due(&mut self, only_attempted: bool) -> Result<Option<Timestamp>, QueueError> {
        let due = self.due(only_attempted).doing(&self.database.path, "looking for what is due")?;
        Ok(due.map(Timestamp::from_millis))
    }

    fn paused_since(&mut self) -> Result<Option<Timestamp>, QueueError> {
        pause::since(&self.database.connection, self.job).doing(&self.database.path, "asking whether the job is paused")
    }

    fn move_waits(&mut self, now: Timestamp, by: i64) -> Result<(), QueueError> {
        if let Some(chosen) = &mut self.chosen {
            chosen.look_again();
        }
        waits::move_all(&self.database.connection, self.job, now, by).doing(&self.database.path, "following the clock")
    }

    fn held(&mut self, caps: &[Cap]) -> Result<Vec<Held>, QueueError> {
        let (job, run, connection) = (self.job, self.run, &self.database.connection);
        held::of_caps(connection, job, run, caps).doing(&self.database.path, "adding up what counts against the caps")
    }

    fn counts(&mut self) -> Result<Counts, QueueError> {
        counts(&self.database.connection, self.job).doing(&self.database.path, "counting")
    }

    fn sent_since(&mut self, moment: Timestamp) -> Result<u64, QueueError> {
        let sent = recent::sent_since(&self.database.connection, moment);
        sent.doing(&self.database.path, "counting what was sent today")
    }

    fn waiting_models(&mut self) -> Result<Vec<String>, QueueError> {
        let connection = &self.database.connection;
        let models = match &self.chosen {
            Some(chosen) => chosen.models(connection),
            None => waiting_models(connection, self.job),
        };
        models.doing(&self.database.path, "looking for the models of what waits")
    }

    fn results_stale(&mut self) -> Result<bool, QueueError> {
        let stale = "SELECT results_stale FROM jobs WHERE id = ?1";
        let stale = self.database.connection.query_row(stale, [self.job], |row| row.get(0));
        stale.doing(&self.database.path, "asking whether the results are stale")
    }

    fn results_begun(&mut self) -> Result<(), QueueError> {
        self.note_results(false).doing(&self.database.path, "noting that the results are written")
    }

    fn results_failed(&mut self) -> Result<(), QueueError> {
        self.note_results(true).doing(&self.database.path, "noting that the results are not written")
    }

    fn room(&self) -> Result<Room, QueueError> {
        let path = &self.database.path;
        let told = |source: io::Error| match (path.display().to_string(), source.kind()) {
            (path, io::ErrorKind::NotFound) => QueueError::Gone { path },
            (path, _) => QueueError::Room { path, source },
        };
        let room = disk::room(path).map_err(told)?;
        Ok(if self.ballast.is_released() { Room { free: 0, ..room } } else { room })
    }

    fn end_run(&mut self, now: Timestamp, ending: &str) -> Result<(), QueueError> {
        let end = "UPDATE runs SET ended_at = ?2, ending = ?3 WHERE id = ?1 AND ended_at IS NULL";
        let ended = self.database.connection.execute(end, params![self.run, now.millis(), ending]);
        ended.doing(&self.database.path, "ending the run").map(drop)
    }
}

/// The models that a job's waiting items ask, each once.
fn waiting_models(connection: &Connection, job: i64) -> rusqlite::Result<Vec<String>> {
    let models = "SELECT DISTINCT request ->> '$.model' FROM items WHERE job_id = ?1 AND state = 'queued' ORDER BY 1";
    let mut statement = connection.prepare(models)?;
    statement.query_map([job], |row| row.get(0))?.collect()
}
