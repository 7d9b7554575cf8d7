//! `overnight status`: how jobs stand, for people and for programs. Never waits for a run, never changes anything.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::args::{StatusArgs, WorkspaceArgs};
use super::exit::Code;
use super::{current_dir, open};
use crate::domain::{Counts, FailureKind, Held, PriceList, PriceSource, Timestamp, Usd, projected};
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
        jobs.extend(found);
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
    /// Only there while its pilot waits for a person.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    awaiting_approval: bool,
}

impl<'a> From<&'a JobStatus> for Entry<'a> {
    fn from(status: &'a JobStatus) -> Self {
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
            awaiting_approval: status.awaits_approval,
        }
    }
}

fn as_json(jobs: &[JobStatus]) -> anyhow::Result<String> {
    let document = Document { jobs: jobs.iter().map(Entry::from).collect() };
    Ok(serde_json::to_string(&document)? + "\n")
}

/// How long what is left takes the run that is on, as far as its recent attempts tell.
fn rest(ledger: &dyn Ledger, status: &JobStatus, now: Timestamp) -> Result<Option<Rest>, QueueError> {
    let Some(since) = status.running_since else { return Ok(None) };
    let mut recent = Recent::starting(since);
    ledger.lately(&status.job, since, &mut |attempt| {
        let how = match attempt.end {
            AttemptEnd::Done | AttemptEnd::Received => Ended::Done,
            AttemptEnd::Failed(FailureKind::Refused | FailureKind::Rejected) => Ended::Failed,
            _ => Ended::Again,
        };
        recent.note(attempt.came_at, how);
    })?;
    Ok(recent.rest(status.counts.left(), None, now, Duration::ZERO).filter(|_| status.counts.left() > 0))
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
        format!("  items       {}\n", items(&status.counts, status.running_since.is_some())),
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
fn forecast(status: &JobStatus) -> Option<Usd> {
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

fn items(counts: &Counts, is_on: bool) -> String {
    let mut clauses = vec![format!("{} done of {}", count(counts.done), count(counts.total()))];
    let running = if is_on { "running" } else { "in hand when their run died: run again" };
    for (number, what) in [(counts.queued, "queued"), (counts.cancelled, "cancelled"), (counts.running, running)] {
        if number > 0 {
            clauses.push(format!("{} {what}", count(number)));
        }
    }
    clauses.extend(counts.failed.iter().map(|(kind, number)| format!("{} {kind}", count(*number))));
    clauses.join(", ")
}
