//! What the pace promises, event by event. The bank of quota shapes plays it for whole nights, and never this closely.

use std::num::{NonZeroU32, NonZeroUsize};

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const LANE: LaneId = LaneId(0);
const ANSWER: Consumed = Consumed { images: 1.0, tokens: None };

fn settings(concurrency: usize, limits: Limits) -> PaceSettings {
    PaceSettings { concurrency: Bounds::fixed(NonZeroUsize::new(concurrency).unwrap()), limits }
}

fn pace(concurrency: usize) -> Pace {
    Pace::new(&settings(concurrency, Limits::default()), NOW)
}

impl Pace {
    /// Of a request of which nothing is known beforehand.
    fn permit(&mut self, in_flight: usize, now: Timestamp) -> Permit {
        self.admit(LANE, in_flight, 0, now)
    }

    fn learned_rate(&self) -> Option<f64> {
        self.learned.as_ref().map(Learned::rate)
    }
}

/// A request leaves now.
fn send(pace: &mut Pace, now: Timestamp) -> Ticket {
    assert_eq!(pace.permit(0, now), Permit::Granted);
    pace.sent(LANE, 0, now)
}

fn after(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

#[test]
fn no_more_than_the_bound_are_in_flight() {
    let mut pace = pace(2);
    assert_eq!(pace.permit(1, NOW), Permit::Granted);
    assert_eq!(pace.permit(2, NOW), Permit::AfterNext);
}

#[test]
fn the_whole_run_waits_for_as_long_as_the_server_says() {
    let mut pace = pace(9);
    let (first, second) = (send(&mut pace, NOW), send(&mut pace, NOW));
    let back = pace.throttled(first, Some(Duration::from_secs(30)), 0.5, NOW).again_at;
    assert_eq!(pace.permit(0, NOW), Permit::At(after(30)));
    assert_eq!(back, NOW.after(Duration::from_millis(30_500)));
    pace.throttled(second, Some(Duration::from_secs(3)), 0.0, NOW);
    assert_eq!(pace.permit(0, NOW), Permit::At(after(30)), "never shortened");
    assert_eq!(pace.permit(0, after(30)), Permit::Granted);
}

#[test]
fn a_server_that_asks_for_less_than_a_second_gets_a_second() {
    let mut pace = pace(9);
    let ticket = send(&mut pace, NOW);
    assert_eq!(pace.throttled(ticket, Some(Duration::from_millis(1)), 0.0, NOW).again_at, after(1));
}

#[test]
fn pauses_of_our_own_grow_while_they_are_too_short_and_shrink_with_an_answer() {
    let mut pace = pace(9);
    let mut now = NOW;
    let episode = |pace: &mut Pace, now: &mut Timestamp| {
        let (first, second) = (send(pace, *now), pace.sent(LANE, 0, *now));
        let until = pace.throttled(first, None, 0.0, *now).again_at;
        let same = pace.throttled(second, None, 0.0, *now).again_at;
        let wait = until.since(*now).as_secs();
        *now = until.max(same);
        wait
    };
    let waits: Vec<u64> = (0..6).map(|_| episode(&mut pace, &mut now)).collect();
    assert_eq!(waits, [2, 4, 8, 16, 32, 60]);
    let ticket = send(&mut pace, now);
    pace.answered(ticket, &ANSWER, now);
    now = now.after(Duration::from_secs(60));
    assert_eq!(episode(&mut pace, &mut now), 2);
}

#[test]
fn a_throttling_cuts_once_however_many_were_in_flight() {
    let mut pace = pace(64);
    let tickets: Vec<Ticket> = (0..600).map(|_| send(&mut pace, NOW)).collect();
    for (number, ticket) in tickets.into_iter().rev().take(60).enumerate() {
        // Some come when the pause has begun, and even when it is over.
        pace.throttled(ticket, Some(Duration::from_secs(2)), 0.0, NOW.after(Duration::from_millis(50 * number as u64)));
    }
    let rate = pace.learned_rate().unwrap();
    assert!((520.0..=540.0).contains(&rate), "{rate}");
}

#[test]
fn a_refusal_by_chance_makes_its_own_item_wait_and_nobody_else() {
    let mut pace = pace(9);
    let tickets: Vec<Ticket> = (0..50).map(|_| send(&mut pace, NOW)).collect();
    let back = pace.throttled(tickets[49], None, 0.5, NOW).again_at;
    assert_eq!((back, pace.permit(0, NOW)), (NOW.after(Duration::from_millis(1500)), Permit::Granted));
    assert_eq!(pace.learned_rate(), None);
}

#[test]
fn the_whole_run_waits_for_as_long_as_a_refusal_by_chance_says_and_learns_nothing() {
    let mut pace = pace(9);
    let tickets: Vec<Ticket> = (0..50).map(|_| send(&mut pace, NOW)).collect();
    pace.throttled(tickets[30], Some(Duration::from_secs(3)), 0.0, NOW);
    pace.throttled(tickets[49], Some(Duration::from_secs(1)), 0.0, NOW);
    assert_eq!(pace.permit(0, NOW), Permit::At(after(3)), "never shortened");
    assert_eq!((pace.permit(0, after(3)), pace.learned_rate()), (Permit::Granted, None));
    pace.throttled(tickets[10], Some(Duration::from_secs(9)), 0.0, after(3));
    let by = -18_000_000;
    pace.clock_moved(by, after(3).moved(by));
    assert_eq!(pace.permit(0, after(3).moved(by)), Permit::At(after(12).moved(by)));
}

#[test]
fn a_pause_lasts_as_long_on_a_clock_that_was_moved() {
    for by in [-18_000_000, 18_000_000] {
        let mut pace = pace(9);
        let ticket = send(&mut pace, NOW);
        pace.throttled(ticket, Some(Duration::from_secs(30)), 0.0, NOW);
        pace.clock_moved(by, NOW.moved(by));
        let (moved, end) = (NOW.moved(by), after(30).moved(by));
        assert_eq!((pace.permit(0, moved), pace.permit(0, end)), (Permit::At(end), Permit::Granted));
    }
}

#[test]
fn requests_a_minute_are_spread_over_the_minute() {
    let limits = Limits { requests_a_minute: NonZeroU32::new(600), ..Limits::default() };
    let mut pace = Pace::new(&settings(1000, limits), NOW);
    let at_once = (0..1000).take_while(|_| pace.permit(0, NOW) == Permit::Granted).count();
    assert!((2..=6).contains(&at_once), "{at_once} left at once");
}

#[test]
fn what_returns_after_a_pause_leaves_one_after_the_other() {
    let mut pace = pace(64);
    let tickets: Vec<Ticket> = (0..64).map(|_| send(&mut pace, NOW)).collect();
    for ticket in &tickets[54..] {
        pace.throttled(*ticket, Some(Duration::from_secs(20)), 0.0, NOW);
    }
    let at_once = (0..64).take_while(|_| pace.permit(0, after(20)) == Permit::Granted).count();
    assert!(at_once <= 2, "{at_once} left at once");
}

/// Sends all it may for so many seconds, of which so many tokens are known, each answered half a minute later with this.
fn sent_in(pace: &mut Pace, seconds: u64, known_tokens: u64, answer: &Consumed) -> u32 {
    let (mut now, mut sent) = (NOW, 0);
    let mut flying: VecDeque<(Timestamp, Ticket)> = VecDeque::new();
    while now < after(seconds) {
        while flying.front().is_some_and(|(lands_at, _)| *lands_at <= now) {
            flying.pop_front().into_iter().for_each(|(_, ticket)| pace.answered(ticket, answer, now));
        }
        let lands_at = flying.front().map(|(lands_at, _)| *lands_at);
        match pace.admit(LANE, flying.len(), known_tokens, now) {
            Permit::Granted => {
                flying.push_back((now.after(Duration::from_secs(30)), pace.sent(LANE, flying.len(), now)));
                sent += 1;
            }
            Permit::At(moment) => now = lands_at.map_or(moment, |lands_at| lands_at.min(moment)),
            Permit::AfterNext => now = lands_at.unwrap(),
            Permit::Over(_) => unreachable!("the pace ends nothing"),
        }
    }
    sent
}

#[test]
fn of_several_limits_the_tightest_counts_and_none_is_exceeded() {
    let limit = NonZeroU32::new;
    for (requests, images, tokens, expected) in [
        (100, 1000, 10_000_000, 1000),
        (1000, 100, 10_000_000, 500),
        (1000, 1000, 240_000, 1200),
        (300, 1000, 240_000, 1200),
    ] {
        let limits = Limits {
            requests_a_minute: limit(requests),
            images_a_minute: limit(images),
            tokens_a_minute: limit(tokens),
            ..Limits::default()
        };
        let mut pace = Pace::new(&settings(1000, limits), NOW);
        let sent = sent_in(&mut pace, 600, 0, &Consumed { images: 2.0, tokens: Some(2000.0) });
        let share = f64::from(sent) / f64::from(expected);
        assert!((0.97..=1.005).contains(&share), "{sent} of {expected}");
    }
}

#[test]
fn the_day_s_requests_end_at_the_quota_s_midnight() {
    let limits = Limits { requests_a_day: NonZeroU32::new(10), sent_today: 7, ..Limits::default() };
    let mut pace = Pace::new(&settings(64, limits), NOW);
    let tickets: Vec<Ticket> = (0..3).map(|_| send(&mut pace, NOW)).collect();
    let used_up = pace.used_up(NOW).unwrap();
    assert_eq!((used_up.limit, pace.permit(0, NOW)), (10, Permit::At(used_up.renewed_at)));
    pace.throttled(tickets[0], Some(Duration::from_secs(1)), 0.0, NOW);
    assert_eq!(pace.permit(0, after(2)), Permit::Granted, "what was throttled did not count");
    assert_eq!(pace.used_up(used_up.renewed_at), None);
}

#[test]
fn tokens_that_are_known_beforehand_are_taken_before_the_first_answer() {
    let limits = Limits { tokens_a_minute: NonZeroU32::new(240_000), ..Limits::default() };
    let mut pace = Pace::new(&settings(1000, limits), NOW);
    // Three references.
    let answer = Consumed { images: 1.0, tokens: Some(1_200.0 + 3_360.0) };
    let tokens = f64::from(sent_in(&mut pace, 60, 3_360, &answer)) * 4_560.0;
    assert!((225_000.0..=240_000.0).contains(&tokens), "{tokens}");
}

#[test]
fn what_was_permitted_and_did_not_leave_gives_its_places_back() {
    let limit = NonZeroU32::new;
    let limits = Limits { requests_a_minute: limit(1), requests_a_day: limit(1), ..Limits::default() };
    let mut pace = Pace::new(&settings(9, limits), NOW);
    for second in 0..16 {
        pace.take_back_unsent(LANE, after(second));
        assert_eq!(pace.permit(0, after(second)), Permit::Granted, "the turn before was not written");
        assert_ne!(pace.permit(0, after(second)), Permit::Granted);
    }
    pace.sent(LANE, 0, after(15));
    pace.take_back_unsent(LANE, after(16));
    assert!(pace.used_up(after(16)).is_some(), "it has left");
}

#[test]
fn the_learned_rate_and_the_minute_behind_it_know_only_of_what_left() {
    let mut pace = pace(1000);
    let tickets: Vec<Ticket> = (0..600).map(|_| send(&mut pace, NOW)).collect();
    pace.throttled(tickets[599], Some(Duration::from_secs(30)), 0.0, NOW);
    let rate = pace.learned_rate();
    for second in 60..120 {
        while pace.permit(0, after(second)) == Permit::Granted {}
        pace.take_back_unsent(LANE, after(second));
    }
    assert_eq!((pace.learned_rate(), pace.trail.in_last_minute(pace.steady(after(120)))), (rate, 0));
}
