//! Money, exactly. Never a float inside, never a price without its source.

mod caps;
mod held;
mod list;
mod price;

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::str::FromStr;

use serde::{Serialize, Serializer};

pub use caps::{Cap, CapKind, CapReached, CapSpan, Caps};
pub use held::{Held, projected};
pub use list::{PriceList, PriceSource};
pub use price::{Price, TokenPrice, reference_tokens};

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

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl SubAssign for Usd {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

/// A text that is no amount of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUsd(String);

impl fmt::Display for NotUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not an amount of US dollars; write a number such as 25 or 0.0336, of nine decimals and a million at most",
            self.0
        )
    }
}

impl std::error::Error for NotUsd {}

/// Decimals of a dollar that are told apart.
const DECIMALS: usize = 9;

/// No larger amount is taken from a person, so that sums of millions of them are exact: a million dollars.
const MOST: i64 = 1_000_000_000_000_000;

impl FromStr for Usd {
    type Err = NotUsd;

    /// Dollars as people write them: `25`, `0.0336`, `$1.50`. Nothing is rounded: what would have to be is refused.
    fn from_str(text: &str) -> Result<Self, NotUsd> {
        let number = text.trim();
        let number = number.strip_prefix('$').unwrap_or(number);
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        let decimals = decimals.trim_end_matches('0');
        let is_number = !whole.is_empty() && [whole, decimals].iter().all(|it| it.bytes().all(|b| b.is_ascii_digit()));
        let nanos = format!("{whole}{decimals:0<DECIMALS$}").parse().ok();
        let nanos = nanos.filter(|nanos| is_number && decimals.len() <= DECIMALS && *nanos <= MOST);
        nanos.map(Self).ok_or_else(|| NotUsd(text.to_owned()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_are_shown_and_more_where_they_would_hide_something() {
        assert_eq!(Usd::from_nanos(33_600_000).times(1000).to_string(), "$33.60");
        assert_eq!(Usd::from_nanos(33_600_000).to_string(), "$0.0336");
        assert_eq!(Usd::from_nanos(1_500_000_000).to_string(), "$1.50");
    }

    #[test]
    fn an_amount_is_read_to_the_billionth_of_a_dollar_or_refused() {
        for (text, nanos) in [
            ("25", 25_000_000_000),
            ("0.0336", 33_600_000),
            ("$1.50", 1_500_000_000),
            (" 2. ", 2_000_000_000),
            ("0.000000001", 1),
            ("0.1000000000000", 100_000_000),
            ("0", 0),
        ] {
            assert_eq!(text.parse(), Ok(Usd::from_nanos(nanos)), "{text}");
        }
        for text in ["", ".", "-1", "+1", "1,000", "1e3", "five", "0.0000000001", "99999999999", "1.2.3", "NaN", "$"] {
            assert!(text.parse::<Usd>().unwrap_err().to_string().contains("such as 25 or 0.0336"), "{text}");
        }
    }
}
