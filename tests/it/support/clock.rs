//! A clock that a test sets by hours, like a person or the network would. Time passes at it as it does.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use overnight::clock::{Clock, SystemClock};
use overnight::domain::Timestamp;

/// An hour, in milliseconds.
pub const HOUR: i64 = 3_600_000;

/// The system's clock, set apart.
#[derive(Debug, Default)]
pub struct SetClock {
    by: AtomicI64,
}

impl SetClock {
    /// Shows so many milliseconds more than the system's from now on.
    pub fn set(&self, by: i64) {
        self.by.store(by, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        SystemClock.now().moved(self.by.load(Ordering::SeqCst))
    }

    fn passed(&self) -> Duration {
        SystemClock.passed()
    }
}
