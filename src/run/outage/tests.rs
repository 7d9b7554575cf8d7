//! What is promised of outages. Never waits: the time is an argument.

use super::*;

const START: Timestamp = Timestamp::from_millis(1_000_000);
const SETTINGS: OutageSettings = OutageSettings {
    shortest_wait: Duration::from_secs(3),
    longest_wait: Duration::from_secs(60),
    patience: Duration::from_secs(6 * 3600),
    patience_at_start: Duration::from_secs(900),
};

fn leaving(leaving: usize) -> Flights {
    Flights { under_way: 0, leaving }
}

fn after(seconds: u64) -> Timestamp {
    START.after(Duration::from_secs(seconds))
}

fn item(number: usize) -> Asker {
    (LaneId::default(), ItemId::new(format!("item-{number}")))
}

fn end(outage: &mut Outage, number: usize, sign: Sign, now: Timestamp) -> Verdict {
    outage.ended(&item(number), sign, None, 0.0, now)
}

/// An outage since [`START`], after an answer where `answered`.
fn begun(answered: bool) -> Outage {
    let mut outage = Outage::new(SETTINGS, 4);
    if answered {
        end(&mut outage, 99, Sign::Answered, START);
    }
    for number in 0..3 {
        end(&mut outage, number, Sign::Unreached, START);
    }
    outage
}

/// Sends probes as soon as they may leave, until so many seconds after the start; the seconds at which they left.
fn probes(outage: &mut Outage, until: u64) -> Vec<u64> {
    let mut sent = Vec::new();
    let mut now = START;
    loop {
        match outage.permit(leaving(0), now) {
            Permit::At(moment) if moment <= after(until) => now = moment,
            Permit::At(_) => return sent,
            Permit::AfterNext | Permit::Over(_) => panic!("nothing is in flight"),
            Permit::Granted => {
                outage.sent(&item(sent.len() % 2));
                assert_eq!(outage.permit(leaving(0), now), Permit::AfterNext, "one at a time");
                assert!(matches!(end(outage, sent.len() % 2, Sign::Failing, now), Verdict::Lasting(_)));
                sent.push(now.since(START).as_secs());
            }
        }
    }
}

#[test]
fn three_items_that_reach_nobody_or_as_many_to_whom_it_fails_as_are_in_flight_make_an_outage() {
    for (sign, concurrency, answered, enough) in [
        (Sign::Unreached, 1, true, 3),
        (Sign::Unreached, 64, true, 3),
        (Sign::Failing, 1, true, 3),
        (Sign::Failing, 5, true, 5),
        (Sign::Failing, 64, true, 8),
        (Sign::Failing, 64, false, 3),
    ] {
        let mut outage = Outage::new(SETTINGS, concurrency);
        if answered {
            end(&mut outage, 99, Sign::Answered, START);
        }
        for number in 1..enough {
            assert_eq!(end(&mut outage, number, sign, START), Verdict::Present, "{sign:?} {number}");
            assert_eq!(outage.permit(leaving(9), START), Permit::Granted);
        }
        assert_eq!(end(&mut outage, enough, sign, START), Verdict::Begun(after(3)), "{sign:?} {concurrency}");
        assert_eq!(outage.permit(leaving(0), START), Permit::At(after(3)));
    }
}

#[test]
fn one_or_two_items_make_no_outage_however_often_they_fail() {
    let mut outage = Outage::new(SETTINGS, 1);
    for second in 0..100 {
        for number in 0..2 {
            assert_eq!(end(&mut outage, number, Sign::Unreached, after(second)), Verdict::Present);
        }
    }
}

#[test]
fn an_answer_in_between_ends_the_row_and_what_says_nothing_of_the_server_does_not() {
    let mut outage = Outage::new(SETTINGS, 3);
    for number in 0..100 {
        let sign = if number % 3 == 2 { Sign::Answered } else { Sign::Failing };
        assert_eq!(end(&mut outage, number, sign, START), Verdict::Present);
    }
    let mut outage = Outage::new(SETTINGS, 3);
    for (number, sign) in [(0, Sign::Failing), (1, Sign::Nothing), (2, Sign::Failing), (3, Sign::Nothing)] {
        assert_eq!(end(&mut outage, number, sign, START), Verdict::Present);
    }
    assert!(matches!(end(&mut outage, 4, Sign::Failing, START), Verdict::Begun(_)));
}

#[test]
fn probes_leave_one_at_a_time_a_few_seconds_apart_growing_to_a_minute() {
    let mut outage = begun(true);
    let sent = probes(&mut outage, 3600);
    let waits: Vec<u64> = sent.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(&waits[..8], [3; 8]);
    assert!(waits.windows(2).all(|pair| pair[0] <= pair[1] + 1), "{waits:?}");
    assert_eq!((waits.iter().max(), *waits.last().unwrap()), (Some(&60), 60));
    let in_ten_minutes = sent.iter().filter(|second| **second <= 600).count();
    assert!((30..60).contains(&in_ten_minutes), "{in_ten_minutes}");
}

#[test]
fn chance_makes_a_wait_shorter_and_a_server_makes_it_longer() {
    let mut outage = begun(true);
    let mut wait = |asked, jitter| {
        outage.sent(&item(0));
        let now = after(600);
        match outage.ended(&item(0), Sign::Failing, asked, jitter, now) {
            Verdict::Lasting(until) => until.since(now).as_secs(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((wait(None, 0.0), wait(None, 1.0)), (60, 45));
    assert_eq!(wait(Some(Duration::from_secs(120)), 0.5), 120);
}

#[test]
fn what_was_in_flight_already_neither_is_the_probe_nor_puts_it_off() {
    let mut outage = begun(true);
    assert_eq!(end(&mut outage, 7, Sign::Unreached, after(2)), Verdict::Lasting(after(3)));
    assert_eq!(end(&mut outage, 8, Sign::Nothing, after(2)), Verdict::Lasting(after(3)));
    assert_eq!(outage.permit(leaving(0), after(3)), Permit::Granted);
    assert_eq!(outage.permit(leaving(1), after(3)), Permit::AfterNext, "another is about to leave");
}

#[test]
fn with_the_first_answer_few_may_leave_and_more_with_each_until_it_is_over() {
    let mut outage = begun(true);
    outage.sent(&item(0));
    assert_eq!(end(&mut outage, 0, Sign::Answered, after(30)), Verdict::Present);
    let may_leave = |outage: &Outage| {
        let granted = |under_way: &usize| {
            outage.permit(Flights { under_way: *under_way, leaving: 0 }, after(30)) == Permit::Granted
        };
        (0..99).take_while(granted).count()
    };
    assert_eq!(may_leave(&outage), 2);
    end(&mut outage, 1, Sign::Answered, after(30));
    assert_eq!(may_leave(&outage), 3);
    for _ in 0..3 {
        end(&mut outage, 1, Sign::Answered, after(30));
    }
    assert_eq!(may_leave(&outage), 99, "it is over");
    for (number, expected) in [(1, Verdict::Present), (2, Verdict::Present), (3, Verdict::Begun(after(4003)))] {
        assert_eq!(end(&mut outage, number, Sign::Unreached, after(4000)), expected);
    }
}

#[test]
fn single_answers_in_a_storm_do_not_end_it() {
    let mut outage = begun(true);
    for round in 1..50 {
        let now = after(round * 60);
        assert_eq!(outage.permit(leaving(0), now), Permit::Granted);
        outage.sent(&item(0));
        end(&mut outage, 0, Sign::Answered, now);
        for number in 1..3 {
            let verdict = end(&mut outage, number, Sign::Failing, now);
            assert_eq!(verdict, Verdict::Lasting(now.after(SETTINGS.shortest_wait)), "costs no attempt");
        }
        assert_eq!(outage.permit(leaving(0), now), Permit::At(now.after(SETTINGS.shortest_wait)));
    }
}

#[test]
fn one_item_alone_that_fails_does_not_bring_it_back() {
    let mut outage = begun(true);
    outage.sent(&item(0));
    end(&mut outage, 0, Sign::Answered, after(30));
    let verdicts = (0..9).map(|_| {
        let verdict = end(&mut outage, 7, Sign::Failing, after(30));
        assert_eq!(outage.permit(leaving(0), after(30)), Permit::Granted);
        verdict
    });
    let verdicts: Vec<_> = verdicts.collect();
    assert_eq!(verdicts[0], Verdict::Lasting(after(33)), "free, for it may not be over");
    assert!(verdicts[1..].iter().all(|verdict| *verdict == Verdict::Present), "then it is the item's: {verdicts:?}");
}

#[test]
fn patience_ends_after_hours_and_after_minutes_where_nobody_ever_answered() {
    for (answered, patience) in [(true, 6 * 3600), (false, 900)] {
        let mut outage = begun(answered);
        assert!(matches!(end(&mut outage, 1, Sign::Unreached, after(patience - 1)), Verdict::Lasting(_)));
        let lasted = Duration::from_secs(patience);
        assert_eq!(end(&mut outage, 1, Sign::Unreached, after(patience)), Verdict::GivenUp(lasted));
    }
}

#[test]
fn a_persons_pause_is_no_part_of_an_outage() {
    let mut outage = begun(false);
    outage.resumed(Duration::from_secs(10_000), after(10_009));
    assert_eq!(outage.permit(leaving(0), after(10_009)), Permit::Granted, "its probe may leave by now");
    let lasting = end(&mut outage, 1, Sign::Unreached, after(10_012));
    assert!(matches!(lasting, Verdict::Lasting(_)), "{lasting:?}");
    let over = end(&mut outage, 1, Sign::Unreached, after(10_900));
    assert_eq!(over, Verdict::GivenUp(Duration::from_secs(900)));
}

#[test]
fn a_clock_that_is_moved_neither_ends_an_outage_nor_makes_it_last() {
    for hours in [-5, 5] {
        let by = hours * 3_600_000;
        let mut outage = begun(false);
        outage.clock_moved(by);
        assert_eq!(outage.permit(leaving(0), START.moved(by)), Permit::At(after(3).moved(by)));
        let verdict = end(&mut outage, 1, Sign::Unreached, after(9).moved(by));
        assert!(matches!(verdict, Verdict::Lasting(_)), "{verdict:?}");
    }
}
