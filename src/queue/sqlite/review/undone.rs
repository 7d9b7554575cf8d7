//! The newest act of a person, taken back: what was said before stands again. Never forgets that there was one.

use rusqlite::{OptionalExtension, Transaction, params};

use super::super::super::{Acted, CardKey, Witness};
use super::Listed;
use super::said::results_are_stale;
use super::sent_back;

/// Takes the newest act back, if there is one left.
pub(super) fn undo(
    transaction: &Transaction<'_>,
    listed: Listed,
    witness: Witness<'_>,
) -> rusqlite::Result<Option<Acted>> {
    let newest = "SELECT id, word FROM acts WHERE job_id = ?1 AND undone_at IS NULL ORDER BY id DESC LIMIT 1";
    let newest = transaction.query_row(newest, [listed.job], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)));
    let Some((act, word)) = newest.optional()? else { return Ok(None) };
    let word: String = word;
    transaction.execute("UPDATE acts SET undone_at = ?2 WHERE id = ?1", params![act, witness.now.millis()])?;
    let items = take_back(transaction, act)?;
    let mut left = 0;
    match word.as_str() {
        "caption" => results_are_stale(transaction, listed)?,
        "send_back" => left = u64::from(!sent_back::take_out(transaction, listed, act)?),
        _ => {}
    }
    Ok(Some(Acted { word, items: items.into_iter().map(CardKey).collect(), left }))
}

/// What the act said stands no more, and what stood before it does again. Returns the items.
fn take_back(transaction: &Transaction<'_>, act: i64) -> rusqlite::Result<Vec<i64>> {
    let items = "SELECT item_key FROM verdicts WHERE act_id = ?1 ORDER BY item_key";
    let items =
        transaction.prepare(items)?.query_map([act], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    let mut falls = transaction.prepare("UPDATE verdicts SET stands = 0 WHERE item_key = ?1 AND act_id = ?2")?;
    let mut stands = transaction.prepare(
        "UPDATE verdicts SET stands = 1 WHERE item_key = ?1 AND act_id =
             (SELECT max(act_id) FROM verdicts AS earlier JOIN acts ON acts.id = act_id
              WHERE earlier.item_key = ?1 AND undone_at IS NULL)",
    )?;
    for item in &items {
        falls.execute(params![item, act])?;
        stands.execute([item])?;
    }
    Ok(items)
}
