//! Which item is next, and what became of each: the contracts of the queue. Never makes pictures, never decides.

mod account;
mod desk;
mod error;
mod gallery;
mod health;
mod inspection;
mod intake;
mod inventory;
mod jury;
mod ledger;
pub mod lock;
mod neighbour;
mod past;
mod preview;
mod recent;
pub mod sqlite;
pub mod story;
mod upkeep;
mod words;

use std::time::Duration;

pub use account::{AttemptEnd, AttemptEntry};
pub use desk::{Desk, Selection};
pub use error::QueueError;
pub use gallery::{Card, CardKey, Gallery, Order, PictureMark, ReviewTally, Stand, Standing, VerdictRecord, Wanted};
pub use health::Health;
pub use inspection::{Finding, Inspection, Unseen};
pub use intake::{Clash, ClashOver, Enqueued, Intake, Reading, Redo};
pub use inventory::{Inventory, StoredItem};
pub use jury::{Acted, Jury, Saw, SentBack, Witness, Word};
pub use ledger::{ItemRecord, ItemState, JobStatus, Ledger, Reviewed, RowRecord};
pub use neighbour::{Displaced, Neighbour};
pub use past::{NOT_RUN, PastRun, STOPPED_EARLY};
pub use preview::{Before, Fate, Foreseen, Gone, Preview};
pub use recent::RecentAttempt;
pub use upkeep::{DatabaseCopy, EarlierVersion, Upkeep};

use crate::domain::{
    Artifact, AttemptId, Cap, Counts, Held, Item, ItemId, Mark, OnLost, Outcome, PriceSource, Receipt, Received, Room,
    SeenFile, Sent, Timestamp, Tries, Usd,
};
pub use story::{ActRecord, AttemptRecord, AttemptState, CancelledBy, ItemStory, VersionRecord};

/// The right to try one item once. Not `Clone`: it is consumed by a settlement or a release.
#[derive(Debug)]
pub struct Claim {
    /// The item's key in the database.
    pub(in crate::queue) key: i64,
    /// What to make.
    pub item: Item,
    /// How often it was tried before.
    pub tries: Tries,
    /// The picture it had before it was to be made again, as long as that stands where it was published.
    pub earlier: Option<Artifact>,
}

/// A claim whose attempt is written down: its request may leave now.
#[derive(Debug)]
pub struct Attempt {
    /// The attempt's name.
    pub id: AttemptId,
    /// 1, 2, 3 … of its item.
    pub number: u32,
    /// The claim it was made under.
    pub claim: Claim,
}

/// A claim whose request is about to leave.
#[derive(Debug)]
pub struct Start {
    /// The claim.
    pub claim: Claim,
    /// What the request may cost, where a price is known.
    pub reserve: Option<Usd>,
}

/// How an attempt ended.
#[derive(Debug)]
pub struct Settlement {
    /// The attempt, consumed.
    pub attempt: Attempt,
    /// What becomes of its item.
    pub outcome: Outcome,
    /// What it cost, where a price is known.
    pub cost: Option<Usd>,
}

/// So many requests since then at most, of all jobs, as [`Queue::sent_since`] counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayLimit {
    /// When the day began.
    pub began_at: Timestamp,
    /// Requests at most.
    pub most: u64,
}

/// Everything that is ready to be written, as one transaction.
#[derive(Debug, Default)]
pub struct Turn {
    /// Until when other processes must believe that this run lives.
    pub lease_until: Timestamp,
    /// Answers whose images are durable in staging.
    pub receipts: Vec<Received>,
    /// Attempts that ended.
    pub settlements: Vec<Settlement>,
    /// Claims given back without an attempt.
    pub releases: Vec<Claim>,
    /// Claims whose request leaves right after this turn.
    pub starts: Vec<Start>,
    /// The caps on money: a start whose reserve does not fit below each of them is none, nor is any behind it.
    pub caps: Vec<Cap>,
    /// Who gave the prices that the starts are counted with.
    pub prices: Vec<PriceSource>,
    /// The limit of the day, where it is to be counted again: no more starts than it has room for.
    pub day: Option<DayLimit>,
    /// So many new claims are wanted.
    pub want: usize,
    /// Only items that this run attempted before.
    pub only_attempted: bool,
}

/// What a turn gave.
#[derive(Debug, Default)]
pub struct Turned {
    /// One attempt for each start that the caps and the day left room for, in the same order.
    pub attempts: Vec<Attempt>,
    /// The claims of the other starts, in their order: still claimed, and without an attempt.
    pub unstarted: Vec<Claim>,
    /// What counts against each cap now, in their order.
    pub held: Vec<Held>,
    /// What counts against the day's limit now, if that was to be counted.
    pub sent_today: Option<u64>,
    /// The new claims: at most as many as wanted.
    pub claims: Vec<Claim>,
    /// Since when a person lets the job send nothing: then there are neither attempts nor claims.
    pub paused_since: Option<Timestamp>,
}

/// A turn that could not be written, and why.
#[derive(Debug)]
pub struct Uncommitted {
    /// Why.
    pub error: QueueError,
    /// What is still to be written.
    pub turn: Turn,
}

/// Attempts that no run has in hand any more, and that are not ended.
#[derive(Debug, Default)]
pub struct LeftOpen {
    /// Sent, and not heard of since.
    pub sent: Vec<Sent>,
    /// Answers that wait in staging for their final names.
    pub received: u64,
}

/// What a dead run left behind.
#[derive(Debug, Default)]
pub struct Rescued {
    /// Answers received in full and not yet settled: to be published, never asked for again.
    pub received: Vec<(Attempt, Receipt)>,
    /// Attempts that had been sent and whose answer nobody received: lost, maybe billed.
    pub lost: u64,
    /// Items given back to the queue.
    pub returned: u64,
}

/// The queue of one job, in the hand of one run.
pub trait Queue: Send {
    /// What the manifest was last read from; `None` where reading the same again might change something.
    fn last_reading(&mut self) -> Result<Option<Reading>, QueueError>;

    /// Calls `each` with every file that the last reading saw, until it returns false.
    fn files_seen(&mut self, each: &mut dyn FnMut(&SeenFile) -> bool) -> Result<(), QueueError>;

    /// Begins to take in a manifest.
    fn intake(&mut self, redo: Redo) -> Result<Box<dyn Intake>, QueueError>;

    /// The first waiting item whose picture would be called as one that another job of this database has, or is about
    /// to have, in the same output folder: each would take the other's place.
    fn crowded(&mut self) -> Result<Option<Neighbour>, QueueError>;

    /// The first waiting item whose picture would take the place of a finished item's of this job: one that keeps its name
    /// though its row gives it another or is gone. It passes over all items, so it is asked only where there are such.
    fn displacing(&mut self) -> Result<Option<Displaced>, QueueError>;

    /// What the staged files of this database's attempts are marked with.
    fn mark(&self) -> Mark;

    /// The attempts that dead runs of this job left open: *sent*, so that an answer may lie in staging of which the
    /// queue has not heard, or *received*, so that one does.
    fn left_open(&mut self) -> Result<LeftOpen, QueueError>;

    /// Takes over what dead runs of this job left claimed. It costs the items none of their attempts. The answers that
    /// were `found` in staging count as received; what else was sent is lost.
    fn rescue(&mut self, now: Timestamp, on_lost: OnLost, found: Vec<Received>) -> Result<Rescued, QueueError>;

    /// Writes a turn: all of it or nothing, durable when this returns. What could not be written comes back.
    fn commit(&mut self, now: Timestamp, turn: Turn) -> Result<Turned, Box<Uncommitted>>;

    /// Finished items that wait to be made again, and for which no request left since, are done as they were: to make
    /// them again was asked of one run, which did not come to it. Returns how many.
    fn leave_unsent(&mut self) -> Result<u64, QueueError>;

    /// From now on only these items are claimed, in the queue's own order; what else waits stays, but for what would be
    /// made again ([`Queue::leave_unsent`]). Returns how many of them wait.
    fn narrow(&mut self, items: &[ItemId]) -> Result<u64, QueueError>;

    /// When the next waiting item that may be claimed is due; `None` if none waits.
    fn next_due(&mut self, only_attempted: bool) -> Result<Option<Timestamp>, QueueError>;

    /// Since when a person lets the job send nothing, if so. Cheap: a run that has nothing to write asks again and again.
    fn paused_since(&mut self) -> Result<Option<Timestamp>, QueueError>;

    /// Moves the moment of every waiting item by so many milliseconds, as far as the clock was moved. What would then be
    /// due later than anything ever is ([`LATEST_DUE`](crate::domain::LATEST_DUE)) is due now.
    fn move_waits(&mut self, now: Timestamp, by: i64) -> Result<(), QueueError>;

    /// What counts against each of these caps now, of other runs too.
    fn held(&mut self, caps: &[Cap]) -> Result<Vec<Held>, QueueError>;

    /// The job's items by state.
    fn counts(&mut self) -> Result<Counts, QueueError>;

    /// How many requests left since then, of all jobs, but for those that were throttled.
    fn sent_since(&mut self, moment: Timestamp) -> Result<u64, QueueError>;

    /// The models that the waiting items ask which this run may claim, each once.
    fn waiting_models(&mut self) -> Result<Vec<String>, QueueError>;

    /// Whether anything that the written results tell has changed since they were written.
    fn results_stale(&mut self) -> Result<bool, QueueError>;

    /// The results are about to be written from what is known when this returns: what changes from then on makes them
    /// stale again.
    fn results_begun(&mut self) -> Result<(), QueueError>;

    /// They could not be written. Those of a run that was killed meanwhile are stale as well.
    fn results_failed(&mut self) -> Result<(), QueueError>;

    /// The room left where the database is.
    fn room(&self) -> Result<Room, QueueError>;

    /// Closes the run's own row.
    fn end_run(&mut self, now: Timestamp, ending: &str) -> Result<(), QueueError>;
}

/// How long a lease lasts unless renewed; renewed at a third of it.
pub const LEASE: Duration = Duration::from_secs(60);
