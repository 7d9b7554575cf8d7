//! Items sent back: queued anew with what a person asks for, and taken out again. Never sends anything, never touches a
//! file.

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::super::super::{Acted, CardKey, ItemState, SentBack, Witness};
use super::super::stored::{item_state, json, to_json};
use super::super::{one, versions};
use super::Listed;
use super::said::{begin_act, results_are_stale, subject, write};
use crate::domain::{Decision, Request};

/// An item, and what is to be known of it before it is sent back. What was sent and may yet be found in staging is under
/// way as well.
const FOUND: &str = "SELECT state, request, first_revision <= ?3 AND last_revision >= ?3,
        EXISTS (SELECT 1 FROM attempts WHERE item_key = key AND attempts.state IN ('sent', 'received')),
        row_digest IS NOT NULL,
        EXISTS (SELECT 1 FROM attempts WHERE item_key = key AND attempts.state <> 'unsent' AND number >
                (SELECT max(returns.attempts) FROM returns JOIN acts ON acts.id = act_id
                 WHERE item_key = key AND undone_at IS NULL)),
        coalesce(artifact, (SELECT versions.artifact FROM versions WHERE item_key = key AND stands))
            ->> '$.images[0].blake3'
     FROM items WHERE key = ?1 AND job_id = ?2";

/// The item as it is, kept for whoever takes the act back.
const KEEP: &str = "INSERT INTO returns (act_id, item_key, asked, version, attempts, state, due_at, request, digest,
                         row_digest, counted, empty, failure_kind, failure)
     SELECT ?2, key, ?3, ?4, attempts, state, due_at, request, digest, row_digest, counted, empty, failure_kind, failure
     FROM items WHERE key = ?1";

/// It waits, as if it had never been tried but for its history, and asks for something of its own.
const QUEUE: &str = "UPDATE items SET state = 'queued', due_at = ?2, counted = 0, empty = 0, failure_kind = NULL,
            failure = NULL, artifact = NULL, request = ?3, digest = ?4, row_digest = coalesce(kept_digest, row_digest, digest)
     WHERE key = ?1";

/// An item that an act sent back, as it was before, as long as it still asks for what the act does and nothing left for it.
/// One that a person, or the manifest, took out meanwhile does not wait again by that.
const TAKE_OUT: &str = "UPDATE items SET state = iif(items.state = 'cancelled' AND returns.state = 'queued', 'cancelled', returns.state),
            due_at = iif(items.state = 'cancelled' AND returns.state = 'queued', NULL, returns.due_at),
            cancelled_by = iif(items.state = 'cancelled' AND returns.state = 'queued', items.cancelled_by, NULL), request = returns.request,
            digest = returns.digest, row_digest = returns.row_digest, counted = returns.counted, empty = returns.empty,
            failure_kind = returns.failure_kind, failure = returns.failure, artifact = laid_by.artifact,
            name = coalesce(laid_by.name, items.name), sources = iif(laid_by.name IS NULL, items.sources, laid_by.sources)
     FROM returns LEFT JOIN versions AS laid_by
          ON laid_by.item_key = returns.item_key AND laid_by.number = returns.version AND laid_by.stands
     WHERE returns.act_id = ?1 AND items.key = returns.item_key AND items.state IN ('queued', 'cancelled')
           AND items.digest = returns.asked AND (returns.version IS NULL OR laid_by.number IS NOT NULL)
           AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.item_key = items.key
                           AND attempts.number > returns.attempts AND attempts.state <> 'unsent')";

/// Whether a picture is one of those that the item has: all of these are sent back.
const IS_OF_NOW: &str = "SELECT EXISTS (SELECT 1 FROM items, json_each(items.artifact, '$.images') AS image
                                        WHERE items.key = ?1 AND image.value ->> '$.blake3' = ?2)";

struct Found {
    state: ItemState,
    request: Request,
    is_listed: bool,
    /// Whether a request of it is on its way, or an answer waits to be kept.
    is_under_way: bool,
    was_sent_back: bool,
    /// Whether a request left since that.
    has_left: bool,
    /// The picture it has, or had until it was to be made again.
    picture: Option<String>,
}

fn found(row: &Row<'_>) -> rusqlite::Result<Found> {
    Ok(Found {
        state: item_state(row, 0)?,
        request: json(row, 1)?,
        is_listed: row.get(2)?,
        is_under_way: row.get(3)?,
        was_sent_back: row.get(4)?,
        has_left: row.get(5)?,
        picture: row.get(6)?,
    })
}

/// Sends an item back, if it can be.
pub(super) fn send_back(
    transaction: &Transaction<'_>,
    listed: Listed,
    witness: Witness<'_>,
    item: CardKey,
    prompt: &str,
) -> rusqlite::Result<SentBack> {
    let known = transaction.query_row(FOUND, params![item.0, listed.job, listed.revision], found).optional()?;
    let Some(known) = known.filter(|known| known.is_listed) else { return Ok(SentBack::Gone) };
    match known.state {
        _ if known.is_under_way => return Ok(SentBack::Running),
        ItemState::Running => return Ok(SentBack::Running),
        ItemState::Queued if known.was_sent_back && known.has_left => return Ok(SentBack::Running),
        ItemState::Queued if !known.was_sent_back || known.request.prompt == prompt => return Ok(SentBack::Waiting),
        ItemState::Cancelled => return Ok(SentBack::Waiting),
        ItemState::Queued | ItemState::Done | ItemState::Failed => {}
    }
    let Some(subject) = subject(transaction, listed, item.0)? else { return Ok(SentBack::Gone) };
    let act = begin_act(transaction, listed, witness, "send_back")?;
    let mut verdict = subject.verdict;
    (verdict.decision, verdict.picture) = (Some(Decision::Rejected), known.picture);
    // It was written of a picture that goes.
    verdict.caption = None;
    if let Some(favourite) = &verdict.favourite
        && transaction.query_row(IS_OF_NOW, params![item.0, favourite], |row| row.get(0))?
    {
        verdict.favourite = None;
    }
    write(transaction, act, item.0, &verdict)?;
    let request = to_json(&Request { prompt: prompt.to_owned(), ..known.request })?;
    // The hash of its stored form, as that of every request.
    let digest = *blake3::hash(request.as_bytes()).as_bytes();
    let version = versions::lay_by_sent_back(transaction, item.0)?;
    one(transaction, KEEP, params![item.0, act, digest, version])?;
    one(transaction, QUEUE, params![item.0, witness.now.millis(), request, digest])?;
    results_are_stale(transaction, listed)?;
    // Also where a version stands already, as of an item that failed while it was made again: no run leaves it as it was.
    transaction.execute("UPDATE versions SET sent_back = 1 WHERE item_key = ?1 AND stands", [item.0])?;
    Ok(SentBack::Queued(Acted { word: "send_back".to_owned(), items: vec![item], left: 0 }))
}

/// Takes out again what an act sent back; returns whether nothing of it is left to be made.
pub(super) fn take_out(transaction: &Transaction<'_>, listed: Listed, act: i64) -> rusqlite::Result<bool> {
    if transaction.execute(TAKE_OUT, [act])? == 0 {
        return is_over(transaction, act);
    }
    // What is the item's own again is no earlier version of it; and its row may read otherwise.
    transaction.execute(
        "DELETE FROM versions WHERE (item_key, number) = (SELECT item_key, version FROM returns WHERE act_id = ?1)",
        [act],
    )?;
    transaction.execute(
        "UPDATE versions SET sent_back = 0 WHERE stands AND item_key = (SELECT item_key FROM returns WHERE act_id = ?1)
                AND (SELECT row_digest FROM items WHERE key = item_key) IS NULL",
        [act],
    )?;
    transaction.execute("DELETE FROM readings WHERE job_id = ?1", [listed.job])?;
    results_are_stale(transaction, listed)?;
    Ok(true)
}

/// Whether the item has its picture again by other means, before any request left for it.
fn is_over(transaction: &Transaction<'_>, act: i64) -> rusqlite::Result<bool> {
    let over = "SELECT items.state = 'done' AND NOT EXISTS
                       (SELECT 1 FROM attempts WHERE attempts.item_key = items.key
                        AND attempts.number > returns.attempts AND attempts.state <> 'unsent')
                FROM returns JOIN items ON items.key = returns.item_key WHERE act_id = ?1";
    transaction.query_row(over, [act], |row| row.get(0))
}
