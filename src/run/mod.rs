//! One draining of a job's queue: claim, attempt, settle, tell. Never prints, and only here is the queue written.
//!
//! One coordinator holds the queue. Each turn of its loop gathers everything that is ready (answers that are durable
//! in staging, attempts that ended, claims whose request may leave, places for new claims), writes it in one
//! transaction, and only then acts on it: requests leave after their intent is committed, files get their final names
//! after their receipt is committed, reporters hear of what is settled. Workers make pictures and know none of this.

mod keep;
mod pace;
mod score;
mod stop;
mod turn;
mod worker;

use std::collections::{HashMap, HashSet, VecDeque};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::domain::{
    AttemptId, Ending, Event, Failure, FailureKind, Interrupt, ItemId, News, Outcome, PriceList, Reach, Receipt,
    Reporter, RetryPolicy, Summary, Timestamp,
};
use crate::provider::Provider;
use crate::queue::{Attempt, Claim, LEASE, Queue, QueueError, Settlement};
use crate::store::{ArtifactStore, Published, StoreError};
use keep::{Keeper, Kept};
use pace::Pace;
use score::Score;
use worker::{Landed, Miss};

/// Everything a run works with.
pub struct Parts<'a> {
    /// The job's queue, in this run's hand.
    pub queue: &'a mut dyn Queue,
    /// Who makes the pictures.
    pub provider: Arc<dyn Provider>,
    /// Who keeps them.
    pub store: Arc<dyn ArtifactStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who listens.
    pub reporter: &'a mut dyn Reporter,
    /// Whether to stop.
    pub stop: watch::Receiver<Stop>,
}

/// What a run was told.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// The job's name.
    pub job: String,
    /// Requests in flight at most.
    pub concurrency: usize,
    /// Requests a minute at most.
    pub requests_a_minute: Option<NonZeroU32>,
    /// When to try again.
    pub policy: RetryPolicy,
    /// Items in this run at most.
    pub limit: Option<u64>,
    /// Items that may fail in this run before it stops.
    pub halt_after: Option<u64>,
    /// Whether a picture of another shape than was asked for counts as none.
    pub strict: bool,
    /// What images cost.
    pub prices: PriceList,
}

/// Whether a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It does.
    No,
    /// Nothing more is sent; what is in flight is finished.
    Finish(Interrupt),
    /// What is in flight is given up.
    Now(Interrupt),
}

/// Why a run cannot go on, beyond what a provider can be blamed for.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The time from one turn to the next, at least. A turn costs nearly the same for one answer as for fifty (a commit, a
/// sync, some switches of threads), and beside an answer's seconds the wait is nothing.
const BETWEEN_TURNS: Duration = Duration::from_millis(10);

/// Works until nothing is left to do, or until it is told or forced to stop. `received` is what an earlier run received
/// and did not publish: it comes first, without a request.
pub async fn drain(parts: Parts<'_>, settings: RunSettings, received: Vec<(Attempt, Receipt)>) -> Summary {
    let mut run = Run::new(parts, settings);
    let ending = match run.work(received).await {
        Ok(ending) => ending,
        Err(error) => Ending::Broken(error.to_string()),
    };
    run.end(ending)
}

/// The state of a run: who is in flight, what waits to be written, why it stops.
struct Run<'a> {
    parts: Parts<'a>,
    settings: RunSettings,
    pace: Pace,
    score: Score,
    /// Claims taken ahead, without an attempt yet.
    ready: VecDeque<Claim>,
    /// Attempts that are not settled, in flight or being kept.
    open: HashMap<AttemptId, Attempt>,
    /// Requests in flight.
    flights: JoinSet<Landed>,
    flying: HashSet<AttemptId>,
    keeper: Keeper,
    /// When a write that failed is tried again, and since when writes have failed.
    write_again_at: Option<Timestamp>,
    unwritten_since: Option<Timestamp>,
    /// When the last turn was written.
    turned_at: Instant,
    /// What the next turn writes.
    receipts: Vec<(AttemptId, Receipt)>,
    settlements: Vec<Settlement>,
    /// Nothing can be claimed before this moment; `None` when the queue was not asked yet.
    next_claim_at: Option<Timestamp>,
    /// The first request that may not leave yet may leave then.
    next_start_at: Option<Timestamp>,
    /// Distinct items sent for, kept only under a limit.
    admitted: HashSet<ItemId>,
    /// Nothing more is sent, for the reason given.
    stopping: Option<Ending>,
}

impl<'a> Run<'a> {
    fn new(parts: Parts<'a>, settings: RunSettings) -> Self {
        let now = parts.clock.now();
        Self {
            pace: Pace::new(settings.concurrency, settings.requests_a_minute),
            score: Score::new(now),
            parts,
            settings,
            ready: VecDeque::new(),
            open: HashMap::new(),
            flights: JoinSet::new(),
            flying: HashSet::new(),
            keeper: Keeper::default(),
            write_again_at: None,
            unwritten_since: None,
            turned_at: Instant::now(),
            receipts: Vec::new(),
            settlements: Vec::new(),
            next_claim_at: None,
            next_start_at: None,
            admitted: HashSet::new(),
            stopping: None,
        }
    }

    async fn work(&mut self, received: Vec<(Attempt, Receipt)>) -> Result<Ending, RunError> {
        self.tell_start()?;
        self.take_over(received).await?;
        loop {
            while self.take_turn()? {}
            self.keeper.advance(&self.parts.store);
            if self.is_over()? {
                return self.ending();
            }
            self.wait().await;
        }
    }

    /// Publishes what an earlier run received, before anything is sent: where pictures cannot be kept, none is bought.
    /// Whatever else lies in staging belongs to nobody.
    async fn take_over(&mut self, received: Vec<(Attempt, Receipt)>) -> Result<(), RunError> {
        let images: Vec<_> = received.iter().flat_map(|(_, receipt)| &receipt.images).collect();
        self.parts.store.sweep(&images)?;
        for (attempt, receipt) in received {
            let id = attempt.id;
            self.open.insert(id, attempt);
            self.publish_next(id, receipt);
        }
        self.keeper.advance(&self.parts.store);
        while let Some(kept) = self.keeper.next().await {
            self.kept(kept);
            self.keeper.advance(&self.parts.store);
        }
        Ok(())
    }

    /// Waits until something can be written or sent, then takes in everything that is ready.
    async fn wait(&mut self) {
        let pause = self.until_wake();
        tokio::select! {
            Some(landed) = self.flights.join_next(), if !self.flights.is_empty() => self.landed(landed.unwrap_or_else(gone)),
            Some(kept) = self.keeper.next(), if self.keeper.is_busy() => self.kept(kept),
            Ok(()) = self.parts.stop.changed() => self.told_to_stop(),
            () = tokio::time::sleep(pause) => {}
        }
        // What comes soon after a turn forms the next one together.
        tokio::select! {
            () = tokio::time::sleep_until(self.turned_at + BETWEEN_TURNS) => {}
            Ok(()) = self.parts.stop.changed() => self.told_to_stop(),
        }
        self.take_landed();
        while let Some(kept) = self.keeper.try_next() {
            self.kept(kept);
        }
    }

    fn take_landed(&mut self) {
        while let Some(landed) = self.flights.try_join_next() {
            self.landed(landed.unwrap_or_else(gone));
        }
    }

    /// A timer is needed only for what no answer announces: a due retry, a permit, the lease.
    fn until_wake(&self) -> Duration {
        let now = self.parts.clock.now();
        let lease = now.after(LEASE / 3);
        let sending = match (&self.stopping, self.ready.is_empty()) {
            (Some(_), _) => self.write_again_at,
            (None, true) => self.next_claim_at,
            (None, false) => self.next_start_at,
        };
        sending.unwrap_or(lease).min(lease).since(now)
    }

    fn landed(&mut self, landed: Landed) {
        self.flying.remove(&landed.id);
        if let Some(attempt) = self.open.get(&landed.id) {
            let (item, attempt) = (attempt.claim.item.id.to_string(), attempt.number);
            self.tell(News::AttemptLanded { item, attempt });
        }
        let now = self.parts.clock.now();
        match landed.result {
            Ok(receipt) => {
                self.pace.answered();
                self.keeper.land(landed.id, receipt);
            }
            Err(Miss::Failure(failure)) => self.failed(landed.id, failure, now),
            Err(Miss::Unsent(message)) => {
                self.stop(Ending::Broken(message.clone()), &message);
                let failure = Failure { reach: Reach::Unsent, ..Failure::new(FailureKind::Transient, message) };
                self.settle(landed.id, Outcome::Returned { due_at: now, failure });
            }
            Err(Miss::Broken(message)) => {
                self.stop(Ending::Broken(message.clone()), &message);
                self.settle(landed.id, Outcome::Returned { due_at: now, failure: not_kept(message) });
            }
        }
    }

    fn failed(&mut self, id: AttemptId, failure: Failure, now: Timestamp) {
        let Some(tries) = self.open.get(&id).map(|attempt| attempt.claim.tries) else {
            return;
        };
        let jitter = fastrand::f64();
        let resume_at = match failure.kind {
            FailureKind::Throttled => self.slow_down(&failure, jitter, now),
            _ => now,
        };
        if failure.kind == FailureKind::Fatal {
            self.stop(Ending::Halted(failure.clone()), &failure.message);
        }
        let outcome = self.settings.policy.decide(failure, tries, jitter, now, resume_at);
        self.settle(id, outcome);
    }

    fn slow_down(&mut self, failure: &Failure, jitter: f64, now: Timestamp) -> Timestamp {
        let until = self.pace.throttled(failure.retry_after, jitter, now);
        if self.score.is_news(until) {
            self.tell(News::Slowed { until, message: failure.message.clone() });
        }
        until
    }

    /// A store that fails ends the run, but not before whatever it did keep, and what is in flight, went its way.
    fn kept(&mut self, kept: Kept) {
        match kept {
            Kept::Synced(group) => group.into_iter().for_each(|(id, synced)| match synced {
                Ok(receipt) => self.receipts.push((id, receipt)),
                Err(error) => self.not_synced(id, &error),
            }),
            Kept::Published(group) => group.into_iter().for_each(|(id, published)| match published {
                Ok(published) => self.published(id, published),
                // Its receipt is in the database: a later run goes on with it.
                Err(error) => self.stop(Ending::Broken(error.to_string()), &error.to_string()),
            }),
        }
    }

    /// An answer that came and could not be made durable is gone: said so, with the cause.
    fn not_synced(&mut self, id: AttemptId, error: &StoreError) {
        let message = error.to_string();
        self.stop(Ending::Broken(message.clone()), &message);
        self.settle(id, Outcome::Returned { due_at: self.parts.clock.now(), failure: not_kept(message) });
    }

    fn published(&mut self, id: AttemptId, published: Published) {
        let outcome = match published {
            Published::Kept(artifact) => Outcome::Done(artifact),
            Published::Vanished { staged } => {
                let message = format!(
                    "its picture had been received, and someone removed {staged} from staging: it is asked for again"
                );
                Outcome::Returned { due_at: self.parts.clock.now(), failure: not_kept(message) }
            }
        };
        self.settle(id, outcome);
    }

    fn settle(&mut self, id: AttemptId, outcome: Outcome) {
        let Some(attempt) = self.open.remove(&id) else { return };
        let price = self.settings.prices.of(&attempt.claim.item.request.model);
        let cost = price.and_then(|price| Some(price.per_image.times(outcome.billed_images()?)));
        if let Outcome::Retry { due_at, .. } | Outcome::Returned { due_at, .. } = &outcome {
            self.next_claim_at = self.next_claim_at.map(|at| at.min(*due_at));
        }
        self.settlements.push(Settlement { attempt, outcome, cost });
    }

    fn tell(&mut self, news: News) {
        let event = Event { time: self.parts.clock.now(), job: self.settings.job.clone(), news };
        self.parts.reporter.tell(&event);
    }

    fn tell_start(&mut self) -> Result<(), RunError> {
        let counts = self.parts.queue.counts()?;
        let items = counts.left().min(self.settings.limit.unwrap_or(u64::MAX));
        self.tell(News::RunStarted { counts, items });
        Ok(())
    }

    /// Nothing is in flight, on the disk or waiting to be written, and nothing more will be sent.
    fn is_over(&mut self) -> Result<bool, RunError> {
        let busy = !self.flights.is_empty()
            || self.keeper.is_busy()
            || !self.ready.is_empty()
            || !self.receipts.is_empty()
            || !self.settlements.is_empty();
        if busy {
            return Ok(false);
        }
        if self.stopping.is_some() {
            return Ok(true);
        }
        let due = self.parts.queue.next_due(self.is_limit_reached())?;
        // A person may have put items back since the queue was asked.
        self.next_claim_at = due;
        Ok(due.is_none())
    }

    fn ending(&mut self) -> Result<Ending, RunError> {
        if let Some(ending) = self.stopping.take() {
            return Ok(ending);
        }
        let cut_short = self.is_limit_reached() && self.parts.queue.counts()?.left() > 0;
        Ok(if cut_short { Ending::Limit("--limit") } else { Ending::Complete })
    }

    fn end(mut self, ending: Ending) -> Summary {
        // After a broken database there is nothing more to count.
        let counts = self.parts.queue.counts().unwrap_or_default();
        let summary = self.score.summary(ending, counts, self.parts.clock.now());
        self.tell(News::RunEnded(summary.clone()));
        summary
    }
}

/// A worker ends with a word unless it panicked, which is a fault of ours and goes on as one. (Those that were aborted
/// left with their set.)
fn gone(error: tokio::task::JoinError) -> Landed {
    std::panic::resume_unwind(error.into_panic())
}

/// The answer is gone through no fault of the server: billed, as far as anyone knows.
fn not_kept(why: String) -> Failure {
    Failure { reach: Reach::Lost, ..Failure::new(FailureKind::Transient, why) }
}
