//! What the scheduler says on stderr, a line for everything that happens. Never decides what does.

use std::io::{self, Write};
use std::path::Path;

use super::next;
use super::runs::Ended;
use crate::cli::exit::Code;
use crate::cli::open;
use crate::domain::Timestamp;
use crate::job::schedule::Lapse;
use crate::job::{Job, Schedule, Start, zone_of};
use crate::queue::JobStatus;
use crate::report::terminal::{hour, wall_clock};
use crate::report::words::{count, duration, money, one_line};

/// Who speaks.
pub(super) struct Voice {
    /// Whether only what a person should see is said.
    pub quiet: bool,
}

impl Voice {
    /// Something that a person should see.
    pub fn important(&self, job: &str, words: &str) {
        let now = open::clock().now();
        let zone = zone_of(None);
        let line = format!("{} {}: {}\n", wall_clock(now, now, &zone), one_line(job), one_line(words));
        // Jobs are run also when nobody listens any more.
        let _ = io::stderr().write_all(line.as_bytes());
    }

    fn say(&self, job: &str, words: &str) {
        if !self.quiet {
            self.important(job, words);
        }
    }

    /// A job was taken in, or what it says has changed. Its starts up to `handled` are dealt with.
    pub fn taken_in(&self, job: &str, file: &Path, schedule: &Schedule, handled: Timestamp, now: Timestamp) {
        let next =
            schedule.next_start(job, handled).map_or("never".to_owned(), |next| next::shown(next, schedule, now));
        self.say(job, &format!("{} ({}): next start {next}", file.display(), schedule.cron.written));
    }

    /// What is written down of a job's starts is of a clock that had run ahead.
    pub fn ran_ahead(&self, job: &str, handled: Timestamp, schedule: &Schedule, now: Timestamp) {
        let time = wall_clock(handled, now, &schedule.zone());
        let words = "the clock had run ahead, and its starts count from now on";
        self.important(job, &format!("by what is written down its starts are dealt with up to {time}: {words}"));
    }

    /// A job file that says nothing of when its job starts.
    pub fn unscheduled(&self, file: &Path, did: bool) {
        let words = "nothing below [schedule] says when it starts: it is left alone";
        let file = file.display().to_string();
        if did { self.important(&file, words) } else { self.say(&file, words) }
    }

    /// A job file with mistakes.
    pub fn faulty(&self, file: &Path, fault: &str) {
        self.important(&file.display().to_string(), "does not start until this is put right:");
        let _ = io::stderr().write_all(format!("error: {fault}\n").as_bytes());
    }

    /// Two files that are one job.
    pub fn named_twice(&self, job: &str, file: &Path, other: &Path) {
        let (file, other) = (file.display(), other.display());
        self.important(job, &format!("{file} does not start: {other} is called so too; give one another `name`"));
    }

    /// A start that finds the run before it still on.
    pub fn still_on(&self, job: &str, start: Start, schedule: &Schedule, now: Timestamp) {
        let time = hour(start.at, now, &schedule.zone());
        self.important(job, &format!("the start of {time} is skipped: the run before it is still on"));
    }

    /// A start that passed.
    pub fn lapsed(&self, job: &str, start: Start, why: Lapse, schedule: &Schedule, now: Timestamp) {
        let zone = schedule.zone();
        let why = match why {
            Lapse::Skipped => "it passed while nobody was there, and missed = \"skip\"".to_owned(),
            Lapse::LongAgo(within) => format!("it is longer ago than missed_within = {}", duration(within)),
            Lapse::TooLate(by) => format!("its deadline, {}, has passed", wall_clock(by, now, &zone)),
        };
        self.important(job, &format!("the start of {} is skipped: {why}", wall_clock(start.at, now, &zone)));
    }

    /// A run begins.
    pub fn begins(&self, job: &Job, how: &str, now: Timestamp) {
        let (Some(schedule), Some(start)) = (&job.schedule, job.start) else { return };
        let zone = schedule.zone();
        let until = job.end.deadline(now).at(now);
        let until = until.map_or(String::new(), |until| format!(", until {}", hour(until, now, &zone)));
        self.say(&job.name, &format!("{how} {}{until}", wall_clock(start.at, now, &zone)));
    }

    /// A run is over.
    pub fn over(&self, ended: &Ended, next: Option<(Start, &Schedule)>, now: Timestamp) {
        let job = &ended.job;
        let next = next
            .map_or(String::new(), |(start, schedule)| format!("; next start {}", next::shown(start, schedule, now)));
        match ended.code {
            None => self.important(&job.name, &format!("its run fell over a fault of this program{next}")),
            Some(Code::Held) => {
                let why = if is_on(job, now) { "is on" } else { "has seen to it" };
                self.important(&job.name, &format!("this start is skipped: another run of the job {why}{next}"));
            }
            Some(code) => {
                let standing = standing(job, now).map_or(String::new(), |standing| format!(": {standing}"));
                let took = duration(ended.took);
                let words = format!("ended with code {} after {took}{standing}{next}", code.number());
                if code == Code::Complete { self.say(&job.name, &words) } else { self.important(&job.name, &words) }
            }
        }
    }
}

/// Whether a run of the job lives, whoever began it.
fn is_on(job: &Job, now: Timestamp) -> bool {
    let jobs = std::slice::from_ref(&job.name);
    let status = open::ledger(&job.db).and_then(|ledger| ledger.status(now, jobs));
    status.is_ok_and(|status| status.iter().any(|job| job.running_since.is_some()))
}

/// How a job stands, in one clause: `22 of 24 done, 2 failed, $0.74`. It is a kindness: without it the end is told too.
fn standing(job: &Job, now: Timestamp) -> Option<String> {
    let ledger = open::ledger(&job.db).ok()?;
    let status = ledger.status(now, std::slice::from_ref(&job.name)).ok()?;
    let JobStatus { counts, cost, .. } = status.first()?;
    let all = counts.total() - counts.cancelled;
    let mut clauses = vec![format!("{} of {} done", count(counts.done), count(all))];
    if counts.failed_total() > 0 {
        clauses.push(format!("{} failed", count(counts.failed_total())));
    }
    clauses.extend(cost.filter(|_| !job.rehearse).map(money));
    Some(clauses.join(", "))
}
