//! What a run tells while it works. Never drawn or written here: reporters listen.

use std::collections::BTreeMap;
use std::time::Duration;

use super::attempt::{Failure, FailureKind};
use super::money::{CapReached, Held, Usd};
use super::time::Timestamp;

/// Items of a job by state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Waiting, now or for a later moment.
    pub queued: u64,
    /// Claimed by a run.
    pub running: u64,
    /// With a picture.
    pub done: u64,
    /// Given up, by kind.
    pub failed: BTreeMap<FailureKind, u64>,
    /// Taken out by a person or by the manifest.
    pub cancelled: u64,
}

impl Counts {
    /// All that failed.
    pub fn failed_total(&self) -> u64 {
        self.failed.values().sum()
    }

    /// Items not yet ended.
    pub fn left(&self) -> u64 {
        self.queued + self.running
    }

    /// Every item.
    pub fn total(&self) -> u64 {
        self.left() + self.done + self.failed_total() + self.cancelled
    }
}

/// Why a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// Nothing is left to do.
    Complete,
    /// A fatal failure: a person must act.
    Halted(Failure),
    /// A limit it was given was reached, by the flag's name, with items left.
    Limit(&'static str),
    /// The next request may cost more than a cap leaves: no failure, and what is left waits.
    Budget(CapReached),
    /// The time it was given is over, by the flag's name, with items left.
    Deadline(&'static str),
    /// The pilot is finished, others wait, and nobody approved it yet.
    Pilot,
    /// A person had paused the job before the run began, and items are left.
    Paused {
        /// Since when.
        since: Timestamp,
    },
    /// A person or the system asked it to stop.
    Interrupted(Interrupt),
    /// A fault of ours, the disk's or the database's: what happened and what to do.
    Broken(String),
}

impl Ending {
    /// The ending's name in events and in the database.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Halted(_) => "halted",
            Self::Limit(_) => "limit",
            Self::Budget(_) => "budget",
            Self::Deadline(_) => "deadline",
            Self::Pilot => "pilot",
            Self::Paused { .. } => "paused",
            Self::Interrupted(_) => "interrupted",
            Self::Broken(_) => "broken",
        }
    }
}

/// The signal that stopped a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupt {
    /// SIGINT, as Ctrl-C sends it.
    Int,
    /// SIGTERM, as service managers send it.
    Term,
}

/// Failed items with the same cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureGroup {
    /// Whose fault it was.
    pub kind: FailureKind,
    /// What happened, as the first of them tells it.
    pub message: String,
    /// How many.
    pub items: u64,
    /// The first few of them.
    pub examples: Vec<String>,
}

/// What a run is narrowed to: some items, whatever else waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Narrowed {
    /// Items of the manifest that were chosen, finished ones among them.
    pub chosen: u64,
    /// Of these, those that waited when the run began.
    pub waiting: u64,
    /// Whether only the pilot of the job may be sent: nobody approved it yet.
    pub is_pilot: bool,
}

/// A run in figures, when it has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Why it ended.
    pub ending: Ending,
    /// From its start to its end.
    pub took: Duration,
    /// Requests sent in this run.
    pub attempts: u64,
    /// Items that got their picture in this run.
    pub done: u64,
    /// Items given up in this run.
    pub failed: u64,
    /// Images received in this run; more than `done` where answers held several.
    pub images: u64,
    /// Attempts of this run that left and never came back whole: maybe billed.
    pub lost: u64,
    /// What this run cost, where a price is known.
    pub cost: Option<Usd>,
    /// The same, with what may yet be billed for it: for lost requests, and after a fault for those left behind.
    pub held: Held,
    /// What this run and the items that are left will come to, where that can be told.
    pub projected: Option<Usd>,
    /// The whole job, as it stands now.
    pub counts: Counts,
    /// What the run was narrowed to, if it was.
    pub narrowed: Option<Narrowed>,
}

impl Summary {
    /// Where its money is, where any price is known.
    pub fn money(&self) -> Option<Held> {
        (self.cost.is_some() || self.held != Held::default()).then_some(self.held)
    }
}

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When.
    pub time: Timestamp,
    /// In which job.
    pub job: String,
    /// What.
    pub news: News,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Always the first.
    RunStarted {
        /// The job as it stands.
        counts: Counts,
        /// Items this run will take at most.
        items: u64,
    },
    /// A request leaves.
    AttemptStarted {
        /// The item's id.
        item: String,
        /// Its how-manieth attempt.
        attempt: u32,
        /// What it may cost, where a price is known.
        reserved: Option<Usd>,
    },
    /// A request is in flight no more: its answer came, or will never come. Nothing is durable yet, and nothing is
    /// told of what came: this is for showing progress only.
    AttemptLanded {
        /// The item's id.
        item: String,
        /// Its how-manieth attempt.
        attempt: u32,
    },
    /// A claim was settled, durably.
    AttemptEnded {
        /// The item's id.
        item: String,
        /// Its how-manieth attempt.
        attempt: u32,
        /// `done`, `retry`, `failed` or `returned`.
        outcome: &'static str,
        /// Why it gave nothing.
        failure: Option<Failure>,
        /// What it cost, where a price is known.
        cost: Option<Usd>,
        /// The picture, below the output folder.
        file: Option<String>,
        /// Images that were kept of it.
        images: u64,
    },
    /// The server asked for patience: nothing is sent until then.
    Slowed {
        /// When sending goes on.
        until: Timestamp,
        /// In the server's words.
        message: String,
    },
    /// A person paused the job: nothing is sent until it is resumed; what is in flight is finished.
    Paused {
        /// Since when.
        since: Timestamp,
    },
    /// A person resumed the job: sending goes on.
    Resumed {
        /// So long after the run had noticed the pause.
        after: Duration,
    },
    /// Nothing more is sent; what is in flight is finished.
    Halted {
        /// Why.
        message: String,
    },
    /// Always the last.
    RunEnded(Summary),
}

/// Someone who listens to a run. Told only what is durable, but for [`News::AttemptLanded`].
pub trait Reporter: Send {
    /// Takes note of an event, without blocking for long.
    fn tell(&mut self, event: &Event);
}
