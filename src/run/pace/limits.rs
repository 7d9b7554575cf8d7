//! The limits that a person stated, any of them together. Pure: it is told the time and what came; never asks for either.

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

/// The limits a minute. A place taken from one is kept until the others give theirs.
#[derive(Debug)]
pub(super) struct Gates {
    gates: Vec<Gated>,
}

#[derive(Debug)]
struct Gated {
    gate: Gate,
    unit: Unit,
    /// What a request takes, as far as is known.
    mean: f64,
    is_taken: bool,
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

impl Gates {
    pub fn new(limits: &Limits, now: f64) -> Self {
        let stated = [
            (Unit::Request, limits.requests_a_minute),
            (Unit::Image, limits.images_a_minute),
            (Unit::Token, limits.tokens_a_minute),
        ];
        let gates = stated.into_iter().filter_map(|(unit, limit)| {
            let mean = unit.of(&Consumed::EXPECTED).unwrap_or(1.0);
            Some(Gated { gate: Gate::new(limit?.get(), mean, now), unit, mean, is_taken: false })
        });
        Self { gates: gates.collect() }
    }

    /// Takes a request's place in every limit, or says when to ask again.
    pub fn take(&mut self, now: f64) -> Result<(), f64> {
        for gated in &mut self.gates {
            if !gated.is_taken {
                gated.gate.take(gated.mean, now)?;
                gated.is_taken = true;
            }
        }
        self.gates.iter_mut().for_each(|gated| gated.is_taken = false);
        Ok(())
    }

    /// A request that took the expected came back, and this is what it really took.
    pub fn settle(&mut self, consumed: &Consumed) {
        for gated in &mut self.gates {
            if let Some(amount) = gated.unit.of(consumed) {
                gated.gate.correct(amount - gated.mean);
                gated.mean += (amount - gated.mean) * FOLLOWS;
            }
        }
    }

    /// A request came back that took nothing but its place among the requests.
    pub fn give_back(&mut self) {
        for gated in &mut self.gates {
            if gated.unit != Unit::Request {
                gated.gate.correct(-gated.mean);
            }
        }
    }
}
