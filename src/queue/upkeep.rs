//! What a database no longer needs, and a person may have removed: the contract. Never removes a picture: it only tells
//! which are earlier ones, and takes note when they are gone.

use std::path::PathBuf;

use super::QueueError;
use super::lock::RunLock;
use crate::domain::{Artifact, ItemId, Timestamp};

/// A picture that an item had before it was made again, as long as its files are not known to be removed.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlierVersion {
    /// The item's key in the database.
    pub(in crate::queue) key: i64,
    /// The item.
    pub item: ItemId,
    /// 1, 2, 3 … of its item.
    pub number: u32,
    /// Its files, as they were called before they moved to the earlier ones.
    pub artifact: Artifact,
    /// When its successor came, where that is known.
    pub replaced_at: Option<Timestamp>,
    /// Whether it stands for its product, for a person said so.
    pub is_favourite: bool,
}

/// A copy of the database from before a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseCopy {
    /// Where it lies.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// When it was made.
    pub made_at: Timestamp,
}

/// A person who tidies up.
pub trait Upkeep {
    /// Keeps runs of a job from beginning, for as long as what is returned is held; fails if one is on. `holder` is what
    /// they are told.
    fn hold(&self, job: &str, holder: &str) -> Result<RunLock, QueueError>;

    /// The earlier versions of a job's items that nothing shows any more, those of an item together and the oldest first.
    fn earlier(&self, job: &str) -> Result<Vec<EarlierVersion>, QueueError>;

    /// Has `clear` remove one of them, and takes note if that says it is gone. Nobody can say anything of it meanwhile.
    /// Whether it may go: by now a person may have made it their favourite, and then `clear` is not called.
    fn remove(
        &mut self,
        now: Timestamp,
        job: &str,
        version: &EarlierVersion,
        clear: &mut dyn FnMut() -> bool,
    ) -> Result<bool, QueueError>;

    /// The copies of the database from before its migrations, but for one that is being made.
    fn copies(&self) -> Result<Vec<DatabaseCopy>, QueueError>;

    /// Removes one.
    fn remove_copy(&self, copy: &DatabaseCopy) -> Result<(), QueueError>;
}
