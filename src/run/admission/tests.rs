//! What is promised where everything that decides comes together. Never waits: the time is an argument.

use std::num::NonZeroUsize;

use super::*;
use crate::domain::{CapKind, OnLost};

const CENT: Usd = Usd::from_nanos(10_000_000);
const ALONE: Flights = Flights { under_way: 0, leaving: 0 };
/// 2026-11-29, 23:59:59 in UTC.
const EVENING: Timestamp = Timestamp::from_millis(1_795_996_799_000);

fn cents(number: u64) -> Usd {
    CENT.times(number)
}

fn after(seconds: u64) -> Timestamp {
    EVENING.after(Duration::from_secs(seconds))
}

fn item(number: usize) -> ItemId {
    ItemId::new(format!("item-{number}"))
}

fn within(caps: Caps) -> Admission {
    let rules = Rules {
        concurrency: Bounds::fixed(NonZeroUsize::new(8).unwrap()),
        limits: Limits::default(),
        policy: RetryPolicy { max_attempts: 3, on_lost: OnLost::Resend },
        outage: OutageSettings::default(),
        caps,
        zone: TimeZone::UTC,
        deadline: Deadline::default(),
        max_images: None,
    };
    Admission::new(&rules, &Account::default(), EVENING)
}

/// A turn in which one request asks to leave; the queue says what counts then.
fn turn(admission: &mut Admission, flights: Flights, held: &[Held], now: Timestamp) -> Permit {
    admission.begin_turn(now);
    admission.counted(held);
    admission.permit(flights, CENT, 0, now)
}

fn held(settled: u64, reserved: u64) -> Held {
    Held { settled: cents(settled), reserved: cents(reserved), lost: Usd::ZERO }
}

fn is_over(permit: &Permit) -> bool {
    matches!(permit, Permit::Over(Ending::Budget(_)))
}

#[test]
fn what_was_set_aside_for_a_turn_that_was_not_written_is_given_back() {
    let mut admission = within(Caps { job: Some(CENT), ..Caps::default() });
    admission.begin_turn(EVENING);
    assert_eq!(admission.permit(ALONE, CENT, 0, EVENING), Permit::Granted);
    let together = Flights { leaving: 1, ..ALONE };
    assert_eq!(admission.permit(together, CENT, 0, EVENING), Permit::AfterNext, "the first takes all there is");
    // The turn could not be written: nothing left, and the next one asks anew.
    admission.begin_turn(after(1));
    assert_eq!(admission.permit(ALONE, CENT, 0, after(1)), Permit::Granted);
    admission.sent(&item(1), 0, CENT, after(1));
    admission.counted(&[held(0, 1)]);
    let one = Flights { under_way: 1, leaving: 0 };
    assert_eq!(admission.permit(one, CENT, 0, after(2)), Permit::AfterNext);
    admission.settled(&item(1), Some(Usd::ZERO));
    assert_eq!(turn(&mut admission, ALONE, &[held(0, 0)], after(3)), Permit::Granted);
}

#[test]
fn at_midnight_a_day_begins_and_the_answers_of_the_old_one_count_there() {
    let mut admission = within(Caps { day: Some(cents(2)), ..Caps::default() });
    for number in 1..=2 {
        let flights = Flights { under_way: number - 1, leaving: 0 };
        assert_eq!(turn(&mut admission, flights, &[held(0, number as u64 - 1)], EVENING), Permit::Granted);
        admission.sent(&item(number), flights.under_way, CENT, EVENING);
    }
    let two = Flights { under_way: 2, leaving: 0 };
    assert_eq!(admission.permit(two, CENT, 0, EVENING), Permit::AfterNext);
    let midnight = after(1);
    (1..=2).for_each(|number| admission.settled(&item(number), Some(cents(1))));
    assert!(is_over(&admission.permit(ALONE, CENT, 0, EVENING)), "yesterday's money is spent");
    for number in 3..=4 {
        assert_eq!(admission.permit(ALONE, CENT, 0, midnight), Permit::Granted);
        admission.sent(&item(number), 0, CENT, midnight);
        admission.settled(&item(number), Some(CENT));
    }
    let Permit::Over(Ending::Budget(reached)) = admission.permit(ALONE, CENT, 0, midnight) else { panic!("no room") };
    assert_eq!((reached.kind, reached.held), (CapKind::Day, held(2, 0)));
}

#[test]
fn what_leaves_before_midnight_and_lands_after_it_takes_no_room_of_the_new_day() {
    let mut admission = within(Caps { day: Some(CENT), ..Caps::default() });
    assert_eq!(turn(&mut admission, ALONE, &[held(0, 0)], EVENING), Permit::Granted);
    admission.sent(&item(1), 0, CENT, EVENING);
    admission.begin_turn(after(1));
    admission.settled(&item(1), Some(CENT));
    assert_eq!(admission.permit(ALONE, CENT, 0, after(2)), Permit::Granted);
}

#[test]
fn of_two_runs_the_one_that_finds_no_room_waits_for_the_other_and_goes_on() {
    let caps = Caps { day: Some(cents(2)), ..Caps::default() };
    let [mut north, mut south] = [within(caps), within(caps)];
    let now = after(60);
    assert_eq!(turn(&mut north, ALONE, &[held(0, 0)], now), Permit::Granted);
    north.sent(&item(1), 0, CENT, now);
    // Of the north's request and one more before it the south hears from the queue.
    let Permit::At(moment) = turn(&mut south, ALONE, &[held(0, 2)], now) else { panic!("it is not the end") };
    assert!(moment > now && !south.awaits_others(now) && south.awaits_others(moment));
    north.settled(&item(1), Some(Usd::ZERO));
    assert_eq!(turn(&mut south, ALONE, &[held(0, 1)], moment), Permit::Granted);
    assert!(!south.awaits_others(moment.after(Duration::from_secs(60))));
    assert!(is_over(&turn(&mut north, ALONE, &[held(2, 0)], moment)), "both have spent it");
}

/// After so many that left and were answered, one is refused as too fast; what is told of it.
fn told_of_refusal(asked: Option<Duration>) -> Option<(Timestamp, String)> {
    let mut admission = within(Caps::default());
    let mut send = |name: &str| {
        let item = ItemId::new(name);
        admission.begin_turn(EVENING);
        assert_eq!(admission.permit(ALONE, Usd::ZERO, 0, EVENING), Permit::Granted);
        admission.sent(&item, 0, Usd::ZERO, EVENING);
        item
    };
    let answered: Vec<ItemId> = (0..50).map(|number| send(&number.to_string())).collect();
    let refused = send("refused");
    answered.iter().for_each(|item| admission.answered(item, &Consumed::by(1, None), EVENING));
    let failure = Failure { retry_after: asked, ..Failure::new(FailureKind::Throttled, "too fast") };
    let Aftermath { outcome, slowed, halted } = admission.failed(&refused, Tries::default(), failure, 0.0, EVENING);
    assert!(matches!(outcome, Outcome::Returned { due_at, .. } if due_at > EVENING) && halted.is_none());
    slowed
}

#[test]
fn the_run_is_told_to_be_slowed_only_where_all_of_it_waits() {
    assert_eq!(told_of_refusal(None), None, "by chance: one item waits");
    let thirty = Duration::from_secs(30);
    assert_eq!(told_of_refusal(Some(thirty)), Some((EVENING.after(thirty), "too fast".to_owned())));
}
