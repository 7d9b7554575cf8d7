//! `overnight status`: how jobs stand, for people and for programs. Never waits for a run, never changes anything.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::args::{StatusArgs, WorkspaceArgs};
use super::exit::Code;
use super::{current_dir, open};
use crate::domain::{FailureKind, Held, PriceList, PriceSource, Timestamp, Usd, projected};
use crate::job::is_rehearsal;
use crate::queue::{AttemptEnd, JobStatus, Ledger, QueueError};
use crate::report::rate::{Ended, Recent};
use crate::report::rest::Rest;
use crate::report::shape::{CountsShape, MoneyShape, rfc3339};
use crate::report::words::{count, counted, duration, from_to, money, one_line};

pub(super) fn run(args: &StatusArgs) -> anyhow::Result<Code> {
    let now = open::clock().now();
    let mut jobs = Vec::new();
    let mut text = String::new();
    for (db, names) in databases(&args.workspace, &args.jobs, &current_dir()?)? {
        let ledger = open::ledger(&db)?;
        let found = ledger.status(now, &names)?;
        let rests = found.iter().map(|status| rest(&*ledger, status, now)).collect::<Result<Vec<_>, _>>()?;
        text += &as_text(&found, &rests, now, is_rehearsal(&db));
        jobs.extend(found.into_iter().zip(rests));
    }
    let text = if args.json { as_json(&jobs)? } else { text };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Code::Complete)
}

/// The databases asked about, each with the jobs asked for; no job means all of them.
pub(super) fn databases(
    workspace: &WorkspaceArgs,
    jobs: &[String],
    current_dir: &Path,
) -> anyhow::Result<Vec<(PathBuf, Vec<String>)>> {
    let workspace = workspace.at(current_dir);
    if jobs.is_empty() {
        return Ok(vec![(workspace.database(), vec![])]);
    }
    let found = jobs.iter().map(|job| workspace.locate(job));
    Ok(found.map(|job| job.map(|job| (job.db, vec![job.name]))).collect::<Result<_, _>>()?)
}

/// The document of `status --json`.
#[derive(Serialize)]
struct Document<'a> {
    jobs: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    job: &'a str,
    #[serde(flatten)]
    counts: CountsShape,
    items: u64,
    images: u64,
    attempts: u64,
    lost_attempts: u64,
    cost_usd: Option<Usd>,
    #[serde(flatten)]
    money: MoneyShape,
    running_since: Option<String>,
    next_due: Option<String>,
    paused_since: Option<String>,
    time_left_s: Option<Seconds>,
    /// Only there while its pilot waits for a person.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    awaiting_approval: bool,
}

/// Between so many seconds and so many.
#[derive(Serialize)]
struct Seconds {
    low: u64,
    high: u64,
}

impl<'a> From<&'a (JobStatus, Option<Rest>)> for Entry<'a> {
    fn from((status, rest): &'a (JobStatus, Option<Rest>)) -> Self {
        Self {
            job: &status.job,
            counts: (&status.counts).into(),
            items: status.counts.total(),
            images: status.images,
            attempts: status.attempts,
            lost_attempts: status.lost_attempts,
            cost_usd: status.cost,
            money: MoneyShape::of(held(status), forecast(status)),
            running_since: status.running_since.map(rfc3339),
            next_due: status.next_due.map(rfc3339),
            paused_since: status.paused_since.map(rfc3339),
            time_left_s: rest.map(|rest| Seconds { low: rest.soonest.as_secs(), high: rest.latest.as_secs() }),
            awaiting_approval: status.awaits_approval,
        }
    }
}

fn as_json(jobs: &[(JobStatus, Option<Rest>)]) -> anyhow::Result<String> {
    let document = Document { jobs: jobs.iter().map(Entry::from).collect() };
    Ok(serde_json::to_string(&document)? + "\n")
}

/// With nothing in flight for so long, and for so many times what usually lies between two answers, a run pauses.
const QUIET: Duration = Duration::from_secs(10);
const UNUSUAL: u32 = 3;

/// How long what is left takes the run that is on, as far as its recent attempts tell: nothing while it pauses, by a
/// person's word or by itself, for nobody here knows until when, or sends nothing more.
fn rest(ledger: &dyn Ledger, status: &JobStatus, now: Timestamp) -> Result<Option<Rest>, QueueError> {
    let Some(since) = status.running_since.filter(|_| status.paused_since.is_none() && !is_stopping(status, now))
    else {
        return Ok(None);
    };
    let mut recent = Recent::starting(since);
    let (mut came, mut last) = (0, since);
    ledger.lately(&status.job, since, &mut |attempt| {
        let how = match attempt.end {
            AttemptEnd::Done | AttemptEnd::Received => Ended::Done,
            AttemptEnd::Failed(FailureKind::Refused | FailureKind::Rejected) => Ended::Failed,
            _ => Ended::Again,
        };
        recent.note(attempt.came_at, how);
        (came, last) = (came + 1, attempt.came_at);
    })?;
    let usual = last.since(since) / came.max(1);
    let pauses = status.in_flight == 0 && now.since(last) > QUIET.max(usual * UNUSUAL);
    if pauses {
        return Ok(None);
    }
    Ok(recent.rest(status.counts.left(), None, now, Duration::ZERO).filter(|_| status.counts.left() > 0))
}

/// A run that goes on has claims in hand beyond those in flight, as long as any item waits that is due.
fn is_stopping(status: &JobStatus, now: Timestamp) -> bool {
    let is_due = status.next_due.is_some_and(|due| due <= now);
    is_due && status.counts.running <= status.in_flight
}

fn as_text(jobs: &[JobStatus], rests: &[Option<Rest>], now: Timestamp, rehearsal: bool) -> String {
    if jobs.is_empty() {
        return "no jobs yet\n".to_owned();
    }
    jobs.iter().zip(rests).map(|(status, rest)| job_lines(status, *rest, now, rehearsal)).collect()
}

fn job_lines(status: &JobStatus, rest: Option<Rest>, now: Timestamp, rehearsal: bool) -> String {
    let images = counted(status.images, "picture", "pictures");
    let attempts = counted(status.attempts, "attempt", "attempts");
    let lost = match (status.lost_attempts, rehearsal) {
        (0, _) => String::new(),
        (lost, true) => format!(", {} of them lost", count(lost)),
        (lost, false) => format!(", {} of them lost: maybe billed", count(lost)),
    };
    [
        format!("{}: {}\n", one_line(&status.job), standing(status, rest, now)),
        last_run(status).map_or_else(String::new, |how| format!("  last run    {how}\n")),
        format!("  items       {}\n", items(status)),
        format!("  made        {images}, {attempts}{lost}\n"),
        format!("  cost        {}\n", cost(status, rehearsal)),
        format!("  pictures    {}\n", one_line(&status.output.display().to_string())),
    ]
    .concat()
}

/// Where the job's money is, where any price is known.
fn held(status: &JobStatus) -> Option<Held> {
    (status.cost.is_some() || status.held != Held::default()).then_some(status.held)
}

/// What the job will have cost in the end, if that can be said.
pub(super) fn forecast(status: &JobStatus) -> Option<Usd> {
    let (counts, is_priced) = (&status.counts, status.cost.is_some());
    projected(status.held, counts.done + counts.failed_total(), counts.left()).filter(|_| is_priced)
}

/// What is spent, what may be billed yet, and what it will come to.
fn cost(status: &JobStatus, rehearsal: bool) -> String {
    let Some(held) = held(status) else {
        return if rehearsal { "nothing, this is a rehearsal".to_owned() } else { "unknown".to_owned() };
    };
    let spent = money(held.settled);
    let mut words = match (rehearsal, source(status)) {
        (true, Some(source)) => format!("nothing, this is a rehearsal; {source} it would be {spent}"),
        (true, None) => format!("nothing, this is a rehearsal; it would be {spent}"),
        (false, Some(source)) => format!("{spent} {source}"),
        (false, None) => spent,
    };
    if held.reserved > Usd::ZERO {
        words += &format!(", {} reserved", money(held.reserved));
    }
    if held.lost > Usd::ZERO {
        words += &format!(", {} for lost attempts", money(held.lost));
    }
    match forecast(status).filter(|_| status.counts.left() > 0) {
        Some(sum) => format!("{words}, about {} in all", money(sum)),
        None => words,
    }
}

/// Whose price all was counted with, where it was one's.
fn source(status: &JobStatus) -> Option<String> {
    Some(match status.price_source? {
        PriceSource::Given => "at the given price".to_owned(),
        PriceSource::Listed => format!("at the list price of {}", PriceList::LISTED),
    })
}

fn standing(status: &JobStatus, rest: Option<Rest>, now: Timestamp) -> String {
    if let Some(paused) = paused(status, now) {
        return paused;
    }
    match (status.running_since, status.counts.left(), status.counts.failed_total()) {
        (Some(since), ..) => {
            let left = rest.map(|rest| format!(", about {} left", from_to(rest))).unwrap_or_default();
            format!("a run is on, for {}{left}", duration(now.since(since)))
        }
        (None, left, _) if status.awaits_approval => {
            format!("the pilot waits for `overnight approve {}`, {} left to do", one_line(&status.job), count(left))
        }
        (None, 0, 0) => "finished".to_owned(),
        (None, 0, _) => "finished, with failures".to_owned(),
        (None, left, _) => format!("{} left to do", count(left)),
    }
}

/// That a person paused it, and since when.
fn paused(status: &JobStatus, now: Timestamp) -> Option<String> {
    let since = status.paused_since?;
    let for_so_long = duration(now.since(since));
    let resume = format!("`overnight resume {}` lets it go on", one_line(&status.job));
    let left = count(status.counts.left());
    Some(match status.running_since {
        Some(run) => format!(
            "a run is on, for {}, paused since {} ({for_so_long}); {resume}",
            duration(now.since(run)),
            rfc3339(since)
        ),
        None if status.counts.left() == 0 => format!("finished, paused since {} ({for_so_long})", rfc3339(since)),
        None => format!("paused since {} ({for_so_long}), {left} left to do; {resume}", rfc3339(since)),
    })
}

/// Why the last run ended before all was done, and how to go on.
fn last_run(status: &JobStatus) -> Option<&'static str> {
    if status.running_since.is_some() || status.counts.left() == 0 {
        return None;
    }
    match status.last_ending.as_deref()? {
        "budget" => Some("ended by a money cap: run again with a higher one, or when its day or month is over"),
        "deadline" => Some("ended by its deadline: the same command goes on"),
        "paused" if status.paused_since.is_some() => Some("sent nothing, for the job is paused"),
        "paused" => Some("sent nothing, for the job was paused: the same command goes on"),
        "limit" => Some("ended by a limit it was given: the same command goes on"),
        "halted" => {
            Some("halted by the key, the account or a used-up day: the same command goes on when that is mended")
        }
        _ => None,
    }
}

/// Items by state. A run claims some ahead: for people these are queued, and running is what is in flight.
fn items(status: &JobStatus) -> String {
    let counts = &status.counts;
    let mut clauses = vec![format!("{} done of {}", count(counts.done), count(counts.total()))];
    let (queued, running, what) = match status.running_since {
        Some(_) => {
            let in_flight = status.in_flight.min(counts.running);
            (counts.left() - in_flight, in_flight, "running")
        }
        None => (counts.queued, counts.running, "in hand when their run died: run again"),
    };
    for (number, what) in [(queued, "queued"), (counts.cancelled, "cancelled"), (running, what)] {
        if number > 0 {
            clauses.push(format!("{} {what}", count(number)));
        }
    }
    clauses.extend(counts.failed.iter().map(|(kind, number)| format!("{} {kind}", count(*number))));
    clauses.join(", ")
}
