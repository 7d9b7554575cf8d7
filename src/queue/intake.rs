//! How a manifest gets into the queue, and what that changes: the contract. Never reads a file.

use super::QueueError;
use crate::domain::{Fingerprint, Item, ItemId, ManifestRow, SeenFile};

/// Whether finished items whose rows read otherwise are made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Redo {
    /// They keep their pictures.
    #[default]
    No,
    /// They are queued anew, and what they have becomes an earlier version.
    Yes,
}

/// Two rows that want the same thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// What both want.
    pub over: ClashOver,
    /// The line of the row that came first.
    pub first_line: u64,
}

/// What two rows both want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClashOver {
    /// An item's id.
    Id(ItemId),
    /// A file's name.
    Name(String),
}

/// Takes in a manifest under a revision that nobody sees until it is published.
pub trait Intake {
    /// Takes one row and its items. What clashes with an earlier row is told; such a reading can only be abandoned.
    fn push(&mut self, row: &ManifestRow, items: &[Item]) -> Result<Vec<Clash>, QueueError>;

    /// Notes a file that the rows were checked against. Of a file that was seen twice, the first sight counts.
    fn see(&mut self, file: &SeenFile) -> Result<(), QueueError>;

    /// Lets others write to the queue until the next row: nobody knows when that comes.
    fn rest(&mut self) -> Result<(), QueueError>;

    /// Makes the revision the job's present one. A reading without a fingerprint is never recognised later.
    fn publish(self: Box<Self>, columns: &[String], fingerprint: Option<Fingerprint>) -> Result<Enqueued, QueueError>;

    /// Takes everything back, as if the manifest had never been read.
    fn abandon(self: Box<Self>) -> Result<(), QueueError>;
}

/// What a manifest changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Enqueued {
    /// Rows read.
    pub rows: u64,
    /// Items not known before.
    pub new: u64,
    /// Items whose request changed and who take the new one: waiting ones for which nothing was paid, and failed ones.
    pub updated: u64,
    /// Items whose request changed and who keep the old one: they are finished, or something may have been paid.
    pub kept: u64,
    /// Of these, the finished ones: they would be made again if that was asked for.
    pub finished: u64,
    /// Finished items whose request changed and that are made again, as was asked for.
    pub redone: u64,
    /// Items as they were.
    pub unchanged: u64,
    /// Items whose rows are gone; their pictures stay.
    pub removed: u64,
    /// Rows without an id whose request stood in an earlier row.
    pub repeated: u64,
}

impl Enqueued {
    /// What is told when the same manifest is read once more.
    pub const fn again(self) -> Self {
        Self {
            unchanged: self.new + self.updated + self.redone + self.unchanged,
            new: 0,
            updated: 0,
            redone: 0,
            ..self
        }
    }
}

/// A reading of a manifest that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What was read.
    pub fingerprint: Fingerprint,
    /// What reading the same once more would tell.
    pub again: Enqueued,
}
