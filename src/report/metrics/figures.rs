//! What is counted of one job's runs. Never writes it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::Standing;
use super::histogram::Histogram;
use crate::domain::{Event, Failure, FailureKind, News, Reach, Timestamp, Usd};

/// What becomes of an attempt, as events name it.
pub(super) const OUTCOMES: [&str; 4] = ["done", "retry", "failed", "returned"];

/// The status of an answer with a picture, which no failure tells.
const OK: u16 = 200;

/// The counts of one job since the process began.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures {
    /// Requests that left and ended, and how long they took, by [`OUTCOMES`].
    pub requests: [u64; OUTCOMES.len()],
    pub durations: [Histogram; OUTCOMES.len()],
    /// Answers by HTTP status.
    pub responses: BTreeMap<u16, u64>,
    pub failures: BTreeMap<FailureKind, u64>,
    /// Items that ended, with a picture or given up.
    pub done: u64,
    pub failed: u64,
    pub images: u64,
    /// None as long as no price is known.
    pub cost: Option<Usd>,
    pub slowdowns: u64,
    pub slowed_until: Option<Timestamp>,
    pub in_flight: u64,
    pub run_started: Option<Timestamp>,
    pub run_ended: Option<Timestamp>,
    pub exit_code: Option<u8>,
    pub standing: Standing,
    /// Requests that are not settled, by item, which has one at a time: few, and gone with their end.
    flights: HashMap<String, Flight>,
}

#[derive(Debug, Clone, Copy)]
struct Flight {
    since: Timestamp,
    /// Once it has landed.
    took: Option<Duration>,
}

impl Figures {
    /// Counts what was told.
    pub fn tell(&mut self, event: &Event) {
        match &event.news {
            News::RunStarted { counts, .. } => {
                self.standing.counts = counts.clone();
                (self.run_started, self.run_ended) = (Some(event.time), None);
            }
            News::AttemptStarted { item, reserved, .. } => {
                self.in_flight += 1;
                self.flights.insert(item.clone(), Flight { since: event.time, took: None });
                if reserved.is_some() {
                    self.cost.get_or_insert(Usd::ZERO);
                }
            }
            News::AttemptLanded { item, .. } => self.landed(item, event.time),
            News::AttemptEnded { item, outcome, failure, cost, images, .. } => {
                self.landed(item, event.time);
                self.ended(item, outcome, failure.as_ref());
                self.images += images;
                if let Some(cost) = cost {
                    *self.cost.get_or_insert(Usd::ZERO) += *cost;
                }
            }
            News::Slowed { until, .. } => {
                self.slowdowns += 1;
                self.slowed_until = self.slowed_until.max(Some(*until));
            }
            News::Halted { .. } | News::Paused { .. } | News::Resumed { .. } => {}
            News::RunEnded(summary) => {
                self.standing.counts = summary.counts.clone();
                self.run_ended = Some(event.time);
                // Whatever a fault left behind is on its way no more.
                self.flights.clear();
                self.in_flight = 0;
            }
        }
    }

    /// How the job stands now.
    pub fn stands(&mut self, standing: Standing) {
        self.standing = standing;
    }

    /// A run ended, or could not begin.
    pub fn exited(&mut self, code: u8, now: Timestamp) {
        (self.exit_code, self.run_ended) = (Some(code), Some(now));
    }

    /// An answer is there, or will never come; told once or twice.
    fn landed(&mut self, item: &str, now: Timestamp) {
        if let Some(flight) = self.flights.get_mut(item).filter(|flight| flight.took.is_none()) {
            flight.took = Some(now.since(flight.since));
            self.in_flight = self.in_flight.saturating_sub(1);
        }
    }

    fn ended(&mut self, item: &str, outcome: &str, failure: Option<&Failure>) {
        self.done += u64::from(outcome == "done");
        self.failed += u64::from(outcome == "failed");
        if let Some(failure) = failure {
            *self.failures.entry(failure.kind).or_default() += 1;
        }
        // What an earlier process sent was a request of that one, and what never left is none.
        let Some(flight) = self.flights.remove(item) else { return };
        let place = OUTCOMES.iter().position(|known| *known == outcome);
        let left = failure.is_none_or(|failure| failure.reach != Reach::Unsent);
        if let Some(place) = place.filter(|_| left) {
            self.requests[place] += 1;
            self.durations[place].observe(flight.took.unwrap_or_default());
            let status = failure.map_or(Some(OK), |failure| failure.status);
            if let Some(status) = status {
                *self.responses.entry(status).or_default() += 1;
            }
        }
    }
}
