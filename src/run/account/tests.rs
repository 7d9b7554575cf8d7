//! What runs that share an account promise each other. Never waits: the time is an argument.

use std::num::{NonZeroU32, NonZeroUsize};

use jiff::tz::TimeZone;

use super::*;
use crate::domain::{Caps, Deadline, OnLost, RetryPolicy};
use crate::run::OutageSettings;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const ALONE: Flights = Flights { under_way: 0, leaving: 0 };
const LATENCY: Duration = Duration::from_secs(4);

fn rules(concurrency: usize, rpm: Option<u32>) -> Rules {
    Rules {
        concurrency: Bounds::fixed(NonZeroUsize::new(concurrency).unwrap()),
        limits: Limits { requests_a_minute: rpm.and_then(NonZeroU32::new), ..Limits::default() },
        policy: RetryPolicy { max_attempts: 3, on_lost: OnLost::Resend },
        outage: OutageSettings::default(),
        caps: Caps::default(),
        zone: TimeZone::UTC,
        deadline: Deadline::default(),
        max_images: None,
    }
}

/// A run with more items than it will ever send, that asks whenever it may.
struct Busy {
    lane: Lane,
    in_flight: Vec<(Timestamp, ItemId)>,
    sent: u64,
    asks_at: Timestamp,
}

impl Busy {
    fn of(account: &Account, rules: &Rules, now: Timestamp) -> Self {
        Self { lane: Lane::of(account, rules, now), in_flight: vec![], sent: 0, asks_at: now }
    }

    /// One request leaves now, and the server says at once that it came too fast.
    fn throttled(&mut self, wait: Duration, now: Timestamp) {
        let item = ItemId::new("throttled");
        assert_eq!(self.lane.admit(ALONE, 0, now), Permit::Granted);
        self.lane.sent(&item, 0, now);
        self.lane.landed(&item, Sign::Nothing, Some(wait), 0.0, now);
        self.lane.throttled(&item, Some(wait), 0.0, now).unwrap();
    }

    /// What comes back by now makes room, and whoever may leaves.
    fn turn(&mut self, now: Timestamp) {
        let (back, rest) = self.in_flight.drain(..).partition(|(at, _)| *at <= now);
        self.in_flight = rest;
        for (_, item) in &back {
            self.lane.answered(item, &Consumed::EXPECTED, now);
        }
        if now < self.asks_at && back.is_empty() {
            return;
        }
        self.lane.take_back_unsent(now);
        self.asks_at = loop {
            let flights = Flights { under_way: self.in_flight.len(), leaving: 0 };
            match self.lane.admit(flights, 0, now) {
                Permit::Granted => {
                    let item = ItemId::new(format!("item-{}", self.sent));
                    self.lane.sent(&item, self.in_flight.len(), now);
                    self.in_flight.push((now.after(LATENCY), item));
                    self.sent += 1;
                }
                Permit::At(moment) => break moment,
                _ => break now.after(LATENCY),
            }
        };
    }
}

/// Lets them work for so long, and tells the most that were in flight together.
fn work(runs: &mut [&mut Busy], from: Timestamp, length: Duration) -> usize {
    let mut most = 0;
    for millis in (0..length.as_millis() as u64).step_by(10) {
        let now = from.after(Duration::from_millis(millis));
        runs.iter_mut().for_each(|run| run.turn(now));
        most = most.max(runs.iter().map(|run| run.in_flight.len()).sum());
    }
    most
}

#[test]
fn together_they_keep_the_lower_of_two_limits_and_share_it_evenly() {
    let account = Account::default();
    let mut first = Busy::of(&account, &rules(64, Some(600)), NOW);
    let mut second = Busy::of(&account, &rules(64, Some(120)), NOW);
    work(&mut [&mut first, &mut second], NOW, Duration::from_secs(600));
    let all = first.sent + second.sent;
    assert!((1_150..=1_202).contains(&all), "{all} in ten minutes of 120");
    assert!(first.sent.abs_diff(second.sent) * 10 < all, "{} and {}", first.sent, second.sent);
}

#[test]
fn one_that_comes_late_gets_its_share_of_the_places_in_flight() {
    let account = Account::default();
    let mut first = Busy::of(&account, &rules(8, None), NOW);
    assert_eq!(work(&mut [&mut first], NOW, Duration::from_secs(60)), 8);
    let later = NOW.after(Duration::from_secs(60));
    let mut second = Busy::of(&account, &rules(8, None), later);
    let before = first.sent;
    assert_eq!(work(&mut [&mut first, &mut second], later, Duration::from_secs(120)), 8, "never more together");
    let (one, other) = (first.sent - before, second.sent);
    assert!(one.abs_diff(other) * 10 < one + other, "{one} and {other}");
    assert!(one + other > 120 / 4 * 8 * 9 / 10, "and no place stays empty for long: {}", one + other);
    drop(first);
    let last = later.after(Duration::from_secs(120));
    assert_eq!(work(&mut [&mut second], last, Duration::from_secs(30)), 8, "all of it when the other is done");
}

#[test]
fn each_keeps_to_its_own_number_in_flight_and_all_together_to_the_highest() {
    let account = Account::default();
    let mut narrow = Busy::of(&account, &rules(2, None), NOW);
    let mut wide = Busy::of(&account, &rules(8, None), NOW);
    assert_eq!(work(&mut [&mut narrow, &mut wide], NOW, Duration::from_secs(60)), 8);
    assert!(narrow.in_flight.len() <= 2 && narrow.sent > 20, "{} sent", narrow.sent);
}

#[test]
fn what_one_learns_of_the_server_holds_for_all() {
    let account = Account::default();
    let mut one = Busy::of(&account, &rules(8, None), NOW);
    let mut other = Busy::of(&account, &rules(8, None), NOW);
    let wait = Duration::from_secs(30);
    one.throttled(wait, NOW);
    assert_eq!(other.lane.admit(ALONE, 0, NOW), Permit::At(NOW.after(wait)));
    other.turn(NOW.after(wait));
    assert!(!other.in_flight.is_empty());
}

#[test]
fn two_items_of_one_name_in_two_runs_are_two_and_a_run_that_ends_leaves_no_probe_behind() {
    let account = Account::default();
    let mut one = Lane::of(&account, &rules(8, None), NOW);
    let mut other = Lane::of(&account, &rules(8, None), NOW);
    let item = |number: u32| ItemId::new(format!("item-{number}"));
    one.landed(&item(1), Sign::Unreached, None, 0.0, NOW);
    other.landed(&item(1), Sign::Unreached, None, 0.0, NOW);
    assert_eq!(one.is_there(ALONE, NOW), Permit::Granted, "two are too few");
    assert!(matches!(one.landed(&item(2), Sign::Unreached, None, 0.0, NOW), Verdict::Begun(_)));
    let Permit::At(probe_at) = other.is_there(ALONE, NOW) else { panic!("it is an outage for both") };
    one.sent(&item(1), 0, probe_at);
    assert!(one.is_probe(&item(1)) && !other.is_probe(&item(1)));
    assert_eq!(other.is_there(ALONE, probe_at), Permit::At(probe_at.after(POLL)), "one at a time asks");
    drop(one);
    assert_eq!(other.is_there(ALONE, probe_at), Permit::Granted);
}

#[test]
fn a_clock_that_was_moved_moves_once_whoever_notices() {
    let account = Account::default();
    let mut one = Busy::of(&account, &rules(8, None), NOW);
    let mut other = Busy::of(&account, &rules(8, None), NOW);
    one.throttled(Duration::from_secs(30), NOW);
    let hour = 3_600_000;
    one.lane.clock_moved(hour, NOW.moved(hour));
    other.lane.clock_moved(hour, NOW.moved(hour));
    let at = NOW.moved(hour).after(Duration::from_secs(30));
    assert_eq!(other.lane.admit(ALONE, 0, NOW.moved(hour)), Permit::At(at));
}

#[test]
fn an_account_that_nobody_uses_any_more_has_forgotten_what_was_learned() {
    let account = Account::default();
    let mut run = Busy::of(&account, &rules(8, None), NOW);
    run.throttled(Duration::from_secs(30), NOW);
    drop(run);
    let mut next = Busy::of(&account, &rules(8, None), NOW);
    next.turn(NOW);
    assert!(!next.in_flight.is_empty());
}

#[test]
fn one_that_comes_forgets_nothing_that_was_taken_and_one_that_goes_takes_its_limit_along() {
    let account = Account::default();
    let mut first = Busy::of(&account, &rules(64, Some(60)), NOW);
    work(&mut [&mut first], NOW, Duration::from_secs(60));
    let (later, before) = (NOW.after(Duration::from_secs(60)), first.sent);
    // Each that comes would bring a burst of its own if the limit began anew.
    for seconds in 0..30 {
        let at = later.after(Duration::from_secs(seconds));
        let other = Lane::of(&account, &rules(64, None), at);
        work(&mut [&mut first], at, Duration::from_secs(1));
        drop(other);
    }
    let sent = first.sent - before;
    assert!((28..=31).contains(&sent), "{sent} in half a minute of 60");
    let (last, before) = (later.after(Duration::from_secs(30)), first.sent);
    let slow = Lane::of(&account, &rules(64, Some(6)), last);
    work(&mut [&mut first], last, Duration::from_secs(60));
    assert!(first.sent - before <= 7, "{} in a minute of 6", first.sent - before);
    drop(slow);
    let (end, before) = (last.after(Duration::from_secs(60)), first.sent);
    work(&mut [&mut first], end, Duration::from_secs(60));
    assert!(first.sent - before >= 50, "{} in a minute of 60 again", first.sent - before);
}

#[test]
fn the_day_goes_on_when_one_comes_that_knows_of_none() {
    let account = Account::default();
    let limits = Limits { requests_a_day: NonZeroU32::new(5), sent_today: 0, ..Limits::default() };
    let mut first = Busy::of(&account, &Rules { limits, ..rules(64, None) }, NOW);
    first.turn(NOW);
    assert_eq!(first.sent, 5, "all of the day");
    let mut other = Busy::of(&account, &rules(64, None), NOW);
    work(&mut [&mut first, &mut other], NOW, Duration::from_secs(60));
    assert_eq!(first.sent + other.sent, 5);
}
