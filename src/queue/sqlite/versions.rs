//! What items had that are made again: laid by when they are queued anew, kept for whoever asks later. Never decides
//! which items these are, never looks at a file.

use rusqlite::{Connection, Row, Transaction, params};

use super::super::VersionRecord;
use super::stored::{json, to_json};
use crate::domain::{ItemId, Timestamp};

/// The artifact of an item that still stands where it was published, though the item is made again, as a column of a
/// statement over items.
pub(super) const STANDING: &str = "(SELECT versions.artifact FROM versions WHERE item_key = key AND stands)";

/// What is laid by of an item, as a statement over items to which their choice is added.
const LAY_BY: &str =
    "INSERT INTO versions (item_key, number, job_id, name, request, digest, sources, artifact, attempt,
                           row_digest, sent_back)
     SELECT key, (SELECT coalesce(max(number), 0) + 1 FROM versions WHERE versions.item_key = key),
            items.job_id, items.name, items.request, items.digest, items.sources, artifact,
            (SELECT max(number) FROM attempts WHERE attempts.item_key = key AND outcome = 'done'), row_digest";

/// Lays by what those done items have that the job's edits queue anew. CROSS keeps SQLite to the edits, which are few.
pub(super) fn lay_by(connection: &Connection, job: i64) -> rusqlite::Result<()> {
    let edited = format!(
        "{LAY_BY}, 0 FROM edits CROSS JOIN items ON items.key = edits.item_key
         WHERE edits.job_id = ?1 AND requeue AND state = 'done'"
    );
    connection.execute(&edited, [job]).map(drop)
}

/// The same for a done item that a person sends back. Returns the number of the version.
pub(super) fn lay_by_sent_back(connection: &Connection, item: i64) -> rusqlite::Result<Option<i64>> {
    let sent_back = format!("{LAY_BY}, 1 FROM items WHERE key = ?1 AND state = 'done'");
    if connection.execute(&sent_back, [item])? == 0 {
        return Ok(None);
    }
    let number = "SELECT max(number) FROM versions WHERE item_key = ?1";
    connection.query_row(number, [item], |row| row.get(0))
}

/// Items whose rows read again as they did when their last picture was made, before another was: they have it still, and
/// it is not paid for twice. What a person sent back is to be another.
pub(super) fn bring_back(connection: &Connection, job: i64) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE items SET state = 'done', due_at = NULL, artifact = versions.artifact, failure_kind = NULL, failure = NULL,
                request = versions.request, digest = versions.digest, row_digest = versions.row_digest
         FROM versions, edits
         WHERE versions.job_id = ?1 AND stands AND versions.item_key = items.key AND edits.item_key = items.key
               AND state = 'queued' AND coalesce(versions.row_digest, versions.digest) = edits.digest
               AND versions.name = edits.name AND versions.sources IS edits.sources AND NOT sent_back",
        [job],
    )?;
    forget_brought_back(connection, job)
}

/// What is an item's own again is no earlier version of it.
fn forget_brought_back(connection: &Connection, job: i64) -> rusqlite::Result<()> {
    let brought_back = "DELETE FROM versions WHERE job_id = ?1 AND stands
                        AND (SELECT state FROM items WHERE key = item_key) = 'done'";
    connection.execute(brought_back, [job]).map(drop)
}

/// An item that waits to be made again is done as it was: its row reads otherwise again, and a reading tells so.
const LEAVE: &str = "UPDATE items SET state = 'done', due_at = NULL, artifact = versions.artifact, failure_kind = NULL,
            failure = NULL, name = versions.name, request = versions.request, digest = versions.digest,
            sources = versions.sources, row_digest = versions.row_digest
     FROM versions WHERE versions.job_id = ?1 AND items.job_id = ?1 AND stands AND versions.item_key = items.key
                         AND items.state = 'queued'";

/// Leaves all items that wait to be made again as they were. Returns how many.
pub(super) fn leave_all(connection: &Connection, job: i64) -> rusqlite::Result<usize> {
    let left = connection.execute(LEAVE, [job])?;
    note_left(connection, job, left).map(|()| left)
}

/// The same for these items, each found by its id, however many others wait.
pub(super) fn leave(connection: &Connection, job: i64, items: &[ItemId]) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare(&format!("{LEAVE} AND items.id = ?2"))?;
    let mut left = 0;
    for item in items {
        left += statement.execute(params![job, item.as_str()])?;
    }
    note_left(connection, job, left).map(|()| left)
}

/// The same for those for which no request left since they were put back, but for the items of these keys: to make them
/// again was asked of the run that did so, and of no other. What a person sent back is asked of whichever run comes.
pub(super) fn leave_unsent(connection: &Connection, job: i64, but: &[i64]) -> rusqlite::Result<usize> {
    let unsent = format!(
        "{LEAVE} AND NOT sent_back AND items.key NOT IN (SELECT value FROM json_each(?2))
                 AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.item_key = items.key
                                 AND attempts.number > coalesce(versions.attempt, 0) AND attempts.state <> 'unsent')"
    );
    let left = connection.execute(&unsent, params![job, to_json(&but)?])?;
    if left > 0 {
        connection.execute("UPDATE jobs SET results_stale = 1 WHERE id = ?1", [job])?;
    }
    note_left(connection, job, left).map(|()| left)
}

fn note_left(connection: &Connection, job: i64, left: usize) -> rusqlite::Result<()> {
    if left > 0 {
        forget_brought_back(connection, job)?;
        connection.execute("DELETE FROM readings WHERE job_id = ?1", [job])?;
    }
    Ok(())
}

/// Where another item has the name of an earlier picture now, the files there are that item's: they become an earlier
/// version when it is published.
pub(super) fn give_up_names(connection: &Connection, job: i64) -> rusqlite::Result<()> {
    let any = "SELECT EXISTS (SELECT 1 FROM versions WHERE job_id = ?1 AND stands)";
    if !connection.query_row(any, [job], |row| row.get::<_, bool>(0))? {
        return Ok(());
    }
    let give_up = "UPDATE versions SET stands = 0
         WHERE job_id = ?1 AND stands AND name <> (SELECT name FROM items WHERE key = item_key)
               AND name IN (SELECT name FROM items WHERE job_id = ?1)";
    connection.execute(give_up, [job]).map(drop)
}

/// The item's new picture is published: the earlier one stands no more.
pub(super) fn replaced(transaction: &Transaction<'_>, item: i64) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached("UPDATE versions SET stands = 0 WHERE item_key = ?1")?;
    statement.execute([item]).map(drop)
}

/// What an item had, in the order in which it was made.
pub(super) fn of_item(connection: &Connection, item: i64) -> rusqlite::Result<Vec<VersionRecord>> {
    let mut statement = connection.prepare(
        "SELECT number, attempt, name, request, artifact, stands, pruned_at,
                (SELECT ended_at FROM attempts WHERE attempts.item_key = ?1 AND attempts.number = attempt)
         FROM versions WHERE versions.item_key = ?1 ORDER BY number",
    )?;
    statement.query_map(params![item], version)?.collect()
}

fn version(row: &Row<'_>) -> rusqlite::Result<VersionRecord> {
    Ok(VersionRecord {
        number: row.get(0)?,
        attempt: row.get(1)?,
        made_at: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_millis),
        name: row.get(2)?,
        request: json(row, 3)?,
        artifact: json(row, 4)?,
        stands: row.get(5)?,
        pruned_at: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_millis),
    })
}
