//! The runs of a job as they were. Never says whether one goes on: only the lock knows.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::Timestamp;
use crate::queue::PastRun;
use crate::queue::past::is_cut_off;

/// How the last run ended that began to work and has ended.
pub(super) fn last_ending(connection: &Connection, job: i64) -> rusqlite::Result<Option<String>> {
    let last = "SELECT ending FROM runs WHERE job_id = ?1 AND ended_at IS NOT NULL
                    AND ending NOT IN ('not run', 'stopped early')
                ORDER BY id DESC LIMIT 1";
    connection.query_row(last, [job], |row| row.get(0)).optional()
}

/// The last run that began to work.
pub(super) fn last_run(connection: &Connection, job: i64) -> rusqlite::Result<Option<PastRun>> {
    let last = "SELECT started_at, ended_at, scheduled_for, ending FROM runs
                WHERE job_id = ?1 AND coalesce(ending, '') NOT IN ('not run', 'stopped early')
                ORDER BY id DESC LIMIT 1";
    connection.query_row(last, [job], past_run).optional()
}

/// The newest run, also if it could not begin to work.
pub(super) fn newest_run(connection: &Connection, job: &str) -> rusqlite::Result<Option<PastRun>> {
    let newest = "SELECT started_at, ended_at, scheduled_for, ending FROM runs JOIN jobs ON jobs.id = job_id
                  WHERE name = ?1 ORDER BY runs.id DESC LIMIT 1";
    connection.query_row(newest, [job], past_run).optional()
}

/// Whether a run that nobody cut off was made for this start of the job's schedule. Whoever asks has the job's lock: no run
/// of it lives. A run for an earlier start that began later shows that the clock had run ahead, and was set right since:
/// what was made by it counts no more.
pub(super) fn is_made(connection: &Connection, job: i64, start: Timestamp) -> rusqlite::Result<bool> {
    let made = "SELECT ending FROM runs WHERE job_id = ?1 AND scheduled_for = ?2
                    AND NOT EXISTS (SELECT 1 FROM runs AS later WHERE later.job_id = ?1 AND later.id > runs.id
                                        AND later.scheduled_for < ?2)";
    let mut made = connection.prepare(made)?;
    let mut endings = made.query_map(params![job, start.millis()], |row| row.get::<_, Option<String>>(0))?;
    endings.try_fold(false, |made, ending| Ok(made || !is_cut_off(ending?.as_deref())))
}

/// When a run last left nothing to do.
pub(super) fn completed_at(connection: &Connection, job: i64) -> rusqlite::Result<Option<Timestamp>> {
    let completed = "SELECT max(ended_at) FROM runs WHERE job_id = ?1 AND ending = 'complete'";
    let completed_at: Option<i64> = connection.query_row(completed, [job], |row| row.get(0))?;
    Ok(completed_at.map(Timestamp::from_millis))
}

fn past_run(row: &Row<'_>) -> rusqlite::Result<PastRun> {
    let moment = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_millis));
    let ending: Option<String> = row.get(3)?;
    Ok(PastRun {
        began_at: Timestamp::from_millis(row.get(0)?),
        ended_at: moment(1)?,
        scheduled_for: moment(2)?,
        lives: ending.is_none(),
        ending,
    })
}
