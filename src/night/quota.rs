//! The model of a quota of requests a minute. Never asks for the time: it is told, in milliseconds since the start.

use std::collections::VecDeque;
use std::time::Duration;

use super::dice::Dice;

const MINUTE: f64 = 60_000.0;

/// A quota, perhaps changing, perhaps shared.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaModel {
    /// How it is counted.
    pub shape: Shape,
    /// Requests a minute.
    pub a_minute: f64,
    /// From so long after the start on it is so many instead; in order of time.
    pub changes: Vec<(Duration, f64)>,
    /// Another client of the same quota asks so often a minute.
    pub others: f64,
    /// So many had left in the minute before the start, perhaps by a run that was broken off.
    pub before: f64,
}

/// How a quota is counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// By minutes of the clock; the first ends after so long.
    Fixed(Duration),
    /// Over whichever 60 seconds.
    Sliding,
    /// A bucket that holds so many at most, full at first, and is refilled all the time.
    Bucket(f64),
}

impl QuotaModel {
    /// So many in whichever 60 seconds, for us alone.
    pub fn sliding(a_minute: f64) -> Self {
        Self { shape: Shape::Sliding, a_minute, changes: vec![], others: 0.0, before: 0.0 }
    }

    /// How many a minute there are so long after the start.
    pub fn at(&self, moment: Duration) -> f64 {
        let changed = self.changes.iter().rev().find(|(from, _)| *from <= moment);
        changed.map_or(self.a_minute, |(_, a_minute)| *a_minute)
    }
}

/// A quota in use.
#[derive(Debug)]
pub(super) struct Quota {
    model: QuotaModel,
    state: State,
    next_other: f64,
}

#[derive(Debug)]
enum State {
    Fixed { window: i64, taken: f64 },
    Sliding { taken: VecDeque<f64> },
    Bucket { left: f64, since: f64 },
}

impl Quota {
    pub fn new(model: &QuotaModel) -> Self {
        let state = match model.shape {
            Shape::Fixed(_) => State::Fixed { window: 0, taken: model.before },
            Shape::Sliding => {
                let before = model.before as u32;
                let ago = |number: u32| -MINUTE * f64::from(before - number) / f64::from(before);
                State::Sliding { taken: (0..before).map(ago).collect() }
            }
            Shape::Bucket(holds) => State::Bucket { left: (holds - model.before).max(0.0), since: 0.0 },
        };
        Self { model: model.clone(), state, next_other: 0.0 }
    }

    /// Takes a place, or says after how many milliseconds there is one.
    pub fn take(&mut self, now: f64, dice: &mut Dice) -> Result<(), f64> {
        while self.model.others > 0.0 && self.next_other <= now {
            let _ = self.take_one(self.next_other);
            self.next_other += MINUTE / self.model.others * dice.gap();
        }
        self.take_one(now)
    }

    fn take_one(&mut self, now: f64) -> Result<(), f64> {
        let a_minute = self.model.at(Duration::from_secs_f64(now / 1000.0));
        match &mut self.state {
            State::Fixed { window, taken } => {
                let Shape::Fixed(first) = self.model.shape else { return Ok(()) };
                let since = now + MINUTE - first.as_secs_f64() * 1000.0;
                let current = (since / MINUTE).floor() as i64;
                if current != *window {
                    (*window, *taken) = (current, 0.0);
                }
                if *taken + 1.0 > a_minute {
                    return Err((current + 1) as f64 * MINUTE - since);
                }
                *taken += 1.0;
            }
            State::Sliding { taken } => {
                while taken.front().is_some_and(|oldest| now - oldest >= MINUTE) {
                    taken.pop_front();
                }
                if taken.len() as f64 + 1.0 > a_minute {
                    return Err(taken.front().map_or(MINUTE, |oldest| oldest + MINUTE - now));
                }
                taken.push_back(now);
            }
            State::Bucket { left, since } => {
                let Shape::Bucket(holds) = self.model.shape else { return Ok(()) };
                *left = (*left + (now - *since) / MINUTE * a_minute).min(holds.max(1.0));
                *since = now;
                if *left < 1.0 {
                    return Err((1.0 - *left) / a_minute * MINUTE);
                }
                *left -= 1.0;
            }
        }
        Ok(())
    }
}
