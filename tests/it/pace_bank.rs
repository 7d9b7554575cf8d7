//! The bank of quota shapes: what decides in a run plays each through in virtual time, with several seeds, and must use
//! nearly all that was possible while hardly ever being told that it is too fast.

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use jiff::tz::TimeZone;
use overnight::domain::{Caps, Deadline, Ending, OnLost, RetryPolicy, Timestamp};
use overnight::night::{Fare, Faults, Latency, Night, Played, QuotaModel, ServerModel, Shape, play};
use overnight::run::{Bounds, Limits, OutageSettings, Rules};

/// A night of so many minutes.
const MINUTES: usize = 30;
const HALF: Duration = Duration::from_secs(15 * 60);
const SEEDS: u64 = 3;
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
    fn new(name: &'static str, quota: QuotaModel) -> Self {
        let case = Self::without_quota(name, 0.0);
        let model = quota.clone();
        let possible = move |minute: usize| model.at(seconds(60 * minute as u64)) - model.others;
        Self { possible: Box::new(possible), ..case }.server(|server| server.quotas.push(quota))
    }

    fn without_quota(name: &'static str, possible: f64) -> Self {
        let latency = Latency { median: seconds(2), spread: 0.3, capacity: None };
        let server = ServerModel { latency, ..ServerModel::patient(latency.median) };
        Self { name, server, limits: Limits::default(), possible: Box::new(move |_| possible), learning: &[0, 1] }
    }

    fn server(mut self, change: impl FnOnce(&mut ServerModel)) -> Self {
        change(&mut self.server);
        self
    }

    fn learning(self, learning: &'static [usize]) -> Self {
        Self { learning, ..self }
    }

    fn stating(self, requests_a_minute: u32) -> Self {
        let requests_a_minute = NonZeroU32::new(requests_a_minute);
        Self { limits: Limits { requests_a_minute, ..Limits::default() }, ..self }
    }

    fn play(&self, seed: u64) -> Found {
        let rules = Rules {
            concurrency: Bounds { lowest: NonZeroUsize::MIN, highest: NonZeroUsize::new(64).unwrap() },
            limits: self.limits,
            policy: RetryPolicy { max_attempts: 6, on_lost: OnLost::Resend },
            outage: OutageSettings::default(),
            caps: Caps::default(),
            zone: TimeZone::UTC,
            deadline: Deadline::default(),
            max_images: None,
        };
        let longest = Duration::from_secs(60 * MINUTES as u64);
        let (server, fare, held) = (self.server.clone(), Fare::default(), vec![]);
        let played = play(&Night { items: 1 << 16, rules, fare, held, server, seed, start: START, longest });
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

fn sliding(a_minute: f64) -> QuotaModel {
    QuotaModel::sliding(a_minute)
}

fn fixed(a_minute: f64, first: u64) -> QuotaModel {
    QuotaModel { shape: Shape::Fixed(seconds(first)), ..sliding(a_minute) }
}

fn changed(quota: QuotaModel, to: f64) -> QuotaModel {
    QuotaModel { changes: vec![(HALF, to)], ..quota }
}

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// The shapes that the pace must find out about by itself.
fn by_the_minute() -> Vec<Case> {
    vec![
        Case::new("600 in any minute", sliding(600.0)),
        Case::new("240 in any minute", sliding(240.0)),
        Case::new("60 in any minute", sliding(60.0)),
        Case::new("10 in any minute", sliding(10.0)),
        Case::new("1500 in any minute", sliding(1500.0)),
        Case::new("240 by the clock", fixed(240.0, 60)),
        Case::new("240 by the clock, begun in the middle", fixed(240.0, 25)),
        Case::new("a bucket of 240, 240 a minute", QuotaModel { shape: Shape::Bucket(240.0), ..sliding(240.0) }),
        Case::new("a bucket of 10, 240 a minute", QuotaModel { shape: Shape::Bucket(10.0), ..sliding(240.0) }),
    ]
}

fn changing() -> Vec<Case> {
    vec![
        Case::new("300 shared with 150 of another", QuotaModel { others: 150.0, ..sliding(300.0) }),
        Case::new("300 by the clock, shared with 100", QuotaModel { others: 100.0, ..fixed(300.0, 30) }),
        Case::new("240, begun when another run had used it up", QuotaModel { before: 240.0, ..sliding(240.0) }),
        Case::new("300 halved", changed(sliding(300.0), 150.0)).learning(&[0, 1, 15, 16]),
        Case::new("300 by the clock, halved", changed(fixed(300.0, 60), 150.0)).learning(&[0, 1, 15, 16]),
        Case::new("150 doubled", changed(sliding(150.0), 300.0)),
        Case::new("150 by the clock, doubled", changed(fixed(150.0, 60), 300.0)),
        Case::new("300 fallen to 30", changed(sliding(300.0), 30.0)).learning(&[0, 1, 15, 16]),
    ]
}

fn servers() -> Vec<Case> {
    vec![
        Case::new("240, refusals that take two seconds", sliding(240.0)).server(|server| server.refusal = seconds(2)),
        Case::new("240, refusals that name no wait", sliding(240.0)).server(|server| server.tells_wait = false),
        Case::new("150, answers after 20 s, some of them lost", sliding(150.0)).server(|server| {
            server.latency.median = seconds(20);
            server.faults.lost = 0.02;
        }),
        Case::new("240, with faults", sliding(240.0)).server(|server| {
            server.faults = Faults { unavailable: 0.03, refused: 0.01, empty: 0.02, lost: 0.01, ..Faults::default() };
        }),
        Case::new("600, on a shaky wire", sliding(600.0)).server(|server| server.way = Duration::from_millis(400)),
        Case::without_quota("latency that rises beyond 10 in flight", 10.0 * 30.0)
            .server(|server| server.latency.capacity = Some(10)),
        // The mean of the bell curve's exponential is by so much above its median.
        Case::without_quota("latency alone", 64.0 * 30.0 / 1.046),
    ]
}

/// Some of them with what the account allows stated.
fn stated() -> Vec<Case> {
    vec![
        Case::new("600 in any minute, stated", sliding(600.0)).stating(600),
        Case::new("600 stated, on a shaky wire", sliding(600.0))
            .server(|server| server.way = Duration::from_millis(400))
            .stating(600),
        Case::new("240 by the clock, stated", fixed(240.0, 25)).stating(240),
        Case::new("60 in any minute, stated", sliding(60.0)).stating(60),
        Case::new("a bucket of 10, 240 a minute, stated", QuotaModel { shape: Shape::Bucket(10.0), ..sliding(240.0) })
            .stating(240),
        Case::new("600 stated and halved", changed(sliding(600.0), 300.0)).stating(600).learning(&[0, 1, 15, 16]),
    ]
}

/// Servers that refuse so large a share of what comes by chance, and say then how long to wait, or do not.
fn by_chance(share: f64, wait: Option<Duration>) -> Vec<Case> {
    let busy = |server: &mut ServerModel| {
        (server.faults.busy, server.faults.busy_wait) = (share, wait);
    };
    vec![
        Case::without_quota("refused by chance", 64.0 * 30.0 / 1.046).server(busy),
        Case::new("refused by chance, beside 600 in any minute", sliding(600.0)).server(busy),
    ]
}

/// The worst of all cases with every seed: the one that used least, and the one that was throttled most.
fn worst(cases: &[Case]) -> (Found, Found) {
    let found: Vec<Found> = cases.iter().flat_map(|case| (0..SEEDS).map(|seed| case.play(seed))).collect();
    let least_used = found.iter().min_by(|one, other| one.used.total_cmp(&other.used)).unwrap();
    let most_throttled = found.iter().max_by(|one, other| one.throttled.total_cmp(&other.throttled)).unwrap();
    println!("least used: {least_used}\nmost throttled: {most_throttled}");
    (least_used.clone(), most_throttled.clone())
}

#[track_caller]
fn hold(cases: &[Case], used: f64, throttled: f64) {
    let (least_used, most_throttled) = worst(cases);
    assert!(least_used.used >= used, "{least_used}");
    assert!(most_throttled.throttled <= throttled, "{most_throttled}");
}

#[test]
fn no_quota_by_the_minute_is_used_badly_or_overrun() {
    hold(&by_the_minute(), 0.85, 0.05);
}

#[test]
fn no_quota_that_is_shared_or_changes_is_used_badly_or_overrun() {
    hold(&changing(), 0.85, 0.05);
}

#[test]
fn no_server_is_used_badly_or_overrun() {
    hold(&servers(), 0.85, 0.05);
}

#[test]
fn a_stated_limit_is_used_but_for_a_hair_and_not_overrun() {
    hold(&stated(), 0.97, 0.01);
}

#[test]
fn a_server_that_refuses_by_chance_is_used_nearly_in_full() {
    hold(&by_chance(0.03, None), 0.85, 0.08);
}

#[test]
fn a_server_that_refuses_by_chance_and_names_a_wait_is_obeyed_and_used_by_half() {
    hold(&by_chance(0.03, Some(seconds(1))), 0.50, 0.08);
}

/// Latency 2 s, 600 requests in any minute.
#[test]
fn the_reference_quota_is_used_nine_tenths_alone_and_all_but_three_percent_when_stated() {
    let halved = || changed(sliding(600.0), 300.0);
    for (case, used, throttled) in [
        (Case::new("alone", sliding(600.0)), 0.90, 0.03),
        (Case::new("stated", sliding(600.0)).stating(600), 0.97, 0.01),
        (Case::new("halved, alone", halved()).learning(&[0, 1, 15, 16]), 0.90, 0.03),
        (Case::new("halved, stated", halved()).stating(600).learning(&[0, 1, 15, 16]), 0.97, 0.01),
    ] {
        hold(&[case.server(|server| server.latency.spread = 0.0)], used, throttled);
    }
}

/// The model of a server that rises in latency must not be pressed to the bound.
#[test]
fn where_more_in_flight_bring_no_more_answers_it_does_not_run_to_the_bound() {
    let case = Case::without_quota("rising", 300.0).server(|server| server.latency.capacity = Some(10));
    for seed in 0..SEEDS {
        let minutes = case.play(seed).played.minutes;
        let most = minutes[2..].iter().map(|minute| minute.most_at_once).max().unwrap();
        assert!(most <= 32, "{most} in flight with seed {seed}");
    }
}

#[test]
fn a_stated_day_s_limit_is_used_up_and_not_exceeded() {
    let case = Case::new("a day", sliding(600.0));
    let limits = Limits { requests_a_day: NonZeroU32::new(2000), sent_today: 500, ..Limits::default() };
    let played = Case { limits, ..case }.server(|server| server.left_today = Some(1500)).play(1).played;
    let Some(Ending::Halted(failure)) = &played.over else { panic!("{:?}", played.over) };
    assert!(failure.message.contains("the day's 2,000 requests (--rpd) are used up"), "{}", failure.message);
    assert!(failure.message.contains("begins anew at 08:00"), "{}", failure.message);
    assert_eq!((played.requests - played.throttled, played.halted), (1500, None));
}

#[test]
fn the_day_s_quota_of_the_server_ends_the_night() {
    let played = Case::new("", sliding(600.0)).server(|server| server.left_today = Some(1500)).play(1).played;
    assert!(played.halted.is_some() && played.requests - played.throttled < 1500 + 64, "{}", played.requests);
}

#[test]
fn the_same_seed_is_the_same_night() {
    let (one, other) = (&servers()[3].play(7).played, &servers()[3].play(7).played);
    assert_eq!((&one.minutes, one.end, one.retried), (&other.minutes, other.end, other.retried));
}
