//! What a run may still come to: how long the rest takes, whether that is in time, and whether the money lasts. Never
//! asks a clock.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::domain::{Deadline, Held, Timestamp, Usd, projected};

/// What a run was told that says how long it takes at least and at most, and what it may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Frame {
    /// Requests a minute at most.
    pub requests_a_minute: Option<NonZeroU32>,
    /// By when it is to be done.
    pub deadline: Deadline,
    /// What its job has cost, and what it may cost.
    pub purse: Purse,
}

/// What the job of a run had cost when it began, and what both may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purse {
    /// What the job's earlier runs cost, and may have cost for lost requests.
    pub before: Held,
    /// The most that the job may cost, over all its runs.
    pub job: Option<Usd>,
    /// The most that the run may cost.
    pub run: Option<Usd>,
}

impl Purse {
    /// About how many of the items that are left the money does not last for, when `ended` ones cost this run so much;
    /// none where it lasts or nothing can be said.
    pub fn short(&self, held: Held, ended: u64, left: u64) -> Option<u64> {
        let run = projected(held, ended, left).filter(|_| left > 0 && held.settled > Usd::ZERO)?;
        let job = self.before.settled + self.before.lost + run;
        let over = |most: Option<Usd>, sum: Usd| most.map_or(Usd::ZERO, |most| sum - most);
        let over = over(self.job, job).max(over(self.run, run));
        let items = over.dollars() * ended as f64 / held.settled.dollars();
        (over > Usd::ZERO).then(|| rounded(items).min(left))
    }
}

/// How long the rest takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// At least.
    pub soonest: Duration,
    /// At most, if nothing changes.
    pub latest: Duration,
}

/// By how much the ends of a range may differ that one number stands for.
const CLOSE: f64 = 1.1;

impl Rest {
    /// The middle of both.
    pub fn middle(self) -> Duration {
        self.soonest + (self.latest.saturating_sub(self.soonest)) / 2
    }

    /// Whether one number says as much as both.
    pub fn is_close(self) -> bool {
        self.latest.as_secs_f64() <= self.soonest.as_secs_f64() * CLOSE
    }
}

/// Whether the rest is done by the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It is, and ends about then.
    Ends(Timestamp),
    /// It may be, or so many items are missing.
    Perhaps(u64),
    /// It is not: about so many items are missing.
    Missing(u64),
}

/// Whether `left` items that take so long will be done by the deadline, when nothing is sent for `pause`.
pub fn fit(left: u64, rest: Rest, pause: Duration, now: Timestamp, deadline: Timestamp) -> Fit {
    let time = deadline.since(now);
    let missing = |length: Duration| {
        let (length, time) = (length.saturating_sub(pause).as_secs_f64(), time.saturating_sub(pause).as_secs_f64());
        left as f64 * (1.0 - time / length.max(time).max(f64::MIN_POSITIVE))
    };
    if rest.latest <= time {
        Fit::Ends(now.after(rest.middle()))
    } else if rest.soonest <= time {
        Fit::Perhaps(rounded(missing(rest.latest)))
    } else {
        Fit::Missing(rounded((missing(rest.soonest) + missing(rest.latest)) / 2.0))
    }
}

/// To two digits, and up: a forecast has no more.
fn rounded(number: f64) -> u64 {
    let unit = 10_f64.powf((number.max(1.0).log10().floor() - 1.0).max(0.0));
    ((number / unit).ceil() * unit) as u64
}

#[cfg(test)]
mod tests {
    use super::super::rate::{Ended, Recent};
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(0).after(seconds(second))
    }

    fn between(soonest: u64, latest: u64) -> Rest {
        Rest { soonest: seconds(soonest), latest: seconds(latest) }
    }

    #[test]
    fn what_is_done_in_time_ends_then_and_of_the_rest_it_is_said_how_much_is_missing() {
        let fit = |soonest, latest, deadline| fit(1_000, between(soonest, latest), Duration::ZERO, at(0), at(deadline));
        assert_eq!(fit(100, 200, 300), Fit::Ends(at(150)));
        assert_eq!(fit(100, 200, 150), Fit::Perhaps(250));
        assert_eq!(fit(100, 200, 50), Fit::Missing(630), "half, or three quarters");
        assert_eq!(fit(100, 200, 0), Fit::Missing(1_000));
    }

    #[test]
    fn the_money_falls_short_by_what_the_rest_would_cost_beyond_the_nearer_cap() {
        let dollars = |number: u64| Usd::from_nanos(1_000_000_000).times(number);
        let before = Held { settled: dollars(3), lost: dollars(1), ..Held::default() };
        let held = Held { settled: dollars(10), reserved: dollars(2), lost: Usd::ZERO };
        let short = |job: u64, run: u64| {
            let purse = Purse { before, job: Some(dollars(job)), run: Some(dollars(run)) };
            purse.short(held, 20, 60)
        };
        assert_eq!(short(44, 40), None, "4 were spent, 10 are, 30 will be");
        assert_eq!([short(34, 40), short(34, 15), short(1, 40)], [Some(20), Some(50), Some(60)]);
        assert_eq!(Purse::default().short(held, 20, 60), None);
        let purse = Purse { job: Some(dollars(1)), ..Purse::default() };
        assert_eq!((purse.short(held, 0, 60), purse.short(Held::default(), 20, 60)), (None, None));
    }

    #[test]
    fn a_pause_that_outlasts_the_deadline_leaves_all_missing() {
        assert_eq!(fit(77, between(100, 110), seconds(90), at(0), at(60)), Fit::Missing(77));
    }

    /// Plays a run of so many items, whose rate a minute at a second is given; the share of the seconds from `from` on
    /// at which the true rest lay in the range told, and how wide that was early and late.
    fn told(items: u64, from: u64, limit: Option<u32>, rate: impl Fn(u64) -> f64) -> (f64, Duration, Duration) {
        let mut chance = fastrand::Rng::with_seed(items);
        let (mut recent, mut ended, mut due) = (Recent::starting(at(0)), vec![0], 0.0);
        for second in 0.. {
            // Endings come by chance, not one by one.
            due += rate(second) / 60.0 * (0.5 + chance.f64());
            let now = (due as u64).min(items);
            ended.push(now);
            if now == items {
                break;
            }
        }
        let (mut inside, mut all, mut widths) = (0, 0, Vec::new());
        let end = ended.len() as u64 - 1;
        for second in 0..end {
            let (before, now) = (ended[second as usize], ended[second as usize + 1]);
            (before..now).for_each(|_| recent.note(at(second), Ended::Done));
            let limit = limit.and_then(NonZeroU32::new);
            let Some(rest) = recent.rest(items - now, limit, at(second + 1), Duration::ZERO) else { continue };
            if second < from {
                continue;
            }
            let truly = seconds(end - second - 1);
            all += 1;
            // To the minute, as it is told.
            inside += u64::from(rest.soonest <= truly + seconds(30) && truly <= rest.latest + seconds(30));
            widths.push(rest.latest - rest.soonest);
        }
        (inside as f64 / all as f64, widths[0], widths[widths.len() - 60])
    }

    #[test]
    fn the_true_rest_lies_in_the_told_range_most_of_the_time_and_the_range_narrows() {
        let halves = |second| if second < 1_800 { 120.0 } else { 60.0 };
        let waves = |second| if second % 60 < 30 { 180.0 } else { 20.0 };
        for (what, (share, early, late)) in [
            ("constant", told(3_600, 60, None, |_| 60.0)),
            ("fast", told(60_000, 60, None, |_| 600.0)),
            ("held by a quota", told(18_000, 60, Some(300), |_| 300.0)),
            ("in waves", told(6_000, 120, None, waves)),
            ("halving midway, after that", told(7_200, 1_860, None, halves)),
        ] {
            assert!(share >= 0.9, "{what}: {share}");
            assert!(late < early / 4, "{what}: {early:?}, then {late:?}");
        }
    }
}
