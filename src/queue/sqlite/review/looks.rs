//! All items that a manifest lists, passed over once with what strikes the eye of each. Never holds them all.

use rusqlite::{Connection, Row, params};

use super::super::super::{ItemState, Order, PictureMark, ReviewTally, Stand, Standing};
use super::super::reviewed::IS_SENT_BACK;
use super::super::stored::{item_state, optional_json, optional_kind, optional_word};
use super::Listed;
use crate::domain::{Check, FailureKind};

/// What is to be known of each item beside what is always looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct More {
    /// Its id.
    pub id: bool,
    /// All that is written of it, but for its row.
    pub text: bool,
    /// What this order goes by.
    pub order: Order,
    /// Which picture it has.
    pub picture: bool,
}

/// An item, as it strikes the eye.
pub(super) struct Look {
    pub key: i64,
    pub line: u64,
    pub state: ItemState,
    pub kind: Option<FailureKind>,
    pub found: Vec<Check>,
    /// What the order goes by, if it is a number that the database has.
    pub rank: Option<i64>,
    /// Empty if it was not asked for.
    pub id: String,
    /// Of nothing if it was not asked for.
    pub picture: PictureMark,
    /// Prompt, captions, message and note, as far as there are.
    pub texts: [Option<String>; 5],
    /// What decides where it is in the review.
    pub stand: Stand,
}

/// The items come in the order of their keys, which is that of their pages; and nothing is looked for in an artifact that
/// nobody said anything of.
fn statement(more: More) -> String {
    let rank = match more.order {
        Order::Manifest | Order::Id | Order::Trouble => "NULL",
        Order::Newest => {
            "iif(state = 'done', (SELECT ended_at FROM attempts WHERE attempts.item_key = items.key AND outcome = 'done'
                                  ORDER BY number DESC LIMIT 1), NULL)"
        }
        Order::Attempts => "attempts",
        Order::Cost => "(SELECT sum(cost) FROM attempts WHERE attempts.item_key = items.key)",
    };
    let id = if more.id { "items.id" } else { "''" };
    let texts = match more.text {
        true => "request ->> '$.prompt', artifact ->> '$.caption', verdicts.caption, failure, note",
        false => "NULL, NULL, NULL, NULL, NULL",
    };
    let picture = if more.picture { "artifact ->> '$.images[0].blake3'" } else { "NULL" };
    format!(
        "SELECT key, line, state, failure_kind, {IS_SENT_BACK}, decision,
                iif(decision IS NULL, 0, artifact ->> '$.images[0].blake3' IS verdicts.picture),
                favourite IS NOT NULL AND NOT (decision IS 'rejected' AND favourite IS verdicts.picture), note IS NOT NULL,
                iif(found IS NULL OR found = '[]', NULL,
                    iif(artifact ->> '$.images[0].blake3' IS findings.picture, found, NULL)),
                {rank}, {id}, {picture}, {texts}
         FROM items LEFT JOIN verdicts ON verdicts.item_key = items.key AND stands
                    LEFT JOIN findings ON findings.item_key = items.key
         WHERE items.key IN (SELECT key FROM items WHERE job_id = ?1)
               AND first_revision <= ?2 AND last_revision >= ?2"
    )
}

/// Passes over the listed items, in no order.
pub(super) fn each(
    connection: &Connection,
    listed: Listed,
    more: More,
    each: &mut dyn FnMut(Look),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(&statement(more))?;
    let mut rows = statement.query(params![listed.job, listed.revision])?;
    while let Some(row) = rows.next()? {
        each(look(row)?);
    }
    Ok(())
}

fn look(row: &Row<'_>) -> rusqlite::Result<Look> {
    let (state, holds) = (item_state(row, 2)?, row.get(6)?);
    let stand = Stand {
        state,
        decision: optional_word(row, 5)?.filter(|_| holds),
        is_favourite: row.get(7)?,
        is_sent_back: row.get(4)?,
        has_note: row.get(8)?,
    };
    Ok(Look {
        key: row.get(0)?,
        line: row.get(1)?,
        state,
        stand,
        kind: optional_kind(row, 3)?,
        found: optional_json(row, 9)?.unwrap_or_default(),
        rank: row.get(10)?,
        id: row.get(11)?,
        picture: PictureMark::of(row.get_ref(12)?.as_str_or_null()?),
        texts: [row.get(13)?, row.get(14)?, row.get(15)?, row.get(16)?, row.get(17)?],
    })
}

/// How many there are of each sort.
pub(super) fn tally(connection: &Connection, listed: Listed) -> rusqlite::Result<ReviewTally> {
    let mut tally = ReviewTally::default();
    each(connection, listed, More::default(), &mut |look| {
        tally.items += 1;
        *tally.states.entry(look.state.as_str()).or_default() += 1;
        if let Some(kind) = look.kind.filter(|_| look.state == ItemState::Failed) {
            *tally.kinds.entry(kind.as_str()).or_default() += 1;
        }
        for standing in Standing::ALL.iter().filter(|standing| look.stand.is(**standing)) {
            *tally.standings.entry(standing.as_str()).or_default() += 1;
        }
        for check in &look.found {
            *tally.checks.entry(check.as_str()).or_default() += 1;
        }
    })?;
    Ok(tally)
}
