//! The parts of a turn, as they are written: each guarded by what its row must be before. Never begins a transaction,
//! never ends one.

use rusqlite::{Row, Transaction, params};

use super::super::{Claim, DayLimit, Settlement, Start};
use super::recent::sent_since;
use super::stored::{ITEM_COLUMNS, item, optional_json, to_json};
use super::versions::{self, STANDING};
use super::{held, one};
use crate::domain::{Artifact, AttemptId, Cap, Failure, Held, Outcome, PriceSource, Reach, Timestamp, Tries, Usd};

/// Writes the parts of a turn, each guarded by what the row must be before.
pub(super) struct TurnWriter<'a> {
    pub transaction: &'a Transaction<'a>,
    pub job: i64,
    pub run: i64,
    pub now: Timestamp,
}

/// The starts that were begun.
#[derive(Debug, Default)]
pub(super) struct Begun {
    /// Their attempts with their numbers: of the starts those that the caps and the day left room for, in order.
    pub attempts: Vec<(AttemptId, u32)>,
    /// What counts against each cap now.
    pub held: Vec<Held>,
    /// How many requests left on the day that was to be counted.
    pub sent_today: Option<u64>,
}

impl TurnWriter<'_> {
    pub fn renew(&self, lease_until: Timestamp) -> rusqlite::Result<()> {
        let renew = "UPDATE runs SET lease_until = ?2 WHERE id = ?1 AND ended_at IS NULL";
        self.one(renew, params![self.run, lease_until.millis()])
    }

    pub fn settle(&self, settlement: &Settlement) -> rusqlite::Result<()> {
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
    pub fn release(&self, claim: &Claim) -> rusqlite::Result<()> {
        let due_at = if claim.tries.made == 0 { 0 } else { self.now.millis() };
        self.one(
            "UPDATE items SET state = 'queued', due_at = ?3 WHERE key = ?1 AND state = 'running' AND claimed_by = ?2",
            params![claim.key, self.run, due_at],
        )
    }

    /// Begins what the caps leave room for, up to the first request that does not fit; what may cost nobody knows what
    /// fits below none.
    pub fn start(&self, starts: &[Start], caps: &[Cap], day: Option<DayLimit>) -> rusqlite::Result<Begun> {
        let held = held::of_caps(self.transaction, self.job, self.run, caps)?;
        let sent_today = day.map(|day| sent_since(self.transaction, day.began_at)).transpose()?;
        let mut begun = Begun { attempts: Vec::with_capacity(starts.len()), held, sent_today };
        for start in starts {
            if day.zip(begun.sent_today).is_some_and(|(day, sent)| sent >= day.most) {
                break;
            }
            let has_room = |(cap, held): (&Cap, &Held)| start.reserve.is_some_and(|it| held.total() + it <= cap.most);
            if !caps.iter().zip(&begun.held).all(has_room) {
                break;
            }
            begun.attempts.push(self.start_one(start)?);
            let reserve = start.reserve.unwrap_or_default();
            begun.held.iter_mut().for_each(|held| held.reserved += reserve);
            begun.sent_today.iter_mut().for_each(|sent| *sent += 1);
        }
        Ok(begun)
    }

    /// Notes who gave prices, at the first of each.
    pub fn note_prices(&self, sources: &[PriceSource]) -> rusqlite::Result<()> {
        sources.iter().try_for_each(|source| {
            let note = match source {
                PriceSource::Given => "UPDATE jobs SET price_given = 1 WHERE id = ?1 AND NOT price_given",
                PriceSource::Listed => "UPDATE jobs SET price_listed = 1 WHERE id = ?1 AND NOT price_listed",
            };
            self.transaction.prepare_cached(note)?.execute([self.job]).map(drop)
        })
    }

    fn start_one(&self, Start { claim, reserve }: &Start) -> rusqlite::Result<(AttemptId, u32)> {
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

    /// Claims what waits and is due, the tried before the never tried.
    pub fn claim(&self, want: usize, only_attempted: bool) -> rusqlite::Result<Vec<Claim>> {
        if want == 0 {
            return Ok(vec![]);
        }
        let mine = if only_attempted { "AND due_at > 0 AND claimed_by = ?2" } else { "" };
        let claim = format!(
            "UPDATE items SET state = 'running', due_at = NULL, claimed_by = ?2
             WHERE key IN (SELECT key FROM items WHERE job_id = ?1 AND state = 'queued' AND due_at <= ?3 {mine}
                           ORDER BY due_at DESC, key LIMIT ?4)
             RETURNING {}",
            claim_columns()
        );
        let mut statement = self.transaction.prepare_cached(&claim)?;
        let claims = statement.query_map(params![self.job, self.run, self.now.millis(), want as i64], claimed)?;
        let mut claims = claims.collect::<rusqlite::Result<Vec<_>>>()?;
        claims.sort_by_key(|claim| claim.key);
        Ok(claims)
    }

    /// Claims this item, if it waits and is due.
    pub fn claim_one(&self, key: i64) -> rusqlite::Result<Option<Claim>> {
        let claim = format!(
            "UPDATE items SET state = 'running', due_at = NULL, claimed_by = ?2
             WHERE key = ?1 AND state = 'queued' AND due_at <= ?3 RETURNING {}",
            claim_columns()
        );
        let mut statement = self.transaction.prepare_cached(&claim)?;
        let claims = statement.query_map(params![key, self.run, self.now.millis()], claimed)?;
        Ok(claims.collect::<rusqlite::Result<Vec<_>>>()?.pop())
    }

    /// Keeps the job's totals.
    pub fn total(&self, settlements: &[Settlement], begun: usize) -> rusqlite::Result<()> {
        let count = |wanted: &dyn Fn(&Settlement) -> u64| settlements.iter().map(wanted).sum::<u64>();
        let images = count(&|settlement| match &settlement.outcome {
            Outcome::Done(artifact) => artifact.images.len() as u64,
            _ => 0,
        });
        let lost = count(&|settlement| settlement.outcome.failure().is_some_and(|it| it.reach == Reach::Lost).into());
        let costs: Vec<Usd> = settlements.iter().filter_map(|settlement| settlement.cost).collect();
        let cost = costs.iter().copied().reduce(|sum, cost| sum + cost).map(Usd::nanos);
        self.one(
            "UPDATE jobs SET attempts = attempts + ?2, images = images + ?3, lost_attempts = lost_attempts + ?4,
                    cost = iif(?5 IS NULL, cost, coalesce(cost, 0) + ?5),
                    results_stale = results_stale OR ?6
             WHERE id = ?1",
            params![self.job, begun, images, lost, cost, !settlements.is_empty()],
        )
    }

    fn one(&self, sql: &str, parameters: impl rusqlite::Params) -> rusqlite::Result<()> {
        one(self.transaction, sql, parameters)
    }
}

/// The columns [`claimed`] reads, in its order.
fn claim_columns() -> String {
    format!("key, attempts, counted, empty, {ITEM_COLUMNS}, {STANDING}")
}

fn claimed(row: &Row<'_>) -> rusqlite::Result<Claim> {
    let tries = Tries { made: row.get(1)?, counted: row.get(2)?, empty: row.get(3)? };
    Ok(Claim { key: row.get(0)?, tries, item: item(row, 4)?, earlier: optional_json(row, 9)? })
}
