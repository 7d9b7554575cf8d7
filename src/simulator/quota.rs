//! Quotas of requests, a minute and a day. Never asks for the time: it is told.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// How long a minute is.
const MINUTE: Duration = Duration::from_secs(60);

/// Which 60 seconds a quota by the minute is counted over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QuotaWindow {
    /// Any: a place frees 60 seconds after it was taken.
    #[default]
    Sliding,
    /// Whole minutes since the start: all places free when the next begins.
    Fixed,
}

/// A quota by the minute and from when on it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaStep {
    /// So long after the start, or after `POST /reset`.
    pub from: Duration,
    /// Requests a minute.
    pub places: NonZeroU32,
}

/// Why a request gets no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// So many a minute are the most, and the next place frees after the wait.
    ThisMinute { places: NonZeroU32, wait: Duration },
    /// So many a day are the most.
    Today { places: NonZeroU32 },
}

/// What was accepted, and how much may be.
#[derive(Debug)]
pub(super) struct Quota {
    start: Instant,
    /// In the order of their times.
    steps: Vec<QuotaStep>,
    window: QuotaWindow,
    a_day: Option<NonZeroU32>,
    /// Those of the minute that counts, while any is limited.
    accepted: VecDeque<Instant>,
    today: u32,
}

impl Quota {
    /// These quotas by the minute, counted over such a window, and that by the day.
    pub fn new(mut steps: Vec<QuotaStep>, window: QuotaWindow, a_day: Option<NonZeroU32>, now: Instant) -> Quota {
        steps.sort_by_key(|step| step.from);
        Quota { start: now, steps, window, a_day, accepted: VecDeque::new(), today: 0 }
    }

    /// Takes a place at `now`, or says why there is none. A refused request takes none.
    pub fn take(&mut self, now: Instant) -> Result<(), Refused> {
        if let Some(places) = self.a_day.filter(|places| self.today >= places.get()) {
            return Err(Refused::Today { places });
        }
        self.forget(now);
        if let Some(places) = self.places(now).filter(|places| self.accepted.len() >= places.get() as usize) {
            return Err(Refused::ThisMinute { places, wait: self.free_at(now) - now });
        }
        self.today = self.today.saturating_add(1);
        if !self.steps.is_empty() {
            self.accepted.push_back(now);
        }
        Ok(())
    }

    /// Begins anew: every place is free, and the first quota holds.
    pub fn reset(&mut self, now: Instant) {
        self.start = now;
        self.today = 0;
        self.accepted.clear();
    }

    /// Requests a minute at this moment, if there is a limit.
    fn places(&self, now: Instant) -> Option<NonZeroU32> {
        let begun = self.steps.iter().take_while(|step| self.start + step.from <= now);
        begun.last().map(|step| step.places)
    }

    /// Drops what no longer takes up a place.
    fn forget(&mut self, now: Instant) {
        let minute = self.minute(now);
        let is_over = |taken: &Instant| match self.window {
            QuotaWindow::Sliding => *taken + MINUTE <= now,
            QuotaWindow::Fixed => *taken < minute,
        };
        let over = self.accepted.iter().take_while(|taken| is_over(taken)).count();
        self.accepted.drain(..over);
    }

    /// When the minute of the clock began in which this moment lies.
    fn minute(&self, now: Instant) -> Instant {
        let passed = now.duration_since(self.start).as_secs();
        self.start + MINUTE * u32::try_from(passed / MINUTE.as_secs()).unwrap_or(u32::MAX)
    }

    /// The first moment with a place that nobody has taken yet, whatever the quota will be by then.
    fn free_at(&self, now: Instant) -> Instant {
        let ends = self.steps.iter().skip(1).map(|step| Some(self.start + step.from)).chain([None]);
        let mut free = self.steps.iter().zip(ends).filter_map(|(step, end)| {
            let free = self.free_under(step.places, now).max(self.start + step.from);
            end.is_none_or(|end| free < end).then_some(free)
        });
        // The last quota has no end.
        free.next().unwrap_or(now)
    }

    /// When there will be a place, if so many are the most.
    fn free_under(&self, places: NonZeroU32, now: Instant) -> Instant {
        match (self.accepted.len().checked_sub(places.get() as usize), self.window) {
            (None, _) => now,
            (Some(beyond), QuotaWindow::Sliding) => self.accepted[beyond] + MINUTE,
            (Some(_), QuotaWindow::Fixed) => self.minute(now) + MINUTE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn step(from: u64, places: u32) -> QuotaStep {
        QuotaStep { from: seconds(from), places: NonZeroU32::new(places).unwrap() }
    }

    /// Quotas that began at the moment that comes with them.
    fn begun(steps: &[QuotaStep], window: QuotaWindow) -> (Quota, Instant) {
        let start = Instant::now();
        (Quota::new(steps.to_vec(), window, None, start), start)
    }

    fn wait_of(refused: Result<(), Refused>) -> u64 {
        match refused {
            Err(Refused::ThisMinute { wait, .. }) => wait.as_secs(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_place_frees_a_minute_after_it_was_taken_and_the_wait_says_so() {
        let (mut quota, start) = begun(&[step(0, 2)], QuotaWindow::Sliding);
        assert_eq!(quota.take(start), Ok(()));
        assert_eq!(quota.take(start + seconds(10)), Ok(()));
        assert_eq!(wait_of(quota.take(start + seconds(20))), 40);
        assert_eq!(quota.take(start + seconds(60)), Ok(()));
        assert_eq!(wait_of(quota.take(start + seconds(60))), 10);
    }

    #[test]
    fn a_refused_request_takes_no_place() {
        let (mut quota, start) = begun(&[step(0, 2)], QuotaWindow::Sliding);
        for _ in 0..2 {
            assert_eq!(quota.take(start), Ok(()));
        }
        for _ in 0..100 {
            assert!(quota.take(start + seconds(59)).is_err());
        }
        assert_eq!(quota.take(start + seconds(60)), Ok(()));
    }

    #[test]
    fn in_fixed_minutes_all_places_free_when_the_next_begins() {
        let (mut quota, start) = begun(&[step(0, 2)], QuotaWindow::Fixed);
        assert!(quota.take(start + seconds(50)).is_ok() && quota.take(start + seconds(55)).is_ok());
        assert_eq!(wait_of(quota.take(start + seconds(58))), 2);
        assert!(quota.take(start + seconds(60)).is_ok() && quota.take(start + seconds(61)).is_ok());
        assert_eq!(wait_of(quota.take(start + seconds(61))), 59);
    }

    #[test]
    fn after_a_quota_was_lowered_the_wait_lasts_until_so_many_have_gone() {
        let (mut quota, start) = begun(&[step(0, 6), step(20, 2)], QuotaWindow::Sliding);
        (0..6).for_each(|second| assert_eq!(quota.take(start + seconds(second)), Ok(())));
        // Six were taken, from 0 to 5; with two places the next is free when the fifth has gone.
        let wait = wait_of(quota.take(start + seconds(20)));
        assert_eq!(wait, 64 - 20);
        assert!(quota.take(start + seconds(63)).is_err());
        assert_eq!(quota.take(start + seconds(64)), Ok(()));
    }

    #[test]
    fn a_quota_that_will_be_raised_is_waited_for_no_longer_than_until_then() {
        for (window, wait) in [(QuotaWindow::Sliding, 10), (QuotaWindow::Fixed, 10)] {
            let (mut quota, start) = begun(&[step(0, 1), step(20, 2)], window);
            assert_eq!(quota.take(start), Ok(()));
            assert_eq!(wait_of(quota.take(start + seconds(10))), wait);
            assert_eq!(quota.take(start + seconds(20)), Ok(()));
        }
    }

    #[test]
    fn before_the_first_quota_everything_is_taken_and_counts_for_it() {
        let (mut quota, start) = begun(&[step(30, 2)], QuotaWindow::Sliding);
        (0..30).for_each(|second| assert_eq!(quota.take(start + seconds(second)), Ok(())));
        assert_eq!(wait_of(quota.take(start + seconds(30))), 58);
    }

    #[test]
    fn a_day_has_no_next_place_and_comes_before_the_minute() {
        let (two, start) = (NonZeroU32::new(2).unwrap(), Instant::now());
        let mut quota = Quota::new(vec![step(0, 1)], QuotaWindow::Sliding, Some(two), start);
        assert_eq!(quota.take(start), Ok(()));
        assert_eq!(wait_of(quota.take(start)), 60, "what the minute refuses is none of the day's");
        assert_eq!(quota.take(start + seconds(60)), Ok(()));
        assert_eq!(quota.take(start + seconds(60)), Err(Refused::Today { places: two }));
        quota.reset(start + seconds(70));
        assert_eq!(quota.take(start + seconds(70)), Ok(()));
    }

    #[test]
    fn a_reset_frees_every_place_and_begins_with_the_first_quota() {
        let (mut quota, start) = begun(&[step(0, 2), step(60, 1)], QuotaWindow::Sliding);
        assert!(quota.take(start + seconds(90)).is_ok() && quota.take(start + seconds(90)).is_err());
        quota.reset(start + seconds(90));
        assert!(quota.take(start + seconds(91)).is_ok() && quota.take(start + seconds(91)).is_ok());
        assert!(quota.take(start + seconds(149)).is_err());
    }
}
