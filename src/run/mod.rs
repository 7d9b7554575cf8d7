//! One draining of a job's queue: claim, attempt, settle, tell. Never prints, and only here is the queue written.
//!
//! One coordinator holds the queue. Each turn of its loop gathers everything that is ready (answers that are durable
//! in staging, attempts that ended, claims whose request may leave, places for new claims), writes it in one
//! transaction, and only then acts on it: requests leave after their intent is committed, files get their final names
//! after their receipt is committed, reporters hear of what is settled. Workers make pictures and know none of this.

mod account;
mod admission;
mod budget;
mod clock;
mod deadline;
mod examine;
mod images;
mod keep;
mod landing;
mod latency;
mod outage;
mod pace;
mod pause;
mod reserve;
mod score;
mod seen;
mod steady;
mod stop;
mod turn;
mod worker;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tracing::{Instrument, info_span};

use crate::clock::Clock;
use crate::domain::{
    Accept, AttemptId, Ending, Event, ItemId, Narrowed, News, PriceList, Receipt, Received, Reporter, Request, Summary,
    Timestamp, Usage, Usd,
};
use crate::provider::{Provider, ReferenceSource};
use crate::queue::{Attempt, Claim, LEASE, Queue, QueueError, Settlement};
use crate::store::{ArtifactStore, StoreError};
pub use account::Account;
pub use admission::{Admission, Aftermath, Flights, Permit, Rules};
use examine::Examiner;
use keep::Keeper;
pub use outage::OutageSettings;
pub use pace::{Bounds, Consumed, Limits, quota_day_began};
use pause::Pause;
use reserve::{Reserve, Shortage};
use score::Score;
pub use seen::Seen;
use steady::Steady;
pub use stop::{Stop, given_up};
pub use turn::PATIENCE;
use worker::{Crew, Landed};

/// Everything a run works with.
pub struct Parts<'a> {
    /// The job's queue, in this run's hand.
    pub queue: &'a mut dyn Queue,
    /// Who makes the pictures.
    pub provider: Arc<dyn Provider>,
    /// Who keeps them.
    pub store: Arc<dyn ArtifactStore>,
    /// Where the references come from that go with them, for a job that does not accept them back.
    pub references: Arc<dyn ReferenceSource>,
    /// How the job's pictures look.
    pub seen: Seen,
    /// Whose limits it keeps, together with the other runs that use the same.
    pub account: Account,
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
    /// What it keeps to while it sends.
    pub rules: Rules,
    /// Items in this run at most.
    pub limit: Option<u64>,
    /// What this run is narrowed to; none if it may send all that waits.
    pub narrowed: Option<Narrowed>,
    /// Items that may fail in this run before it stops.
    pub halt_after: Option<u64>,
    /// What a picture must pass to be kept; one that does not counts as none.
    pub accept: Accept,
    /// What answers cost.
    pub prices: PriceList,
}

/// Why a run cannot go on, beyond what a provider can be blamed for.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Room(#[from] Shortage),
}

/// The time from one turn to the next, at least. A turn costs nearly the same for one answer as for fifty (a commit, a
/// sync, some switches of threads), and beside an answer's seconds the wait is nothing.
const BETWEEN_TURNS: Duration = Duration::from_millis(10);

/// Works until nothing is left to do, or until it is told or forced to stop. `received` is what an earlier run received
/// and did not publish: it comes first, without a request.
pub async fn drain(parts: Parts<'_>, settings: RunSettings, received: Vec<(Attempt, Receipt)>) -> Summary {
    let span = info_span!("run", job = settings.job);
    let whole = async {
        let mut run = Run::new(parts, settings);
        let ending = match run.work(received).await {
            Ok(ending) => ending,
            Err(error) => run.broken(&error),
        };
        run.end(ending)
    };
    whole.instrument(span).await
}

/// The state of a run: who is in flight, what waits to be written, why it stops.
struct Run<'a> {
    parts: Parts<'a>,
    settings: RunSettings,
    crew: Crew,
    admission: Admission,
    score: Score,
    steady: Steady,
    /// By so many milliseconds the clock was moved, and the waiting rows not yet.
    rows_to_move: Option<i64>,
    /// Claims taken ahead, without an attempt yet.
    ready: VecDeque<Claim>,
    /// Attempts that are not settled, in flight or being kept.
    open: HashMap<AttemptId, Attempt>,
    /// Requests in flight.
    flights: JoinSet<Landed>,
    /// What answers used that are being kept.
    usages: HashMap<AttemptId, Usage>,
    keeper: Keeper,
    reserve: Reserve,
    /// Requests in flight that the disks have room for.
    places: usize,
    /// When a write that failed is tried again, and since when writes have failed.
    write_again_at: Option<Timestamp>,
    unwritten_since: Option<Timestamp>,
    /// When the last turn was written.
    turned_at: Instant,
    /// What the next turn writes.
    receipts: Vec<Received>,
    settlements: Vec<Settlement>,
    /// Nothing can be claimed before this moment; `None` when the queue was not asked yet.
    next_claim_at: Option<Timestamp>,
    /// The first request that may not leave yet may leave then.
    next_start_at: Option<Timestamp>,
    /// It was told that other runs' money is waited for.
    told_of_others: bool,
    /// Distinct items sent for, kept only under a limit.
    admitted: HashSet<ItemId>,
    /// Whether a person lets it send.
    pause: Pause,
    /// Nothing more is sent, for the reason given.
    stopping: Option<Ending>,
    /// A fault of ours, the disk's or the database's was met and told.
    is_broken: bool,
}

impl<'a> Run<'a> {
    fn new(mut parts: Parts<'a>, settings: RunSettings) -> Self {
        let now = parts.clock.now();
        parts.stop.mark_changed();
        let examiner = Examiner::new(settings.accept, parts.references.clone(), parts.seen.clone());
        Self {
            crew: Crew {
                provider: parts.provider.clone(),
                store: parts.store.clone(),
                examiner: Arc::new(examiner),
                stop: parts.stop.clone(),
            },
            admission: Admission::new(&settings.rules, &parts.account, now),
            score: Score::new(now),
            steady: Steady::new(now, parts.clock.passed()),
            rows_to_move: Some(0),
            parts,
            settings,
            ready: VecDeque::new(),
            open: HashMap::new(),
            flights: JoinSet::new(),
            usages: HashMap::new(),
            keeper: Keeper::default(),
            reserve: Reserve::default(),
            places: 0,
            write_again_at: None,
            unwritten_since: None,
            turned_at: Instant::now(),
            receipts: Vec::new(),
            settlements: Vec::new(),
            next_claim_at: None,
            next_start_at: None,
            told_of_others: false,
            admitted: HashSet::new(),
            pause: Pause::default(),
            stopping: None,
            is_broken: false,
        }
    }

    async fn work(&mut self, received: Vec<(Attempt, Receipt)>) -> Result<Ending, RunError> {
        self.tell_start()?;
        self.take_over(received).await?;
        self.begin_unless_paused()?;
        loop {
            self.follow_clock();
            self.move_rows();
            self.look_for_pause();
            self.look_for_stop();
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
        tokio::task::block_in_place(|| self.parts.store.sweep(&images))?;
        for (attempt, receipt) in received {
            let id = attempt.id;
            self.score.reserve(self.reserve_of(&attempt.claim.item.request));
            self.open.insert(id, attempt);
            self.note_usage(id, &receipt);
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
            Some(landed) = self.flights.join_next(), if !self.flights.is_empty() => self.joined(landed),
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
            self.joined(landed);
        }
    }

    /// A worker ends with a word unless it panicked, which is a fault of ours and goes on as one.
    fn joined(&mut self, landed: Result<Landed, JoinError>) {
        match landed {
            Ok(landed) => self.landed(landed),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// A timer is needed only for what no answer announces: a due retry, a permit, the lease, a pause or its end.
    fn until_wake(&self) -> Duration {
        let now = self.parts.clock.now();
        let lease = now.after(LEASE / 3);
        let sending = match (&self.stopping, self.ready.is_empty()) {
            (Some(_), _) => None,
            _ if self.pause.is_on() => None,
            (None, true) => self.next_claim_at,
            (None, false) => self.next_start_at,
        };
        let wait = self.write_again_at.or(sending).unwrap_or(lease).min(lease).since(now);
        self.until_look().map_or(wait, |look| wait.min(look))
    }

    /// What a request may cost; nothing where no price is known.
    fn reserve_of(&self, request: &Request) -> Usd {
        self.settings.prices.of(&request.model).map_or(Usd::ZERO, |price| price.reserve(request))
    }

    fn note_usage(&mut self, id: AttemptId, receipt: &Receipt) {
        self.usages.extend(receipt.reply.usage.map(|usage| (id, usage)));
    }

    fn tell(&mut self, news: News) {
        let event = Event { time: self.parts.clock.now(), job: self.settings.job.clone(), news };
        self.parts.reporter.tell(&event);
    }

    fn tell_start(&mut self) -> Result<(), RunError> {
        let counts = self.parts.queue.counts()?;
        let waiting = self.settings.narrowed.map_or(counts.left(), |narrowed| narrowed.waiting);
        let items = waiting.min(self.settings.limit.unwrap_or(u64::MAX));
        self.tell(News::RunStarted { counts, items });
        Ok(())
    }
}
