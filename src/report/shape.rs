//! What machine output shares: counts and moments, shaped the same in events and in `status --json`. Never writes.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{Counts, Held, Timestamp, Usd};

/// A job's items by state, to be flattened into an object.
#[derive(Debug, Serialize)]
pub struct CountsShape {
    counts: States,
    failed_by_kind: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Serialize)]
struct States {
    queued: u64,
    running: u64,
    done: u64,
    failed: u64,
    cancelled: u64,
}

impl From<&Counts> for CountsShape {
    fn from(counts: &Counts) -> Self {
        let by_kind = counts.failed.iter().map(|(kind, items)| (kind.as_str(), *items));
        Self {
            counts: States {
                queued: counts.queued,
                running: counts.running,
                done: counts.done,
                failed: counts.failed_total(),
                cancelled: counts.cancelled,
            },
            failed_by_kind: by_kind.collect(),
        }
    }
}

/// The money beside what was paid, to be flattened into an object; nulls where no price is known.
#[derive(Debug, Serialize)]
pub struct MoneyShape {
    /// Set aside for what is on its way or waits to be kept.
    reserved_usd: Option<Usd>,
    /// What lost attempts may have cost.
    lost_usd: Option<Usd>,
    /// What all will have cost in the end.
    projected_usd: Option<Usd>,
}

impl MoneyShape {
    /// Of what is held, where any price is known, and what it will come to.
    pub fn of(held: Option<Held>, projected: Option<Usd>) -> Self {
        let (reserved_usd, lost_usd) = (held.map(|held| held.reserved), held.map(|held| held.lost));
        Self { reserved_usd, lost_usd, projected_usd: projected }
    }
}

/// RFC 3339 in UTC with milliseconds. A moment beyond the year 9999 is written as the last one that can be.
pub fn rfc3339(time: Timestamp) -> String {
    let time = jiff::Timestamp::from_millisecond(time.millis()).unwrap_or(jiff::Timestamp::MAX);
    format!("{time:.3}")
}
