//! Whether the clock was set while a run is on, seen by the time that passed meanwhile. Pure; never sets a clock, never
//! asks one.

use std::time::Duration;

use crate::domain::Timestamp;

/// Clocks drift, and are nudged by seconds: nobody waits so exactly.
const UNNOTICED: u64 = 5_000;

/// The time of day and the time passed, as they belonged together when last looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steady {
    now: Timestamp,
    passed: Duration,
}

impl Steady {
    /// They belong together as they are.
    pub fn new(now: Timestamp, passed: Duration) -> Self {
        Self { now, passed }
    }

    /// By how many milliseconds the clock was set since last time, forward or back; none if all that happened is that
    /// time passed.
    pub fn moved(&mut self, now: Timestamp, passed: Duration) -> Option<i64> {
        let expected = self.now.after(passed.saturating_sub(self.passed));
        let by = now.millis().saturating_sub(expected.millis());
        if by.unsigned_abs() < UNNOTICED {
            return None;
        }
        *self = Self::new(now, passed);
        Some(by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);
    const HOUR: i64 = 3_600_000;

    #[test]
    fn only_what_time_does_not_explain_was_a_move() {
        let mut steady = Steady::new(START, Duration::ZERO);
        let day = Duration::from_secs(86_400);
        assert_eq!(steady.moved(START.after(day).moved(4_999), day), None);
        assert_eq!(steady.moved(START.after(day).moved(HOUR), day), Some(HOUR));
        assert_eq!(steady.moved(START.after(day).moved(HOUR), day), None, "told once");
        assert_eq!(steady.moved(START.after(day * 2).moved(-4 * HOUR), day * 2), Some(-5 * HOUR));
    }
}
