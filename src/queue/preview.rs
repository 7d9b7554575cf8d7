//! What taking a manifest in would do, told beforehand: the contract. Never changes anything.

use super::{Clash, ItemState, QueueError, RecentAttempt};
use crate::domain::{Cap, Held, Item, ItemId, ManifestRow, Request, SeenFile, Sources, Timestamp};

/// Foresees what [`Intake`](super::Intake) would do with the rows of a manifest, given one after the other; may be used
/// while a run is on, and never stands in its way. Where there is no database yet, or the job is unknown to it, every
/// item is new.
pub trait Preview {
    /// Calls `each` with every file that the last reading saw, until it returns false.
    fn files_seen(&self, each: &mut dyn FnMut(&SeenFile) -> bool) -> Result<(), QueueError>;

    /// What would become of a row's items.
    fn look(&mut self, row: &ManifestRow, items: &[Item]) -> Result<Foreseen, QueueError>;

    /// Calls `each` with the known items that no row has named so far, without holding them all, until it returns
    /// false.
    fn gone(&self, each: &mut dyn FnMut(Gone) -> bool) -> Result<(), QueueError>;

    /// Calls `each` with the newest attempts of all jobs of the database that asked this model and ended, the newest
    /// first, so many at most.
    fn recent_attempts(&self, model: &str, most: usize, each: &mut dyn FnMut(RecentAttempt)) -> Result<(), QueueError>;

    /// How many requests of all jobs left since then and were let in: what was throttled takes up no quota.
    fn sent_since(&self, moment: Timestamp) -> Result<u64, QueueError>;

    /// What counts against each of these caps already; nothing where no attempt was ever paid.
    fn held(&self, caps: &[Cap]) -> Result<Vec<Held>, QueueError>;

    /// Whether a person approved the job's pilot.
    fn is_approved(&self) -> Result<bool, QueueError>;
}

/// What would become of a row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Foreseen {
    /// What would become of each of its items, in their order.
    pub items: Vec<Fate>,
    /// What clashes with an earlier row: the manifest would be refused.
    pub clashes: Vec<Clash>,
}

/// What would become of an item.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// It was not known before, and would wait.
    New,
    /// An earlier row of this reading has its id.
    Repeated,
    /// It would stay as it is.
    Same(ItemState),
    /// The same; a person sent it back, and it waits to be asked for like this, and not as its row says.
    SentBack(Box<Request>),
    /// It would take what its row says now.
    Updated {
        /// Where it stands; failed, or taken out by the manifest, it would be queued anew.
        state: ItemState,
        /// What it had been before.
        before: Box<Before>,
    },
    /// It is finished, its row reads otherwise, and it would be made again, as was asked for.
    Redone {
        /// What would become its earlier version.
        before: Box<Before>,
    },
    /// Its row reads otherwise, and it would keep what it has: it is finished, or something may have been paid for it.
    Changed {
        /// Where it stands.
        state: ItemState,
        /// What it keeps.
        before: Box<Before>,
    },
}

/// What is known of an item whose row reads otherwise now.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// How it is called.
    pub name: String,
    /// What it asks for.
    pub request: Request,
    /// What its references held; none where nobody noted it.
    pub sources: Option<Sources>,
}

/// A known item without a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The item.
    pub id: ItemId,
    /// Where it stands; waiting, it would be taken out.
    pub state: ItemState,
}
