//! Whether anybody is there to answer: a server that is gone is the run's trouble and no item's. A circuit breaker: open
//! it lets single probes through, half open a few more with each answer. Pure: what the attempts brought and the time go
//! in, permits and verdicts come out. Never waits.

use std::collections::HashSet;
use std::time::Duration;

use super::admission::{Flights, Permit};
use super::pace::LaneId;
use crate::domain::{Failure, ItemId, Reach, Timestamp};

/// How an outage is sat out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutageSettings {
    /// From one probe to the next, at first.
    pub shortest_wait: Duration,
    /// From one probe to the next, however long the outage lasts.
    pub longest_wait: Duration,
    /// After so long a run gives up.
    pub patience: Duration,
    /// After so long a run gives up to which nobody ever answered: rather than gone, the server was never there.
    pub patience_at_start: Duration,
}

impl Default for OutageSettings {
    fn default() -> Self {
        Self {
            shortest_wait: Duration::from_secs(3),
            longest_wait: Duration::from_secs(60),
            patience: Duration::from_secs(6 * 60 * 60),
            patience_at_start: Duration::from_secs(15 * 60),
        }
    }
}

/// So many items in a row are enough that could not even be sent, or that failed before anything was ever answered: with
/// any two of them something else may be wrong.
const FEW: usize = 3;
/// So many items in a row to which the server said that it fails, when as many are in flight and others were answered
/// before: a few such items may be at fault themselves.
const MANY: usize = 8;
/// So many items in a row that find nobody, when somebody had just answered, are enough: it was not over.
const AGAIN: usize = 2;
/// After the first answer so many requests may be under way, and one more with each answer.
const FIRST_BACK: usize = 2;
/// The next probe waits for this share of the time that the outage has lasted.
const SHARE: u32 = 10;
/// A wait is shorter by a random part of this share, so that many programs do not ask at the same time.
const SPREAD: f64 = 0.25;

/// An item of a run: who is asked for.
pub(super) type Asker = (LaneId, ItemId);

/// What an attempt that ended says of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// It is there: it answered something of use, were it a refusal.
    Answered,
    /// No connection came to be.
    Unreached,
    /// It says itself that it fails.
    Failing,
    /// The fault lay elsewhere, or the answer never came.
    Nothing,
}

impl Sign {
    /// Of an attempt that failed.
    pub fn of(failure: &Failure) -> Self {
        match (failure.absent, failure.reach) {
            (true, Reach::Unsent) => Self::Unreached,
            (true, _) => Self::Failing,
            (false, Reach::Answered) => Self::Answered,
            (false, _) => Self::Nothing,
        }
    }

    const fn found_nobody(self) -> bool {
        matches!(self, Self::Unreached | Self::Failing)
    }
}

/// What follows for whoever failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Somebody is there, as far as anyone knows: the failure is the item's.
    Present,
    /// It is an outage since this very attempt; the next probe leaves then.
    Begun(Timestamp),
    /// It is still one.
    Lasting(Timestamp),
    /// It has lasted for so long, which is longer than anybody wants to wait.
    GivenUp(Duration),
}

/// Watches for outages, and says when the next probe may leave.
#[derive(Debug)]
pub(super) struct Outage {
    settings: OutageSettings,
    /// So many items in a row to which the server fails are too many for each to be at fault itself.
    many: usize,
    /// Whether anybody ever had an answer.
    was_answered: bool,
    /// Items that found nobody there since the last answer, and since when.
    row: HashSet<Asker>,
    row_since: Timestamp,
    state: State,
}

/// Whether requests may leave.
#[derive(Debug)]
enum State {
    /// Somebody is there, as far as anyone knows.
    Present,
    /// Nobody is: one request at a time asks.
    Gone {
        next_probe: Timestamp,
        /// The item whose request is on its way to see whether somebody is there.
        probe: Option<Asker>,
    },
    /// Somebody answered; whether to everybody will be seen. So many requests may be under way.
    Returning { width: usize },
}

impl Outage {
    /// None yet, in a run with so many requests in flight.
    pub fn new(settings: OutageSettings, concurrency: usize) -> Self {
        let many = concurrency.clamp(FEW, MANY);
        let row_since = Timestamp::default();
        Self { settings, many, was_answered: false, row: HashSet::new(), row_since, state: State::Present }
    }

    /// Whether a request may leave.
    pub fn permit(&self, flights: Flights, now: Timestamp) -> Permit {
        match &self.state {
            State::Present => Permit::Granted,
            State::Gone { probe: Some(_), .. } => Permit::AfterNext,
            State::Gone { .. } if flights.leaving > 0 => Permit::AfterNext,
            State::Gone { next_probe, .. } if now < *next_probe => Permit::At(*next_probe),
            State::Gone { .. } => Permit::Granted,
            State::Returning { width } if flights.under_way + flights.leaving >= *width => Permit::AfterNext,
            State::Returning { .. } => Permit::Granted,
        }
    }

    /// The item's request has left.
    pub fn sent(&mut self, item: &Asker) {
        if let State::Gone { probe, .. } = &mut self.state {
            *probe = Some(item.clone());
        }
    }

    /// Whether the item's request is the one that asks whether somebody is there.
    pub fn is_probe(&self, item: &Asker) -> bool {
        matches!(&self.state, State::Gone { probe: Some(probe), .. } if probe == item)
    }

    /// The item's attempt ended. The server may have `asked` for a wait; `jitter` lies in 0..1.
    pub fn ended(&mut self, item: &Asker, sign: Sign, asked: Option<Duration>, jitter: f64, now: Timestamp) -> Verdict {
        if sign == Sign::Answered {
            self.somebody_is_there();
        }
        let is_new = sign.found_nobody() && self.nobody_is_there(item, now);
        let begins = matches!(self.state, State::Present) && self.is_enough(sign);
        if begins || self.is_gone_again(sign) {
            self.state = State::Gone { next_probe: now, probe: Some(item.clone()) };
        }
        match self.state {
            // Whoever finds nobody while it is not clear yet is tried again for free, and soon; but only once.
            State::Returning { .. } if is_new => Verdict::Lasting(now.after(self.wait(Duration::ZERO, jitter))),
            _ => self.judge(item, begins, asked, jitter, now),
        }
    }

    fn somebody_is_there(&mut self) {
        self.was_answered = true;
        self.row.clear();
        self.state = match self.state {
            State::Gone { .. } => State::Returning { width: FIRST_BACK },
            State::Returning { width } if width < self.many => State::Returning { width: width + 1 },
            State::Returning { .. } | State::Present => State::Present,
        };
    }

    /// Returns whether the item is new among those that found nobody since the last answer.
    fn nobody_is_there(&mut self, item: &Asker, now: Timestamp) -> bool {
        if self.row.is_empty() {
            self.row_since = now;
        }
        // It need not grow beyond what decides.
        self.row.len() < self.many && self.row.insert(item.clone())
    }

    fn is_enough(&self, sign: Sign) -> bool {
        match sign {
            Sign::Unreached => self.row.len() >= FEW,
            Sign::Failing if !self.was_answered => self.row.len() >= FEW,
            Sign::Failing => self.row.len() >= self.many,
            Sign::Answered | Sign::Nothing => false,
        }
    }

    /// Of a storm, single answers are no end: it would burn the attempts of whoever flies into it.
    fn is_gone_again(&self, sign: Sign) -> bool {
        matches!(self.state, State::Returning { .. }) && sign.found_nobody() && self.row.len() >= AGAIN
    }

    fn judge(&mut self, item: &Asker, begins: bool, asked: Option<Duration>, jitter: f64, now: Timestamp) -> Verdict {
        let lasted = now.since(self.row_since);
        let (wait, patience) = (self.wait(lasted, jitter).max(asked.unwrap_or_default()), self.patience());
        match &mut self.state {
            State::Returning { .. } | State::Present => Verdict::Present,
            State::Gone { next_probe, probe } => {
                if probe.as_ref() == Some(item) {
                    *probe = None;
                    *next_probe = now.after(wait);
                }
                match begins {
                    true => Verdict::Begun(*next_probe),
                    false if lasted >= patience => Verdict::GivenUp(lasted),
                    false => Verdict::Lasting(*next_probe),
                }
            }
        }
    }

    fn wait(&self, lasted: Duration, jitter: f64) -> Duration {
        let wait = (lasted / SHARE).clamp(self.settings.shortest_wait, self.settings.longest_wait);
        wait.mul_f64(1.0 - SPREAD * jitter)
    }

    fn patience(&self) -> Duration {
        if self.was_answered { self.settings.patience } else { self.settings.patience_at_start }
    }

    /// A run is over: its request asks no more whether somebody is there.
    pub fn leave(&mut self, lane: LaneId) {
        if let State::Gone { probe, .. } = &mut self.state {
            probe.take_if(|(of, _)| *of == lane);
        }
    }

    /// Nobody asked for so long, until now: so much longer may the outage last.
    pub fn resumed(&mut self, after: Duration, now: Timestamp) {
        self.row_since = self.row_since.after(after).min(now);
    }

    /// The clock was moved by so many milliseconds.
    pub fn clock_moved(&mut self, by: i64) {
        self.row_since = self.row_since.moved(by);
        if let State::Gone { next_probe, .. } = &mut self.state {
            *next_probe = next_probe.moved(by);
        }
    }
}

#[cfg(test)]
mod tests;
