//! How fast a run is and how long it will still take. Never asks a clock: the events' own times decide.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

use super::rest::Rest;
use crate::domain::Timestamp;

/// What is "recent": long enough to hold several pauses of a per-minute quota, short enough to notice a change.
const RECENT: Duration = Duration::from_secs(5 * 60);
/// What is remembered beside that: what happens now and then counts, and what was an hour ago does not.
const KEPT: Duration = Duration::from_secs(15 * 60);
/// In so long a change shows that is no chance.
const NOW: Duration = Duration::from_secs(60);
/// Before that many endings a rate would be a guess.
const ENOUGH: u64 = 3;
/// Before that much time a rate would be a guess.
const LONG_ENOUGH: Duration = Duration::from_secs(3);
/// A minute differs from those before it if it does by so many times what chance does.
const DIFFERS: f64 = 2.0;
/// And it lasts, as far as anyone believes, if it is no slower than by this factor.
const BELIEVED: f64 = 3.0;

/// Items a minute, if enough is known to say.
pub fn per_minute(items: u64, span: Duration) -> Option<f64> {
    (items >= ENOUGH && span >= LONG_ENOUGH).then(|| items as f64 * 60.0 / span.as_secs_f64())
}

/// What ended in recent minutes, second by second.
#[derive(Debug, Clone, Default)]
pub struct Recent {
    since: Timestamp,
    seconds: VecDeque<Second>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Second {
    start: Timestamp,
    counts: Counts,
}

/// What ended.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    /// Attempts, in whatever way.
    attempts: u64,
    /// Items, with their pictures or without.
    ended: u64,
    /// Items, with their pictures.
    done: u64,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With a picture.
    Done,
    /// In vain, and so did its item.
    Failed,
    /// In vain, and its item waits to be tried again.
    Again,
}

impl Recent {
    /// Nothing has ended yet in a run that starts at `since`.
    pub fn starting(since: Timestamp) -> Self {
        Self { since, seconds: VecDeque::new() }
    }

    /// One more attempt ended.
    pub fn note(&mut self, time: Timestamp, how: Ended) {
        let start = Timestamp::from_millis(time.millis().div_euclid(1000) * 1000);
        if self.seconds.back().is_none_or(|last| last.start < start) {
            self.seconds.push_back(Second { start, ..Second::default() });
        }
        // One was pushed if there was none.
        if let Some(Second { counts, .. }) = self.seconds.back_mut() {
            counts.attempts += 1;
            counts.ended += u64::from(how != Ended::Again);
            counts.done += u64::from(how == Ended::Done);
        }
        while self.seconds.front().is_some_and(|first| time.since(first.start) > KEPT) {
            self.seconds.pop_front();
        }
    }

    /// Nothing was sent for so long: what ended before that is as long ago as if it had not been.
    pub fn resumed(&mut self, after: Duration) {
        self.since = self.since.after(after);
        self.seconds.iter_mut().for_each(|second| second.start = second.start.after(after));
    }

    /// Pictures a minute in the recent minutes before `now`.
    pub fn pictures_per_minute(&self, now: Timestamp) -> Option<f64> {
        per_minute(self.counts(RECENT, now).done, self.span(RECENT, now))
    }

    /// How long `left` items will take from `now`, when nothing is sent for `pause`, nor ever more than the limit
    /// allows; as much longer or shorter as chance and changes leave open.
    pub fn rest(&self, left: u64, limit: Option<NonZeroU32>, now: Timestamp, pause: Duration) -> Option<Rest> {
        let most = limit.map_or(f64::INFINITY, |limit| f64::from(limit.get()) * self.yielding(now));
        let usual: Vec<f64> =
            [RECENT, KEPT].into_iter().filter_map(|length| self.rate(length, now)).flatten().collect();
        let rates = usual.into_iter().chain(self.change(now, pause)).map(|rate| rate.min(most));
        let (slowest, fastest) =
            rates.fold((f64::INFINITY, 0.0_f64), |(least, most), rate| (least.min(rate), most.max(rate)));
        let time = |rate: f64| Duration::try_from_secs_f64(left as f64 * 60.0 / rate).ok()?.checked_add(pause);
        Some(Rest { soonest: time(fastest)?, latest: time(slowest)? })
    }

    /// Between which rates the true one lies, as far as so much chance can tell: items a minute.
    fn rate(&self, length: Duration, now: Timestamp) -> Option<[f64; 2]> {
        let ended = self.counts(length, now).ended;
        let chance = 1.0 / (ended.max(1) as f64).sqrt();
        let rate = per_minute(ended, self.span(length, now))?;
        Some([rate * (1.0 - chance), rate * (1.0 + chance)])
    }

    /// The rate of the last minute, where it differs by more than chance from what it was, and no pause is the reason.
    fn change(&self, now: Timestamp, pause: Duration) -> Option<f64> {
        let (ended, span) = (self.counts(NOW, now).ended, self.span(NOW, now));
        let (usual, rate) = (self.mean(RECENT, now)?, per_minute(ended, span)?);
        let chance = rate / (ended as f64).sqrt();
        let is_change = pause.is_zero() && span == NOW && (rate - usual).abs() > DIFFERS * chance;
        is_change.then(|| rate.max(usual / BELIEVED))
    }

    fn mean(&self, length: Duration, now: Timestamp) -> Option<f64> {
        per_minute(self.counts(length, now).ended, self.span(length, now))
    }

    /// Items that end with each request: less than one where some are tried again.
    fn yielding(&self, now: Timestamp) -> f64 {
        let counts = self.counts(KEPT, now);
        if counts.attempts < ENOUGH { 1.0 } else { counts.ended as f64 / counts.attempts as f64 }
    }

    fn span(&self, length: Duration, now: Timestamp) -> Duration {
        now.since(self.since).min(length)
    }

    fn counts(&self, length: Duration, now: Timestamp) -> Counts {
        let recent = self.seconds.iter().rev().take_while(|second| now.since(second.start) <= length);
        recent.fold(Counts::default(), |sum, Second { counts, .. }| Counts {
            attempts: sum.attempts + counts.attempts,
            ended: sum.ended + counts.ended,
            done: sum.done + counts.done,
        })
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

    /// A run in which so many items end each second.
    fn steady(a_second: u64, until: i64) -> Recent {
        let mut recent = Recent::starting(at(0));
        for second in 0..until {
            (0..a_second).for_each(|_| recent.note(at(second), Ended::Done));
        }
        recent
    }

    fn rest(recent: &Recent, left: u64, now: i64, pause: u64) -> Rest {
        recent.rest(left, None, at(now), seconds(pause)).unwrap()
    }

    #[test]
    fn the_rest_is_what_is_left_at_the_recent_rate_and_chance_leaves_less_open_the_more_has_ended() {
        let few = rest(&steady(1, 30), 300, 30, 0);
        let many = rest(&steady(10, 300), 3_000, 300, 0);
        for rest in [few, many] {
            assert!(rest.soonest < seconds(300) && seconds(300) < rest.latest, "{rest:?}");
        }
        assert!(!few.is_close() && many.is_close());
        assert_eq!(rest(&steady(1, 30), 0, 30, 0).latest, Duration::ZERO);
    }

    #[test]
    fn a_pause_is_waited_for_first() {
        let (without, with) = (rest(&steady(5, 60), 300, 60, 0), rest(&steady(5, 60), 300, 60, 20));
        assert_eq!((with.soonest, with.latest), (without.soonest + seconds(20), without.latest + seconds(20)));
    }

    #[test]
    fn nothing_is_foretold_from_too_little() {
        let foretold = |recent: &Recent, now| recent.rest(300, None, at(now), Duration::ZERO);
        assert_eq!(foretold(&Recent::starting(at(0)), 600), None);
        assert_eq!(foretold(&steady(1, 2), 600), None);
        assert_eq!(foretold(&steady(50, 1), 2), None);
        assert_eq!(steady(3, 1).rest(u64::MAX, None, at(3), Duration::MAX), None);
    }

    #[test]
    fn a_stated_limit_is_never_exceeded_and_what_is_tried_again_counts_against_it() {
        let mut recent = Recent::starting(at(0));
        for second in 0..60 {
            (0..10).for_each(|_| recent.note(at(second), Ended::Done));
            (0..10).for_each(|_| recent.note(at(second), Ended::Again));
        }
        let rest = recent.rest(600, NonZeroU32::new(600), at(60), Duration::ZERO).unwrap();
        assert!(rest.soonest >= seconds(120), "300 requests a minute are tried in vain: {rest:?}");
    }

    #[test]
    fn only_recent_minutes_count_for_the_rate() {
        let mut recent = steady(1, 600);
        for second in 600..1200 {
            recent.note(at(second), if second % 2 == 0 { Ended::Done } else { Ended::Failed });
            recent.note(at(second), Ended::Failed);
        }
        let rate = recent.pictures_per_minute(at(1200)).unwrap();
        assert!((rate - 30.0).abs() < 1.0, "{rate}");
    }

    #[test]
    fn after_minutes_without_an_ending_the_rate_is_unknown_again() {
        let recent = steady(1, 60);
        assert!(recent.pictures_per_minute(at(60)).is_some());
        assert_eq!(recent.pictures_per_minute(at(600)), None);
    }
}
