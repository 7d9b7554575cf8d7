//! When jobs start by themselves, on clocks that are changed: the pure part. Never waits for a start.

use jiff::tz::TimeZone;
use jiff::{Timestamp as Moment, ToSpan};
use overnight::domain::Timestamp;
use overnight::job::schedule::{Cron, Missed, Schedule};
use proptest::prelude::*;

fn schedule(cron: &str, zone: &str) -> Schedule {
    Schedule {
        cron: Cron::parse(cron).unwrap_or_else(|bad| panic!("{cron}: {bad:?}")),
        timezone: Some(zone.parse().unwrap()),
        jitter: None,
        missed: Missed::Run,
        missed_within: None,
        deadline: None,
    }
}

fn at(moment: Moment) -> Timestamp {
    Timestamp::from_millis(moment.as_millisecond())
}

fn moment(time: Timestamp) -> Moment {
    Moment::from_millisecond(time.millis()).unwrap()
}

/// The starts after a moment, as clocks of the zone show them, with what these are behind or ahead of UTC.
fn starts(cron: &str, zone: &str, after: &str, number: usize) -> Vec<String> {
    let schedule = schedule(cron, zone);
    let shown = |time| moment(time).in_tz(zone).unwrap().strftime("%m-%d %H:%M %:z").to_string();
    schedule.after(at(after.parse().unwrap())).take(number).map(shown).collect()
}

#[test]
fn a_time_that_clocks_leap_over_runs_once_at_the_moment_of_the_leap() {
    // Berlin leaps from 02:00 to 03:00, New York does so three weeks earlier, Lord Howe by half an hour in October.
    assert_eq!(
        starts("30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", 3),
        ["03-28 02:30 +01:00", "03-29 03:00 +02:00", "03-30 02:30 +02:00"]
    );
    assert_eq!(
        starts("0,30 2 * * *", "America/New_York", "2026-03-08T06:00:00Z", 2),
        ["03-08 03:00 -04:00", "03-09 02:00 -04:00"],
        "both are that moment, and it is one"
    );
    assert_eq!(
        starts("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", 2),
        ["10-04 02:30 +11:00", "10-05 02:15 +11:00"]
    );
    assert_eq!(
        starts("0 2,3 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 2),
        ["03-29 03:00 +02:00", "03-30 02:00 +02:00"],
        "the time that is shown next is the moment of the leap too"
    );
}

#[test]
fn a_time_that_clocks_show_twice_runs_once_and_the_first_time() {
    assert_eq!(
        starts("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
        ["10-25 02:30 +02:00", "10-26 02:30 +01:00"]
    );
    assert_eq!(
        starts("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", 2),
        ["11-01 01:30 -04:00", "11-02 01:30 -05:00"]
    );
    assert_eq!(
        starts("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", 2),
        ["04-05 01:45 +11:00", "04-06 01:45 +10:30"]
    );
    let again = "2026-10-25T00:30:00Z";
    assert_eq!(starts("30 2 * * *", "Europe/Berlin", again, 1), ["10-26 02:30 +01:00"], "asked between the two");
}

#[test]
fn what_goes_by_the_passing_of_time_goes_on_as_it_passes() {
    assert_eq!(
        starts("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z", 3),
        ["03-29 01:30 +01:00", "03-29 03:00 +02:00", "03-29 03:30 +02:00"]
    );
    assert_eq!(
        starts("30 * * * *", "Europe/Berlin", "2026-10-24T23:45:00Z", 3),
        ["10-25 02:30 +02:00", "10-25 02:30 +01:00", "10-25 03:30 +01:00"]
    );
    assert_eq!(
        starts("*/20 * * * *", "Australia/Lord_Howe", "2026-04-04T14:30:00Z", 5),
        ["04-05 01:40 +11:00", "04-05 01:40 +10:30", "04-05 02:00 +10:30", "04-05 02:20 +10:30", "04-05 02:40 +10:30"]
    );
}

#[test]
fn where_clocks_are_never_changed_a_day_is_a_day() {
    assert_eq!(
        starts("0 22 * * *", "Asia/Kolkata", "2026-03-28T12:00:00Z", 3),
        ["03-28 22:00 +05:30", "03-29 22:00 +05:30", "03-30 22:00 +05:30"]
    );
    assert_eq!(starts("0 6 29 2 *", "UTC", "2026-11-01T00:00:00Z", 1), ["02-29 06:00 +00:00"]);
}

#[test]
fn the_jitter_of_a_start_is_always_the_same_and_of_another_another() {
    let schedule = Schedule { jitter: Some(std::time::Duration::from_secs(600)), ..schedule("0 22 * * *", "UTC") };
    let times: Vec<_> = schedule.after(at("2026-11-01T00:00:00Z".parse().unwrap())).take(50).collect();
    let delays = |job: &str| -> Vec<u64> {
        let starts = times.iter().map(|time| schedule.start(job, *time));
        starts.map(|start| start.begins.since(start.at).as_millis() as u64).collect()
    };
    let (one, other) = (delays("nightly"), delays("weekly"));
    assert_eq!(one, delays("nightly"));
    assert_ne!(one, other);
    assert!(one.iter().all(|delay| *delay <= 600_000));
    let mean = one.iter().sum::<u64>() / one.len() as u64;
    assert!((200_000..400_000).contains(&mean), "{mean}");
}

const ZONES: [&str; 7] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Cairo",
    "America/St_Johns",
    "UTC",
];

/// The starts in a time, found by looking at every minute of it.
fn by_every_minute(cron: &Cron, zone: &TimeZone, from: Moment, to: Moment) -> Vec<Timestamp> {
    let names = |time: jiff::civil::DateTime| cron.next(time, Some(time.date())) == Some(time);
    let mut found = Vec::new();
    let mut minute = from;
    let mut before = zone.to_offset(from.checked_sub(1.minute()).unwrap());
    while minute <= to {
        let offset = zone.to_offset(minute);
        let shown = offset.to_datetime(minute);
        // What clocks showed up to the last minute, and do not show from now on.
        let mut leapt = before.to_datetime(minute);
        let mut is_due = false;
        if cron.is_fixed() {
            while leapt < shown {
                is_due |= names(leapt);
                leapt = leapt.checked_add(1.minute()).unwrap();
            }
            let first = zone.to_ambiguous_timestamp(shown).earlier().unwrap();
            is_due |= first == minute && names(shown);
        } else {
            is_due = names(shown);
        }
        if is_due {
            found.push(at(minute));
        }
        before = offset;
        minute = minute.checked_add(1.minute()).unwrap();
    }
    found
}

/// A field of a crontab line: everything, steps, a range, or a list.
fn field(low: u8, high: u8) -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just("*".to_owned()),
        1 => (2..=(high - low)).prop_map(|step| format!("*/{step}")),
        3 => (low..=high).prop_map(|value| value.to_string()),
        1 => (low..=high, low..=high).prop_map(|(one, other)| format!("{}-{}", one.min(other), one.max(other))),
        1 => (low..=high, low..=high).prop_map(|(one, other)| format!("{one},{other}")),
    ]
}

fn cron() -> impl Strategy<Value = Cron> {
    let fields = (field(0, 59), field(0, 4), field(1, 31), field(1, 12), field(0, 7));
    fields.prop_filter_map("a date there is", |(minute, hour, day, month, weekday)| {
        Cron::parse(&format!("{minute} {hour} {day} {month} {weekday}")).ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn starts_are_those_that_a_look_at_every_minute_finds(
        cron in cron(),
        zone in prop::sample::select(&ZONES[..]),
        year in prop::sample::select(vec![2009i64, 2026, 2027]),
        changes in 0..2usize,
        hours in 0..30i64,
    ) {
        let schedule = Schedule { cron: cron.clone(), ..schedule("@daily", zone) };
        let zone = TimeZone::get(zone).unwrap();
        // Around a change of the clocks, where there is one.
        let new_year: Moment = format!("{year}-01-01T00:00:00Z").parse().unwrap();
        let change = zone.following(new_year).nth(changes).map_or(new_year, |change| change.timestamp());
        let change = if change.duration_since(new_year).as_hours() < 366 * 24 { change } else { new_year };
        let from = Moment::from_second(change.as_second() / 60 * 60).unwrap().checked_sub(hours.hours()).unwrap();
        let to = from.checked_add(60.hours()).unwrap();
        let expected = by_every_minute(&cron, &zone, from, to);
        let just_before = at(from.checked_sub(1.millisecond()).unwrap());
        let found: Vec<_> = schedule.after(just_before).take_while(|time| *time <= at(to)).collect();
        prop_assert_eq!(&found, &expected, "{}", cron.written);
        prop_assert_eq!(schedule.last(just_before, at(to)), expected.last().copied());
    }

    #[test]
    fn starts_come_one_after_the_other(
        cron in cron(),
        zone in prop::sample::select(&ZONES[..]),
        second in 0..4_000_000_000i64,
    ) {
        let schedule = Schedule { cron, ..schedule("@daily", zone) };
        let after = at(Moment::from_second(second).unwrap());
        let starts: Vec<_> = schedule.after(after).take(20).collect();
        prop_assert_eq!(starts.len(), 20);
        prop_assert!(starts[0] > after && starts.is_sorted_by(|one, next| one < next));
        prop_assert!(starts.iter().all(|start| start.millis() % 60_000 == 0));
    }
}
