//! A run in figures, kept while it works. Never decides anything.

use std::time::Duration;

use crate::domain::{Counts, Ending, Outcome, Reach, Summary, Timestamp, Usd};
use crate::queue::{LEASE, Settlement};

/// The figures of a run so far.
#[derive(Debug)]
pub(super) struct Score {
    started: Timestamp,
    leased: Timestamp,
    slowed_until: Timestamp,
    attempts: u64,
    done: u64,
    failed: u64,
    images: u64,
    lost: u64,
    cost: Option<Usd>,
}

/// What one settled attempt adds to the figures.
#[derive(Debug, Default)]
pub(super) struct Gain {
    done: u64,
    failed: u64,
    images: u64,
    lost: u64,
    cost: Option<Usd>,
}

impl Gain {
    pub fn of(settlement: &Settlement) -> Self {
        let lost = settlement.outcome.failure().is_some_and(|failure| failure.reach == Reach::Lost).into();
        let gain = Self { lost, cost: settlement.cost, ..Self::default() };
        match &settlement.outcome {
            Outcome::Done(artifact) => Self { done: 1, images: artifact.images.len() as u64, ..gain },
            Outcome::Failed(_) => Self { failed: 1, ..gain },
            Outcome::Retry { .. } | Outcome::Returned { .. } => gain,
        }
    }
}

/// A pause that ends so much later than the one last told of is told again.
const NEWS: Duration = Duration::from_secs(1);

impl Score {
    pub fn new(now: Timestamp) -> Self {
        let (attempts, done, failed, images, lost) = (0, 0, 0, 0, 0);
        let slowed_until = Timestamp::default();
        Self { started: now, leased: now, slowed_until, attempts, done, failed, images, lost, cost: None }
    }

    /// A request left.
    pub fn sent(&mut self) {
        self.attempts += 1;
    }

    /// An attempt ended, durably.
    pub fn add(&mut self, gain: &Gain) {
        self.done += gain.done;
        self.failed += gain.failed;
        self.images += gain.images;
        self.lost += gain.lost;
        if let Some(cost) = gain.cost {
            *self.cost.get_or_insert(Usd::ZERO) += cost;
        }
    }

    /// Items given up so far.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Whether a pause until then is worth telling; many requests in flight are throttled together.
    pub fn is_news(&mut self, until: Timestamp) -> bool {
        let news = until > self.slowed_until.after(NEWS);
        self.slowed_until = self.slowed_until.max(until);
        news
    }

    /// The lease was renewed.
    pub fn leased(&mut self, now: Timestamp) {
        self.leased = now;
    }

    /// Whether the lease must be renewed even if nothing else is to be written.
    pub fn is_lease_due(&self, now: Timestamp) -> bool {
        now.since(self.leased) >= LEASE / 3
    }

    /// The clock was moved by so many milliseconds: what was noted is as long ago as before.
    pub fn clock_moved(&mut self, by: i64) {
        for moment in [&mut self.started, &mut self.leased, &mut self.slowed_until] {
            *moment = moment.moved(by);
        }
    }

    /// The figures at the end.
    pub fn summary(&self, ending: Ending, counts: Counts, now: Timestamp) -> Summary {
        Summary {
            ending,
            took: now.since(self.started),
            attempts: self.attempts,
            done: self.done,
            failed: self.failed,
            images: self.images,
            lost: self.lost,
            cost: self.cost,
            counts,
            narrowed: None,
        }
    }
}
