//! Money, exactly. Never a float inside, never a price without its source.

use std::fmt;
use std::ops::{Add, AddAssign};

use serde::{Serialize, Serializer};

/// US dollars in billionths, so that a token's price is a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Usd(i64);

impl Usd {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// So many billionths of a dollar.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Billionths of a dollar.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// So many times this much.
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX)))
    }

    /// Dollars, for machine output only: arithmetic stays in whole billionths.
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl fmt::Display for Usd {
    /// Dollars and cents, with more places only where the cents would hide something.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 % 10_000_000 == 0 || self.0.abs() >= 1_000_000_000 {
            write!(f, "${:.2}", self.dollars())
        } else {
            write!(f, "${:.4}", self.dollars())
        }
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.dollars())
    }
}

/// What a picture costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// For each image received.
    pub per_image: Usd,
}

/// What the models cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct PriceList;

impl PriceList {
    /// The month in which the built-in prices were looked up.
    pub const LISTED: &str = "2026-11";

    /// The list price of a model, where it is known: $0.0336 for a 1K image of gemini-3.1-flash-lite-image (1,120
    /// output tokens at $30 a million, by Google's price list). Resellers differ.
    pub fn of(&self, model: &str) -> Option<Price> {
        (model == "gemini-3.1-flash-lite-image").then_some(Price { per_image: Usd::from_nanos(33_600_000) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_pictures_cost_a_thousand_times_one_to_the_cent() {
        let price = PriceList.of("gemini-3.1-flash-lite-image").unwrap();
        assert_eq!(price.per_image.times(1000).to_string(), "$33.60");
        assert_eq!(price.per_image.to_string(), "$0.0336");
        assert_eq!(Usd::from_nanos(1_500_000_000).to_string(), "$1.50");
        assert!(PriceList.of("another").is_none());
    }
}
