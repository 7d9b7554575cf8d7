//! How fast a run may send. Pure: events and the time go in, permits and a not-before come out. Never waits.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::admission::Permit;
use crate::domain::Timestamp;

/// The wait after a throttling that names none, doubled each time without an answer in between.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// A server that asks for less means "a little": asked again at once by everybody, it would only say it again.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// No pause of our own making is longer; a server may ask for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// After a pause, what was throttled returns spread over so long instead of all at once.
const SPREAD: Duration = Duration::from_secs(1);
/// The share of a minute whose requests may leave at once: it makes up for late wake-ups and no more.
const BURSTS_A_MINUTE: u32 = 300;

/// Decides when requests may leave.
#[derive(Debug)]
pub struct Pace {
    concurrency: usize,
    paused_until: Timestamp,
    throttled_in_a_row: u32,
    rate: Option<Rate>,
}

/// Requests a minute.
#[derive(Debug)]
struct Rate {
    limiter: DefaultDirectRateLimiter,
    clock: DefaultClock,
}

impl Pace {
    /// So many requests at once, and so many a minute if that is limited.
    pub fn new(concurrency: usize, requests_a_minute: Option<NonZeroU32>) -> Self {
        let rate = requests_a_minute.map(|rpm| {
            let burst = NonZeroU32::MIN.max(NonZeroU32::new(rpm.get().div_ceil(BURSTS_A_MINUTE)).unwrap_or(rpm));
            let quota = Quota::per_minute(rpm).allow_burst(burst);
            Rate { limiter: RateLimiter::direct(quota), clock: DefaultClock::default() }
        });
        Self { concurrency, paused_until: Timestamp::default(), throttled_in_a_row: 0, rate }
    }

    /// How many requests may be in flight.
    pub fn concurrency(&self) -> usize {
        self.concurrency
    }

    /// Asks for one request to leave while so many are in flight.
    pub fn permit(&mut self, in_flight: usize, now: Timestamp) -> Permit {
        if in_flight >= self.concurrency {
            return Permit::AfterNext;
        }
        if now < self.paused_until {
            return Permit::At(self.paused_until);
        }
        let Some(rate) = &self.rate else { return Permit::Granted };
        match rate.limiter.check() {
            Ok(()) => Permit::Granted,
            Err(not_until) => Permit::At(now.after(not_until.wait_time_from(rate.clock.now()).max(TICK))),
        }
    }

    /// The server said "too fast". The whole run pauses for as long as it says; returns when the item that was
    /// throttled may come again. `jitter` lies in 0..1.
    pub fn throttled(&mut self, asked: Option<Duration>, jitter: f64, now: Timestamp) -> Timestamp {
        let pause = asked.map_or_else(|| self.own_pause(), |asked| asked.max(SHORTEST_PAUSE));
        // One throttling of many requests in flight is one episode: only the first after a pause makes the next longer.
        if now >= self.paused_until {
            self.throttled_in_a_row += 1;
        }
        self.paused_until = self.paused_until.max(now.after(pause));
        self.paused_until.after(SPREAD.mul_f64(jitter))
    }

    /// An answer came: the server is not overrun.
    pub fn answered(&mut self) {
        self.throttled_in_a_row = 0;
    }

    /// The clock was moved by so many milliseconds: the pause lasts as long as before.
    pub fn clock_moved(&mut self, by: i64) {
        self.paused_until = self.paused_until.moved(by);
    }

    fn own_pause(&self) -> Duration {
        FIRST_PAUSE.saturating_mul(1 << self.throttled_in_a_row.min(16)).min(LONGEST_PAUSE)
    }
}

/// What a timer can wait for: shorter waits would spin.
const TICK: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    #[test]
    fn no_more_than_the_bound_are_in_flight() {
        let mut pace = Pace::new(2, None);
        assert_eq!(pace.permit(1, NOW), Permit::Granted);
        assert_eq!(pace.permit(2, NOW), Permit::AfterNext);
    }

    #[test]
    fn the_whole_run_waits_for_as_long_as_the_server_says() {
        let mut pace = Pace::new(9, None);
        let back = pace.throttled(Some(Duration::from_secs(30)), 0.5, NOW);
        assert_eq!(pace.permit(0, NOW), Permit::At(NOW.after(Duration::from_secs(30))));
        assert_eq!(back, NOW.after(Duration::from_millis(30_500)));
        pace.throttled(Some(Duration::from_secs(3)), 0.0, NOW);
        assert_eq!(pace.permit(0, NOW), Permit::At(NOW.after(Duration::from_secs(30))), "never shortened");
        assert_eq!(pace.permit(0, NOW.after(Duration::from_secs(30))), Permit::Granted);
    }

    #[test]
    fn a_server_that_asks_for_less_than_a_second_gets_a_second() {
        let mut pace = Pace::new(9, None);
        assert_eq!(pace.throttled(Some(Duration::from_millis(1)), 0.0, NOW), NOW.after(SHORTEST_PAUSE));
    }

    #[test]
    fn pauses_of_our_own_grow_by_the_episode_and_shrink_with_an_answer() {
        let mut pace = Pace::new(9, None);
        let mut now = NOW;
        let mut episode = |pace: &mut Pace| {
            let first = pace.throttled(None, 0.0, now);
            let same_episode = pace.throttled(None, 0.0, now);
            let wait = first.since(now).as_secs();
            now = first.max(same_episode);
            wait
        };
        let waits: Vec<u64> = (0..6).map(|_| episode(&mut pace)).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 60]);
        pace.answered();
        assert_eq!(episode(&mut pace), 2);
    }

    #[test]
    fn a_pause_lasts_as_long_on_a_clock_that_was_moved() {
        for by in [-18_000_000, 18_000_000] {
            let mut pace = Pace::new(9, None);
            pace.throttled(Some(Duration::from_secs(30)), 0.0, NOW);
            pace.clock_moved(by);
            let (moved, end) = (NOW.moved(by), NOW.moved(by).after(Duration::from_secs(30)));
            assert_eq!((pace.permit(0, moved), pace.permit(0, end)), (Permit::At(end), Permit::Granted));
        }
    }

    #[test]
    fn requests_a_minute_are_spread_over_the_minute() {
        let mut pace = Pace::new(1000, NonZeroU32::new(600));
        let at_once = (0..1000).take_while(|_| pace.permit(0, NOW) == Permit::Granted).count();
        assert!((2..=4).contains(&at_once), "{at_once} left at once");
    }
}
