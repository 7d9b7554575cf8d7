//! What a reading of a manifest does to an item that was known before: the decision, for whoever takes the manifest in
//! and for whoever only foresees it. Never writes.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::{ItemState, Redo};
use super::reviewed::IS_SENT_BACK;
use super::stored::{item_state, optional_json};
use crate::domain::{Item, Sources};

/// The first schema that notes what references hold.
const KNOWS_SOURCES: usize = 4;

/// The first that knows of reviews.
const KNOWS_REVIEWS: usize = 13;

/// What is known of an item that a row names again.
pub(super) struct Known {
    pub key: i64,
    pub line: u64,
    pub last_revision: i64,
    pub state: ItemState,
    /// Whether a person sent it back: it asks for something of its own.
    pub is_sent_back: bool,
    /// What its references held; none where nobody noted it.
    pub sources: Option<Sources>,
    /// Whether its row asks for the same under the same name.
    same_request: bool,
    /// Whether its references hold the same, as far as that is known.
    same_sources: bool,
    /// Whether the manifest took it out.
    gone_before: bool,
    /// Whether an attempt of it may have cost something; asked only where the row reads otherwise. Being throttled or
    /// meeting a bad key costs nothing.
    maybe_paid: bool,
}

/// What a new revision does to an item known before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It is as it was.
    None,
    /// It keeps what it has, though its row reads otherwise.
    Kept,
    /// It takes what its row says now.
    Edit { requeue: bool },
    /// The same, though it has its picture: that becomes an earlier version.
    Redo,
}

impl Known {
    /// Finds an item that a revision up to `newest` knows, in a database of this schema.
    pub fn find(
        connection: &Connection,
        schema: usize,
        job: i64,
        newest: i64,
        item: &Item,
    ) -> rusqlite::Result<Option<Self>> {
        let sources = if schema >= KNOWS_SOURCES { "sources" } else { "NULL" };
        // What a person sent back asks for something of its own; it is its row that is compared.
        let (digest, is_sent_back) = match schema >= KNOWS_REVIEWS {
            true => ("coalesce(row_digest, digest)", IS_SENT_BACK),
            false => ("digest", "FALSE"),
        };
        let sql = format!(
            "SELECT key, line, last_revision, state, {digest} = ?3 AND name = ?4, cancelled_by IS 'manifest',
                    ({digest} <> ?3 OR name <> ?4) AND
                    (counted > 0 OR EXISTS (SELECT 1 FROM attempts WHERE item_key = key AND state = 'lost')),
                    {sources}, {is_sent_back}
             FROM items WHERE job_id = ?1 AND id = ?2 AND first_revision <= ?5"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let known = statement.query_row(params![job, item.id.as_str(), item.digest.0, item.name, newest], |row| {
            let sources: Option<Sources> = optional_json(row, 7)?;
            Ok(Self {
                key: row.get(0)?,
                line: row.get(1)?,
                last_revision: row.get(2)?,
                state: item_state(row, 3)?,
                is_sent_back: row.get(8)?,
                same_request: row.get(4)?,
                gone_before: row.get(5)?,
                maybe_paid: row.get(6)?,
                same_sources: sources.as_ref().is_none_or(|known| known.agree(&item.sources)),
                sources,
            })
        });
        known.optional()
    }

    /// While nothing was paid for it, it takes the new request; failed, it gets a new chance; done, it is made again if
    /// that is asked for; otherwise it keeps what it has. One that waits to be sent will be sent with what its references
    /// hold then: so it always takes them.
    pub fn change(&self, redo: Redo) -> Change {
        let same = self.same_request && self.same_sources;
        match self.state {
            ItemState::Cancelled if self.gone_before => Change::Edit { requeue: true },
            _ if same => Change::None,
            ItemState::Failed => Change::Edit { requeue: true },
            ItemState::Done if redo == Redo::Yes => Change::Redo,
            ItemState::Queued | ItemState::Cancelled if self.same_request || !self.maybe_paid => {
                Change::Edit { requeue: false }
            }
            _ => Change::Kept,
        }
    }

    /// What is to be noted of the references of an item that is as it was, where more is known of them now.
    pub fn learned(&self, item: &Item) -> Option<Sources> {
        let known = self.sources.clone().unwrap_or_default();
        let learned = known.completed(&item.sources);
        (self.sources.as_ref() != Some(&learned)).then_some(learned)
    }
}
