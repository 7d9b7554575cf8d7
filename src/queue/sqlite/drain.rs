//! One run's hand on one job's queue: claims, intents, receipts and settlements, a transaction a turn. Never waits.

use std::io;

use rusqlite::{Transaction, TransactionBehavior, params};

use super::super::lock::RunLock;
use super::super::{
    Attempt, Claim, Intake, LEASE, LeftOpen, Neighbour, Queue, QueueError, Reading, Redo, Rescued, Settlement, Start,
    Turn, Turned, Uncommitted,
};
use super::entry::{JobEntry, know_job};
use super::intake::SqliteIntake;
use super::ledger::counts;
use super::receipts::record_receipt;
use super::stored::{ITEM_COLUMNS, item, optional_json, to_json};
use super::versions::{self, STANDING};
use super::{Database, Doing, beside_itself, neighbours, one, readings, rescue, undo_in_memory, waits};
use crate::disk::{self, Ballast};
use crate::domain::{
    Artifact, AttemptId, Counts, Failure, Mark, OnLost, Outcome, Reach, Received, Room, SeenFile, Timestamp, Tries, Usd,
};

/// Room for the last turns of a run whose disk is full, in bytes.
const BALLAST: u64 = 8 << 20;

/// What writing a turn gave.
struct Written {
    /// The attempts that were begun, with their numbers: one for each start, in the same order.
    begun: Vec<(AttemptId, u32)>,
    claims: Vec<Claim>,
}

/// The queue of one job in the hand of one run, which is proved by the lock.
#[derive(Debug)]
pub struct SqliteQueue {
    database: Database,
    job: i64,
    run: i64,
    mark: Mark,
    ballast: Ballast,
    _lock: RunLock,
}

impl SqliteQueue {
    /// Takes the job's lock and begins a run.
    pub fn begin_run(database: Database, entry: &JobEntry, now: Timestamp) -> Result<Self, QueueError> {
        let lock = RunLock::acquire(&database.path, &entry.name, &entry.holder)?;
        let job = know_job(&database.connection, &database.path, entry)?;
        let mark = "SELECT mark FROM workspace";
        let mark = database.connection.query_row(mark, [], |row| row.get::<_, String>(0));
        let mark = Mark::new(mark.doing(&database.path, "beginning a run")?);
        let insert = "INSERT INTO runs (job_id, holder, started_at, lease_until) VALUES (?1, ?2, ?3, ?4)";
        // Not by RETURNING: a statement that is left after its first row is committed without a word when that fails.
        database
            .connection
            .execute(insert, params![job, entry.holder, now.millis(), now.after(LEASE).millis()])
            .doing(&database.path, "beginning a run")?;
        let run = database.connection.last_insert_rowid();
        undo_in_memory(&database.connection).doing(&database.path, "beginning a run")?;
        let ballast = beside_itself(&database.path, &format!(".{}.ballast", entry.name));
        let ballast = Ballast::lay(&ballast, BALLAST);
        Ok(Self { database, job, run, mark, ballast, _lock: lock })
    }

    fn try_commit(&mut self, now: Timestamp, turn: &Turn) -> Result<Written, QueueError> {
        self.database.is_there()?;
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
        writer.total(turn)?;
        for claim in &turn.releases {
            writer.release(claim)?;
        }
        let begun = turn.starts.iter().map(|start| writer.start(start)).collect::<Result<_, _>>()?;
        let claims = writer.claim(turn.want, turn.only_attempted)?;
        transaction.commit()?;
        Ok(Written { begun, claims })
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
            Ok(Written { begun, claims }) => {
                let starts = turn.starts.into_iter().zip(begun);
                let attempts = starts.map(|(start, (id, number))| Attempt { id, number, claim: start.claim });
                Ok(Turned { attempts: attempts.collect(), claims })
            }
            Err(error) => Err(Box::new(Uncommitted { error, turn })),
        }
    }

    fn next_due(&mut self, only_attempted: bool) -> Result<Option<Timestamp>, QueueError> {
        let all = "SELECT min(due_at) FROM items WHERE job_id = ?1 AND state = 'queued'";
        let mine = "SELECT min(due_at) FROM items
                    WHERE job_id = ?1 AND state = 'queued' AND due_at > 0 AND claimed_by = ?2";
        let connection = &self.database.connection;
        let due = if only_attempted {
            connection.query_row(mine, [self.job, self.run], |row| row.get::<_, Option<i64>>(0))
        } else {
            connection.query_row(all, [self.job], |row| row.get(0))
        };
        Ok(due.doing(&self.database.path, "looking for what is due")?.map(Timestamp::from_millis))
    }

    fn move_waits(&mut self, now: Timestamp, by: i64) -> Result<(), QueueError> {
        waits::move_all(&self.database.connection, self.job, now, by).doing(&self.database.path, "following the clock")
    }

    fn counts(&mut self) -> Result<Counts, QueueError> {
        counts(&self.database.connection, self.job).doing(&self.database.path, "counting")
    }

    fn results_stale(&mut self) -> Result<bool, QueueError> {
        let stale = "SELECT results_stale FROM jobs WHERE id = ?1";
        let stale = self.database.connection.query_row(stale, [self.job], |row| row.get(0));
        stale.doing(&self.database.path, "asking whether the results are stale")
    }

    fn results_written(&mut self) -> Result<(), QueueError> {
        let written = "UPDATE jobs SET results_stale = 0 WHERE id = ?1";
        let written = self.database.connection.execute(written, [self.job]);
        written.doing(&self.database.path, "noting that the results are written").map(drop)
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

/// Writes the parts of a turn, each guarded by what the row must be before.
struct TurnWriter<'a> {
    transaction: &'a Transaction<'a>,
    job: i64,
    run: i64,
    now: Timestamp,
}

impl TurnWriter<'_> {
    fn renew(&self, lease_until: Timestamp) -> rusqlite::Result<()> {
        let renew = "UPDATE runs SET lease_until = ?2 WHERE id = ?1 AND ended_at IS NULL";
        self.one(renew, params![self.run, lease_until.millis()])
    }

    fn settle(&self, settlement: &Settlement) -> rusqlite::Result<()> {
        self.end_attempt(settlement)?;
        let claim = &settlement.attempt.claim;
        match &settlement.outcome {
            Outcome::Done(artifact) => self.item_done(claim, artifact),
            Outcome::Retry { due_at, failure } => self.item_waits(claim, *due_at, failure, true),
            Outcome::Returned { due_at, failure } => self.item_waits(claim, *due_at, failure, false),
            Outcome::Failed(failure) => self.item_failed(claim, failure),
        }
    }

    fn end_attempt(&self, settlement: &Settlement) -> rusqlite::Result<()> {
        let failure = settlement.outcome.failure();
        let state = match failure.map(|failure| failure.reach) {
            None | Some(Reach::Answered) => "settled",
            Some(Reach::Unsent) => "unsent",
            Some(Reach::Lost) => "lost",
        };
        // The reply of an answer that was received is there already.
        let reply = failure.map(|failure| to_json(&failure.reply)).transpose()?;
        self.one(
            "UPDATE attempts SET state = ?2, ended_at = ?3, outcome = ?4, kind = ?5, status = ?6, message = ?7,
                    cost = ?8, images = ?9, staged = NULL, reply = coalesce(reply, ?10)
             WHERE id = ?1 AND state IN ('sent', 'received')",
            params![
                settlement.attempt.id.0,
                state,
                self.now.millis(),
                settlement.outcome.as_str(),
                failure.map(|failure| failure.kind.as_str()),
                failure.and_then(|failure| failure.status),
                failure.map(|failure| failure.message.as_str()),
                settlement.cost.map(Usd::nanos),
                settlement.outcome.billed_images(),
                reply
            ],
        )
    }

    fn item_done(&self, claim: &Claim, artifact: &Artifact) -> rusqlite::Result<()> {
        if claim.earlier.is_some() {
            versions::replaced(self.transaction, claim.key)?;
        }
        self.one(
            "UPDATE items SET state = 'done', artifact = ?3, failure_kind = NULL, failure = NULL, counted = counted + 1
             WHERE key = ?1 AND state = 'running' AND claimed_by = ?2",
            params![claim.key, self.run, to_json(artifact)?],
        )
    }

    fn item_waits(&self, claim: &Claim, due_at: Timestamp, failure: &Failure, counts: bool) -> rusqlite::Result<()> {
        self.one(
            "UPDATE items SET state = 'queued', due_at = ?3, failure_kind = ?4, failure = ?5, counted = counted + ?6,
                    empty = empty + ?7
             WHERE key = ?1 AND state = 'running' AND claimed_by = ?2",
            params![
                claim.key,
                self.run,
                due_at.millis(),
                failure.kind.as_str(),
                failure.message,
                counts,
                counts && failure.empty
            ],
        )
    }

    fn item_failed(&self, claim: &Claim, failure: &Failure) -> rusqlite::Result<()> {
        self.one(
            "UPDATE items SET state = 'failed', failure_kind = ?3, failure = ?4, counted = counted + 1,
                    empty = empty + ?5
             WHERE key = ?1 AND state = 'running' AND claimed_by = ?2",
            params![claim.key, self.run, failure.kind.as_str(), failure.message, failure.empty],
        )
    }

    /// A claim given back without an attempt waits as it did before.
    fn release(&self, claim: &Claim) -> rusqlite::Result<()> {
        let due_at = if claim.tries.made == 0 { 0 } else { self.now.millis() };
        self.one(
            "UPDATE items SET state = 'queued', due_at = ?3 WHERE key = ?1 AND state = 'running' AND claimed_by = ?2",
            params![claim.key, self.run, due_at],
        )
    }

    fn start(&self, Start { claim, reserve }: &Start) -> rusqlite::Result<(AttemptId, u32)> {
        let number = self
            .transaction
            .prepare_cached(
                "UPDATE items SET attempts = attempts + 1
                 WHERE key = ?1 AND state = 'running' AND claimed_by = ?2 RETURNING attempts",
            )?
            .query_row([claim.key, self.run], |row| row.get(0))?;
        let id = self
            .transaction
            .prepare_cached(
                "INSERT INTO attempts (job_id, item_key, run_id, number, sent_at, reserved, model)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id",
            )?
            .query_row(
                params![
                    self.job,
                    claim.key,
                    self.run,
                    number,
                    self.now.millis(),
                    reserve.map(Usd::nanos),
                    claim.item.request.model
                ],
                |row| row.get(0),
            )?;
        Ok((AttemptId(id), number))
    }

    fn claim(&self, want: usize, only_attempted: bool) -> rusqlite::Result<Vec<Claim>> {
        if want == 0 {
            return Ok(vec![]);
        }
        let mine = if only_attempted { "AND due_at > 0 AND claimed_by = ?2" } else { "" };
        let claim = format!(
            "UPDATE items SET state = 'running', due_at = NULL, claimed_by = ?2
             WHERE key IN (SELECT key FROM items WHERE job_id = ?1 AND state = 'queued' AND due_at <= ?3 {mine}
                           ORDER BY due_at DESC, key LIMIT ?4)
             RETURNING key, attempts, counted, empty, {ITEM_COLUMNS}, {STANDING}"
        );
        let mut statement = self.transaction.prepare_cached(&claim)?;
        let claims = statement.query_map(params![self.job, self.run, self.now.millis(), want as i64], |row| {
            let tries = Tries { made: row.get(1)?, counted: row.get(2)?, empty: row.get(3)? };
            Ok(Claim { key: row.get(0)?, tries, item: item(row, 4)?, earlier: optional_json(row, 9)? })
        })?;
        let mut claims = claims.collect::<rusqlite::Result<Vec<_>>>()?;
        claims.sort_by_key(|claim| claim.key);
        Ok(claims)
    }

    /// Keeps the job's totals.
    fn total(&self, turn: &Turn) -> rusqlite::Result<()> {
        let count = |wanted: &dyn Fn(&Settlement) -> u64| turn.settlements.iter().map(wanted).sum::<u64>();
        let images = count(&|settlement| match &settlement.outcome {
            Outcome::Done(artifact) => artifact.images.len() as u64,
            _ => 0,
        });
        let lost = count(&|settlement| settlement.outcome.failure().is_some_and(|it| it.reach == Reach::Lost).into());
        let costs: Vec<Usd> = turn.settlements.iter().filter_map(|settlement| settlement.cost).collect();
        let cost = costs.iter().copied().reduce(|sum, cost| sum + cost).map(Usd::nanos);
        self.one(
            "UPDATE jobs SET attempts = attempts + ?2, images = images + ?3, lost_attempts = lost_attempts + ?4,
                    cost = iif(?5 IS NULL, cost, coalesce(cost, 0) + ?5),
                    results_stale = results_stale OR ?6
             WHERE id = ?1",
            params![self.job, turn.starts.len(), images, lost, cost, !turn.settlements.is_empty()],
        )
    }

    fn one(&self, sql: &str, parameters: impl rusqlite::Params) -> rusqlite::Result<()> {
        one(self.transaction, sql, parameters)
    }
}
