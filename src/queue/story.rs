//! One item's whole story, as the ledger tells it. Never changes anything.

use std::time::Duration;

use super::ItemRecord;
use crate::domain::{Artifact, FailureKind, Reply, Request, Timestamp, Usd};

/// Everything that is known of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemStory {
    /// What was asked for and what became of it.
    pub record: ItemRecord,
    /// The line of the manifest on which its row stands, or last stood.
    pub line: u64,
    /// Whether the manifest, as it was last read, still lists it.
    pub is_listed: bool,
    /// The moment before which it may not be tried again; none unless it waits after an attempt.
    pub due_at: Option<Timestamp>,
    /// Who took it out, if it is cancelled.
    pub cancelled_by: Option<CancelledBy>,
    /// Whether a person sent it back, and it was not made again since.
    pub is_sent_back: bool,
    /// Every attempt, in their order.
    pub history: Vec<AttemptRecord>,
    /// The pictures it had before it was made again, in their order.
    pub versions: Vec<VersionRecord>,
    /// What persons did to it in a review, in their order.
    pub acts: Vec<ActRecord>,
}

/// Something that a person did in a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActRecord {
    /// What: `approve`, `reject`, `clear`, `favourite`, `note`, `caption` or `send_back`.
    pub word: String,
    /// The person, as they call themselves.
    pub person: String,
    /// When.
    pub at: Timestamp,
    /// When it was taken back, if so.
    pub undone_at: Option<Timestamp>,
}

/// What an item had before it was made again.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionRecord {
    /// 1, 2, 3 … of its item.
    pub number: u32,
    /// The number of the attempt that made it.
    pub attempt: Option<u32>,
    /// When that was settled.
    pub made_at: Option<Timestamp>,
    /// What its files were called, without extension.
    pub name: String,
    /// What was asked for.
    pub request: Request,
    /// The picture.
    pub artifact: Artifact,
    /// Whether its files stand where they were published, for nothing has taken their place yet.
    pub stands: bool,
    /// When its files were removed, if a person said so.
    pub pruned_at: Option<Timestamp>,
}

/// Who took an item out of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelledBy {
    /// A person.
    Person,
    /// The manifest, which lists it no more.
    Manifest,
}

impl CancelledBy {
    /// Everybody who can.
    pub const ALL: &[Self] = &[Self::Person, Self::Manifest];

    /// Who, as the database and the machine output write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Manifest => "manifest",
        }
    }
}

/// How far an attempt got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptState {
    /// It left, or was about to: nobody has heard of it since.
    Sent,
    /// A whole answer lies in staging.
    Received,
    /// It was answered, and what follows is decided.
    Settled,
    /// It never left: free.
    Unsent,
    /// It left, and no whole answer came: maybe billed.
    Lost,
}

impl AttemptState {
    /// Every state.
    pub const ALL: &[Self] = &[Self::Sent, Self::Received, Self::Settled, Self::Unsent, Self::Lost];

    /// The state as the database and the machine output write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Received => "received",
            Self::Settled => "settled",
            Self::Unsent => "unsent",
            Self::Lost => "lost",
        }
    }
}

/// One attempt, read.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptRecord {
    /// 1, 2, 3 … of its item.
    pub number: u32,
    /// How far it got.
    pub state: AttemptState,
    /// When its request left.
    pub sent_at: Timestamp,
    /// When its answer was durable in staging, if it held pictures.
    pub received_at: Option<Timestamp>,
    /// When it was settled.
    pub ended_at: Option<Timestamp>,
    /// What it might have cost, written before it was sent, where a price was known.
    pub reserved: Option<Usd>,
    /// What it did cost, where that is known.
    pub cost: Option<Usd>,
    /// What became of its item: `done`, `retry`, `failed` or `returned`; none before it is settled.
    pub outcome: Option<String>,
    /// Whose fault it was that it gave nothing.
    pub kind: Option<FailureKind>,
    /// The HTTP status that came with a failure.
    pub status: Option<u16>,
    /// What happened, for people.
    pub message: Option<String>,
    /// What the model said.
    pub reply: Reply,
}

impl AttemptRecord {
    /// How long it was on its way: until its answer was safe, or until it was given up; none while it is.
    pub fn took(&self) -> Option<Duration> {
        self.received_at.or(self.ended_at).map(|end| end.since(self.sent_at))
    }
}
