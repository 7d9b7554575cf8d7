//! `overnight schedule` in real time: it starts on the minute, lets a start be that finds the one before it still on, and
//! killed it goes on without paying twice. Some minutes in all.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::database::Snapshot;
use crate::support::gate::Gate;
use crate::support::process::events;
use crate::support::workspace::Workspace;

/// In milliseconds.
const MINUTE: i64 = 60_000;

/// A job that starts every minute, of so many items, and asks this server.
fn with_job(items: u32, base_url: &str) -> Workspace {
    let here = Workspace::with_list(items);
    let job = format!(
        "manifest = \"../list.csv\"\nbase_url = \"{base_url}\"\nconcurrency = 2\nrequest_timeout = \"30m\"\nevents = \"../events.jsonl\"\n\
         [schedule]\ncron = \"* * * * *\"\ndeadline = \"1h\"\n"
    );
    here.write("jobs/minutely.toml", &job);
    here
}

/// More than a minute until a start, and more than another until its end, on a machine that takes its time.
const LONGEST: Duration = Duration::from_secs(360);

/// So many events of this name are there, at last.
fn wait_for_events(here: &Workspace, name: &str, number: usize) -> Vec<Value> {
    let start = Instant::now();
    while start.elapsed() < LONGEST {
        let text = fs::read_to_string(here.path("events.jsonl")).unwrap_or_default();
        // The last line may be under way.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let found: Vec<_> = events(whole).into_iter().filter(|event| event["event"] == name).collect();
        if found.len() >= number {
            return found;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("no {number} of {name}");
}

#[test]
fn a_start_comes_on_the_minute_and_one_that_finds_the_run_before_it_on_is_skipped() {
    let gate = Gate::shut();
    let here = with_job(1, &gate.url());
    let running = here.overnight("schedule").start();
    gate.wait_for(1);
    running.wait_until_it_says("is skipped: the run before it is still on");
    gate.open();
    wait_for_events(&here, "run_ended", 1);
    running.wait_until_it_says("minutely: ended with code 0");
    running.signal(Signal::TERM);
    running.end().exits(143).says(&["minutely: the start of ", "1 of 1 done"]);
    assert_eq!(gate.seen().len(), 1);
    let database = Snapshot::of(&here.path("overnight.db"));
    let first = |column: &str| database.number(&format!("SELECT {column} FROM runs ORDER BY id LIMIT 1"));
    let (scheduled, started) = (first("scheduled_for"), first("started_at"));
    assert_eq!(scheduled % MINUTE, 0, "on the minute");
    assert!((0..MINUTE).contains(&(started - scheduled)), "{started} for {scheduled}");
}

#[test]
fn a_killed_scheduler_goes_on_at_once_and_nothing_is_paid_twice() {
    let gate = Gate::shut();
    let here = with_job(12, &gate.url());
    let first = here.overnight("schedule").start();
    gate.open_to(4);
    wait_for_events(&here, "attempt_ended", 4);
    // Two are under way, and not answered yet.
    gate.wait_for(6);
    first.kill();
    gate.open();
    let second = here.overnight("schedule").start();
    second.wait_until_it_says("goes on with the run of ");
    wait_for_events(&here, "run_ended", 1);
    second.wait_until_it_says("12 of 12 done");
    second.signal(Signal::TERM);
    second.end().exits(143).says(&["an earlier run did not come to its end"]);
    let prompts = gate.prompts();
    let sent: Vec<usize> =
        prompts.iter().map(|prompt| prompts.iter().filter(|other| *other == prompt).count()).collect();
    // What was answered is never sent again; what was under way is, once.
    assert_eq!(sent, [1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1], "{prompts:?}");
    assert_eq!(here.pictures("output/minutely").len(), 12);
}
