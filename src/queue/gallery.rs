//! What a review looks at: a job's items found by what strikes the eye, and everything a card of one shows. Never writes.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use super::{ItemRecord, ItemState, QueueError};
use crate::domain::{Artifact, Check, Decision, FailureKind, Timestamp, Verdict};

/// An item on the table, by its key in the database. A number that a page may name and give back: it is looked up within
/// its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardKey(pub i64);

/// Which picture an item has, if any, in few bytes: enough to tell whether it has another one later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureMark(u64);

impl PictureMark {
    /// Of the picture with this BLAKE3; none where there is no picture.
    pub fn of(picture: Option<&str>) -> Self {
        let mut hasher = DefaultHasher::new();
        picture.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// What somebody wants to see: all that is given must hold. Only items that the manifest lists are ever found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// In this state.
    pub state: Option<ItemState>,
    /// Failed, in this way.
    pub kind: Option<FailureKind>,
    /// Of this standing in the review.
    pub standing: Option<Standing>,
    /// With a picture that does not pass this check.
    pub check: Option<Check>,
    /// Each of these words stands in its id, prompt, caption, message, note or cells, capitals and accents apart.
    pub words: Vec<String>,
    /// The cell of this column of the manifest, by its number, is exactly this.
    pub cell: Option<(usize, String)>,
}

/// Where an item is in the review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It has a picture that nobody has decided on: none yet, or not on this one.
    Open,
    /// Its picture is approved.
    Approved,
    /// Its picture is rejected.
    Rejected,
    /// It holds the picture that stands for the product.
    Favourite,
    /// It was sent back, and waits to be made again or is being made.
    SentBack,
    /// It has a note.
    Noted,
}

impl Standing {
    /// Every one.
    pub const ALL: &[Self] =
        &[Self::Open, Self::Approved, Self::Rejected, Self::Favourite, Self::SentBack, Self::Noted];

    /// The standing as addresses and the machine output write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Favourite => "favourite",
            Self::SentBack => "sent-back",
            Self::Noted => "noted",
        }
    }
}

/// What decides where an item is in the review.
#[derive(Debug, Clone, Copy)]
pub struct Stand {
    /// Its state.
    pub state: ItemState,
    /// What was decided about the picture that it has now.
    pub decision: Option<Decision>,
    /// Whether it holds the picture that stands for the product.
    pub is_favourite: bool,
    /// Whether it was sent back, and was not made again since.
    pub is_sent_back: bool,
    /// Whether there is a note.
    pub has_note: bool,
}

impl Stand {
    /// Whether this is where it is.
    pub fn is(&self, standing: Standing) -> bool {
        match standing {
            Standing::Open => self.state == ItemState::Done && self.decision.is_none(),
            Standing::Approved => self.decision == Some(Decision::Approved),
            Standing::Rejected => self.decision == Some(Decision::Rejected),
            Standing::Favourite => self.is_favourite,
            Standing::SentBack => self.is_sent_back,
            Standing::Noted => self.has_note,
        }
    }
}

/// The order in which items are found; where they are equal in that, the manifest's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// As the manifest lists them.
    #[default]
    Manifest,
    /// By their ids.
    Id,
    /// Failed first, then what checks found something about.
    Trouble,
    /// The newest picture first.
    Newest,
    /// The most attempts first.
    Attempts,
    /// The most expensive first.
    Cost,
}

impl Order {
    /// Every one.
    pub const ALL: &[Self] = &[Self::Manifest, Self::Id, Self::Trouble, Self::Newest, Self::Attempts, Self::Cost];

    /// The order as addresses write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Id => "id",
            Self::Trouble => "trouble",
            Self::Newest => "newest",
            Self::Attempts => "attempts",
            Self::Cost => "cost",
        }
    }
}

/// What somebody said of an item, and whether it is still about the picture it has.
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictRecord {
    /// What was said.
    pub verdict: Verdict,
    /// Who said the last of it, as they call themselves.
    pub person: String,
    /// When.
    pub at: Timestamp,
    /// Whether the decision is about the picture that the item has now; false where there is no decision.
    pub holds: bool,
}

/// Everything a card shows of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// Its key.
    pub key: CardKey,
    /// The item and what became of it.
    pub record: ItemRecord,
    /// The line of the manifest that its row begins on.
    pub line: u64,
    /// The cells of that row.
    pub cells: Vec<Value>,
    /// Whether it was sent back and has not been made again.
    pub is_sent_back: bool,
    /// Where it waits to be made again: the picture it has until then.
    pub earlier: Option<Artifact>,
    /// How many earlier pictures it has, one that it shows until the next comes among them.
    pub versions: u32,
    /// The checks that its picture does not pass; none as long as nobody looked.
    pub found: Vec<Check>,
    /// The item whose picture is nearly the same.
    pub twin: Option<CardKey>,
    /// The items of its row, itself among them, in their order: the candidates for one product.
    pub siblings: Vec<CardKey>,
}

/// How many listed items there are of each sort.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewTally {
    /// All.
    pub items: u64,
    /// By state.
    pub states: BTreeMap<&'static str, u64>,
    /// The failed, by kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// By standing; an item may have several.
    pub standings: BTreeMap<&'static str, u64>,
    /// By what was found; an item may have several.
    pub checks: BTreeMap<&'static str, u64>,
}

/// The read side of a review; may be used while a run is on.
pub trait Gallery: Send {
    /// A number that is another one whenever anything in the database has changed since.
    fn change(&self) -> Result<i64, QueueError>;

    /// The items wanted, in this order. For a job of 10,000 items a few hundredths of a second.
    fn find(&self, job: &str, wanted: &Wanted, order: Order) -> Result<Vec<CardKey>, QueueError>;

    /// The same, each with a mark of the picture that it has, all at one moment.
    fn find_pictures(
        &self,
        job: &str,
        wanted: &Wanted,
        order: Order,
    ) -> Result<Vec<(CardKey, PictureMark)>, QueueError>;

    /// The cards of these items, in their order; what is no item of the job is left out.
    fn cards(&self, job: &str, keys: &[CardKey]) -> Result<Vec<Card>, QueueError>;

    /// How many there are of each sort.
    fn review_tally(&self, job: &str) -> Result<ReviewTally, QueueError>;

    /// The commonest values of a column of the manifest, by its number, each with how many rows hold it; at most so many.
    fn values(&self, job: &str, column: usize, most: usize) -> Result<Vec<(String, u64)>, QueueError>;
}
