//! The attempts of jobs, one after the other, for an account of them. Never holds more than one, never writes.

use std::collections::HashMap;
use std::ops::Range;

use rusqlite::{Connection, Row};
use serde::Deserialize;

use super::super::{AttemptEnd, AttemptEntry};
use super::stored::{attempt_state, optional_json, optional_kind, usd};
use crate::domain::{Timestamp, Usage};

/// The part of a reply that is counted; the rest is read over.
#[derive(Deserialize)]
struct Counted {
    usage: Option<Usage>,
}

/// Calls `each` with the attempts of these jobs, named by their keys, that were sent in this time. They are read in the
/// order in which they lie in the file: sorting a million of them would cost more than all the rest.
pub(super) fn each_attempt(
    connection: &Connection,
    jobs: &HashMap<i64, &str>,
    sent: Range<Timestamp>,
    each: &mut dyn FnMut(&AttemptEntry<'_>),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT job_id, sent_at, model, state, kind,
           CASE state WHEN 'received' THEN json_array_length(staged) ELSE images END, cost, reserved, reply FROM attempts
         WHERE sent_at >= ?1 AND sent_at < ?2",
    )?;
    let mut rows = statement.query([sent.start.millis(), sent.end.millis()])?;
    while let Some(row) = rows.next()? {
        if let Some(job) = jobs.get(&row.get(0)?) {
            each(&entry(job, row)?);
        }
    }
    Ok(())
}

fn entry<'a>(job: &'a str, row: &'a Row<'_>) -> rusqlite::Result<AttemptEntry<'a>> {
    Ok(AttemptEntry {
        job,
        model: row.get_ref(2)?.as_str_or_null()?,
        sent_at: Timestamp::from_millis(row.get(1)?),
        end: AttemptEnd::of(attempt_state(row, 3)?, optional_kind(row, 4)?),
        images: row.get(5)?,
        usage: optional_json::<Counted>(row, 8)?.and_then(|counted| counted.usage),
        cost: usd(row, 6)?,
        reserved: usd(row, 7)?,
    })
}
