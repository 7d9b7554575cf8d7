//! The document of `status --json`, which scripts rely on to the letter. Never printed here.

use serde::Serialize;

use super::{Standing, forecast};
use crate::domain::Usd;
use crate::queue::Reviewed;
use crate::report::shape::{CountsShape, MoneyShape, rfc3339};

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
    /// Only there where anything was said in a review.
    #[serde(skip_serializing_if = "Option::is_none")]
    review: Option<Review>,
    /// Only there while its pilot waits for a person.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    awaiting_approval: bool,
}

/// How far its review is.
#[derive(Serialize)]
struct Review {
    approved: u64,
    rejected: u64,
    favourites: u64,
    sent_back: u64,
    open: u64,
}

impl From<Reviewed> for Review {
    fn from(Reviewed { approved, rejected, favourites, sent_back, open }: Reviewed) -> Self {
        Self { approved, rejected, favourites, sent_back, open }
    }
}

/// Between so many seconds and so many.
#[derive(Serialize)]
struct Seconds {
    low: u64,
    high: u64,
}

impl<'a> From<&'a Standing> for Entry<'a> {
    fn from(Standing { status, rest, .. }: &'a Standing) -> Self {
        Self {
            job: &status.job,
            counts: (&status.counts).into(),
            items: status.counts.total(),
            images: status.images,
            attempts: status.attempts,
            lost_attempts: status.lost_attempts,
            cost_usd: status.cost,
            money: MoneyShape::of(status.money(), forecast(status)),
            running_since: status.running_since.map(rfc3339),
            next_due: status.next_due.map(rfc3339),
            paused_since: status.paused_since.map(rfc3339),
            time_left_s: rest.map(|rest| Seconds { low: rest.soonest.as_secs(), high: rest.latest.as_secs() }),
            review: status.review.map(Review::from),
            awaiting_approval: status.awaits_approval,
        }
    }
}

/// One line.
pub(super) fn as_json(jobs: &[Standing]) -> anyhow::Result<String> {
    let document = Document { jobs: jobs.iter().map(Entry::from).collect() };
    Ok(serde_json::to_string(&document)? + "\n")
}
