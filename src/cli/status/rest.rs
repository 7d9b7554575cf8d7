//! How long what is left takes the run that is on, as its recent attempts tell. Never tells a time that nobody can know.

use std::time::Duration;

use crate::domain::{FailureKind, Timestamp};
use crate::queue::{AttemptEnd, JobStatus, Ledger, QueueError};
use crate::report::rate::{Ended, Recent};
use crate::report::rest::Rest;

/// With nothing in flight for so long, and for so many times what usually lies between two answers, a run pauses.
const QUIET: Duration = Duration::from_secs(10);
const UNUSUAL: u32 = 3;

/// How long what is left takes the run that is on, as far as its recent attempts tell: nothing while it pauses, by a
/// person's word or by itself, for nobody here knows until when, or sends nothing more.
pub(super) fn rest(ledger: &dyn Ledger, status: &JobStatus, now: Timestamp) -> Result<Option<Rest>, QueueError> {
    let Some(since) = status.running_since.filter(|_| status.paused_since.is_none() && !is_stopping(status, now))
    else {
        return Ok(None);
    };
    let mut recent = Recent::starting(since);
    let (mut came, mut last) = (0, since);
    ledger.lately(&status.job, since, &mut |attempt| {
        let how = match attempt.end {
            AttemptEnd::Done | AttemptEnd::Received => Ended::Done,
            AttemptEnd::Failed(FailureKind::Refused | FailureKind::Rejected) => Ended::Failed,
            _ => Ended::Again,
        };
        recent.note(attempt.came_at, how);
        (came, last) = (came + 1, attempt.came_at);
    })?;
    let usual = last.since(since) / came.max(1);
    let pauses = status.in_flight == 0 && now.since(last) > QUIET.max(usual * UNUSUAL);
    if pauses {
        return Ok(None);
    }
    Ok(recent.rest(status.counts.left(), None, now, Duration::ZERO).filter(|_| status.counts.left() > 0))
}

/// A run that goes on has claims in hand beyond those in flight, as long as any item waits that is due.
fn is_stopping(status: &JobStatus, now: Timestamp) -> bool {
    let is_due = status.next_due.is_some_and(|due| due <= now);
    is_due && status.counts.running <= status.in_flight
}
