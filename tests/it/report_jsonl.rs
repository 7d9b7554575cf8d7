//! What `--events` promises to the programs that read it.

use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use overnight::domain::event::Interrupt;
use overnight::domain::{
    CapKind, CapReached, Counts, Ending, Event, Failure, FailureKind, Held, News, Reporter, Summary, Timestamp, Usd,
};
use overnight::report::{JsonLines, Reporters};

/// What was written, line by line as it was flushed.
#[derive(Clone, Default)]
struct Page {
    unflushed: Vec<u8>,
    flushed: Arc<Mutex<String>>,
}

impl Write for Page {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.unflushed.extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let text = String::from_utf8(std::mem::take(&mut self.unflushed)).unwrap();
        self.flushed.lock().unwrap().push_str(&text);
        Ok(())
    }
}

/// Breaks after so many lines.
struct Breaks {
    after: usize,
    with: ErrorKind,
    written: Arc<Mutex<usize>>,
}

impl Write for Breaks {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let mut written = self.written.lock().unwrap();
        *written += 1;
        if *written > self.after {
            return Err(self.with.into());
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn event(second: i64, news: News) -> Event {
    Event { time: Timestamp::from_millis(1_795_140_000_000 + second * 1000 + 7), job: "spring".into(), news }
}

fn started(second: i64, item: &str) -> Event {
    let (item, attempt, reserved) = (item.into(), 1, Some(Usd::from_nanos(33_600_000)));
    event(second, News::AttemptStarted { item, attempt, reserved })
}

fn summary(ending: Ending) -> Summary {
    Summary {
        ending,
        took: Duration::from_millis(12_345),
        attempts: 4,
        done: 1,
        failed: 1,
        images: 2,
        lost: 1,
        cost: Some(Usd::from_nanos(67_200_000)),
        held: Held { settled: Usd::from_nanos(67_200_000), reserved: Usd::ZERO, lost: Usd::from_nanos(33_600_000) },
        projected: Some(Usd::from_nanos(134_400_000)),
        counts: Counts { queued: 1, running: 0, done: 1, failed: [(FailureKind::Refused, 1)].into(), cancelled: 0 },
        narrowed: None,
    }
}

fn written(events: &[Event]) -> String {
    let page = Page::default();
    let mut reporters = Reporters::new();
    reporters.add(JsonLines::new(page.clone()));
    events.iter().for_each(|event| reporters.tell(event));
    page.flushed.lock().unwrap().clone()
}

fn ended(item: &str, outcome: &'static str, failure: Option<Failure>) -> News {
    let done = failure.is_none();
    News::AttemptEnded {
        item: item.into(),
        attempt: 1,
        outcome,
        failure,
        cost: done.then(|| Usd::from_nanos(33_600_000)),
        file: done.then(|| format!("{item}.png")),
        images: done.into(),
    }
}

#[test]
fn every_event_is_one_flushed_line_with_its_keys_in_order() {
    let refusal = Failure::new(FailureKind::Refused, "the model would not: \"IMAGE_SAFETY\"\nno");
    let counts = Counts { queued: 3, ..Counts::default() };
    let until = Timestamp::from_millis(1_795_140_060_000);
    let message = "429 slow down".into();
    let text = written(&[
        event(0, News::RunStarted { counts, items: 3 }),
        started(1, "red"),
        event(3, ended("red", "done", None)),
        event(4, ended("blue", "failed", Some(refusal))),
        event(5, News::Slowed { until, message }),
        event(5, News::Paused { since: Timestamp::from_millis(1_795_140_005_000) }),
        event(6, News::Resumed { after: Duration::from_millis(1_250) }),
        event(6, News::Halted { message: "401 bad key".into() }),
        event(7, News::RunEnded(summary(Ending::Complete))),
    ]);
    insta::assert_snapshot!(text, @r#"
    {"event":"run_started","time":"2026-11-20T02:00:00.007Z","job":"spring","items":3,"counts":{"queued":3,"running":0,"done":0,"failed":0,"cancelled":0},"failed_by_kind":{}}
    {"event":"attempt_started","time":"2026-11-20T02:00:01.007Z","job":"spring","item":"red","attempt":1,"reserved_usd":0.0336}
    {"event":"attempt_ended","time":"2026-11-20T02:00:03.007Z","job":"spring","item":"red","attempt":1,"outcome":"done","cost_usd":0.0336,"file":"red.png"}
    {"event":"attempt_ended","time":"2026-11-20T02:00:04.007Z","job":"spring","item":"blue","attempt":1,"outcome":"failed","kind":"refused","message":"the model would not: \"IMAGE_SAFETY\"\nno","cost_usd":null}
    {"event":"slowed","time":"2026-11-20T02:00:05.007Z","job":"spring","until":"2026-11-20T02:01:00.000Z","message":"429 slow down"}
    {"event":"paused","time":"2026-11-20T02:00:05.007Z","job":"spring","since":"2026-11-20T02:00:05.000Z"}
    {"event":"resumed","time":"2026-11-20T02:00:06.007Z","job":"spring","paused_s":1.25}
    {"event":"halted","time":"2026-11-20T02:00:06.007Z","job":"spring","message":"401 bad key"}
    {"event":"run_ended","time":"2026-11-20T02:00:07.007Z","job":"spring","ending":"complete","took_s":12.345,"attempts":4,"done":1,"failed":1,"images":2,"lost":1,"cost_usd":0.0672,"reserved_usd":0.0,"lost_usd":0.0336,"projected_usd":0.1344,"counts":{"queued":1,"running":0,"done":1,"failed":1,"cancelled":0},"failed_by_kind":{"refused":1}}
    "#);
}

#[test]
fn the_last_line_says_how_the_run_ended() {
    let endings = [
        Ending::Complete,
        Ending::Halted(Failure::new(FailureKind::Fatal, "401 bad key")),
        Ending::Limit("limit"),
        Ending::Budget(CapReached {
            kind: CapKind::Day,
            most: Usd::from_nanos(1_000_000_000),
            held: Held { settled: Usd::from_nanos(940_000_000), ..Held::default() },
            next: Usd::from_nanos(123_000_000),
        }),
        Ending::Interrupted(Interrupt::Term),
    ];
    let heads: Vec<String> = endings
        .map(|ending| written(&[event(0, News::RunEnded(summary(ending)))]))
        .iter()
        .map(|line| {
            let json: serde_json::Value = serde_json::from_str(line).unwrap();
            ["ending", "limit", "signal", "kind", "message"].map(|key| json[key].to_string()).join(" ")
        })
        .collect();
    insta::assert_snapshot!(heads.join("\n"), @r#"
    "complete" null null null null
    "halted" null null "fatal" "401 bad key"
    "limit" "limit" null null null
    "budget" "max-cost-per-day" null null "the cap on a day over all jobs of the database leaves no room: $0.94 of $1.00 is spent, and the next request may cost $0.1230; to go on, raise --max-cost-per-day, or run the same command again tomorrow"
    "interrupted" null "SIGTERM" null null
    "#);
}

#[test]
fn an_unknown_price_is_null_and_a_moment_out_of_range_is_still_written() {
    let mut unpriced = summary(Ending::Complete);
    (unpriced.cost, unpriced.held) = (None, Held::default());
    let mut last = event(0, News::RunEnded(unpriced));
    last.time = Timestamp::from_millis(i64::MAX);
    let json: serde_json::Value = serde_json::from_str(&written(&[last])).unwrap();
    for key in ["cost_usd", "reserved_usd", "lost_usd"] {
        assert!(json.as_object().unwrap().contains_key(key) && json[key].is_null(), "{key}");
    }
    assert!(json["time"].as_str().unwrap().starts_with("9999-12-30"), "{json}");
}

#[test]
fn a_full_disk_ends_the_stream_but_not_the_run_and_is_told_afterwards() {
    let lines = Arc::new(Mutex::new(0));
    let mut events = JsonLines::new(Breaks { after: 1, with: ErrorKind::StorageFull, written: lines.clone() });
    let fault = events.fault();
    events.tell(&started(0, "red"));
    assert!(fault.error().is_none());
    (1..5).for_each(|second| events.tell(&started(second, "red")));
    assert_eq!(fault.error().unwrap().kind(), ErrorKind::StorageFull);
    assert_eq!(*lines.lock().unwrap(), 2, "nothing is tried after the first error");
}

#[test]
fn a_reader_that_went_away_is_no_fault() {
    let mut events = JsonLines::new(Breaks { after: 0, with: ErrorKind::BrokenPipe, written: Arc::default() });
    events.tell(&started(0, "red"));
    assert!(events.fault().error().is_none());
}
