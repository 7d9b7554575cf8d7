//! When a run ends though items are left: at a time of day, after so long, after so many images. Never asks what time
//! it is.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::{DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp as Moment, ToSpan};

use super::options::Options;
use super::setting::BadSetting;
use crate::domain::{Deadline, Timestamp};

/// What ends a run before its items do.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunEnd {
    /// The next such time of day.
    pub until: Option<ClockTime>,
    /// Whose days and hours are meant; the machine's own unless the job says otherwise.
    pub timezone: Option<ZoneName>,
    /// So long after its start.
    pub max_duration: Option<Duration>,
    /// When so many images have come.
    pub max_images: Option<NonZeroU64>,
    /// By this moment, where the start of a schedule says so.
    pub by: Option<Timestamp>,
}

impl RunEnd {
    /// What these options say.
    pub(super) fn of(options: &Options) -> Self {
        Self {
            until: options.until,
            timezone: options.timezone.clone(),
            max_duration: options.max_duration.map(|span| span.0),
            max_images: options.max_images,
            by: None,
        }
    }

    /// The zone whose days and hours are meant.
    pub fn zone(&self) -> TimeZone {
        zone_of(self.timezone.as_ref())
    }

    /// By when that is, said now.
    pub fn deadline(&self, now: Timestamp) -> Deadline {
        let until = self.until.map(|time| time.next(now, &self.zone()));
        Deadline { until: until.into_iter().chain(self.by).min(), max_duration: self.max_duration }
    }
}

/// A time of day, written `06:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockTime(Time);

impl ClockTime {
    /// How many minutes past midnight it is.
    pub fn minutes(self) -> i64 {
        i64::from(self.0.hour()) * 60 + i64::from(self.0.minute())
    }

    /// The next moment after `now` at which clocks in this zone show it. Where they leap over it that night, it is the
    /// moment of the leap; where they show it twice, the first time.
    pub fn next(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        let moment = Moment::from_millisecond(now.millis()).unwrap_or(Moment::MAX);
        let today = moment.to_zoned(zone.clone()).date();
        // A leap may have put today's behind now and tomorrow's into it: the third day's surely lies ahead.
        let days = (0..3).filter_map(|days| today.checked_add(days.days()).ok());
        let moments = days.filter_map(|day| moment_of(day.to_datetime(self.0), zone));
        moments.filter(|next| *next > now).min().unwrap_or(now)
    }
}

/// The moment at which clocks of this zone show that. Where they leap over it, it is the moment of the leap; where they
/// show it twice, the first time.
pub(super) fn moment_of(shown: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let moment = match zone.to_ambiguous_timestamp(shown).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(shown).ok()?
        }
        AmbiguousOffset::Gap { after, .. } => {
            let before_the_leap = after.to_timestamp(shown).ok()?;
            zone.following(before_the_leap).next()?.timestamp()
        }
    };
    Some(Timestamp::from_millis(moment.as_millisecond()))
}

impl FromStr for ClockTime {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        let is_plain = |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = |text: &str| text.parse::<i8>().ok().filter(|_| is_plain(text));
        let (hour, minute) = text.split_once(':').unwrap_or_default();
        let minute = Some(minute).filter(|minute| minute.len() == 2).and_then(number);
        let time = number(hour).zip(minute).and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok());
        let bad = || BadSetting::new(format!("`{text}` is not a time of day; write it as 06:00 or 22:30"));
        time.map(Self).ok_or_else(bad)
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

/// The zone that is named, else the machine's own.
pub fn zone_of(named: Option<&ZoneName>) -> TimeZone {
    match named {
        Some(named) => named.0.clone(),
        None => TimeZone::try_system().unwrap_or(TimeZone::UTC),
    }
}

/// A time zone by its name in the IANA database, such as `Europe/Berlin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneName(TimeZone);

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

impl FromStr for ZoneName {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        let bad = |_| {
            BadSetting::new(format!(
                "`{text}` is no time zone that is known; write its name, such as Europe/Berlin or UTC"
            ))
        };
        TimeZone::get(text).map(Self).map_err(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<Moment>().unwrap().as_millisecond())
    }

    /// The next such time in Berlin, as UTC.
    fn next(clock: &str, now: &str) -> String {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let next = clock.parse::<ClockTime>().unwrap().next(at(now), &zone);
        Moment::from_millisecond(next.millis()).unwrap().to_string()
    }

    #[test]
    fn a_time_of_day_is_the_next_such_time() {
        assert_eq!(next("06:00", "2026-11-20T21:00:00Z"), "2026-11-21T05:00:00Z");
        assert_eq!(next("06:00", "2026-11-21T04:59:59Z"), "2026-11-21T05:00:00Z");
        assert_eq!(next("06:00", "2026-11-21T05:00:00Z"), "2026-11-22T05:00:00Z", "now is over");
        assert_eq!(next("0:30", "2026-12-31T23:00:00Z"), "2026-12-31T23:30:00Z", "after midnight there");
    }

    #[test]
    fn a_time_that_clocks_leap_over_is_the_moment_of_the_leap() {
        // On 29 March 2026 clocks in Berlin went from 02:00 to 03:00, at 01:00 UTC.
        for clock in ["02:00", "02:30", "02:59", "03:00"] {
            assert_eq!(next(clock, "2026-03-28T22:00:00Z"), "2026-03-29T01:00:00Z", "{clock}");
        }
        assert_eq!(next("02:30", "2026-03-29T01:00:00Z"), "2026-03-30T00:30:00Z", "the day after it is there again");
        assert_eq!(next("06:00", "2026-03-28T22:00:00Z"), "2026-03-29T04:00:00Z");
    }

    #[test]
    fn a_time_that_clocks_show_twice_is_the_first() {
        // On 25 October 2026 clocks in Berlin went from 03:00 back to 02:00, at 01:00 UTC.
        assert_eq!(next("02:30", "2026-10-24T22:00:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(next("02:30", "2026-10-25T00:45:00Z"), "2026-10-26T01:30:00Z", "the second time is none");
        assert_eq!(next("06:00", "2026-10-24T22:00:00Z"), "2026-10-25T05:00:00Z");
    }

    #[test]
    fn what_is_no_time_of_day_and_no_zone_is_told_how_to_write_it() {
        for text in ["", "6", "6:0", "24:00", "06:60", "-1:00", "06:00:00", "six", "+6:00"] {
            let error = text.parse::<ClockTime>().unwrap_err().to_string();
            assert!(error.contains("06:00 or 22:30"), "{text}: {error}");
        }
        assert_eq!("6:05".parse::<ClockTime>().unwrap().to_string(), "06:05");
        assert!("Berlin".parse::<ZoneName>().unwrap_err().to_string().contains("Europe/Berlin"));
        assert!("Europe/Berlin".parse::<ZoneName>().is_ok() && "UTC".parse::<ZoneName>().is_ok());
    }
}
