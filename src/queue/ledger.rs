//! The read side of the queue: jobs, items and rows as everyone but the run may see them. Never writes.

use std::ops::Range;
use std::path::PathBuf;

use super::{AttemptEntry, ItemStory, PastRun, QueueError, RecentAttempt, VerdictRecord};
use crate::domain::{
    Artifact, Counts, Decision, FailureGroup, FailureKind, Held, Item, ItemId, PriceSource, Reply, Timestamp, Usd,
};

/// A job, read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JobStatus {
    /// Its name.
    pub job: String,
    /// Its manifest.
    pub manifest: PathBuf,
    /// Its output folder.
    pub output: PathBuf,
    /// Items by state.
    pub counts: Counts,
    /// Images kept, those of earlier versions among them.
    pub images: u64,
    /// Attempts ever made.
    pub attempts: u64,
    /// Of these, the lost ones: maybe billed.
    pub lost_attempts: u64,
    /// What settled attempts cost, where a price is known.
    pub cost: Option<Usd>,
    /// The same, with what may be billed yet: for attempts on their way, and for the lost.
    pub held: Held,
    /// Who gave the prices, where all of that was counted with prices of one source.
    pub price_source: Option<PriceSource>,
    /// When the run that is on began, if one is on.
    pub running_since: Option<Timestamp>,
    /// When the next waiting item may be tried.
    pub next_due: Option<Timestamp>,
    /// When a person let it send more than its pilot.
    pub approved_at: Option<Timestamp>,
    /// Whether its last run ended with its pilot, and the others wait for a person to approve that.
    pub awaits_approval: bool,
    /// Since when a person lets it send nothing, if so.
    pub paused_since: Option<Timestamp>,
    /// Attempts under way: sent, or received and not kept yet.
    pub in_flight: u64,
    /// How its last run ended that began to work, by the ending's name; none where none has ended.
    pub last_ending: Option<String>,
    /// When a run last left nothing to do.
    pub completed_at: Option<Timestamp>,
    /// Its last run that began to work, be it over or not.
    pub last_run: Option<PastRun>,
    /// How far its review is, where anything was said in one.
    pub review: Option<Reviewed>,
}

/// How far the review of a job is: listed items of each sort. One may be of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reviewed {
    /// With a picture that is approved.
    pub approved: u64,
    /// With one that is rejected, or without any and rejected.
    pub rejected: u64,
    /// That hold the picture which stands for their product.
    pub favourites: u64,
    /// That wait to be made again, for a person sent them back.
    pub sent_back: u64,
    /// With a picture that nobody has decided on.
    pub open: u64,
}

impl JobStatus {
    /// Where the job's money is, where any price is known.
    pub fn money(&self) -> Option<Held> {
        (self.cost.is_some() || self.held != Held::default()).then_some(self.held)
    }
}

/// The states of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemState {
    /// Waiting.
    Queued,
    /// Claimed.
    Running,
    /// With a picture.
    Done,
    /// Given up.
    Failed,
    /// Taken out.
    Cancelled,
}

impl ItemState {
    /// Every state.
    pub const ALL: &[Self] = &[Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    /// The state as the database and the machine output write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// An item with what became of it, read.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemRecord {
    /// What was asked for.
    pub item: Item,
    /// Where it stands.
    pub state: ItemState,
    /// Attempts made.
    pub attempts: u32,
    /// Its picture, once done.
    pub artifact: Option<Artifact>,
    /// Why it failed, or why its last attempt gave nothing.
    pub failure: Option<(FailureKind, String)>,
    /// What the model said with its last whole answer.
    pub reply: Reply,
    /// What its attempts cost together, where a price is known.
    pub cost: Option<Usd>,
    /// What a person said of it, if anything.
    pub verdict: Option<VerdictRecord>,
    /// Whether an earlier row of the same reading has it too: rows with the same request share an item.
    pub repeated: bool,
}

impl ItemRecord {
    /// What was decided about the picture that it has now.
    pub fn decision(&self) -> Option<Decision> {
        let record = self.verdict.as_ref().filter(|record| record.holds)?;
        record.verdict.decision
    }

    /// The picture that shall stand for its product: BLAKE3 in hexadecimal. One that was rejected does not.
    pub fn favourite(&self) -> Option<&str> {
        let verdict = &self.verdict.as_ref()?.verdict;
        let is_rejected = verdict.decision == Some(Decision::Rejected) && verdict.picture == verdict.favourite;
        verdict.favourite.as_deref().filter(|_| !is_rejected)
    }

    /// What its picture shows: in a person's words where there are such, else in the model's.
    pub fn caption(&self) -> Option<&str> {
        let edited = self.verdict.as_ref().and_then(|record| record.verdict.caption.as_deref());
        edited.or_else(|| self.artifact.as_ref()?.caption.as_deref())
    }
}

/// One row of the manifest with its items, in manifest order.
#[derive(Debug, Clone, PartialEq)]
pub struct RowRecord {
    /// Its line in the file.
    pub line: u64,
    /// The cells, in the order of [`Ledger::columns`]; a JSON Lines row may be shorter.
    pub cells: Vec<serde_json::Value>,
    /// Its items.
    pub items: Vec<ItemRecord>,
}

/// The read side of the queue. Never writes, and may be used while a run is on.
pub trait Ledger: Send {
    /// Every job, or those named.
    fn status(&self, now: Timestamp, jobs: &[String]) -> Result<Vec<JobStatus>, QueueError>;

    /// The newest run of a job; none of one that never ran, or is not known.
    fn newest_run(&self, job: &str) -> Result<Option<PastRun>, QueueError>;

    /// The columns of a job's manifest, in their order.
    fn columns(&self, job: &str) -> Result<Vec<String>, QueueError>;

    /// Calls `each` with every row of the manifest, in its order, without holding them all. `each` may stop it by
    /// returning false.
    fn rows(&self, job: &str, each: &mut dyn FnMut(RowRecord) -> bool) -> Result<(), QueueError>;

    /// The failed items of a job, grouped by cause, the largest group first.
    fn failures(&self, job: &str) -> Result<Vec<FailureGroup>, QueueError>;

    /// Everything that is known of one item.
    fn item(&self, job: &str, item: &ItemId) -> Result<ItemStory, QueueError>;

    /// Calls `each` with the attempts of a job that came back since this moment, in the order in which they did; only
    /// the newest, where there are very many.
    fn lately(&self, job: &str, since: Timestamp, each: &mut dyn FnMut(RecentAttempt)) -> Result<(), QueueError>;

    /// Calls `each` with every attempt of every job, or of those named, that was sent in this time, in no order and
    /// without holding them all.
    fn account(
        &self,
        jobs: &[String],
        sent: Range<Timestamp>,
        each: &mut dyn FnMut(&AttemptEntry<'_>),
    ) -> Result<(), QueueError>;
}
