//! How fast a run is and how long it will still take. Never asks a clock: the events' own times decide.

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::Timestamp;

/// What is "recent": long enough to hold several pauses of a per-minute quota, short enough to notice a change.
const RECENT: Duration = Duration::from_secs(5 * 60);
/// Before that many endings a rate would be a guess.
const ENOUGH: u64 = 3;
/// Before that much time a rate would be a guess.
const LONG_ENOUGH: Duration = Duration::from_secs(3);

/// Items a minute, if enough is known to say.
pub fn per_minute(items: u64, span: Duration) -> Option<f64> {
    (items >= ENOUGH && span >= LONG_ENOUGH).then(|| items as f64 * 60.0 / span.as_secs_f64())
}

/// How long the items that are left take at the rate of `ended` items in `span`, after a pause of `pause`, if enough
/// is known to say.
pub fn time_left(left: u64, ended: u64, span: Duration, pause: Duration) -> Option<Duration> {
    let minutes = left as f64 / per_minute(ended, span)?;
    Duration::try_from_secs_f64(minutes * 60.0).ok()?.checked_add(pause)
}

/// What ended in recent minutes, second by second.
#[derive(Debug, Clone, Default)]
pub struct Recent {
    since: Timestamp,
    seconds: VecDeque<Second>,
}

#[derive(Debug, Clone, Copy)]
struct Second {
    start: Timestamp,
    done: u64,
    ended: u64,
}

impl Recent {
    /// Nothing has ended yet in a run that starts at `since`.
    pub fn starting(since: Timestamp) -> Self {
        Self { since, seconds: VecDeque::new() }
    }

    /// One more item ended, with its picture or without.
    pub fn note(&mut self, time: Timestamp, done: bool) {
        let start = Timestamp::from_millis(time.millis().div_euclid(1000) * 1000);
        if self.seconds.back().is_none_or(|last| last.start < start) {
            self.seconds.push_back(Second { start, done: 0, ended: 0 });
        }
        // One was pushed if there was none.
        if let Some(last) = self.seconds.back_mut() {
            last.ended += 1;
            last.done += u64::from(done);
        }
        while self.seconds.front().is_some_and(|first| time.since(first.start) > RECENT) {
            self.seconds.pop_front();
        }
    }

    /// Pictures a minute in the recent minutes before `now`.
    pub fn pictures_per_minute(&self, now: Timestamp) -> Option<f64> {
        let (done, _) = self.counts(now);
        per_minute(done, self.span(now))
    }

    /// How long `left` items will take from `now`, when nothing is sent for `pause`.
    pub fn time_left(&self, left: u64, now: Timestamp, pause: Duration) -> Option<Duration> {
        let (_, ended) = self.counts(now);
        time_left(left, ended, self.span(now), pause)
    }

    fn span(&self, now: Timestamp) -> Duration {
        now.since(self.since).min(RECENT)
    }

    fn counts(&self, now: Timestamp) -> (u64, u64) {
        let recent = self.seconds.iter().filter(|second| now.since(second.start) <= RECENT);
        recent.fold((0, 0), |(done, ended), second| (done + second.done, ended + second.ended))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    #[test]
    fn the_time_left_is_what_is_left_at_the_recent_rate() {
        assert_eq!(time_left(300, 100, seconds(60), Duration::ZERO), Some(seconds(180)));
        assert_eq!(time_left(0, 100, seconds(60), Duration::ZERO), Some(Duration::ZERO));
    }

    #[test]
    fn a_pause_is_waited_for_first() {
        assert_eq!(time_left(300, 100, seconds(60), seconds(20)), Some(seconds(200)));
    }

    #[test]
    fn nothing_is_foretold_from_too_little() {
        assert_eq!(time_left(300, 0, seconds(600), Duration::ZERO), None);
        assert_eq!(time_left(300, 2, seconds(600), Duration::ZERO), None);
        assert_eq!(time_left(300, 50, seconds(2), Duration::ZERO), None);
        assert_eq!(time_left(u64::MAX, 3, Duration::MAX, Duration::MAX), None);
    }

    #[test]
    fn only_recent_minutes_count() {
        let mut recent = Recent::starting(at(0));
        for second in 0..600 {
            recent.note(at(second), true);
        }
        for second in 600..1200 {
            recent.note(at(second), second % 2 == 0);
            recent.note(at(second), false);
        }
        let rate = recent.pictures_per_minute(at(1200)).unwrap();
        assert!((rate - 30.0).abs() < 1.0, "{rate}");
        let left = recent.time_left(240, at(1200), Duration::ZERO).unwrap();
        assert!((left.as_secs_f64() - 120.0).abs() < 2.0, "{left:?}");
    }

    #[test]
    fn after_minutes_without_an_ending_the_rate_is_unknown_again() {
        let mut recent = Recent::starting(at(0));
        (0..60).for_each(|second| recent.note(at(second), true));
        assert!(recent.pictures_per_minute(at(60)).is_some());
        assert_eq!(recent.pictures_per_minute(at(600)), None);
    }
}
