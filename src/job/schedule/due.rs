//! Whether a start of a schedule is due, waits, or has passed. Never asks what time it is, and starts nothing.

use std::time::Duration;

use super::{Missed, Schedule, Start};
use crate::domain::Timestamp;

/// No clock is set back so far by a change of the hour or a machine that comes to itself.
const A_DAY: Duration = Duration::from_secs(24 * 3600);

/// Who comes so late is in time: a machine may be busy.
const IN_TIME: Duration = Duration::from_secs(60);

/// What is to be done about a job's starts at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Nothing yet; this one comes next, if any does.
    Later(Option<Start>),
    /// This one is to begin.
    Now(Start),
    /// This one passed while nobody was there, and is to begin now.
    CatchUp(Start),
    /// This one passed, and is let be.
    Lapsed(Start, Lapse),
}

/// Why a start that passed is let be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lapse {
    /// Its schedule says so: `missed = "skip"`.
    Skipped,
    /// It is longer ago than `missed_within`.
    LongAgo(Duration),
    /// Its deadline has passed as well.
    TooLate(Timestamp),
}

/// What is due at `now`, when all starts up to `handled` have been dealt with. Whatever start it names, all up to that
/// one are dealt with by it.
pub fn due(schedule: &Schedule, job: &str, handled: Timestamp, now: Timestamp) -> Due {
    let Some(start) = last_begun(schedule, job, handled, now) else {
        return Due::Later(first_to_begin(schedule, job, handled));
    };
    let late = now.since(start.begins);
    if late <= IN_TIME {
        return Due::Now(start);
    }
    if schedule.missed == Missed::Skip {
        return Due::Lapsed(start, Lapse::Skipped);
    }
    match (schedule.missed_within, schedule.send_by(start, now)) {
        (Some(within), _) if late > within => Due::Lapsed(start, Lapse::LongAgo(within)),
        (_, Some(by)) if by <= now => Due::Lapsed(start, Lapse::TooLate(by)),
        _ => Due::CatchUp(start),
    }
}

/// Whether what is known of a job's starts is of a clock that had run ahead: what lies so far in the future was never dealt
/// with, and would keep the job from starting until then. A clock that was set back by less must not let starts begin
/// again.
pub fn ran_ahead(handled: Timestamp, now: Timestamp) -> bool {
    handled.since(now) > A_DAY
}

/// The latest start that should have begun by now.
fn last_begun(schedule: &Schedule, job: &str, handled: Timestamp, now: Timestamp) -> Option<Start> {
    let mut until = now;
    // One that waits for its part of the jitter may hide one before it that does not.
    loop {
        let start = schedule.start(job, schedule.last(handled, until)?);
        if start.begins <= now {
            return Some(start);
        }
        until = start.at.moved(-1);
    }
}

/// The first start to begin of all that come, when none of them has: one may wait for its part of the jitter while
/// another passes it by.
fn first_to_begin(schedule: &Schedule, job: &str, handled: Timestamp) -> Option<Start> {
    let mut first: Option<Start> = None;
    for at in schedule.after(handled) {
        if first.is_some_and(|first| first.begins < at) {
            break;
        }
        first = first.into_iter().chain([schedule.start(job, at)]).min_by_key(|start| start.begins);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::super::{Cron, SendBy};
    use super::*;

    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    /// Ten at night, UTC.
    fn nightly() -> Schedule {
        Schedule {
            cron: Cron::parse("0 22 * * *").unwrap(),
            timezone: Some("UTC".parse().unwrap()),
            jitter: None,
            missed: Missed::Run,
            missed_within: None,
            deadline: None,
        }
    }

    fn start(text: &str) -> Start {
        Start { at: at(text), begins: at(text) }
    }

    #[test]
    fn a_start_is_due_from_its_time_on_and_once() {
        let (schedule, ten) = (nightly(), at("2026-11-20T22:00:00Z"));
        let (today, tomorrow) = (start("2026-11-20T22:00:00Z"), start("2026-11-21T22:00:00Z"));
        let noon = ten.moved(-10 * HOUR);
        assert_eq!(due(&schedule, "a", noon, ten.moved(-1)), Due::Later(Some(today)));
        assert_eq!(due(&schedule, "a", noon, ten), Due::Now(today));
        assert_eq!(due(&schedule, "a", noon, ten.moved(MINUTE)), Due::Now(today));
        assert_eq!(due(&schedule, "a", ten, ten.moved(1)), Due::Later(Some(tomorrow)));
    }

    #[test]
    fn however_many_were_missed_one_is_caught_up_with() {
        let (schedule, now) = (nightly(), at("2026-11-25T08:00:00Z"));
        let (last, next) = (start("2026-11-24T22:00:00Z"), start("2026-11-25T22:00:00Z"));
        assert_eq!(due(&schedule, "a", at("2026-11-10T22:00:00Z"), now), Due::CatchUp(last));
        assert_eq!(due(&schedule, "a", last.at, now), Due::Later(Some(next)));
        let skips = Schedule { missed: Missed::Skip, ..nightly() };
        assert_eq!(due(&skips, "a", at("2026-11-10T22:00:00Z"), now), Due::Lapsed(last, Lapse::Skipped));
    }

    #[test]
    fn what_was_missed_long_ago_or_past_its_deadline_is_let_be() {
        let (last, handled) = (start("2026-11-24T22:00:00Z"), at("2026-11-20T00:00:00Z"));
        let within = Duration::from_secs(6 * 3600);
        let schedule = Schedule { missed_within: Some(within), ..nightly() };
        assert_eq!(due(&schedule, "a", handled, last.at.moved(6 * HOUR)), Due::CatchUp(last));
        let late = due(&schedule, "a", handled, last.at.moved(6 * HOUR + 1));
        assert_eq!(late, Due::Lapsed(last, Lapse::LongAgo(within)));
        let by = at("2026-11-25T06:00:00Z");
        let schedule = Schedule { deadline: Some(SendBy::Clock("06:00".parse().unwrap())), ..nightly() };
        assert_eq!(due(&schedule, "a", handled, by.moved(-1)), Due::CatchUp(last));
        assert_eq!(due(&schedule, "a", handled, by), Due::Lapsed(last, Lapse::TooLate(by)));
        let schedule = Schedule { deadline: Some(SendBy::Length(within)), ..nightly() };
        assert_eq!(due(&schedule, "a", handled, by.moved(HOUR)), Due::CatchUp(last), "its time begins with it");
    }

    #[test]
    fn only_what_lies_more_than_a_day_ahead_is_of_a_clock_that_had_run_ahead() {
        let now = at("2026-11-20T22:00:00Z");
        for (ahead, is_so) in
            [(-48 * HOUR, false), (0, false), (HOUR, false), (24 * HOUR, false), (24 * HOUR + 1, true)]
        {
            assert_eq!(ran_ahead(now.moved(ahead), now), is_so, "{ahead}");
        }
    }

    #[test]
    fn a_start_waits_for_its_part_of_the_jitter() {
        let schedule = Schedule { jitter: Some(Duration::from_secs(3600)), ..nightly() };
        let ten = at("2026-11-20T22:00:00Z");
        let start = schedule.start("a", ten);
        assert!(start.begins > ten && start.begins <= ten.moved(HOUR), "{start:?}");
        let noon = ten.moved(-10 * HOUR);
        assert_eq!(due(&schedule, "a", noon, start.begins.moved(-1)), Due::Later(Some(start)));
        assert_eq!(due(&schedule, "a", noon, start.begins), Due::Now(start));
    }

    #[test]
    fn where_the_jitter_is_longer_than_the_time_between_two_starts_each_still_begins_in_time() {
        let cron = Cron::parse("* * * * *").unwrap();
        let schedule = Schedule { cron, jitter: Some(Duration::from_secs(600)), ..nightly() };
        let (mut now, mut handled, mut began) = (at("2026-11-20T22:00:00Z"), at("2026-11-20T21:59:59Z"), 0);
        let end = now.moved(3 * HOUR);
        while now < end {
            match due(&schedule, "a", handled, now) {
                Due::Later(next) => now = next.unwrap().begins,
                Due::Now(start) => {
                    assert!(start.at > handled && start.begins <= now);
                    (handled, began) = (start.at, began + 1);
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(began > 30, "{began}");
    }
}
