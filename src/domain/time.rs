//! A moment as the queue stores it. Never reads a clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC: whole numbers that a database compares and a person can convert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment so many milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This moment and `wait` more; it stops at the end of time instead of overflowing.
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment on a clock that was moved by so many milliseconds, forward or back.
    pub const fn moved(self, by: i64) -> Self {
        Self(self.0.saturating_add(by))
    }

    /// How long from `earlier` to here; nothing if the clock was moved back in between.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_moved_back_gives_no_negative_wait() {
        let later = Timestamp::from_millis(1_000);
        assert_eq!(Timestamp::from_millis(400).since(later), Duration::ZERO);
        assert_eq!(later.since(Timestamp::from_millis(400)), Duration::from_millis(600));
    }

    #[test]
    fn the_end_of_time_is_not_passed() {
        assert_eq!(Timestamp::from_millis(5).after(Duration::MAX).millis(), i64::MAX);
    }
}
