//! `overnight schedule` in real time: it starts on the minute, lets a start be that finds the one before it still on, and
//! killed it goes on without paying twice. Some minutes in all.

use std::fs;
use std::time::Duration;

use overnight::simulator::Settings;
use rustix::process::Signal;
use serde_json::Value;

use crate::support::process::events;
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

/// A job that starts every minute, of so many items, at a simulator that takes its time.
fn with_job(items: u32, latency: u64) -> (Workspace, Simulated) {
    let latency = Duration::from_millis(latency);
    let simulator = Simulated::with(Settings { latency, small_pictures: true, ..Settings::default() });
    let here = Workspace::with_list(items);
    let job = format!(
        "manifest = \"../list.csv\"\nbase_url = \"{}\"\nconcurrency = 2\nevents = \"../events.jsonl\"\n[schedule]\n\
         cron = \"* * * * *\"\ndeadline = \"1h\"\n",
        simulator.url()
    );
    here.write("jobs/minutely.toml", &job);
    (here, simulator)
}

/// So many events of this name are there, at last.
fn wait_for_events(here: &Workspace, name: &str, number: usize) -> Vec<Value> {
    for _ in 0..1_500 {
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
    let (here, simulator) = with_job(1, 65_000);
    let running = here.overnight("schedule").start();
    let started = wait_for_events(&here, "run_started", 1);
    let time: jiff::Timestamp = started[0]["time"].as_str().unwrap().parse().unwrap();
    assert!(time.as_millisecond() % 60_000 < 1_000, "{time}");
    wait_for_events(&here, "run_ended", 1);
    running.wait_until_it_says("is skipped: the run before it is still on");
    running.wait_until_it_says("minutely: ended with code 0");
    running.signal(Signal::TERM);
    running.end().exits(143).says(&["minutely: the start of ", "1 of 1 done"]);
    assert_eq!(simulator.stats().requests, 1);
}

#[test]
fn a_killed_scheduler_goes_on_at_once_and_nothing_is_paid_twice() {
    let (here, simulator) = with_job(12, 2_000);
    let first = here.overnight("schedule").start();
    wait_for_events(&here, "attempt_ended", 4);
    // Two are under way, and not answered yet.
    std::thread::sleep(Duration::from_millis(700));
    first.kill();
    let before = simulator.stats().answered;
    assert!((4..12).contains(&before), "{before}");
    let second = here.overnight("schedule").start();
    second.wait_until_it_says("goes on with the run of ");
    wait_for_events(&here, "run_ended", 1);
    second.wait_until_it_says("12 of 12 done");
    second.signal(Signal::TERM);
    second.end().exits(143).says(&["an earlier run did not come to its end"]);
    let stats = simulator.stats();
    assert_eq!((stats.answered, stats.answered_again), (12, 0), "{stats:?}");
    assert_eq!(here.pictures("output/minutely").len(), 12);
}
