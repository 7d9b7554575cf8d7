//! The limits that a person stated, any of them together. Pure: it is told the time and what came; never asks for either.

use std::mem;
use std::num::NonZeroU32;

use super::gate::Gate;
use crate::domain::Usage;

/// What an account allows, as far as it was stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Requests a minute.
    pub requests_a_minute: Option<NonZeroU32>,
    /// Images a minute.
    pub images_a_minute: Option<NonZeroU32>,
    /// Tokens a minute, of requests and answers.
    pub tokens_a_minute: Option<NonZeroU32>,
    /// Requests a day of the quota.
    pub requests_a_day: Option<NonZeroU32>,
    /// Of these, how many left today before this run.
    pub sent_today: u64,
}

impl Limits {
    /// Whether they are the same, whatever has left today.
    pub fn are_as(&self, other: &Self) -> bool {
        Self { sent_today: other.sent_today, ..*self } == *other
    }

    /// The lower of both, each, and the later count of what left today.
    pub fn and(&self, other: &Self) -> Self {
        let lower = |one: Option<NonZeroU32>, two: Option<NonZeroU32>| one.into_iter().chain(two).min();
        Self {
            requests_a_minute: lower(self.requests_a_minute, other.requests_a_minute),
            images_a_minute: lower(self.images_a_minute, other.images_a_minute),
            tokens_a_minute: lower(self.tokens_a_minute, other.tokens_a_minute),
            requests_a_day: lower(self.requests_a_day, other.requests_a_day),
            sent_today: self.sent_today.max(other.sent_today),
        }
    }
}

/// What an answer took of the limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Consumed {
    /// Images received.
    pub images: f64,
    /// Tokens of the request and of the answer; unknown if nobody counted them.
    pub tokens: Option<f64>,
}

impl Consumed {
    /// So many images, and the tokens that the server counted.
    pub fn by(images: u64, usage: Option<Usage>) -> Self {
        Self { images: images as f64, tokens: usage.map(|usage| usage.total_tokens as f64) }
    }

    /// Before anything came: one image, as many tokens as the list price of one stands for, and a short prompt.
    pub const EXPECTED: Self = Self { images: 1.0, tokens: Some(1_120.0 + 80.0) };
}

/// The mean follows what came last by this share.
const FOLLOWS: f64 = 0.05;

/// What a request took of the limits a minute when it was let go.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Taken {
    requests: f64,
    images: f64,
    tokens: f64,
    /// Of the tokens, those that were known beforehand.
    known_tokens: f64,
}

/// The limits a minute. A place taken from one is kept until the others give theirs.
#[derive(Debug)]
pub(super) struct Gates {
    gates: Vec<Gated>,
}

#[derive(Debug)]
struct Gated {
    gate: Gate,
    /// So much a minute.
    limit: NonZeroU32,
    unit: Unit,
    /// What a request takes beside what is known of it beforehand.
    mean: f64,
    /// Taken already, for the next request.
    kept: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Unit {
    Request,
    Image,
    Token,
}

impl Unit {
    fn of(self, consumed: &Consumed) -> Option<f64> {
        match self {
            Self::Request => None,
            Self::Image => Some(consumed.images),
            Self::Token => consumed.tokens,
        }
    }
}

impl Taken {
    fn of(&mut self, unit: Unit) -> &mut f64 {
        match unit {
            Unit::Request => &mut self.requests,
            Unit::Image => &mut self.images,
            Unit::Token => &mut self.tokens,
        }
    }

    fn known(&self, unit: Unit) -> f64 {
        if unit == Unit::Token { self.known_tokens } else { 0.0 }
    }
}

impl Gates {
    pub fn new(limits: &Limits, now: f64) -> Self {
        let mut gates = Self { gates: Vec::new() };
        gates.limit(limits, now);
        gates
    }

    /// These hold from now on; of those that are as they were, what was taken stays taken.
    pub fn limit(&mut self, limits: &Limits, now: f64) {
        let stated = [
            (Unit::Request, limits.requests_a_minute),
            (Unit::Image, limits.images_a_minute),
            (Unit::Token, limits.tokens_a_minute),
        ];
        let mut before = mem::take(&mut self.gates);
        self.gates = stated
            .into_iter()
            .filter_map(|(unit, limit)| {
                let limit = limit?;
                let same = before.iter().position(|gated| gated.unit == unit && gated.limit == limit);
                let mean = unit.of(&Consumed::EXPECTED).unwrap_or(1.0);
                let new = || Gated { gate: Gate::new(limit.get(), mean, now), limit, unit, mean, kept: None };
                Some(same.map_or_else(new, |same| before.swap_remove(same)))
            })
            .collect();
    }

    /// Takes a request's place in every limit, of which so many tokens are known beforehand, or says when to ask again.
    pub fn take(&mut self, known_tokens: u64, now: f64) -> Result<Taken, f64> {
        let mut taken = Taken { known_tokens: known_tokens as f64, ..Taken::default() };
        for gated in &mut self.gates {
            if gated.kept.is_none() {
                let amount = (gated.mean + taken.known(gated.unit)).max(0.0);
                gated.gate.take(amount, now)?;
                gated.kept = Some(amount);
            }
        }
        self.gates.iter_mut().for_each(|gated| *taken.of(gated.unit) = gated.kept.take().unwrap_or_default());
        Ok(taken)
    }

    /// A request came back for which this was taken, and this is what it really took.
    pub fn settle(&mut self, mut taken: Taken, consumed: &Consumed) {
        for gated in &mut self.gates {
            if let Some(amount) = gated.unit.of(consumed) {
                gated.gate.correct(amount - *taken.of(gated.unit));
                gated.mean += (amount - taken.known(gated.unit) - gated.mean) * FOLLOWS;
            }
        }
    }

    /// A request came back that took nothing but its place among the requests.
    pub fn give_back(&mut self, mut taken: Taken) {
        for gated in self.gates.iter_mut().filter(|gated| gated.unit != Unit::Request) {
            gated.gate.correct(-*taken.of(gated.unit));
        }
    }

    /// Requests for which this was taken at one moment did not leave.
    pub fn take_back(&mut self, taken: impl Iterator<Item = Taken>, taken_at: f64, now: f64) {
        let mut sum = Taken::default();
        for mut taken in taken {
            self.gates.iter().for_each(|gated| *sum.of(gated.unit) += *taken.of(gated.unit));
        }
        self.gates.iter_mut().for_each(|gated| gated.gate.take_back(*sum.of(gated.unit), taken_at, now));
    }
}
