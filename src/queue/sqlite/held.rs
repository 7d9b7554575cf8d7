//! What attempts cost and may cost yet, from the sums that are kept. Never looks at an attempt, never writes a sum: the
//! triggers of the schema do.

use std::time::Duration;

use rusqlite::{Connection, Row, params};

use crate::domain::{Cap, CapSpan, Held, Timestamp, Usd};

/// Sums are kept by the time in which requests left, in pieces of this length.
const QUARTER: Duration = Duration::from_secs(15 * 60);

const OF_JOB: &str = "SELECT coalesce(sum(settled), 0), coalesce(sum(reserved), 0), coalesce(sum(lost), 0)
                      FROM held WHERE job_id = ?1";
const OF_RUN: &str = "SELECT coalesce(sum(settled), 0), coalesce(sum(reserved), 0), coalesce(sum(lost), 0)
                      FROM held WHERE run_id = ?1";
const OF_TIME: &str = "SELECT coalesce(sum(settled), 0), coalesce(sum(reserved), 0), coalesce(sum(lost), 0)
                       FROM held WHERE quarter >= ?1 AND quarter < ?2";

/// What a job's attempts cost and may cost yet.
pub(super) fn of_job(connection: &Connection, job: i64) -> rusqlite::Result<Held> {
    connection.prepare_cached(OF_JOB)?.query_row([job], held)
}

/// What counts against each of these caps of this job and this run.
pub(super) fn of_caps(connection: &Connection, job: i64, run: i64, caps: &[Cap]) -> rusqlite::Result<Vec<Held>> {
    caps.iter().map(|cap| of_span(connection, job, run, cap.span)).collect()
}

fn of_span(connection: &Connection, job: i64, run: i64, span: CapSpan) -> rusqlite::Result<Held> {
    match span {
        CapSpan::Job => of_job(connection, job),
        CapSpan::Run => connection.prepare_cached(OF_RUN)?.query_row([run], held),
        CapSpan::Sent { from, to } => {
            let end = quarter(to.after(QUARTER.saturating_sub(Duration::from_millis(1))));
            connection.prepare_cached(OF_TIME)?.query_row(params![quarter(from), end], held)
        }
    }
}

/// The piece of time that holds a moment.
fn quarter(moment: Timestamp) -> i64 {
    moment.millis() / QUARTER.as_millis() as i64
}

fn held(row: &Row<'_>) -> rusqlite::Result<Held> {
    let usd = |column| row.get(column).map(Usd::from_nanos);
    Ok(Held { settled: usd(0)?, reserved: usd(1)?, lost: usd(2)? })
}
