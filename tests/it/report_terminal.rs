//! Progress as a log file or cron's mail shows it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::tz::TimeZone;
use overnight::domain::{
    Counts, Deadline, Ending, Event, Failure, FailureKind, Held, News, Progress, Reporter, Summary, Timestamp, Usd,
};
use overnight::report::Frame;
use overnight::report::terminal::{Look, Plain};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn event(second: i64, news: News) -> Event {
    Event {
        // 2026-11-20 02:00:00 UTC
        time: Timestamp::from_millis((1_795_140_000 + second) * 1000),
        job: "spring".into(),
        news,
    }
}

fn run_started(items: u64, counts: Counts) -> Event {
    event(0, News::RunStarted { counts, items })
}

fn started(second: i64, item: impl ToString) -> Event {
    let item = item.to_string();
    event(second, News::AttemptStarted { item, attempt: 1, reserved: None })
}

fn ended(second: i64, item: impl ToString, failure: Option<Failure>) -> Event {
    let news = News::AttemptEnded {
        item: item.to_string(),
        attempt: 1,
        outcome: if failure.is_some() { "failed" } else { "done" },
        failure,
        cost: None,
        file: None,
        images: 0,
    };
    event(second, news)
}

fn run_ended(second: i64) -> Event {
    let summary = Summary {
        ending: Ending::Complete,
        took: Duration::ZERO,
        attempts: 0,
        done: 0,
        failed: 0,
        images: 0,
        lost: 0,
        cost: None,
        held: Held::default(),
        projected: None,
        counts: Counts::default(),
        narrowed: None,
    };
    event(second, News::RunEnded(summary))
}

fn slowed(second: i64, until: i64) -> Event {
    let message = "429 RESOURCE_EXHAUSTED: \u{1b}[31mslow down".into();
    let until = event(until, News::Halted { message: String::new() }).time;
    event(second, News::Slowed { until, message })
}

fn queued(queued: u64) -> Counts {
    Counts { queued, ..Counts::default() }
}

fn log(events: impl IntoIterator<Item = Event>) -> String {
    let log = Log::default();
    let look = Look { columns: 400, colours: false, zone: TimeZone::UTC, rehearsal: false };
    let mut plain = Plain::new(log.clone(), look);
    events.into_iter().for_each(|event| plain.tell(&event));
    let text = log.0.lock().unwrap().clone();
    String::from_utf8(text).unwrap()
}

/// Each item takes three seconds, one after the other.
fn steadily(items: i64) -> impl Iterator<Item = Event> {
    (0..items).flat_map(|item| [started(item * 3, item), ended(item * 3 + 3, item, None)])
}

#[test]
fn a_log_has_a_start_a_line_now_and_then_and_an_end() {
    let before = Counts { done: 600, failed: [(FailureKind::Refused, 12)].into(), ..queued(400) };
    let events = [run_started(100, before)].into_iter().chain(steadily(100));
    insta::assert_snapshot!(log(events.chain([run_ended(300)])), @r"
    02:00:00 spring: 100 of 1,012 items to do, 600 done before, 12 failed before
    02:00:30 spring: 10/100 done, 20 a minute, about 3 to 7 min left
    02:01:00 spring: 20/100 done, 20 a minute, about 3 to 6 min left
    02:01:30 spring: 30/100 done, 20 a minute, about 2 to 5 min left
    02:02:00 spring: 40/100 done, 20 a minute, about 2 to 4 min left
    02:02:30 spring: 50/100 done, 20 a minute, about 2 to 3 min left
    02:03:00 spring: 60/100 done, 20 a minute, about 1 to 3 min left
    02:03:30 spring: 70/100 done, 20 a minute, about 80 to 110 s left
    02:04:00 spring: 80/100 done, 20 a minute, about 53 to 68 s left
    02:04:30 spring: 90/100 done, 20 a minute, about 27 to 34 s left
    02:05:00 spring: 100/100 done, 20 a minute
    ");
}

#[test]
fn where_nobody_asked_for_lines_a_run_that_goes_well_has_one_an_hour_and_none_at_its_ends() {
    let rare = |events: Vec<Event>| {
        let log = Log::default();
        let look = Look { columns: 400, colours: false, zone: TimeZone::UTC, rehearsal: false };
        let mut plain = Plain::new(log.clone(), look).rare();
        events.iter().for_each(|event| plain.tell(event));
        let text = log.0.lock().unwrap().clone();
        String::from_utf8(text).unwrap()
    };
    let short = [run_started(100, queued(100))].into_iter().chain(steadily(50)).chain([slowed(150, 400)]);
    assert_eq!(rare(short.chain([run_ended(300)]).collect()), "");
    let long = [run_started(3_000, queued(3_000))].into_iter().chain(steadily(3_000)).chain([run_ended(9_000)]);
    let lines = rare(long.collect());
    assert_eq!(lines.lines().map(|line| &line[..8]).collect::<Vec<_>>(), ["03:00:00", "04:00:00"], "{lines}");
    let why = Some(Failure::new(FailureKind::Refused, "no"));
    let failing = [run_started(3, queued(3)), started(0, 1), ended(3, 1, why), run_ended(9)];
    assert_eq!(rare(failing.into()), "02:00:03 spring: ✗ 1  refused: no\n");
}

#[test]
fn a_deadline_is_named_at_the_start_and_every_line_says_whether_it_is_kept() {
    let log = Log::default();
    let look = Look { columns: 400, colours: false, zone: TimeZone::UTC, rehearsal: false };
    let until = Some(event(240, News::Halted { message: String::new() }).time);
    let frame = Frame { deadline: Deadline { until, max_duration: None }, ..Frame::default() };
    let mut plain = Plain::new(log.clone(), look).within(frame);
    let events = [run_started(100, queued(100))].into_iter().chain(steadily(90));
    events.for_each(|event| plain.tell(&event));
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    insta::assert_snapshot!(text, @r"
    02:00:00 spring: 100 items to do, until 02:04
    02:00:30 spring: 10/100 done, 20 a minute, about 3 to 7 min left, up to 43 items may be missing at 02:04
    02:01:00 spring: 20/100 done, 20 a minute, about 3 to 6 min left, about 20 items will be missing at 02:04
    02:01:30 spring: 30/100 done, 20 a minute, about 2 to 5 min left, about 21 items will be missing at 02:04
    02:02:00 spring: 40/100 done, 20 a minute, about 2 to 4 min left, about 21 items will be missing at 02:04
    02:02:30 spring: 50/100 done, 20 a minute, about 2 to 3 min left, about 20 items will be missing at 02:04
    02:03:00 spring: 60/100 done, 20 a minute, about 1 to 3 min left, about 20 items will be missing at 02:04
    02:03:30 spring: 70/100 done, 20 a minute, about 80 to 110 s left, about 20 items will be missing at 02:04
    02:04:00 spring: 80/100 done, 20 a minute, about 53 to 68 s left, about 20 items will be missing at 02:04
    02:04:30 spring: 90/100 done, 20 a minute, about 27 to 34 s left, about 10 items will be missing at 02:04
    ");
}

#[test]
fn a_long_night_is_told_in_a_few_dozen_lines() {
    let events = [run_started(10_000, queued(10_000))].into_iter().chain(steadily(10_000));
    let lines = log(events).lines().count();
    assert!((20..80).contains(&lines), "{lines}");
}

#[test]
fn failures_pauses_and_a_halt_are_told_as_they_happen() {
    let refusal = || Some(Failure::new(FailureKind::Refused, "the model\nrefused"));
    let halted = News::Halted { message: "401: the key was refused".into() };
    let events = [
        run_started(4, queued(4)),
        started(1, "red\u{1b}[2J"),
        ended(2, "red\u{1b}[2J", refusal()),
        started(2, "blue"),
        slowed(3, 60),
        slowed(4, 90),
        slowed(45, 100_000),
        event(50, halted),
        ended(51, "blue", None),
        run_ended(51),
    ];
    insta::assert_snapshot!(log(events), @r"
    02:00:00 spring: 4 items to do
    02:00:02 spring: ✗ red  refused: the model refused
    02:00:03 spring: paused until 02:01:00: 429 RESOURCE_EXHAUSTED: slow down
    02:00:45 spring: paused until 2026-11-21 05:46:40: 429 RESOURCE_EXHAUSTED: slow down
    02:00:50 spring: ■ stopping: 401: the key was refused
    02:00:51 spring: 1/4 done, 1 failed
    ");
}

#[test]
fn thousands_of_failures_do_not_flood_the_log() {
    let failure = || Some(Failure::new(FailureKind::Rejected, "400"));
    let events =
        [run_started(5_000, queued(5_000))].into_iter().chain((0..5_000).map(|item| ended(1, item, failure())));
    let text = log(events);
    assert_eq!(text.lines().count(), 102);
    assert!(text.ends_with("further failures are counted, and grouped in the summary\n"), "{text}");
}

#[test]
fn a_log_tells_the_money_where_a_price_is_known() {
    let price = Some(Usd::from_nanos(33_600_000));
    let started = |item: i64| event(item, News::AttemptStarted { item: item.to_string(), attempt: 1, reserved: price });
    let paid = |second: i64, item: i64| {
        let (item, outcome) = (item.to_string(), "done");
        event(
            second,
            News::AttemptEnded { item, attempt: 1, outcome, failure: None, cost: price, file: None, images: 1 },
        )
    };
    let events = [run_started(4, queued(4)), started(0), started(1), paid(31, 0), paid(32, 1), run_ended(40)];
    insta::assert_snapshot!(log(events), @r"
    02:00:00 spring: 4 items to do
    02:00:31 spring: 1/4 done, 1 in flight, spent $0.0336, $0.0336 reserved, about $0.13 in all
    02:00:40 spring: 2/4 done, spent $0.0672, $0.00 reserved, about $0.13 in all
    ");
}

#[test]
fn a_log_that_cannot_be_written_does_not_stop_the_run() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let look = Look { columns: 80, colours: false, zone: TimeZone::UTC, rehearsal: false };
    Plain::new(Full, look).tell(&run_started(1, queued(1)));
}

#[test]
fn the_four_ways_to_show_progress_are_read_and_others_refused() {
    let read: [Progress; 4] = ["auto", "bar", "plain", "none"].map(|word| word.parse().unwrap());
    assert_eq!(read, [Progress::Auto, Progress::Bar, Progress::Plain, Progress::None]);
    let error = "loud".parse::<Progress>().unwrap_err();
    assert_eq!(error.to_string(), "`loud` is not a way to show progress; use auto, bar, plain, none");
}
