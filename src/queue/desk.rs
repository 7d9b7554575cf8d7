//! A person's hand on the queue: what a desk lets them do. Never makes pictures.

use super::{QueueError, StoredItem};
use crate::domain::{FailureKind, ItemId, Timestamp};

/// Which failed items to put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// The failed, but not the refused or lost.
    Failed,
    /// Failed of one kind.
    Kind(FailureKind),
    /// These items, whatever their kind.
    Items(Vec<ItemId>),
}

/// A person's hand on the queue; may be used while a run is on.
pub trait Desk {
    /// Puts failed (or cancelled, if named) items back, with all their attempts before them. Returns how many.
    fn retry(&mut self, now: Timestamp, job: &str, selection: &Selection) -> Result<u64, QueueError>;

    /// Puts done items back whose pictures are gone, as if never tried but for their history: they are asked for again
    /// as they were. One that is no longer done with these pictures stays, and so does one without a row. Returns how
    /// many were put back.
    fn remake(&mut self, now: Timestamp, job: &str, items: &[&StoredItem]) -> Result<u64, QueueError>;

    /// Lets the runs of a job send all its items, not only its pilot. Returns when that had been allowed before.
    fn approve(&mut self, now: Timestamp, job: &str) -> Result<Option<Timestamp>, QueueError>;

    /// Takes waiting items out: all, or those named. One that was to be made again is left with the picture it has. Returns
    /// how many.
    fn cancel(&mut self, job: &str, items: Option<&[ItemId]>) -> Result<u64, QueueError>;

    /// Lets the runs of a job send nothing more, those that are on and those to come. Returns since when that had been so
    /// before.
    fn pause(&mut self, now: Timestamp, job: &str) -> Result<Option<Timestamp>, QueueError>;

    /// Lets them send again. Returns since when they did not.
    fn resume(&mut self, job: &str) -> Result<Option<Timestamp>, QueueError>;
}
