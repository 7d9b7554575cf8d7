//! `--log-file` and what stands in its lines: whole, in order, and each with the attempt it belongs to. Never looks at the
//! program's own words beyond the names of fields.

use std::fs;

use serde_json::Value;

use crate::support::process::events;
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

/// The lines of a log file, each one object with what every line has.
fn lines(here: &Workspace, file: &str) -> Vec<Value> {
    let text = here.read(file);
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is torn: {text}");
    let lines = events(&text);
    for (line, text) in lines.iter().zip(text.lines()) {
        assert!(line["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{line}");
        for key in ["level", "target", "message"] {
            assert!(line[key].is_string(), "{key}: {line}");
            assert_eq!(text.matches(&format!("\"{key}\":")).count(), 1, "{text}");
        }
    }
    lines
}

#[test]
fn every_line_of_a_run_is_an_object_that_says_which_attempt_it_belongs_to() {
    let (here, simulator) = (Workspace::with_list(12), Simulated::with_faults(&["503=20%", "refused=30%"]));
    let words = "run list.csv -vv --log-file night.log --log-format json --events told.jsonl";
    here.overnight(words).at(&simulator.url()).end().exits(3);
    let lines = lines(&here, "night.log");
    let count = |message: &str| lines.iter().filter(|line| line["message"] == message).count() as u64;
    assert_eq!((count("run started"), count("run ended")), (1, 1));
    let requests = simulator.stats().requests;
    assert_eq!((count("attempt started"), count("attempt ended")), (requests, requests));

    let answers: Vec<&Value> = lines.iter().filter(|line| line["target"] == "overnight::provider::gemini").collect();
    assert_eq!(answers.len() as u64, requests);
    let started = lines.iter().filter(|line| line["message"] == "attempt started");
    let mut attempts: Vec<_> = started.map(|line| (line["item"].to_string(), line["attempt"].as_u64())).collect();
    let attempt = |line: &Value| (line["span"]["item"].to_string(), line["span"]["attempt"].as_u64());
    let mut answered: Vec<_> = answers.iter().map(|line| attempt(line)).collect();
    attempts.sort();
    answered.sort();
    assert_eq!(answered, attempts);
    for line in &answers {
        assert_eq!(line["spans"][0]["name"], "run");
        assert_eq!((&line["spans"][0]["job"], &line["spans"][1]["name"]), (&"list".into(), &"attempt".into()));
    }
    let refused = lines.iter().find(|line| line["kind"] == "refused").unwrap();
    assert_eq!(refused["message"], "attempt ended");
    assert!(refused["reason"].is_string(), "{refused}");
}

#[test]
fn also_without_a_word_for_more_each_line_says_whose_run_it_is_of() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    here.overnight("run list.csv -q --log-file night.log --log-format json").at(&simulator.url()).end().exits(0);
    let lines = lines(&here, "night.log");
    assert!(!lines.is_empty());
    for line in lines {
        assert_eq!((&line["spans"][0]["name"], &line["spans"][0]["job"]), (&"run".into(), &"list".into()), "{line}");
    }
}

#[test]
fn a_database_of_whatever_job_is_no_log_file() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    here.overnight("run list.csv --db other.db").at(&simulator.url()).end().exits(0);
    let before = fs::read(here.path("other.db")).unwrap();
    let words = "run list.csv --log-file other.db --log-file-size 1kB";
    here.overnight(words).at(&simulator.url()).end().exits(2).says(&["--log-file: ", "it is a database"]);
    assert!(fs::read(here.path("other.db")).unwrap() == before && !here.path("other.db.1").exists());
}

#[test]
fn a_text_line_names_them_before_what_it_says() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    let ended = here.overnight("run list.csv -vv").at(&simulator.url()).end().exits(0);
    ended.says(&[r#"run{job="list"}:attempt{item="item-1" attempt=1}: overnight::provider::gemini: "#, "status=200"]);
}

#[test]
fn a_quiet_runs_log_file_tells_what_happens_and_grows_from_run_to_run() {
    let here = Workspace::with_list(2);
    here.write("jobs/night.toml", "manifest = \"../list.csv\"\nlog_file = \"../night.log\"\nlog_format = \"json\"\n");
    for code in [5, 0] {
        let ended = here.overnight("run jobs/night.toml --rehearse --limit 1 -q").end().exits(code);
        assert!(!ended.stderr.contains("run started"), "{}", ended.stderr);
    }
    let told: Vec<_> = lines(&here, "night.log").iter().map(|line| line["message"].to_string()).collect();
    assert_eq!(told, ["\"run started\"", "\"run ended\"", "\"run started\"", "\"run ended\""]);
}

#[test]
fn a_log_file_that_has_grown_is_put_aside_without_a_torn_line() {
    let (here, simulator) = (Workspace::with_list(40), Simulated::start());
    let words = "run list.csv -vv --log-file logs/night.log --log-file-size 8kB --log-format json --concurrency 1";
    fs::create_dir(here.path("logs")).unwrap();
    here.overnight(words).at(&simulator.url()).end().exits(0);
    let files = here.files("logs");
    let expected = ["night.log", "night.log.1", "night.log.2", "night.log.3", "night.log.4", "night.log.5"];
    assert_eq!(files, expected[..files.len()]);
    assert!(files.len() >= 3, "{files:?}");
    let mut all = Vec::new();
    for file in files.iter().rev() {
        let file = format!("logs/{file}");
        assert!(fs::metadata(here.path(&file)).unwrap().len() <= 8_000, "{file}");
        all.extend(lines(&here, &file));
    }
    let told = |message: &str| all.iter().position(|line| line["message"] == message).unwrap();
    assert_eq!((told("run started"), told("run ended")), (0, all.len() - 1));
    let items: Vec<_> = all.iter().filter_map(|line| line["spans"][1]["item"].as_str()).collect();
    assert_eq!(items, (1..=40).map(|number| format!("item-{number}")).collect::<Vec<_>>());
}

#[test]
fn a_log_file_that_cannot_take_any_more_costs_nothing_but_its_lines() {
    let here = Workspace::with_list(3);
    let ended = here.overnight("run list.csv --rehearse -vvv --log-file /dev/full").end().exits(0);
    assert_eq!(ended.stderr.matches("--log-file: /dev/full cannot be written").count(), 1, "{}", ended.stderr);
    assert_eq!(here.pictures("output/list-rehearsal").len(), 3);
}

#[test]
fn a_log_file_that_may_not_be_written_is_told_before_anything_is_sent() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    for (words, why) in [
        ("--log-file gone/night.log", "gone/night.log cannot be written"),
        ("--log-file list.csv", "is the job's manifest"),
        ("--log-file told --events told", "is written otherwise too"),
        ("--log-file night.log --log-file-size small", "is not a size of files"),
    ] {
        here.overnight(&format!("run list.csv {words}")).at(&simulator.url()).end().exits(2).says(&[why]);
    }
    for name in ["a", "b"] {
        here.write(&format!("{name}.toml"), &format!("manifest = \"list.csv\"\nlog_file = \"{name}.log\"\n"));
    }
    here.write("jobs/a.toml", "manifest = \"../list.csv\"\n[schedule]\ncron = \"0 22 * * *\"\n");
    here.overnight("schedule --log-file gone/all.log").end().exits(2).says(&["--log-file: ", "gone/all.log cannot be"]);
    let two = here.overnight("run a.toml b.toml").at(&simulator.url()).end().exits(2);
    two.says(&["--log-file: the jobs of one command share one log file"]);
    assert_eq!(simulator.stats().requests, 0);
    here.overnight("run a.toml b.toml --log-file both.log").at(&simulator.url()).end().exits(0);
    let told = here.read("both.log");
    assert!(["a", "b"].iter().all(|job| told.contains(&format!("job=\"{job}\""))), "{told}");
}
