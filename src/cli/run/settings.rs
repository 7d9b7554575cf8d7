//! What a job's run is told, as its options say it, and what it needs of the system for that. Never decides an option's
//! default.

use super::super::exit::UsageError;
use super::super::open;
use crate::domain::{Held, Narrowed, RetryPolicy, Timestamp, Usd};
use crate::job::{HaltAfter, Job};
use crate::queue::{Queue, QueueError};
use crate::report::{Frame, Purse};
use crate::run::{Bounds, Limits, OutageSettings, Rules, RunSettings, quota_day_began};

/// The settings of a run for which so many items wait, of a command that was given at this moment.
pub(super) fn settings(
    job: &Job,
    queued: u64,
    sent_today: u64,
    narrowed: Option<Narrowed>,
    given: Timestamp,
) -> RunSettings {
    let items = items(job, queued, narrowed);
    RunSettings {
        job: job.name.clone(),
        rules: rules(job, sent_today, given),
        limit: job.limit.map(|limit| limit.get()),
        narrowed,
        halt_after: job.halt_after.map(|halt| match halt {
            HaltAfter::Items(items) => items.get(),
            HaltAfter::Percent(share) => (items * u64::from(share)).div_ceil(100).max(1),
        }),
        accept: job.accept,
        prices: job.prices.clone(),
    }
}

/// How many items the run sends for at most, when so many wait.
pub(super) fn items(job: &Job, queued: u64, narrowed: Option<Narrowed>) -> u64 {
    let waiting = narrowed.map_or(queued, |narrowed| narrowed.waiting);
    waiting.min(job.limit.map_or(u64::MAX, |limit| limit.get()))
}

/// What the job's run is told that says how long it takes and what it may cost, and what its job has cost.
pub(super) fn frame(job: &Job, given: Timestamp) -> anyhow::Result<Frame> {
    let status = open::ledger(&job.db)?.status(given, std::slice::from_ref(&job.name))?;
    // What is set aside for answers that are still to be kept is spent when they are.
    let before = status.first().map(|job| Held { reserved: Usd::ZERO, ..job.held }).unwrap_or_default();
    let purse = Purse { before, job: job.caps.job, run: job.caps.run };
    Ok(Frame { requests_a_minute: job.rpm, deadline: job.end.deadline(given), purse })
}

/// How many requests of the quota's day have left already, where that matters.
pub(super) fn sent_today(job: &Job, queue: &mut dyn Queue) -> Result<u64, QueueError> {
    job.rpd.map_or(Ok(0), |_| queue.sent_since(quota_day_began(open::clock().now())))
}

/// What the job's run keeps to while it sends.
pub(in crate::cli) fn rules(job: &Job, sent_today: u64, given: Timestamp) -> Rules {
    Rules {
        concurrency: Bounds { lowest: job.concurrency.lowest(), highest: job.concurrency.highest() },
        limits: Limits {
            requests_a_minute: job.rpm,
            images_a_minute: job.ipm,
            tokens_a_minute: job.tpm,
            requests_a_day: job.rpd,
            sent_today,
        },
        policy: RetryPolicy { max_attempts: job.max_attempts.get(), on_lost: job.on_lost },
        outage: OutageSettings::default(),
        caps: job.caps,
        zone: job.end.zone(),
        deadline: job.end.deadline(given),
        max_images: job.end.max_images.map(|most| most.get()),
    }
}

/// Each request in flight holds a socket and a staged file; the usual limit of 1,024 would not do for many.
pub(super) fn raise_open_files(concurrency: usize) -> anyhow::Result<()> {
    let needed = files_needed(concurrency);
    let (soft, _) = rlimit::getrlimit(rlimit::Resource::NOFILE)?;
    let allowed = if soft < needed { rlimit::increase_nofile_limit(needed)? } else { soft };
    if allowed < needed {
        let fitting = allowed.saturating_sub(FILES_BESIDE) / FILES_A_REQUEST;
        let message = format!(
            "{concurrency} requests in flight need {needed} open files, and {allowed} are allowed; raise the limit with \
             `ulimit -n`, or run with --concurrency {}",
            fitting.max(1)
        );
        return Err(UsageError(message).into());
    }
    Ok(())
}

/// The open files that so many requests in flight need.
pub(in crate::cli) fn files_needed(concurrency: usize) -> u64 {
    concurrency as u64 * FILES_A_REQUEST + FILES_BESIDE
}

/// How many may be open when a run has asked for more, if the system says so.
pub(in crate::cli) fn files_allowed() -> Option<u64> {
    rlimit::getrlimit(rlimit::Resource::NOFILE).ok().map(|(_, hard)| hard)
}

/// A socket, a staged file, and a reference while it is read.
const FILES_A_REQUEST: u64 = 3;
/// The database, the results, the pool of idle connections; and references that are fetched, a socket and a file each.
const FILES_BESIDE: u64 = 80;
