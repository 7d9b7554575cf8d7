//! `status`: its JSON to the letter, its text, and what it says when there is nothing to tell. Never changes anything.

use serde_json::{Value, json};

use crate::support::gate::Gate;
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

/// A document with every value replaced by the name of its type, and the keys in their order.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), shape(value))).collect(),
        Value::Array(values) => values.iter().map(shape).collect(),
        Value::String(_) => "text".into(),
        Value::Number(number) if number.is_u64() => "whole".into(),
        Value::Number(_) => "number".into(),
        Value::Bool(_) => "bool".into(),
        Value::Null => Value::Null,
    }
}

fn shape_of_a_job(failed_by_kind: Value, cost: &str, running_since: Value, next_due: Value) -> Value {
    let counts = ["queued", "running", "done", "failed", "cancelled"].map(|state| (state.to_owned(), "whole".into()));
    json!({
        "job": "text", "counts": Value::Object(counts.into_iter().collect()), "failed_by_kind": failed_by_kind,
        "items": "whole", "images": "whole", "attempts": "whole", "lost_attempts": "whole", "cost_usd": cost,
        "reserved_usd": cost, "lost_usd": cost, "projected_usd": cost, "running_since": running_since, "next_due": next_due,
        "paused_since": null, "time_left_s": null,
    })
}

#[test]
fn the_json_after_a_run_has_the_shape_that_scripts_rely_on() {
    let (here, simulator) = (Workspace::with_list(2), Simulated::start());
    here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    let document = here.overnight("status --json").end().exits(0).json();
    let job = shape_of_a_job(json!({}), "number", Value::Null, Value::Null);
    assert_eq!(shape(&document), json!({ "jobs": [job] }));
    let expected = json!({"jobs": [{
        "job": "list", "counts": {"queued": 0, "running": 0, "done": 2, "failed": 0, "cancelled": 0},
        "failed_by_kind": {}, "items": 2, "images": 2, "attempts": 2, "lost_attempts": 0, "cost_usd": 0.0672,
        "reserved_usd": 0.0, "lost_usd": 0.0, "projected_usd": 0.0672, "running_since": null, "next_due": null,
        "paused_since": null, "time_left_s": null,
    }]});
    assert_eq!(document, expected);
}

#[test]
fn the_json_while_a_run_is_on_says_since_when_and_what_is_running() {
    let (here, gate) = (Workspace::with_list(5), Gate::shut());
    let run = here.overnight("run list.csv -c 2").at(&gate.url()).start();
    gate.wait_for(2);
    gate.open_to(1);
    gate.wait_for(3);
    let job = here.status("list");
    assert_eq!(job["items"], 5);
    assert_eq!(job["attempts"], 3);
    let counts = &job["counts"];
    let sum: u64 = counts.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(sum, 5, "{counts}");
    assert!(counts["running"].as_u64().unwrap() >= 2, "{counts}");
    let since = job["running_since"].as_str().unwrap();
    assert!(since.parse::<jiff::Timestamp>().is_ok() && since.ends_with('Z'), "{since}");
    let text = here.overnight("status").end().exits(0).stdout;
    assert!(text.starts_with("list: a run is on, for "), "{text}");
    assert!(text.contains(" done of 5, 2 queued, "), "claims ahead are queued: {text}");
    gate.open();
    run.end().exits(0);
    assert_eq!(here.status("list")["running_since"], Value::Null);
}

#[test]
fn while_a_run_is_on_people_are_told_how_long_the_rest_takes() {
    let (here, gate) = (Workspace::with_list(60), Gate::shut());
    let run = here.overnight("run list.csv -c 4").at(&gate.url()).start();
    gate.wait_for(4);
    gate.open_to(30);
    let left =
        |text: &str| text.lines().next().is_some_and(|line| line.contains(", about ") && line.ends_with(" left"));
    let start = std::time::Instant::now();
    // Before three seconds have passed, nothing is foretold.
    while !left(&here.overnight("status").end().exits(0).stdout) {
        assert!(start.elapsed() < crate::support::process::PATIENCE, "it never tells");
    }
    let low = |job: &Value| job["time_left_s"]["low"].as_u64().zip(job["time_left_s"]["high"].as_u64());
    assert!(low(&here.status("list")).is_some_and(|(low, high)| low <= high));
    gate.open();
    run.end().exits(0);
    assert!(!left(&here.overnight("status").end().exits(0).stdout));
}

#[test]
fn a_killed_run_is_not_on() {
    let (here, gate) = (Workspace::with_list(1), Gate::shut());
    let run = here.overnight("run list.csv").at(&gate.url()).start();
    gate.wait_for(1);
    run.kill();
    assert_eq!(here.status("list")["running_since"], Value::Null);
    let text = here.overnight("status").end().exits(0).stdout;
    assert!(text.contains("0 done of 1, 1 in hand when their run died: run again\n"), "{text}");
}

#[test]
fn what_waits_and_what_failed_is_told_by_kind() {
    let here = Workspace::with_list(3);
    here.overnight("run list.csv --rehearse --fail refused=100% --limit 2").end().exits(5);
    let job = here.status("--rehearse");
    assert_eq!(job["failed_by_kind"], json!({"refused": 2}));
    assert_eq!((&job["counts"]["failed"], &job["counts"]["queued"]), (&2.into(), &1.into()));
    assert!(job["next_due"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
}

#[test]
fn the_text_says_how_each_job_stands() {
    let here = Workspace::with_list(3);
    here.overnight("run list.csv --rehearse --limit 1").end().exits(5);
    let text = here.overnight("status --rehearse").end().exits(0).stdout;
    assert!(text.starts_with("list: 2 left to do\n"), "{text}");
    for words in [
        "1 done of 3, 2 queued",
        "last run    ended by a limit it was given: the same command goes on\n",
        "1 picture, 1 attempt\n",
        "nothing, this is a rehearsal",
        "$0.03",
        "output/list-rehearsal",
    ] {
        assert!(text.contains(words), "`{words}` is not in {text}");
    }
    here.overnight("run list.csv --rehearse").end().exits(0);
    assert!(here.overnight("status --rehearse").end().exits(0).stdout.starts_with("list: finished\n"));
}

#[test]
fn jobs_are_named_by_their_name_or_by_the_path_of_their_file() {
    let here = Workspace::with_list(1);
    here.write("shop/jobs/night.toml", "manifest = \"../../list.csv\"\nrehearse = true\n");
    here.overnight("run shop/jobs/night.toml").end().exits(0);
    here.overnight("run list.csv --rehearse").end().exits(0);
    let words = "status --json --rehearse list shop/jobs/night.toml list.csv";
    let document = here.overnight(words).end().exits(0).json();
    let names: Vec<&str> =
        document["jobs"].as_array().unwrap().iter().map(|job| job["job"].as_str().unwrap()).collect();
    assert_eq!(names, ["list", "night", "list"]);
    assert_eq!(here.status("--rehearse --db shop/overnight.db")["job"], "night");
}

#[test]
fn an_unknown_job_is_told_the_known_ones() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --rehearse").end().exits(0);
    let ended = here.overnight("status spring --rehearse").end().exits(2);
    ended.says(&["there is no job `spring`", "list"]);
    for command in ["retry spring --rehearse", "cancel spring --rehearse"] {
        here.overnight(command).end().exits(2).says(&["there is no job `spring`"]);
    }
}

#[test]
fn without_a_database_it_is_said_where_one_was_looked_for_and_none_is_made() {
    let here = Workspace::new();
    for command in ["status", "status --json", "retry list", "cancel list"] {
        here.overnight(command).end().exits(2).says(&["there is no database", "overnight.db"]);
    }
    assert!(here.files(".").is_empty());
}
