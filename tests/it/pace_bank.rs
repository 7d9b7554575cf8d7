//! The bank of quota shapes: what decides in a run plays each through in virtual time, with several seeds, and must use
//! nearly all that was possible while hardly ever being told that it is too fast.

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use overnight::domain::{OnLost, RetryPolicy, Timestamp};
use overnight::night::{Faults, Latency, Night, Played, QuotaModel, ServerModel, Shape, play};
use overnight::run::{Bounds, Limits, OutageSettings, Rules};

/// A night of so many minutes.
const MINUTES: usize = 40;
const HALF: Duration = Duration::from_secs(20 * 60);
const SEEDS: u64 = 4;
/// 2026-01-15, 20:00 UTC: noon where the quota's day is counted.
const START: Timestamp = Timestamp::from_millis(1_768_507_200_000);

/// A shape of quota, and what can be had of it.
struct Case {
    name: &'static str,
    server: ServerModel,
    limits: Limits,
    /// Requests that the server would take in this minute of the night, used to the full.
    possible: Box<dyn Fn(usize) -> f64>,
    /// Minutes that are not counted: the first episode, and the first one after the quota has changed.
    learning: &'static [usize],
    items: u64,
}

/// What came of a case with a seed.
#[derive(Clone)]
struct Found {
    name: &'static str,
    seed: u64,
    used: f64,
    throttled: f64,
    played: Played,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, seed, used, throttled, .. } = self;
        write!(f, "{name}, seed {seed}: {:.1} % used, {:.2} % throttled", used * 100.0, throttled * 100.0)
    }
}

impl Case {
    fn new(name: &'static str, quota: Option<QuotaModel>) -> Self {
        let median = Duration::from_secs(2);
        let latency = Latency { median, spread: 0.3, capacity: None };
        let server = ServerModel { quotas: quota.iter().cloned().collect(), latency, ..ServerModel::patient(median) };
        let possible = move |minute: usize| {
            let Some(quota) = &quota else { return f64::INFINITY };
            quota.at(Duration::from_secs(60 * minute as u64)) - quota.others
        };
        Self {
            name,
            server,
            limits: Limits::default(),
            possible: Box::new(possible),
            learning: &[0, 1],
            items: 1 << 20,
        }
    }

    fn server(mut self, change: impl FnOnce(&mut ServerModel)) -> Self {
        change(&mut self.server);
        self
    }

    fn possible(mut self, possible: impl Fn(usize) -> f64 + 'static) -> Self {
        self.possible = Box::new(possible);
        self
    }

    fn learning(mut self, learning: &'static [usize]) -> Self {
        self.learning = learning;
        self
    }

    fn limits(mut self, name: &'static str, limits: Limits) -> Self {
        (self.name, self.limits) = (name, limits);
        self
    }

    fn play(&self, seed: u64) -> Found {
        let rules = Rules {
            concurrency: Bounds { lowest: NonZeroUsize::MIN, highest: NonZeroUsize::new(64).unwrap() },
            limits: self.limits,
            policy: RetryPolicy { max_attempts: 6, on_lost: OnLost::Resend },
            outage: OutageSettings::default(),
        };
        let longest = Duration::from_secs(60 * MINUTES as u64);
        let server = self.server.clone();
        let played = play(&Night { items: self.items, rules, server, seed, start: START, longest });
        let counted = |minute: &usize| !self.learning.contains(minute);
        let accepted: u64 =
            (0..MINUTES).filter(counted).filter_map(|minute| Some(played.minutes.get(minute)?.accepted)).sum();
        let possible: f64 = (0..MINUTES).filter(counted).map(&self.possible).sum();
        Found {
            name: self.name,
            seed,
            used: accepted as f64 / possible,
            throttled: played.throttled as f64 / played.requests as f64,
            played,
        }
    }
}

fn a_minute(requests: u32) -> Limits {
    Limits { requests_a_minute: NonZeroU32::new(requests), ..Limits::default() }
}

fn fixed(a_minute: f64, first: u64) -> QuotaModel {
    QuotaModel { shape: Shape::Fixed(Duration::from_secs(first)), ..QuotaModel::sliding(a_minute) }
}

fn changed(a_minute: f64, to: f64) -> QuotaModel {
    QuotaModel { changes: vec![(HALF, to)], ..QuotaModel::sliding(a_minute) }
}

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// The shapes that the pace must find out about by itself.
fn alone() -> Vec<Case> {
    vec![
        Case::new("600 in any minute", Some(QuotaModel::sliding(600.0))),
        Case::new("60 in any minute", Some(QuotaModel::sliding(60.0))),
        Case::new("1500 in any minute", Some(QuotaModel::sliding(1500.0))),
        Case::new("600 by the clock", Some(fixed(600.0, 60))),
        Case::new("600 by the clock, begun in the middle", Some(fixed(600.0, 25))),
        Case::new("120 by the clock", Some(fixed(120.0, 40))),
        Case::new(
            "a bucket of 600, 600 a minute",
            Some(QuotaModel { shape: Shape::Bucket(600.0), ..QuotaModel::sliding(600.0) }),
        ),
        Case::new(
            "a bucket of 10, 300 a minute",
            Some(QuotaModel { shape: Shape::Bucket(10.0), ..QuotaModel::sliding(300.0) }),
        ),
        Case::new("600 shared with 300 of another", Some(QuotaModel { others: 300.0, ..QuotaModel::sliding(600.0) })),
        Case::new("600 by the clock, shared with 200", Some(QuotaModel { others: 200.0, ..fixed(600.0, 30) })),
        Case::new("600 halved", Some(changed(600.0, 300.0))).learning(&[0, 1, 20, 21]),
        Case::new("600 by the clock, halved", Some(QuotaModel { changes: vec![(HALF, 300.0)], ..fixed(600.0, 60) }))
            .learning(&[0, 1, 20, 21]),
        Case::new("300 doubled", Some(changed(300.0, 600.0))),
        Case::new("300 by the clock, doubled", Some(QuotaModel { changes: vec![(HALF, 600.0)], ..fixed(300.0, 60) })),
        Case::new("600, refusals that take two seconds", Some(QuotaModel::sliding(600.0)))
            .server(|server| server.refusal = seconds(2)),
        Case::new("600, refusals that name no wait", Some(QuotaModel::sliding(600.0)))
            .server(|server| server.tells_wait = false),
        Case::new("600, answers after 20 s, some of them lost", Some(QuotaModel::sliding(150.0))).server(|server| {
            server.latency.median = seconds(20);
            server.faults.lost = 0.02;
        }),
        Case::new("600, with faults", Some(QuotaModel::sliding(600.0))).server(|server| {
            server.faults = Faults { unavailable: 0.03, refused: 0.01, empty: 0.02, lost: 0.01 };
        }),
        Case::new("latency that rises beyond 10 in flight", None)
            .server(|server| server.latency.capacity = Some(10))
            .possible(|_| 300.0),
        Case::new("10 in any minute", Some(QuotaModel::sliding(10.0))),
        Case::new("3000 in any minute, answers after 1 s", Some(QuotaModel::sliding(3000.0)))
            .server(|server| server.latency.median = seconds(1)),
        Case::new(
            "600, begun when another run had used it up",
            Some(QuotaModel { before: 600.0, ..QuotaModel::sliding(600.0) }),
        ),
        Case::new("600 fallen to 60", Some(changed(600.0, 60.0))).learning(&[0, 1, 20, 21]),
        Case::new("600, on a shaky wire", Some(QuotaModel::sliding(600.0)))
            .server(|server| server.way = Duration::from_millis(400)),
        Case::new("latency alone", None).possible(|_| 64.0 * 30.0 / 1.046),
    ]
}

/// The same with what the account allows stated.
fn stated() -> Vec<Case> {
    vec![
        Case::new("", Some(QuotaModel::sliding(600.0))).limits("600 in any minute, stated", a_minute(600)),
        Case::new("", Some(QuotaModel::sliding(600.0)))
            .server(|server| server.way = Duration::from_millis(400))
            .limits("600 stated, on a shaky wire", a_minute(600)),
        Case::new("", Some(fixed(600.0, 25))).limits("600 by the clock, stated", a_minute(600)),
        Case::new("", Some(QuotaModel::sliding(60.0))).limits("60 in any minute, stated", a_minute(60)),
        Case::new("", Some(changed(600.0, 300.0)))
            .limits("600 stated and halved", a_minute(600))
            .learning(&[0, 1, 20, 21]),
        Case::new("", Some(QuotaModel { shape: Shape::Bucket(10.0), ..QuotaModel::sliding(300.0) }))
            .limits("a bucket of 10, 300 a minute, stated", a_minute(300)),
    ]
}

/// Every case with every seed, the worst first.
fn play_all(cases: &[Case]) -> Vec<Found> {
    let mut found: Vec<Found> = cases.iter().flat_map(|case| (0..SEEDS).map(|seed| case.play(seed))).collect();
    found.sort_by(|one, other| one.used.total_cmp(&other.used));
    found
}

#[test]
fn no_shape_of_quota_is_used_badly_or_overrun() {
    let found = play_all(&alone());
    let most_throttled = found.iter().max_by(|one, other| one.throttled.total_cmp(&other.throttled)).unwrap();
    println!("least used: {}\nmost throttled: {most_throttled}", found[0]);
    assert!(found[0].used >= 0.85, "{}", found[0]);
    assert!(most_throttled.throttled <= 0.05, "{most_throttled}");
}

#[cfg(not(test))]
pub fn main() {
    let only = std::env::var("ONLY").unwrap_or_default();
    for case in alone().iter().chain(&stated()).filter(|case| case.name.contains(&only)) {
        for seed in 0..SEEDS {
            let found = case.play(seed);
            println!("{found}");
            if std::env::args().nth(1).is_some_and(|name| case.name.contains(&name)) {
                for (number, minute) in found.played.minutes.iter().enumerate() {
                    println!("   {number:3} {minute:?}");
                }
            }
        }
    }
}
