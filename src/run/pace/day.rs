//! Requests a day, by the quota's own day. Pure: it is told the time and never asks for it.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp as Moment, ToSpan as _};

use crate::domain::Timestamp;
use crate::domain::count_words::count;
use crate::queue::DayLimit;

/// The quota's day begins at midnight there.
const ZONE: &str = "America/Los_Angeles";

/// The day's requests are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedUp {
    /// So many a day.
    pub limit: u32,
    /// When the quota's next day begins.
    pub renewed_at: Timestamp,
}

impl UsedUp {
    /// What to do, for people whose clocks show the time of this zone.
    pub fn told(&self, zone: &TimeZone) -> String {
        format!("{}; run the same command again then", self.why(zone))
    }

    /// Why nothing leaves, and until when, for the same people.
    pub fn why(&self, zone: &TimeZone) -> String {
        let renewed_at = Moment::from_millisecond(self.renewed_at.millis()).unwrap_or(Moment::UNIX_EPOCH);
        let time = renewed_at.to_zoned(zone.clone()).strftime("%H:%M");
        format!(
            "the day's {} requests (--rpd) are used up; the quota's day begins anew at {time}",
            count(self.limit.into())
        )
    }
}

/// How many requests may still leave today.
#[derive(Debug)]
pub(super) struct Day {
    limit: u32,
    sent: u64,
    ends_at: Timestamp,
    /// When they were last counted, all jobs together, and how many there were.
    counted_at: Timestamp,
    counted: u64,
}

/// They are counted again after so long at the latest: other jobs send too.
const COUNTED_EVERY: Duration = Duration::from_secs(10);
/// And when this run sent so much of what the last count left: others may be as fast.
const SHARE: u64 = 4;

impl Day {
    /// So many a day, of which some left before.
    pub fn new(limit: u32, sent: u64, now: Timestamp) -> Self {
        Self { limit, sent, ends_at: next_midnight(now), counted_at: now, counted: sent }
    }

    /// The same day, of so many.
    pub fn of(self, limit: u32) -> Self {
        Self { limit, ..self }
    }

    /// Whether, and until when, nothing may leave.
    pub fn used_up(&mut self, now: Timestamp) -> Option<UsedUp> {
        if now >= self.ends_at {
            *self = Self::new(self.limit, 0, now);
        }
        (self.sent >= u64::from(self.limit)).then_some(UsedUp { limit: self.limit, renewed_at: self.ends_at })
    }

    /// From when on it is to be counted how many of all jobs have left, while so many of this run may be in flight.
    pub fn due_count(&mut self, in_flight: u64, now: Timestamp) -> Option<DayLimit> {
        self.used_up(now);
        let most = u64::from(self.limit);
        let is_late = now.since(self.counted_at) >= COUNTED_EVERY || now < self.counted_at;
        let left = most.saturating_sub(self.counted);
        let is_near = self.sent + in_flight >= most || (self.sent.saturating_sub(self.counted)) * SHARE >= left;
        (is_late || is_near).then(|| DayLimit { began_at: quota_day_began(now), most })
    }

    /// So many have left, those that were let go among them.
    pub fn counted(&mut self, sent: u64, now: Timestamp) {
        (self.sent, self.counted, self.counted_at) = (sent, sent, now);
    }

    /// A request leaves, on the day that ends then.
    pub fn leaves(&mut self) -> Timestamp {
        self.sent += 1;
        self.ends_at
    }

    /// One that left on the day that ended then did not count.
    pub fn take_back(&mut self, ends_at: Timestamp) {
        if ends_at == self.ends_at {
            self.sent = self.sent.saturating_sub(1);
        }
    }

    /// The clock was moved: the day is that of the moved one.
    pub fn clock_moved(&mut self, now: Timestamp) {
        self.ends_at = self.ends_at.min(next_midnight(now));
    }
}

/// When the quota's day that holds this moment began.
pub fn quota_day_began(now: Timestamp) -> Timestamp {
    midnight(now, 0)
}

/// When the next one begins.
fn next_midnight(now: Timestamp) -> Timestamp {
    midnight(now, 1)
}

/// The midnight so many days after the last one.
fn midnight(now: Timestamp, days: i64) -> Timestamp {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::fixed(jiff::tz::offset(-8)));
    let now = Moment::from_millisecond(now.millis()).unwrap_or(Moment::UNIX_EPOCH).to_zoned(zone);
    let midnight = now.start_of_day().and_then(|today| today.checked_add(days.days()));
    Timestamp::from_millis(midnight.unwrap_or(now).timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<Moment>().unwrap().as_millisecond())
    }

    #[test]
    fn the_quota_s_day_begins_at_midnight_on_the_pacific_coast_in_summer_as_in_winter() {
        assert_eq!(next_midnight(at("2026-01-15T03:00:00Z")), at("2026-01-15T08:00:00Z"));
        assert_eq!(next_midnight(at("2026-07-15T03:00:00Z")), at("2026-07-15T07:00:00Z"));
        assert_eq!(next_midnight(at("2026-01-15T08:00:00Z")), at("2026-01-16T08:00:00Z"));
        assert_eq!(next_midnight(at("2026-11-01T12:00:00Z")), at("2026-11-02T08:00:00Z"), "the day of 25 hours");
        assert_eq!(quota_day_began(at("2026-01-15T03:00:00Z")), at("2026-01-14T08:00:00Z"));
    }

    #[test]
    fn whoever_used_them_up_is_told_when_to_come_again() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        for (limit, number) in [(250, "250"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            let told = UsedUp { limit, renewed_at: at("2026-01-16T08:00:00Z") }.told(&zone);
            assert!(told.starts_with(&format!("the day's {number} requests (--rpd) are used up")), "{told}");
            assert!(told.contains("begins anew at 09:00; run the same command again then"), "{told}");
        }
    }

    #[test]
    fn what_left_before_counts_and_midnight_gives_all_back() {
        let noon = at("2026-01-15T20:00:00Z");
        let mut day = Day::new(3, 1, noon);
        let midnight = at("2026-01-16T08:00:00Z");
        for _ in 0..2 {
            assert_eq!(day.used_up(noon), None);
            day.leaves();
        }
        assert_eq!(day.used_up(noon), Some(UsedUp { limit: 3, renewed_at: midnight }));
        day.take_back(midnight);
        assert_eq!(day.used_up(noon), None);
        day.leaves();
        assert_eq!(day.used_up(midnight), None);
    }

    #[test]
    fn they_are_counted_again_now_and_then_and_always_near_the_end() {
        let noon = at("2026-01-15T20:00:00Z");
        let mut day = Day::new(1_000, 600, noon);
        assert_eq!(day.due_count(64, noon), None);
        let limit = DayLimit { began_at: at("2026-01-15T08:00:00Z"), most: 1_000 };
        assert_eq!(day.due_count(64, noon.after(COUNTED_EVERY)), Some(limit));
        (0..100).for_each(|_| _ = day.leaves());
        assert_eq!(day.due_count(64, noon), Some(limit), "a quarter of the rest is sent");
        day.counted(940, noon);
        assert_eq!(day.due_count(64, noon), Some(limit), "those in flight reach the limit");
        assert_eq!(day.due_count(59, noon), None);
    }

    #[test]
    fn what_left_yesterday_and_did_not_count_gives_back_nothing_of_today() {
        let (noon, midnight) = (at("2026-01-15T20:00:00Z"), at("2026-01-16T08:00:00Z"));
        let mut day = Day::new(1, 0, noon);
        let yesterday = day.leaves();
        assert_eq!(day.used_up(midnight), None);
        day.leaves();
        day.take_back(yesterday);
        assert!(day.used_up(midnight).is_some(), "today's one has left");
    }
}
