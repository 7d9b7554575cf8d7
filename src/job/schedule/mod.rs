//! When a job starts by itself: its table `[schedule]`. Never asks what time it is.
//!
//! Where clocks are changed, it is as people know it from Debian's cron. A time of day that they leap over is the moment
//! of the leap, once, however many such times there are; one that they show twice is the first of the two. Where the
//! minute or the hour begins with `*`, what passes is meant and not what clocks show: it goes on as if nothing were.

mod cron;
mod due;
mod field;
mod read;

use std::time::Duration;

use jiff::Timestamp as Moment;
use jiff::tz::TimeZone;

pub use cron::Cron;
pub use due::{Due, Lapse, due, ran_ahead};
pub use field::{BadCron, Field};
pub(super) use read::read;

use super::Job;
use super::end::{ClockTime, RunEnd, ZoneName, moment_of, zone_of};
use crate::domain::Timestamp;

/// 2026-01-01, 00:00 UTC.
const A_NEW_YEAR: i64 = 1_767_225_600_000;
const A_YEAR: Duration = Duration::from_secs(366 * 86_400);
/// So many starts tell what a schedule is like: those of a day at every minute.
const MOST_SEEN: usize = 1_440;

/// When a job starts by itself, and what then.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// At which times.
    pub cron: Cron,
    /// Whose clocks; the job's own zone, or the machine's, unless it says otherwise.
    pub timezone: Option<ZoneName>,
    /// A start waits for a part of this, so that not all the world starts at once.
    pub jitter: Option<Duration>,
    /// What becomes of a start that passed while nobody was there.
    pub missed: Missed,
    /// One that is longer ago is let be.
    pub missed_within: Option<Duration>,
    /// When sending stops.
    pub deadline: Option<SendBy>,
}

/// What becomes of a start that passed while nobody was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missed {
    /// It is caught up with, once for all of them.
    #[default]
    Run,
    /// The next one is waited for.
    Skip,
}

/// When the run of a start stops sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendBy {
    /// By the next such time of day.
    Clock(ClockTime),
    /// So long after it began.
    Length(Duration),
}

/// A start of a job by its schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Start {
    /// The time its schedule names: what it is known by.
    pub at: Timestamp,
    /// When it begins: later by its part of the jitter.
    pub begins: Timestamp,
}

impl Schedule {
    /// The same in a job whose hours are these, if it names no zone itself.
    pub(super) fn within(self, end: &RunEnd) -> Self {
        Self { timezone: self.timezone.or_else(|| end.timezone.clone()), ..self }
    }

    /// The zone whose clocks are meant.
    pub fn zone(&self) -> TimeZone {
        zone_of(self.timezone.as_ref())
    }

    /// The first time after this moment that it names.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let after = Moment::from_millisecond(after.millis()).ok()?;
        if self.cron.is_fixed() { self.next_by_clocks(after) } else { self.next_as_time_passes(after) }
    }

    /// The first start of the job after this moment.
    pub fn next_start(&self, job: &str, after: Timestamp) -> Option<Start> {
        self.next(after).map(|at| self.start(job, at))
    }

    /// The start at a time that it names. Its part of the jitter is the same whenever it is asked for.
    pub fn start(&self, job: &str, at: Timestamp) -> Start {
        Start { at, begins: at.after(self.jitter.unwrap_or_default().mul_f64(part(job, at))) }
    }

    /// The last time that it names, after the one moment and not after the other.
    pub fn last(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        const AN_HOUR: i64 = 3_600_000;
        let mut back = AN_HOUR;
        loop {
            let from = until.moved(-back).max(after);
            let found = self.after(from).take_while(|time| *time <= until).last();
            if found.is_some() || from <= after {
                return found;
            }
            back = back.saturating_mul(8);
        }
    }

    /// All times that it names after this moment, in order.
    pub fn after(&self, moment: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        std::iter::successors(self.next(moment), |time| self.next(*time))
    }

    /// When the run stops sending that began then for this start.
    pub fn send_by(&self, start: Start, began: Timestamp) -> Option<Timestamp> {
        self.deadline.map(|deadline| match deadline {
            SendBy::Clock(time) => time.next(start.at, &self.zone()),
            SendBy::Length(length) => began.after(length),
        })
    }

    /// How long it is from a start to its deadline by the clock, at the least.
    fn shortest_to_deadline(&self) -> Option<Duration> {
        let Some(SendBy::Clock(time)) = self.deadline else { return None };
        let zone = self.zone();
        let (new_year, next) = (Timestamp::from_millis(A_NEW_YEAR), Timestamp::from_millis(A_NEW_YEAR).after(A_YEAR));
        let starts = self.after(new_year).take_while(|at| *at < next).take(MOST_SEEN);
        starts.map(|at| time.next(at, &zone).since(at)).min()
    }

    fn next_by_clocks(&self, after: Moment) -> Option<Timestamp> {
        let zone = self.zone();
        let shown = after.to_zoned(zone.clone()).datetime();
        let after = Timestamp::from_millis(after.as_millisecond());
        let mut from = shown;
        loop {
            let found = self.cron.next(from, None)?;
            // What clocks show for the second time has been; so has all that they leapt over.
            match moment_of(found, &zone)? {
                moment if moment > after => return Some(moment),
                _ => from = found.checked_add(jiff::ToSpan::minute(1)).ok()?,
            }
        }
    }

    fn next_as_time_passes(&self, after: Moment) -> Option<Timestamp> {
        let zone = self.zone();
        let mut from = after.checked_add(jiff::ToSpan::millisecond(1)).ok()?;
        // From one change of the clocks to the next they go on evenly.
        loop {
            let offset = zone.to_offset(from);
            let change = zone.following(from).next().map(|change| change.timestamp());
            let last = change.map(|change| offset.to_datetime(change).date());
            let found = self.cron.next(offset.to_datetime(from), last);
            let found = found.and_then(|shown| offset.to_timestamp(shown).ok());
            match (found, change) {
                (Some(found), Some(change)) if found >= change => from = change,
                (Some(found), _) => return Some(Timestamp::from_millis(found.as_millisecond())),
                (None, Some(change)) => from = change,
                (None, None) => return None,
            }
        }
    }
}

impl Job {
    /// The same job as its schedule runs it, beginning at that moment: the deadline of the schedule holds too.
    pub fn started(mut self, start: Start, began: Timestamp) -> Self {
        self.end.by = self.schedule.as_ref().and_then(|schedule| schedule.send_by(start, began));
        Self { start: Some(start), ..self }
    }
}

/// A share from 0 to 1 that looks like chance, and is always the same for this start of this job.
fn part(job: &str, at: Timestamp) -> f64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&at.millis().to_le_bytes()).update(job.as_bytes());
    let bytes = hasher.finalize();
    let [first, second, third, fourth, ..] = *bytes.as_bytes();
    f64::from(u32::from_le_bytes([first, second, third, fourth])) / f64::from(u32::MAX)
}
