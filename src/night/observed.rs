//! What recent attempts tell of a server, as its model. Never looks at what was asked for.

use std::time::Duration;

use super::quota::QuotaModel;
use super::server::{Faults, Latency, ServerModel};
use crate::domain::Timestamp;

/// Fewer answers say nothing of how long they take.
pub const ENOUGH: usize = 20;
/// A server changes: the quota is what so many of the latest refusals tell.
const LATEST_REFUSALS: usize = 20;
/// A minute of a quota.
const MINUTE: Duration = Duration::from_secs(60);

/// One attempt that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// When its request left.
    pub sent_at: Timestamp,
    /// How long it was away.
    pub took: Duration,
    /// What it came to.
    pub end: ObservedEnd,
}

/// What a request came to, as far as the server goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObservedEnd {
    /// A picture.
    Answered,
    /// "Too fast."
    Throttled,
    /// "I fail."
    Unavailable,
    /// It will not draw this.
    Refused,
    /// An answer, and no picture of use.
    Empty,
    /// No whole answer.
    Lost,
}

impl ServerModel {
    /// The server as it was when these were sent; none if they are too few to say.
    pub fn observed(mut observations: Vec<Observation>) -> Option<Self> {
        let latency = latency(&took(&observations, ObservedEnd::Answered))?;
        observations.sort_by_key(|observation| observation.sent_at);
        let refusals = took(&observations, ObservedEnd::Throttled);
        let failures = took(&observations, ObservedEnd::Unavailable);
        let mut model = Self::patient(latency.median);
        model.latency = latency;
        model.quotas = quota(&observations).map(QuotaModel::sliding).into_iter().collect();
        model.refusal = middle(&refusals).unwrap_or(model.refusal);
        model.failure = middle(&failures).unwrap_or(model.failure);
        model.faults = faults(&observations);
        Some(model)
    }
}

/// How long those were away that ended so, the shortest first.
fn took(observations: &[Observation], end: ObservedEnd) -> Vec<Duration> {
    let ended = observations.iter().filter(|observation| observation.end == end);
    let mut took: Vec<Duration> = ended.map(|observation| observation.took).collect();
    took.sort();
    took
}

fn middle(sorted: &[Duration]) -> Option<Duration> {
    sorted.get(sorted.len() / 2).copied()
}

/// A bell curve over the logarithms of what answers took.
fn latency(sorted: &[Duration]) -> Option<Latency> {
    if sorted.len() < ENOUGH {
        return None;
    }
    let logarithms: Vec<f64> = sorted.iter().map(|took| took.as_secs_f64().max(0.001).ln()).collect();
    let number = logarithms.len() as f64;
    let mean = logarithms.iter().sum::<f64>() / number;
    let variance = logarithms.iter().map(|logarithm| (logarithm - mean).powi(2)).sum::<f64>() / number;
    Some(Latency { median: Duration::from_secs_f64(mean.exp()), spread: variance.sqrt(), capacity: None })
}

/// Requests a minute that the server took when it refused more: those of the minute before each refusal.
fn quota(sorted: &[Observation]) -> Option<f64> {
    let accepted: Vec<Timestamp> = sorted
        .iter()
        .filter(|observation| observation.end != ObservedEnd::Throttled)
        .map(|observation| observation.sent_at)
        .collect();
    let refused = sorted.iter().rev().filter(|observation| observation.end == ObservedEnd::Throttled);
    let before = |refused: &Observation| {
        let until = accepted.partition_point(|sent| *sent <= refused.sent_at);
        let from = accepted.partition_point(|sent| sent.after(MINUTE) <= refused.sent_at);
        until - from
    };
    let most = refused.take(LATEST_REFUSALS).map(before).max()?;
    Some(most.max(1) as f64)
}

fn faults(observations: &[Observation]) -> Faults {
    let number = |end| observations.iter().filter(|observation| observation.end == end).count() as f64;
    let admitted = (observations.len() as f64 - number(ObservedEnd::Throttled)).max(1.0);
    let share = |end| number(end) / admitted;
    Faults {
        unavailable: share(ObservedEnd::Unavailable),
        // Every refusal is taken for a quota's.
        busy: 0.0,
        busy_wait: None,
        refused: share(ObservedEnd::Refused),
        empty: share(ObservedEnd::Empty),
        lost: share(ObservedEnd::Lost),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64, took: u64, end: ObservedEnd) -> Observation {
        let sent_at = Timestamp::from_millis(1_000_000).after(Duration::from_millis(millis));
        Observation { sent_at, took: Duration::from_millis(took), end }
    }

    #[test]
    fn latency_faults_and_quota_are_found_again() {
        let mut observations = vec![];
        for number in 0..1_000 {
            let end = match number % 100 {
                0..3 => ObservedEnd::Unavailable,
                3 => ObservedEnd::Refused,
                _ => ObservedEnd::Answered,
            };
            observations.push(at(number * 100, if end == ObservedEnd::Answered { 2_000 } else { 300 }, end));
            if number > 600 && number % 50 == 0 {
                observations.push(at(number * 100, 20, ObservedEnd::Throttled));
            }
        }
        observations.reverse();
        let model = ServerModel::observed(observations).unwrap();
        assert!((model.latency.median.as_secs_f64() - 2.0).abs() < 0.01 && model.latency.spread < 0.01, "{model:?}");
        assert_eq!((model.refusal, model.failure), (Duration::from_millis(20), Duration::from_millis(300)));
        assert_eq!((model.faults.unavailable, model.faults.refused, model.faults.lost), (0.03, 0.01, 0.0));
        assert_eq!(model.quotas, [QuotaModel::sliding(600.0)]);
    }

    #[test]
    fn a_handful_of_answers_says_nothing_and_no_refusal_no_quota() {
        let few: Vec<_> = (0..19).map(|number| at(number * 100, 2_000, ObservedEnd::Answered)).collect();
        assert_eq!(ServerModel::observed(few.clone()), None);
        let enough = [few, vec![at(0, 4_000, ObservedEnd::Answered)]].concat();
        assert_eq!(ServerModel::observed(enough).unwrap().quotas, []);
    }
}
