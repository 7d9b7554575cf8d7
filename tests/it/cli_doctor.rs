//! `overnight doctor`: what would go wrong at night is found in the evening, and nothing that costs is sent for it. Never
//! over a network.

use std::fs;

use overnight::simulator::Settings;
use rusqlite::Connection;
use serde_json::Value;

use crate::support::gate::Gate;
use crate::support::process::Ended;
use crate::support::server::{Play, Server, http, json};
use crate::support::simulated::Simulated;
use crate::support::workspace::{KEY, Workspace};

/// A workspace with one job that asks there.
fn asking(url: &str) -> Workspace {
    let here = Workspace::with_list(3);
    here.write("jobs/spring.toml", &format!("manifest = \"../list.csv\"\nbase_url = \"{url}\"\n"));
    here
}

fn doctor(here: &Workspace, words: &str) -> Ended {
    here.overnight(&format!("doctor {words}")).end().never_says(KEY)
}

/// Demands that one line of the page is of this level and check and holds these words.
fn has(page: &str, level: &str, check: &str, words: &str) {
    let is_it =
        |line: &str| line.starts_with(level) && line[5..].trim_start().starts_with(check) && line.contains(words);
    assert!(page.lines().any(is_it), "no `{level} {check} … {words}` in:\n{page}");
}

#[test]
fn where_all_is_well_it_says_so_and_sends_nothing_that_costs_and_leaves_nothing_behind() {
    let simulator = Simulated::start();
    let here = asking(&simulator.url());
    let page = doctor(&here, "").exits(0).stdout;
    for (check, words) in [
        ("job", "jobs/spring.toml is understood"),
        ("list", "list.csv: 3 rows, 3 items, without a mistake"),
        ("key", "found in the environment variable OVERNIGHT_API_KEY"),
        ("endpoint", "answered after"),
        ("model", "has `gemini-3.1-flash-lite-image`"),
        ("clock", "it agrees"),
        ("database", "overnight.db is made by the first run"),
        ("database", "can be written"),
        ("output", "this folder can be written, where output/spring is made"),
        ("room", "3 waiting items take about 36 MB"),
        ("open files", "enough for 64 requests"),
    ] {
        has(&page, "ok", check, words);
    }
    assert!(page.lines().last().unwrap().starts_with("nothing is at fault, "), "{page}");
    assert_eq!(simulator.stats().requests, 0, "nothing that costs");
    let files: Vec<_> = fs::read_dir(here.path(".")).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    here.overnight("run jobs/spring.toml").end().exits(0);
    let page = doctor(&here, "spring").exits(0).stdout;
    has(&page, "ok", "database", "overnight.db is whole, and can be written");
    has(&page, "ok", "room", "0 waiting items");
    assert_eq!(simulator.stats().requests, 3);
}

#[test]
fn a_picture_is_asked_for_only_when_that_is_said_and_its_price_first() {
    let simulator = Simulated::start();
    let here = asking(&simulator.url());
    let ended = doctor(&here, "jobs/spring.toml --paid").exits(0);
    let before = format!(
        "asking {} for one picture of `gemini-3.1-flash-lite-image`, which may cost $0.0336\n",
        simulator.url()
    );
    assert_eq!(ended.stderr, before);
    has(&ended.stdout, "ok", "picture", "1 picture of ");
    has(&ended.stdout, "ok", "picture", "for $0.0336; no ledger has it");
    assert_eq!((simulator.stats().requests, simulator.stats().answered), (1, 1));
    assert!(!here.path("overnight.db").exists() && !here.path("output").exists(), "nothing is queued or kept");

    let refusing = Simulated::with_faults(&["refused=100%"]);
    let here = asking(&refusing.url());
    has(&doctor(&here, "--paid").exits(1).stdout, "fault", "picture", "the model refused: IMAGE_SAFETY");
    here.write("list.csv", "id,prompt\nx,\n");
    let page = doctor(&here, "--paid").exits(1).stdout;
    has(&page, "note", "picture", "none was asked for");
    assert_eq!(refusing.stats().requests, 1);
}

#[test]
fn no_picture_is_asked_for_where_the_day_or_the_month_has_no_room_for_it() {
    let simulator = Simulated::start();
    let here = asking(&simulator.url());
    here.overnight("run jobs/spring.toml").end().exits(0);
    for (cap, most) in [("day", "0.11"), ("month", "0.1"), ("day", "0.01")] {
        let ended =
            here.overnight("doctor spring --paid").env(&format!("OVERNIGHT_MAX_COST_PER_{}", cap.to_uppercase()), most);
        let page = ended.end().exits(1).stdout;
        has(
            &page,
            "fault",
            "picture",
            &format!("none was asked for: --max-cost-per-{cap} has no room left for $0.0336"),
        );
    }
    assert_eq!(simulator.stats().requests, 3);
    here.overnight("doctor spring --paid").env("OVERNIGHT_MAX_COST_PER_DAY", "9").end().exits(0);
    assert_eq!(simulator.stats().requests, 4);
}

#[test]
fn what_is_wrong_with_the_key_is_told_and_never_the_key() {
    let simulator = Simulated::start();
    let here = asking(&simulator.url());
    let bad = here.overnight("doctor").env("OVERNIGHT_API_KEY", "invalid").end().exits(1);
    has(&bad.stdout, "fault", "key", "the key was not accepted");
    has(&bad.stdout, "ok", "endpoint", "answered after");
    let none = here.overnight("doctor").without_key().end().exits(0);
    has(&none.stdout, "note", "key", "OVERNIGHT_API_KEY is not set");
    here.write("key.txt", &format!("{KEY}\n"));
    here.allow("key.txt", 0o644);
    let words = "doctor --api-key-file key.txt";
    let open = here.overnight(words).without_key().end().exits(0).never_says(KEY);
    has(&open.stdout, "note", "key", "chmod 600 ");
    here.allow("key.txt", 0o600);
    has(&here.overnight(words).without_key().end().exits(0).stdout, "ok", "key", "found in the file ");
    let gone = here.overnight("doctor --api-key-file gone.txt").without_key().end().exits(1);
    has(&gone.stdout, "fault", "key", "gone.txt cannot be read");
    let far = here.overnight("doctor --base-url https://127.0.0.1.invalid").without_key().end().exits(1);
    has(&far.stdout, "fault", "key", "OVERNIGHT_API_KEY is not set");
}

#[test]
fn who_does_not_answer_or_not_as_expected_is_named() {
    let here = asking("http://127.0.0.1:9");
    has(&doctor(&here, "").exits(1).stdout, "fault", "endpoint", "http://127.0.0.1:9: no connection to 127.0.0.1:9");

    let late = [("content-type", "application/json"), ("date", "Sun, 06 Nov 1994 08:49:37 GMT")];
    let models = br#"{"models":[{"name":"models/other-image"},{"name":"models/text"}]}"#;
    let server = Server::start([Play::Reply(http(200, &late, models))]);
    let page = doctor(&asking(&server.url()), "").exits(1).stdout;
    has(&page, "fault", "clock", "ahead of the endpoint's; set it");
    has(&page, "fault", "model", "does not list `gemini-3.1-flash-lite-image`");
    has(&page, "fault", "model", "it has `other-image`");
    assert_eq!(server.only().line, "GET /v1beta/models?pageSize=1000 HTTP/1.1");

    for (status, level, check, words) in [
        (404, "note", "model", "it does not list its models (HTTP 404)"),
        (401, "fault", "key", "the key was not accepted"),
        (403, "fault", "key", "this key may not do this"),
        (503, "fault", "endpoint", "the server had a problem"),
    ] {
        let server = Server::start([json(status, r#"{"error":{"message":"no"}}"#)]);
        let ended = doctor(&asking(&server.url()), "");
        has(&ended.stdout, level, check, words);
        assert_eq!(ended.code, Some(i32::from(level == "fault")), "{}", ended.stdout);
    }
}

#[test]
fn mistakes_of_job_files_and_lists_are_found() {
    let simulator = Simulated::start();
    let here = asking(&simulator.url());
    here.write("jobs/autumn.toml", "manifest = \"../nowhere.csv\"\n");
    here.write("jobs/typo.toml", "manifst = \"../list.csv\"\nlimt = 1\n");
    here.write("list.csv", "id,prompt\nx,\ny,a cup\nz,\n");
    let page = here.overnight("doctor").env("OVERNIGHT_BASE_URL", &simulator.url()).end().exits(1).stdout;
    has(&page, "fault", "job", "jobs/typo.toml:1:1: unknown key `manifst`");
    has(&page, "fault", "job", "(and 1 more) [typo]");
    has(&page, "fault", "list", "nowhere.csv cannot be read: there is no such file");
    has(&page, "fault", "list", "list.csv: 2 mistakes; `overnight plan` tells all; the first: list.csv:2:3:");
    has(&page, "ok", "endpoint", "[autumn, spring]");
    assert_eq!(page.matches("answered after").count(), 1, "what several jobs share is looked at once");
    doctor(&here, "winter").exits(2).says(&["winter"]);
    doctor(&here, "--nonsense").exits(2);
    has(&doctor(&here, "jobs/none.toml").exits(1).stdout, "fault", "job", "there is no such file");
}

#[test]
fn without_a_job_file_the_environment_is_looked_at() {
    let simulator = Simulated::start();
    let here = Workspace::new();
    let page = here.overnight("doctor").env("OVERNIGHT_BASE_URL", &simulator.url()).end().exits(0).stdout;
    has(&page, "ok", "endpoint", &simulator.url());
    assert!(!page.contains("list"), "{page}");
    here.overnight("doctor").env("OVERNIGHT_RPM", "many").end().exits(2);
    let page = here.overnight("doctor --rehearse").without_key().end().exits(0).stdout;
    has(&page, "ok", "key", "a rehearsal needs none");
    has(&page, "ok", "model", "the simulator has");
    let paid = here.overnight("doctor --rehearse --paid").without_key().end().exits(0);
    has(&paid.stdout, "ok", "picture", "for nothing");
}

#[test]
fn the_database_and_who_is_at_work_in_it_are_looked_at_and_left_as_they_are() {
    let gate = Gate::shut();
    let here = Workspace::with_list(2);
    let run = here.overnight("run list.csv -c 1").at(&gate.url()).start();
    gate.wait_for(1);
    let beside = Simulated::start();
    let at = |words: &str| doctor(&here, &format!("{words} --base-url {}", beside.url()));
    has(&at("list.csv").exits(0).stdout, "note", "run", &format!("one of `list` is on: process {}", run.id()));
    gate.open();
    run.end().exits(0);
    has(&at("list").exits(0).stdout, "ok", "database", "is whole");

    let database = Connection::open(here.path("overnight.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    has(&at("list.csv").exits(1).stdout, "fault", "database", "another program");
    database.execute_batch("ROLLBACK; PRAGMA user_version = 8").unwrap();
    has(&at("list.csv").exits(0).stdout, "note", "database", "is of schema 8");
    let version: i64 = database.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 8, "it is not migrated");
    drop(database);
    fs::write(here.path("overnight.db"), "no database at all").unwrap();
    has(&at("list.csv").exits(1).stdout, "fault", "database", "is not an overnight database");
}

#[test]
fn folders_that_cannot_be_written_are_found() {
    let simulator = Simulated::start();
    let here = asking(&simulator.url());
    here.write("output/spring/mine.txt", "");
    here.allow(".", 0o777);
    here.allow("output/spring", 0o555);
    let ended = here.overnight("doctor").bound_by_permissions(&here).end().exits(1);
    has(&ended.stdout, "fault", "output", "output/spring cannot be written: permission denied");
    here.write("in-the-way", "");
    let page = doctor(&here, "-o in-the-way/deep").exits(1).stdout;
    has(&page, "fault", "output", "in-the-way cannot be written");
}

#[test]
fn the_document_holds_the_same() {
    let simulator = Simulated::with(Settings::default());
    let document = doctor(&asking(&simulator.url()), "--json").exits(0).json();
    assert_eq!((&document["faults"], &document["checks"][0]["check"]), (&0.into(), &"time zone".into()));
    let key = |check: &&Value| check["check"] == "key";
    let key = document["checks"].as_array().unwrap().iter().find(key).unwrap();
    assert_eq!((&key["level"], &key["jobs"][0]), (&"ok".into(), &"spring".into()));
}

#[test]
fn who_is_to_be_told_and_a_pause_are_looked_at_as_well() {
    let simulator = Simulated::start();
    let here = asking(&simulator.url());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let more = format!(
        "metrics = '{}'\nlog_file = '../gone/night.log'\nevents = '../gone/events'\nmetrics_file = '../list.csv'\n\
         [hooks]\non_failure = {{ url = '$NO_SUCH_VARIABLE' }}\n",
        taken.local_addr().unwrap()
    );
    let job = here.read("jobs/spring.toml");
    here.write("jobs/spring.toml", &format!("{job}{more}"));
    let page = doctor(&here, "").exits(1).stdout;
    for (check, words) in [
        ("hooks", "NO_SUCH_VARIABLE"),
        ("log", "there is no folder gone"),
        ("events", "there is no folder gone"),
        ("metrics", "list.csv"),
        ("metrics", "is taken"),
    ] {
        has(&page, "fault", check, words);
    }
    here.write("jobs/spring.toml", &format!("{job}[hooks]\non_failure = 'cat'\n"));
    here.overnight("run jobs/spring.toml --limit 1").end().exits(5);
    here.overnight("pause spring").end().exits(0);
    let page = doctor(&here, "").exits(0).stdout;
    has(&page, "note", "pause", "sends nothing until `overnight resume spring`");
    has(&page, "ok", "hooks", "is there");
}
