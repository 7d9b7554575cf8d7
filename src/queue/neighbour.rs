//! Two jobs that would give their pictures one name. Never decides which of them goes on.

use crate::domain::ItemId;

/// An item whose picture would be called as one of another job in the same output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// The item.
    pub item: ItemId,
    /// Its line in the manifest.
    pub line: u64,
    /// What both would be called.
    pub name: String,
    /// The other job.
    pub job: String,
}
