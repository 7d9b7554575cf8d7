//! What persons said of a job's pictures: how much of it there is, and of one item every word. Never writes.

use rusqlite::{Connection, Row};

use super::super::{ActRecord, Reviewed};
use crate::domain::Timestamp;

/// Whether an item waits, or is being made, because somebody sent it back; an expression over items.
pub(super) const IS_SENT_BACK: &str = "row_digest IS NOT NULL AND state IN ('queued', 'running')";

/// How far the review of a job is; none where nothing was said, or all was taken back.
pub(super) fn reviewed(connection: &Connection, job: i64) -> rusqlite::Result<Option<Reviewed>> {
    let any = "SELECT EXISTS (SELECT 1 FROM acts WHERE job_id = ?1 AND undone_at IS NULL)";
    if !connection.prepare_cached(any)?.query_row([job], |row| row.get::<_, bool>(0))? {
        return Ok(None);
    }
    // From the job's own acts: a database may hold the verdicts of many jobs.
    let mut said = connection.prepare_cached(
        "SELECT count(*) FILTER (WHERE holds AND decision = 'approved'),
                count(*) FILTER (WHERE holds AND decision = 'rejected'),
                count(*) FILTER (WHERE favourite IS NOT NULL AND NOT (decision IS 'rejected' AND favourite IS picture)),
                count(*) FILTER (WHERE holds AND state = 'done')
         FROM (SELECT decision, favourite, picture, state,
                      decision IS NOT NULL AND artifact ->> '$.images[0].blake3' IS picture AS holds
               FROM acts CROSS JOIN verdicts ON act_id = acts.id AND stands
                    CROSS JOIN items ON items.key = item_key CROSS JOIN jobs ON jobs.id = items.job_id
               WHERE acts.job_id = ?1 AND last_revision >= jobs.revision)",
    )?;
    let mut standing = connection.prepare_cached(&format!(
        "SELECT count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE {IS_SENT_BACK})
         FROM items JOIN jobs ON jobs.id = job_id WHERE job_id = ?1 AND last_revision >= jobs.revision"
    ))?;
    let (done, sent_back): (u64, u64) = standing.query_row([job], |row| Ok((row.get(0)?, row.get(1)?)))?;
    said.query_row([job], |row| {
        let decided: u64 = row.get(3)?;
        let (approved, rejected, favourites) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Some(Reviewed { approved, rejected, favourites, sent_back, open: done.saturating_sub(decided) }))
    })
}

/// Everything that persons did to an item, in its order.
pub(super) fn acts(connection: &Connection, item: i64) -> rusqlite::Result<Vec<ActRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT word, person, done_at, undone_at FROM verdicts JOIN acts ON acts.id = act_id
         WHERE item_key = ?1 ORDER BY act_id",
    )?;
    statement.query_map([item], act)?.collect()
}

fn act(row: &Row<'_>) -> rusqlite::Result<ActRecord> {
    Ok(ActRecord {
        word: row.get(0)?,
        person: row.get(1)?,
        at: Timestamp::from_millis(row.get(2)?),
        undone_at: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_millis),
    })
}
