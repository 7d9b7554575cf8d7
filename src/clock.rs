//! Where the time comes from. Everyone else is told it and never asks.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::Timestamp;

/// A source of the time.
pub trait Clock: Send + Sync {
    /// The time of day now. It may be set, by hours, while the program runs.
    fn now(&self) -> Timestamp;

    /// The time passed since some moment that stays the same while the program runs. Nobody can set it.
    fn passed(&self) -> Duration;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// When the time that has passed was first asked for.
static FIRST_ASKED: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(0).after(since_epoch)
    }

    fn passed(&self) -> Duration {
        FIRST_ASKED.elapsed()
    }
}
