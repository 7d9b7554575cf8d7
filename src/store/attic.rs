//! What may go from an output folder when a person says so: the contract. Never a picture that an item has now, nor
//! anything that was not made here.

use super::{KeptFile, Shelf, StoreError};
use crate::domain::{Mark, Timestamp};

/// Something that lies among the earlier pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Path below the output folder.
    pub file: String,
    /// What the file was called before it became an earlier one: its path below the output folder.
    pub was: String,
    /// Why it cannot be an earlier picture, though it is called like one.
    pub obstacle: Option<String>,
}

/// What became of a file that was to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clearing {
    /// It is gone, or would be.
    Done,
    /// It is not what was kept: it stays.
    Other,
    /// It is still there, and why.
    Failed(String),
}

/// A file that was left in staging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOver {
    /// Path below the output folder.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// What became of it.
    pub clearing: Clearing,
}

/// The files of one job, in the hand of someone who tidies up while no run of it is on. All methods may block on the
/// disk.
pub trait Attic: Shelf {
    /// Calls `each` with everything among the earlier pictures that is called like one, and what cannot be looked into.
    /// Whether there is anything to look into.
    fn earlier(&self, each: &mut dyn FnMut(Earlier)) -> Result<bool, StoreError>;

    /// Removes this earlier file if it holds what was kept; if it is `dry`, only says what would happen.
    fn clear_earlier(&self, file: &KeptFile, dry: bool) -> Clearing;

    /// Removes what is left in the job's staging and belongs to nobody, as [`Shelf::walk_staging`] tells it, if it was
    /// last written before this moment; if it is `dry`, only says what would go. Fails while a run of whatever database
    /// is at work there.
    fn clear_staging(
        &self,
        mark: &Mark,
        received: &[&str],
        before: Timestamp,
        dry: bool,
        each: &mut dyn FnMut(LeftOver),
    ) -> Result<(), StoreError>;
}
