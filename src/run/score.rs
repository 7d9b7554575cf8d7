//! A run in figures, kept while it works. Never decides anything.

use crate::domain::{Counts, Ending, Held, Outcome, Reach, Summary, Timestamp, Usd, projected};
use crate::queue::{LEASE, Settlement};

/// The figures of a run so far.
#[derive(Debug)]
pub(super) struct Score {
    started: Timestamp,
    leased: Timestamp,
    attempts: u64,
    done: u64,
    failed: u64,
    images: u64,
    lost: u64,
    cost: Option<Usd>,
    held: Held,
    /// What the last request that left may have cost.
    last_reserve: Usd,
}

/// What one settled attempt adds to the figures.
#[derive(Debug, Default)]
pub(super) struct Gain {
    done: u64,
    failed: u64,
    images: u64,
    lost: u64,
    cost: Option<Usd>,
    /// What had been set aside for it.
    reserve: Usd,
}

impl Gain {
    /// What this attempt adds, for which so much had been set aside.
    pub fn of(settlement: &Settlement, reserve: Usd) -> Self {
        let lost = settlement.outcome.failure().is_some_and(|failure| failure.reach == Reach::Lost).into();
        let gain = Self { lost, cost: settlement.cost, reserve, ..Self::default() };
        match &settlement.outcome {
            Outcome::Done(artifact) => Self { done: 1, images: artifact.images.len() as u64, ..gain },
            Outcome::Failed(_) => Self { failed: 1, ..gain },
            Outcome::Retry { .. } | Outcome::Returned { .. } => gain,
        }
    }
}

impl Score {
    pub fn new(now: Timestamp) -> Self {
        Self {
            started: now,
            leased: now,
            attempts: 0,
            done: 0,
            failed: 0,
            images: 0,
            lost: 0,
            cost: None,
            held: Held::default(),
            last_reserve: Usd::ZERO,
        }
    }

    /// A request left, which may cost so much.
    pub fn sent(&mut self, reserve: Usd) {
        self.attempts += 1;
        self.last_reserve = reserve;
        self.reserve(reserve);
    }

    /// So much is set aside for an attempt, of this run or of one that it goes on from.
    pub fn reserve(&mut self, reserve: Usd) {
        self.held.reserved += reserve;
    }

    /// An attempt ended, durably.
    pub fn add(&mut self, gain: &Gain) {
        self.done += gain.done;
        self.failed += gain.failed;
        self.images += gain.images;
        self.lost += gain.lost;
        self.held.reserved -= gain.reserve;
        self.held.settled += gain.cost.unwrap_or_default();
        if gain.lost > 0 {
            self.held.lost += gain.reserve;
        }
        if let Some(cost) = gain.cost {
            *self.cost.get_or_insert(Usd::ZERO) += cost;
        }
    }

    /// What the next request may cost, as far as the last one tells.
    pub fn last_reserve(&self) -> Usd {
        self.last_reserve
    }

    /// Items given up so far.
    pub fn failed(&self) -> u64 {
        self.failed
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
        for moment in [&mut self.started, &mut self.leased] {
            *moment = moment.moved(by);
        }
    }

    /// The figures at the end.
    pub fn summary(&self, ending: Ending, counts: Counts, now: Timestamp) -> Summary {
        let projected = projected(self.held, self.done + self.failed, counts.left());
        Summary {
            ending,
            took: now.since(self.started),
            attempts: self.attempts,
            done: self.done,
            failed: self.failed,
            images: self.images,
            lost: self.lost,
            cost: self.cost,
            held: self.held,
            projected: self.cost.and(projected),
            counts,
            narrowed: None,
        }
    }
}
