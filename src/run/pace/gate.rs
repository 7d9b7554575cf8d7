//! A stated limit a minute, of whatever is counted, spread over the minute. Pure: it is told the time and never asks for
//! it.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

/// The minute is taken to be so much longer: what leaves at once has room in it, and what left evenly does not arrive so,
/// and a limit is a limit there.
const LONGER: f64 = 1.0125;
/// The share of a minute that may leave at once: it makes up for wake-ups that are late because the machine is busy.
const BURSTS_A_MINUTE: f64 = 100.0;

/// Lets pass what the limit allows.
#[derive(Debug)]
pub(super) struct Gate {
    limiter: RateLimiter<NotKeyed, InMemoryState, Told, NoOpMiddleware<Nanos>>,
    clock: Told,
    /// As much passes at once.
    most_at_once: u32,
    /// So much passes in a millisecond.
    a_millisecond: f64,
    /// What passed without having been taken, or less than nothing.
    owed: f64,
}

/// The time as it was last told.
#[derive(Debug, Clone, Default)]
struct Told(Arc<AtomicU64>);

impl Clock for Told {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.load(Ordering::Relaxed).into()
    }
}

impl Told {
    /// Milliseconds that count from wherever all others do.
    fn set(&self, millis: f64) {
        self.0.store((millis.max(0.0) * 1e6) as u64, Ordering::Relaxed);
    }
}

impl Gate {
    /// So many a minute, of which one request takes about `each`.
    pub fn new(a_minute: u32, each: f64, now: f64) -> Self {
        let clock = Told::default();
        clock.set(now);
        let a_minute = f64::from(a_minute.max(1));
        let most_at_once = (a_minute / BURSTS_A_MINUTE).max(each).min(a_minute).ceil() as u32;
        let most_at_once = NonZeroU32::new(most_at_once).unwrap_or(NonZeroU32::MIN);
        let every = Duration::from_secs_f64(60.0 * LONGER / a_minute);
        let quota = Quota::with_period(every).unwrap_or(Quota::per_minute(NonZeroU32::MAX)).allow_burst(most_at_once);
        let limiter = RateLimiter::direct_with_clock(quota, clock.clone());
        let a_millisecond = a_minute / (60_000.0 * LONGER);
        Self { limiter, clock, most_at_once: most_at_once.get(), a_millisecond, owed: 0.0 }
    }

    /// Takes so much of the limit, or says when it can be taken.
    pub fn take(&mut self, amount: f64, now: f64) -> Result<(), f64> {
        self.clock.set(now);
        while let Some(whole) = NonZeroU32::new(((self.owed + amount).max(0.0) as u32).min(self.most_at_once)) {
            if let Ok(Err(not_until)) = self.limiter.check_n(whole) {
                return Err(now + not_until.wait_time_from(self.clock.now()).as_secs_f64() * 1000.0);
            }
            // It is never more than passes at once.
            self.owed -= f64::from(whole.get());
        }
        self.owed += amount;
        Ok(())
    }

    /// What passed was so much more than was taken, or less: whoever comes next takes it.
    pub fn correct(&mut self, by: f64) {
        self.owed += by;
    }

    /// So much was taken then, and nothing passed. What has become free of itself since is given back already.
    pub fn take_back(&mut self, amount: f64, taken_at: f64, now: f64) {
        let free = (now - taken_at).max(0.0) * self.a_millisecond;
        self.owed -= (amount - free).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When requests of so much each leave, until so many seconds after the start.
    fn leaves(gate: &mut Gate, amount: f64, seconds: u32) -> Vec<f64> {
        let (mut now, mut left) = (1000.0, Vec::new());
        while now < 1000.0 + f64::from(seconds) * 1000.0 {
            match gate.take(amount, now) {
                Ok(()) => left.push(now - 1000.0),
                Err(at) => now = at.ceil().max(now + 1.0),
            }
        }
        left
    }

    #[test]
    fn a_limit_is_used_but_for_a_hair_and_spread_over_the_minute() {
        for a_minute in [1, 7, 60, 600, 6000] {
            let left = leaves(&mut Gate::new(a_minute, 1.0, 1000.0), 1.0, 600);
            let share = left.len() as f64 / (10.0 * f64::from(a_minute));
            assert!((0.98..=1.01).contains(&share), "{share} of {a_minute}");
            let one_more = left.windows(a_minute as usize + 1);
            assert!(one_more.into_iter().all(|window| window[a_minute as usize] - window[0] > 60_000.0), "{a_minute}");
            let at_once = left.iter().take_while(|at| **at == 0.0).count();
            assert!(at_once as f64 <= (f64::from(a_minute) / 100.0).ceil(), "{at_once} of {a_minute}");
        }
    }

    #[test]
    fn what_came_otherwise_than_expected_is_made_up_for() {
        let mut gate = Gate::new(6000, 100.0, 1000.0);
        let mut left = 0;
        let mut now = 1000.0;
        while now < 601_000.0 {
            match gate.take(100.0, now) {
                Ok(()) => {
                    left += 1;
                    gate.correct(50.0);
                }
                Err(at) => now = at.ceil().max(now + 1.0),
            }
        }
        assert!((390..=402).contains(&left), "{left} requests of 150 in ten minutes of 6,000");
    }

    #[test]
    fn what_did_not_pass_is_given_back_and_never_saved_up() {
        let mut gate = Gate::new(1, 1.0, 1000.0);
        gate.take(1.0, 1000.0).unwrap();
        assert!(gate.take(1.0, 2000.0).is_err());
        gate.take_back(1.0, 1000.0, 2000.0);
        gate.take(1.0, 2000.0).unwrap();
        let mut gate = Gate::new(600, 1.0, 1000.0);
        let at_once = |gate: &mut Gate, now: f64| (0..100).take_while(|_| gate.take(1.0, now).is_ok()).count();
        for second in 1..60 {
            let taken = at_once(&mut gate, f64::from(second) * 1000.0);
            assert!(taken <= 6, "{taken} at once");
            gate.take_back(taken as f64, f64::from(second) * 1000.0, f64::from(second + 1) * 1000.0);
        }
    }

    #[test]
    fn parts_of_one_are_added_up() {
        let left = leaves(&mut Gate::new(60, 1.0, 1000.0), 0.5, 60);
        assert!((117..=122).contains(&left.len()), "{}", left.len());
    }
}
