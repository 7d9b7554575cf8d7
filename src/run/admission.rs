//! Whether the next request may leave, and what follows from each that came back: outages, pace and retries in one
//! hand, which the forecast of a night plays as a run does. Pure: events, the time and chance go in, permits and
//! outcomes come out. Never waits, never writes anything down.

use std::num::NonZeroU32;
use std::time::Duration;

use super::outage::{Outage, OutageSettings, Sign, Verdict};
use super::pace::Pace;
use crate::domain::{Failure, FailureKind, ItemId, Outcome, Reach, RetryPolicy, Timestamp, Tries};

/// What a run keeps to while it sends.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Requests in flight at most.
    pub concurrency: usize,
    /// Requests a minute at most.
    pub requests_a_minute: Option<NonZeroU32>,
    /// When to try again.
    pub policy: RetryPolicy,
    /// How long a server that is gone is waited for.
    pub outage: OutageSettings,
}

/// Requests that count against what may be in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flights {
    /// Those that left and did not come back.
    pub under_way: usize,
    /// Those that leave together with the next one.
    pub leaving: usize,
}

/// Whether the next request may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// Now; its place is taken by asking.
    Granted,
    /// When an answer in flight has come back.
    AfterNext,
    /// Not before this moment.
    At(Timestamp),
}

/// What follows from an attempt that gave nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Aftermath {
    /// What becomes of its item.
    pub outcome: Outcome,
    /// Until when the whole run waits, and why, where that is news.
    pub slowed: Option<(Timestamp, String)>,
    /// Why nothing more is to be sent, in a failure that says it.
    pub halted: Option<Failure>,
}

/// A pause that ends so much later than the one last told of is told again.
const NEWS: Duration = Duration::from_secs(1);

/// Admits requests to the server, one after the other.
#[derive(Debug)]
pub struct Admission {
    pace: Pace,
    outage: Outage,
    policy: RetryPolicy,
    /// The end of the pause last told of.
    slowed_until: Timestamp,
}

impl Admission {
    /// Nothing was sent yet.
    pub fn new(rules: &Rules) -> Self {
        Self {
            pace: Pace::new(rules.concurrency, rules.requests_a_minute),
            outage: Outage::new(rules.outage, rules.concurrency),
            policy: rules.policy,
            slowed_until: Timestamp::default(),
        }
    }

    /// How many requests may be in flight at most.
    pub fn concurrency(&self) -> usize {
        self.pace.concurrency()
    }

    /// Asks for one request more to leave.
    pub fn permit(&mut self, flights: Flights, now: Timestamp) -> Permit {
        match self.outage.permit(flights, now) {
            Permit::Granted => self.pace.permit(flights.under_way + flights.leaving, now),
            wait => wait,
        }
    }

    /// The item's request has left.
    pub fn sent(&mut self, item: &ItemId) {
        self.outage.sent(item);
    }

    /// The item's answer came, with a picture.
    pub fn answered(&mut self, item: &ItemId, now: Timestamp) {
        self.outage.ended(item, Sign::Answered, None, 0.0, now);
        self.pace.answered();
    }

    /// The item's attempt gave nothing. `tries` are those before it, `jitter` lies in 0..1.
    pub fn failed(&mut self, item: &ItemId, tries: Tries, failure: Failure, jitter: f64, now: Timestamp) -> Aftermath {
        let is_lost_probe = self.outage.is_probe(item) && failure.reach == Reach::Lost;
        let verdict = match self.outage.ended(item, Sign::of(&failure), failure.retry_after, jitter, now) {
            // It may have been billed: an outage must not buy it without end.
            Verdict::Lasting(_) if is_lost_probe => Verdict::Present,
            verdict => verdict,
        };
        let (mut slowed, mut halted) = (None, None);
        let resume_at = match failure.kind {
            FailureKind::Throttled => Some(self.slow_down(&failure, jitter, now, &mut slowed)),
            FailureKind::Transient if failure.absent || failure.reach == Reach::Lost => match verdict {
                Verdict::Present => None,
                Verdict::Begun(until) => {
                    slowed = Some((until, gone(&failure)));
                    Some(until)
                }
                Verdict::Lasting(until) => Some(until),
                Verdict::GivenUp(lasted) => {
                    halted = Some(Failure { message: given_up(&failure, lasted), ..failure.clone() });
                    Some(now)
                }
            },
            FailureKind::Fatal => {
                halted = Some(failure.clone());
                None
            }
            _ => None,
        };
        Aftermath { outcome: self.policy.decide(failure, tries, jitter, now, resume_at), slowed, halted }
    }

    /// An answer is gone through no fault of the server: billed, as far as anyone knows, and given back uncounted, or
    /// held for a person.
    pub fn lost(&self, why: String, now: Timestamp) -> Outcome {
        let failure = Failure { reach: Reach::Lost, ..Failure::new(FailureKind::Transient, why) };
        self.policy.after_loss(failure, now)
    }

    /// The clock was moved by so many milliseconds: whatever waits does so as long as before.
    pub fn clock_moved(&mut self, by: i64) {
        self.pace.clock_moved(by);
        self.outage.clock_moved(by);
        self.slowed_until = self.slowed_until.moved(by);
    }

    /// When a throttled item may come again; many requests in flight are throttled together, and told once.
    fn slow_down(
        &mut self,
        failure: &Failure,
        jitter: f64,
        now: Timestamp,
        slowed: &mut Option<(Timestamp, String)>,
    ) -> Timestamp {
        let until = self.pace.throttled(failure.retry_after, jitter, now);
        if until > self.slowed_until.after(NEWS) {
            *slowed = Some((until, failure.message.clone()));
        }
        self.slowed_until = self.slowed_until.max(until);
        until
    }
}

fn gone(failure: &Failure) -> String {
    format!(
        "{}; it is so for everybody, so one request at a time asks whether the server is back, and the run goes on by \
         itself with the first answer",
        failure.message
    )
}

fn given_up(failure: &Failure, lasted: Duration) -> String {
    let minutes = lasted.as_secs() / 60;
    let (number, unit) = if minutes < 120 { (minutes, "minutes") } else { (minutes / 60, "hours") };
    format!(
        "nobody has answered for {number} {unit}: check the base URL and the network, then run the same command again; \
         every unfinished item is still queued ({})",
        failure.message
    )
}
