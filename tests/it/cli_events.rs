//! `--events`: what programs can follow a run by. Never looks at what people are shown.

use serde_json::Value;

use crate::support::process::events;
use crate::support::server::{Play, Server, http, json};
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

fn keys(event: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = event.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[test]
fn a_run_is_told_from_its_start_to_its_summary() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    let ended = here.overnight("run list.csv --events -").at(&simulator.url()).end().exits(0);
    let events = ended.events();
    assert_eq!(names(&events), ["run_started", "attempt_started", "attempt_ended", "run_ended"]);
    for event in &events {
        assert_eq!(event["job"], "list");
        assert!(event["time"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{event}");
    }
    assert_eq!(events[0]["items"], 1);
    assert_eq!(keys(&events[1]), ["attempt", "event", "item", "job", "reserved_usd", "time"]);
    assert_eq!((&events[1]["item"], &events[1]["attempt"]), (&"item-1".into(), &1.into()));
    assert_eq!(keys(&events[2]), ["attempt", "cost_usd", "event", "file", "item", "job", "outcome", "time"]);
    assert_eq!((&events[2]["outcome"], &events[2]["cost_usd"]), (&"done".into(), &0.0336.into()));
    assert!(here.path("output/list").join(events[2]["file"].as_str().unwrap()).exists());
    let summary = &events[3];
    assert_eq!(
        (&summary["ending"], &summary["done"], &summary["attempts"]),
        (&"complete".into(), &1.into(), &1.into())
    );
    assert_eq!(summary["counts"]["done"], 1);
}

#[test]
fn what_gave_nothing_is_told_with_its_kind_and_the_words_of_the_server() {
    let busy = json(503, r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#);
    let bad = json(400, r#"{"error":{"code":400,"message":"No such thing.","status":"INVALID_ARGUMENT"}}"#);
    let (here, server) = (Workspace::with_list(1), Server::start([busy, bad]));
    let ended = here.overnight("run list.csv --events -").at(&server.url()).end().exits(3);
    let attempts = ended.events_of("attempt_ended");
    let told = |event: &Value| ["outcome", "kind"].map(|key| event[key].as_str().unwrap().to_owned());
    assert_eq!(attempts.iter().map(told).collect::<Vec<_>>(), [["retry", "transient"], ["failed", "rejected"]]);
    assert!(attempts[0]["message"].as_str().unwrap().contains("The model is overloaded."));
    assert_eq!(attempts[1]["attempt"], 2);
}

#[test]
fn a_throttling_slows_the_run_down_and_costs_the_item_nothing() {
    let words = r#"{"error":{"code":429,"message":"Slow down.","status":"RESOURCE_EXHAUSTED","details":[
        {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"0.05s"}]}}"#;
    let slow = Play::Reply(http(429, &[], words.as_bytes()));
    let picture = json(200, &crate::support::gate::small_picture());
    let (here, server) = (Workspace::with_list(1), Server::start([slow, picture]));
    let ended = here.overnight("run list.csv --max-attempts 1 --events -").at(&server.url()).end().exits(0);
    let slowed = ended.events_of("slowed");
    assert_eq!(keys(&slowed[0]), ["event", "job", "message", "time", "until"]);
    assert!(slowed[0]["message"].as_str().unwrap().contains("Slow down."));
    assert_eq!(ended.events_of("attempt_ended")[0]["outcome"], "returned");
}

#[test]
fn a_halted_run_says_so_before_its_end() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    let invocation = here.overnight("run list.csv --events -").at(&simulator.url());
    let events = invocation.env("OVERNIGHT_API_KEY", "invalid").end().exits(4).events();
    let halted = events.iter().position(|event| event["event"] == "halted").expect("a halt");
    assert!(halted < events.len() - 1);
    let summary = events.last().unwrap();
    assert_eq!((&summary["event"], &summary["ending"]), (&"run_ended".into(), &"halted".into()));
    assert_eq!(summary["kind"], "fatal");
}

#[test]
fn a_run_with_nothing_to_do_has_a_start_and_an_end() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --rehearse").end().exits(0);
    let ended = here.overnight("run list.csv --rehearse --events -").end().exits(0);
    assert_eq!(names(&ended.events()), ["run_started", "run_ended"]);
}

#[test]
fn a_file_of_events_grows_from_run_to_run_and_leaves_stdout_alone() {
    let here = Workspace::with_list(2);
    for code in [5, 0] {
        let ended = here.overnight("run list.csv --rehearse --limit 1 --events told.jsonl").end().exits(code);
        assert_eq!(ended.stdout, "");
    }
    let told = events(&here.read("told.jsonl"));
    let one = ["run_started", "attempt_started", "attempt_ended", "run_ended"];
    assert_eq!(names(&told), [one, one].concat());
}

#[test]
fn a_file_of_events_that_cannot_be_written_is_refused_before_anything_is_sent() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    let ended = here.overnight("run list.csv --events gone/told.jsonl").at(&simulator.url()).end().exits(2);
    ended.says(&["--events", "gone/told.jsonl"]);
    assert_eq!(simulator.stats().requests, 0);
}
