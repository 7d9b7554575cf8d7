//! A night played several times, by a server that is a little better or worse each time: what is likely, and between
//! what it will be. Never plays so many that a person would wait.

use std::time::Duration;

use super::dice::Dice;
use super::play::{Night, Played, play};
use super::server::ServerModel;
use crate::domain::{Timestamp, Usd};

/// So often at most.
const MOST_PLAYS: u64 = 9;
/// But no more items than that altogether, beyond the first night.
const MOST_ITEMS: u64 = 300_000;
/// From one night to the next a server's answers take so much longer or shorter: the deviation of the logarithm.
const LATENCY_VARIES: f64 = 0.12;
/// The same of how often something goes wrong.
const FAULTS_VARY: f64 = 0.35;
/// Of what is drawn in between, the odd ones are left out.
const MOST_UNUSUAL: f64 = 2.0;

/// How a night may go.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// With the server just as it is taken to be.
    pub likely: Played,
    others: Vec<Played>,
}

/// A figure and between what it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread<T> {
    /// In the best of the nights, or the least of them.
    pub low: T,
    /// In the likely one.
    pub likely: T,
    /// In the worst of them, or the most.
    pub high: T,
}

impl<T> Spread<T> {
    /// The same in another unit.
    pub fn map<U>(self, unit: impl Fn(T) -> U) -> Spread<U> {
        Spread { low: unit(self.low), likely: unit(self.likely), high: unit(self.high) }
    }
}

impl Outlook {
    /// Plays the night as it is, and as often besides as time allows.
    pub fn of(night: &Night) -> Self {
        let others = (MOST_ITEMS / night.items.max(1)).min(MOST_PLAYS - 1);
        let others = (1..=others).map(|number| play(&varied(night, night.seed + number))).collect();
        Self { likely: play(night), others }
    }

    /// A figure of all the nights.
    pub fn spread<T: Copy + Ord>(&self, figure: impl Fn(&Played) -> T) -> Spread<T> {
        let likely = figure(&self.likely);
        let all = || self.others.iter().map(&figure).chain([likely]);
        Spread { low: all().min().unwrap_or(likely), likely, high: all().max().unwrap_or(likely) }
    }

    /// How long it takes from its start to its last answer.
    pub fn length(&self, start: Timestamp) -> Spread<Duration> {
        self.spread(|played| played.end.since(start))
    }

    /// What may be billed for it.
    pub fn cost(&self) -> Spread<Usd> {
        self.spread(|played| played.held.total())
    }
}

/// The same night with a server that is a little better or worse.
fn varied(night: &Night, seed: u64) -> Night {
    let mut dice = Dice::new(seed);
    let mut vary = |by: f64| (by * dice.normal().clamp(-MOST_UNUSUAL, MOST_UNUSUAL)).exp();
    let (latency, faults) = (vary(LATENCY_VARIES), vary(FAULTS_VARY));
    let mut server: ServerModel = night.server.clone();
    server.latency.median = server.latency.median.mul_f64(latency);
    for share in
        [&mut server.faults.unavailable, &mut server.faults.refused, &mut server.faults.empty, &mut server.faults.lost]
    {
        *share = (*share * faults).min(1.0);
    }
    Night { server, seed, ..night.clone() }
}
