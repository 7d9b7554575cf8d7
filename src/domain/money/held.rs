//! Where the money of attempts is, and what it will come to. Never reads or writes a sum.

use std::ops::{Add, AddAssign};

use super::Usd;

/// What some attempts have cost, and may cost yet. Where no price was known, nothing is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// What those cost that ended.
    pub settled: Usd,
    /// What those may cost that are on their way, or wait to be kept.
    pub reserved: Usd,
    /// What those may have cost that were lost: nobody knows, so it stays.
    pub lost: Usd,
}

impl Held {
    /// What counts against a cap: all of it.
    pub fn total(self) -> Usd {
        self.settled + self.reserved + self.lost
    }
}

impl Add for Held {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            settled: self.settled + other.settled,
            reserved: self.reserved + other.reserved,
            lost: self.lost + other.lost,
        }
    }
}

impl AddAssign for Held {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// What it will come to when the items that are left have cost as much each as those that ended, retries and all.
/// Unknown before the first has ended.
pub fn projected(held: Held, ended: u64, left: u64) -> Option<Usd> {
    if left == 0 {
        return Some(held.settled + held.lost);
    }
    if ended == 0 {
        return None;
    }
    let rest = i128::from(held.settled.nanos()) * i128::from(left) / i128::from(ended);
    Some(held.settled + held.lost + Usd::from_nanos(i64::try_from(rest).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_taken_to_cost_what_went_before() {
        let [settled, reserved, lost] = [300, 70, 5].map(Usd::from_nanos);
        let held = Held { settled, reserved, lost };
        assert_eq!(held.total(), Usd::from_nanos(375));
        assert_eq!(projected(held, 3, 7), Some(Usd::from_nanos(1_005)));
        assert_eq!(projected(held, 0, 7), None);
        assert_eq!(projected(held, 3, 0), Some(Usd::from_nanos(305)));
    }
}
