//! What should lie where, for those who look after the files. Never looks at the disk, never writes.

use super::QueueError;
use crate::domain::{Artifact, Mark, StagedImage};

/// An item, as far as its files are concerned.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredItem {
    /// The item's key in the database.
    pub(in crate::queue) key: i64,
    /// Where its picture goes: a path below the output folder, without extension.
    pub name: String,
    /// Its files, once it is done.
    pub artifact: Option<Artifact>,
    /// The files it had before it was to be made again, as long as nothing has taken their place.
    pub earlier: Option<Artifact>,
}

/// The read side of the queue for those who look after the files; may be used while a run is on.
pub trait Inventory {
    /// Calls `each` with all items of a job, listed or not, some at a time and without holding them all. What is begun
    /// meanwhile may be missing. `each` may stop it by returning false.
    fn items(&self, job: &str, each: &mut dyn FnMut(&[StoredItem]) -> bool) -> Result<(), QueueError>;

    /// What tells this workspace's staged files from another's.
    fn mark(&self) -> Result<Mark, QueueError>;

    /// The images that were received and wait in staging.
    fn staged(&self, job: &str) -> Result<Vec<StagedImage>, QueueError>;
}
