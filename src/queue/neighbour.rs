//! Two items, of two jobs or of one, that would give their pictures one name. Never decides which of them goes on.

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

/// An item whose picture would be called as one that a finished item of its job has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Displaced {
    /// The item.
    pub item: ItemId,
    /// Its line in the manifest.
    pub line: u64,
    /// What both would be called.
    pub name: String,
    /// The finished item.
    pub holder: ItemId,
}
