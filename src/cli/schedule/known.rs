//! What a workspace remembers of a job's starts. Never changes it.

use crate::cli::open;
use crate::domain::Timestamp;
use crate::job::schedule::{Due, due, ran_ahead};
use crate::job::{Job, Start};
use crate::queue::QueueError;

/// How far a job's starts have been dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// All up to this moment, by what is written down: a clock that had run ahead may have been looked at for it.
    pub handled: Timestamp,
    /// A run for one of them that did not come to its end.
    pub unfinished: Option<Unfinished>,
}

/// A run for a start that was killed or stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unfinished {
    pub start: Start,
    pub began: Timestamp,
}

/// What is known of a job at this moment: by its last run, whoever began it. Of a job that never ran no start was missed.
pub(super) fn known(job: &Job, now: Timestamp) -> Result<Known, QueueError> {
    let nothing = Known { handled: now, unfinished: None };
    let ledger = match open::ledger(&job.db) {
        Ok(ledger) => ledger,
        Err(QueueError::Missing { .. }) => return Ok(nothing),
        Err(error) => return Err(error),
    };
    let (Some(last), Some(schedule)) = (ledger.newest_run(&job.name)?, &job.schedule) else { return Ok(nothing) };
    let was_cut_off = last.was_cut_off();
    // A start that came during a run was skipped for it. Of one that was cut off, only its beginning is sure.
    let ended_at = last.ended_at.filter(|_| !was_cut_off);
    // A clock that was set back must not let starts begin again.
    let handled = last.scheduled_for.into_iter().chain(ended_at).fold(last.began_at, Timestamp::max);
    let unfinished = last
        .scheduled_for
        .filter(|_| was_cut_off)
        .map(|at| Unfinished { start: schedule.start(&job.name, at), began: last.began_at });
    // Where others have passed since, it is a matter of what was missed.
    let is_last = matches!(due(schedule, &job.name, handled, now), Due::Later(_));
    let is_recent = schedule.missed_within.is_none_or(|within| now.since(last.began_at) <= within);
    // Nobody knows when it was, and so not when its time is over.
    let has_a_time = !ran_ahead(last.began_at, now);
    Ok(Known { handled, unfinished: unfinished.filter(|_| is_last && is_recent && has_a_time) })
}
