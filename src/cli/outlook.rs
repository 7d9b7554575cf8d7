//! How a job's run would go, played through before it begins: its own rules against a server as recent attempts found it.
//! Never sends anything, never writes anything.

use std::time::Duration;

use super::open;
use crate::domain::{Cap, Course, FailureKind, Held, Request, Timestamp, Usd};
use crate::job::Job;
use crate::night::{Fare, Faults, Latency, Night, Observation, ObservedEnd, Outlook, ServerModel, play};
use crate::queue::{AttemptEnd, Preview, QueueError, RecentAttempt, Redo};
use crate::run::{Account, Admission, Rules};

/// So many of the newest attempts tell what the server is like.
const RECENT: usize = 5_000;
/// While nobody knows: half of the answers take longer, by a deviation of the logarithm.
const ASSUMED_LATENCY: Latency = Latency { median: Duration::from_secs(4), spread: 0.5, capacity: None };
/// A night is played no further.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);
/// Every plan of the same job sees the same night.
const SEED: u64 = 7;

/// What is known of the server.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub server: ServerModel,
    /// By how many attempts; nothing but assumptions where there are none.
    pub attempts: usize,
}

/// The server as this workspace's recent attempts found it.
pub(super) fn known(job: &Job, preview: &dyn Preview) -> Result<Known, QueueError> {
    let mut observations = Vec::new();
    preview.recent_attempts(job.defaults.model.as_str(), RECENT, &mut |recent| {
        observations.extend(observation(recent));
    })?;
    let attempts = observations.len();
    Ok(match ServerModel::observed(observations) {
        Some(server) => Known { server, attempts },
        None => Known { server: assumed(), attempts: 0 },
    })
}

fn assumed() -> ServerModel {
    ServerModel { latency: ASSUMED_LATENCY, faults: Faults::default(), ..ServerModel::patient(Duration::ZERO) }
}

fn observation(recent: RecentAttempt) -> Option<Observation> {
    let end = match recent.end {
        AttemptEnd::Done => ObservedEnd::Answered,
        AttemptEnd::Failed(FailureKind::Throttled) => ObservedEnd::Throttled,
        AttemptEnd::Failed(FailureKind::Refused | FailureKind::Rejected) => ObservedEnd::Refused,
        AttemptEnd::Failed(FailureKind::Transient) if recent.status.is_some_and(says_it_fails) => {
            ObservedEnd::Unavailable
        }
        AttemptEnd::Failed(FailureKind::Transient) => ObservedEnd::Empty,
        AttemptEnd::Lost => ObservedEnd::Lost,
        // What never left, or ended the run, says nothing of the next.
        _ => return None,
    };
    Some(Observation { sent_at: recent.sent_at, took: recent.came_at.since(recent.sent_at), end })
}

const fn says_it_fails(status: u16) -> bool {
    status >= 500 || status == 408
}

/// The night of so many items, which cost so much, begun at this moment.
pub(super) fn night(known: &Known, rules: Rules, items: u64, fare: Fare, held: Vec<Held>, start: Timestamp) -> Night {
    Night { items, rules, fare, held, server: known.server.clone(), seed: SEED, start, longest: LONGEST }
}

/// The caps that hold at this moment, with what counts against each already.
pub(super) fn caps(rules: &Rules, preview: &dyn Preview, now: Timestamp) -> Result<Vec<(Cap, Held)>, QueueError> {
    let caps = Admission::new(rules, &Account::default(), now).begin_turn(now);
    let held = preview.held(&caps)?;
    Ok(caps.into_iter().zip(held).collect())
}

/// A run of more items is not played while it is on: that would take what it needs itself.
const MOST_BESIDE: u64 = 200_000;

/// How a run that begins now is likely to go over time, for so many items; none if that is nothing, or too many. Where
/// the database cannot be asked there is none either: the run is on, and will tell.
pub(super) fn course(job: &Job, rules: Rules, items: u64, start: Timestamp) -> Option<Course> {
    if items == 0 || items > MOST_BESIDE {
        return None;
    }
    let preview = open::preview(job, Redo::No).ok()?;
    let known = known(job, &*preview).ok()?;
    let held = caps(&rules, &*preview, start).ok()?.into_iter().map(|(_, held)| held).collect();
    let model = job.defaults.model.as_str();
    let usual = Request::new(model, "");
    let fare = job.prices.of(model).map(|price| Fare { reserve: price.reserve(&usual), cost: price.expected(&usual) });
    Some(play(&night(&known, rules, items, fare.unwrap_or_default(), held, start)).course)
}

/// The mean of a sum over so many requests.
pub(super) fn mean(sum: Option<Usd>, requests: u64) -> Usd {
    let mean = |sum: Usd| sum.nanos() / i64::try_from(requests.max(1)).unwrap_or(i64::MAX);
    sum.map_or(Usd::ZERO, |sum| Usd::from_nanos(mean(sum)))
}

/// How many items are left when the run ends.
pub(super) fn left(outlook: &Outlook, items: u64) -> u64 {
    items.saturating_sub(outlook.likely.done + outlook.likely.failed)
}
