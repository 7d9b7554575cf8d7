//! The exit codes 1, 2, 4, 5, 8, 10 and 75, each with what is promised beside it. Never tests signals.

use crate::support::database::Snapshot;
use crate::support::gate::Gate;
use crate::support::server::{Play, Server, json};
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

/// An address of no machine (RFC 5737): nothing answers there, and nothing must be asked.
const NOWHERE: &str = "http://192.0.2.1";

/// How Google answers a key it does not know.
const BAD_KEY: &str = r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.",
    "status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo",
    "reason":"API_KEY_INVALID","domain":"googleapis.com"}]}}"#;

#[test]
fn an_output_folder_that_cannot_be_made_is_an_error_with_nothing_sent() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    here.write("output", "a file, where a folder should be");
    here.overnight("run list.csv").at(&simulator.url()).end().exits(1).says(&["output/list"]);
    assert_eq!(simulator.stats().requests, 0);
    std::fs::remove_file(here.path("output")).unwrap();
    here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
}

#[test]
fn a_folder_that_breaks_under_a_run_is_an_error_and_the_same_command_goes_on() {
    let (here, gate) = (Workspace::with_list(3), Gate::shut());
    let run = here.overnight("run list.csv -c 1").at(&gate.url()).start();
    gate.wait_for(1);
    let staging = here.path("output/list/.staging");
    std::fs::remove_dir_all(&staging).unwrap();
    here.write("output/list/.staging", "a file, where a folder should be");
    gate.open();
    run.end().exits(1).says(&["error: ", ".staging"]);
    std::fs::remove_file(&staging).unwrap();
    let again = here.overnight("run list.csv").at(&gate.url()).end().exits(1);
    again.says(&[".staging/list is gone", "to go on without them, make an empty folder there"]);
    std::fs::create_dir_all(staging.join("list")).unwrap();
    here.overnight("run list.csv").at(&gate.url()).end().exits(0);
    assert_eq!(here.pictures("output/list").len(), 3);
    let status = here.status("");
    assert_eq!(status["lost_attempts"], 1, "what lay in the removed folder is gone: {status}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_record_of_events_that_breaks_off_is_an_error_but_the_pictures_are_made() {
    let here = Workspace::with_list(2);
    let ended = here.overnight("run list.csv --rehearse --events /dev/full").end().exits(1);
    ended.says(&["the record of this run is incomplete", "all 2 items are done"]);
    assert_eq!(here.pictures("output/list-rehearsal").len(), 2);
}

#[test]
fn a_day_s_requests_that_are_used_up_halt_every_run_of_the_database_in_one_line() {
    let (here, simulator) = (Workspace::with_list(3), Simulated::start());
    let run =
        |words: &str| here.overnight(&format!("run list.csv --rpd 2 {words}")).at(&simulator.url()).end().exits(4);
    let ended = run("").says(&["the day's 2 requests (--rpd) are used up", "begins anew at", "run the same command"]);
    let line = ended.stderr.lines().find(|line| line.contains("(--rpd)")).unwrap();
    assert!(line.contains("run the same command again then"), "{line}");
    run("--name another").says(&["the day's 2 requests (--rpd) are used up"]);
    assert_eq!((simulator.stats().requests, here.pictures("output/list").len()), (2, 2));
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let here = Workspace::with_list(1);
    here.write(
        "overnight.db",
        "the diary of somebody else, and long enough to be taken for a database's header of 100 bytes or more",
    );
    let ended = here.overnight("run list.csv").end().exits(2);
    ended.says(&["overnight.db is not an overnight database", "--db"]);
}

#[test]
fn a_job_file_with_an_unknown_key_is_refused_at_its_line_with_the_nearest_known() {
    let here = Workspace::with_list(1);
    here.write("jobs/night.toml", "manifest = \"../list.csv\"\n\nconcurency = 3\nlimit = 0\n");
    let ended = here.overnight("run jobs/night.toml").end().exits(2);
    ended.says(&["jobs/night.toml:3:1: unknown key `concurency`; did you mean `concurrency`?", "jobs/night.toml:4:"]);
    assert!(!here.path("overnight.db").exists());
}

#[test]
fn a_faulty_manifest_is_refused_whole_with_every_fault_at_its_place() {
    let (here, simulator) = (Workspace::new(), Simulated::start());
    let rows = "id,prompt,aspect_ratio,images\na,a cup,,\nb,,,\nc,a jug,5:3,\nd,a bowl,,missing.png\na,a plate,,\n";
    here.write("list.csv", rows);
    let ended = here.overnight("run list.csv").at(&simulator.url()).end().exits(2);
    let ended = ended.says(&[
        "list.csv:3:3: `prompt` is empty",
        "list.csv:4:9: `aspect_ratio`: `5:3`",
        "list.csv:5:11: `images`: `missing.png` is not there",
        "list.csv:6:1: the id `a` stands on line 2 already",
        "4 mistakes; nothing was queued and nothing was sent",
    ]);
    assert_eq!(ended.stdout, "");
    assert_eq!(simulator.stats().requests, 0);
    let known = here.overnight("status --json").end().exits(0).stdout;
    assert_eq!(known, "{\"jobs\":[]}\n", "a manifest that was refused is no job");
}

#[test]
fn an_id_that_stands_twice_is_told_although_its_first_row_is_at_fault() {
    let here = Workspace::new();
    here.write("list.csv", "id,prompt\na,\na,a cup\n");
    here.overnight("run list.csv --rehearse").end().exits(2).says(&["list.csv:2:3:", "list.csv:3:", "2 mistakes"]);
}

#[test]
fn a_manifest_that_turns_faulty_leaves_the_queue_as_it_was() {
    let (here, simulator) = (Workspace::with_list(3), Simulated::start());
    here.overnight("run list.csv --limit 1").at(&simulator.url()).end().exits(5);
    let before = here.status("");
    here.write("list.csv", "id,prompt\nitem-2,changed\nitem-9,new\nitem-3,\n");
    here.overnight("run list.csv").at(&simulator.url()).end().exits(2).says(&["list.csv:4:"]);
    let after = here.status("");
    assert_eq!((&after["items"], &after["counts"]), (&before["items"], &before["counts"]));
    assert_eq!(simulator.stats().requests, 1);
}

#[test]
fn a_missing_manifest_or_job_file_is_named() {
    let here = Workspace::new();
    here.overnight("run gone.csv").end().exits(2).says(&["gone.csv"]);
    here.overnight("run gone.toml").end().exits(2).says(&["gone.toml"]);
    here.overnight("run notes.txt").end().exits(2).says(&["notes.txt", ".toml", ".csv"]);
}

#[test]
fn a_mistyped_manifest_leaves_no_job_behind() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --rehearse").end().exits(0);
    here.overnight("run lits.csv --rehearse").end().exits(2);
    assert_eq!(here.status("--rehearse")["job"], "list");
}

#[test]
fn a_run_that_could_not_begin_is_not_called_killed() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv").at(NOWHERE).without_key().end().exits(2);
    here.write("file", "");
    here.overnight("run list.csv -o file/pictures").at(NOWHERE).end().exits(1);
    let simulator = Simulated::start();
    let ended = here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    assert!(!ended.stderr.contains("killed"), "{}", ended.stderr);
}

#[test]
fn an_error_names_its_cause_once() {
    let here = Workspace::with_list(1);
    here.write("file", "");
    let said = here.overnight("run list.csv -o file/pictures --rehearse").end().exits(1).stderr;
    let last = said.lines().last().unwrap();
    assert_eq!(last.matches("something of that name is there already").count(), 1, "{last}");
    assert!(!last.contains("os error"), "{last}");
}

#[test]
fn without_a_key_nothing_is_sent_beyond_this_machine() {
    let here = Workspace::with_list(1);
    let ended = here.overnight("run list.csv --events -").at(NOWHERE).without_key().end().exits(2);
    let ended = ended.says(&["OVERNIGHT_API_KEY is not set", "--api-key-file"]);
    assert_eq!(ended.stdout, "");
    assert_eq!(here.status("")["attempts"], 0);
    let named = here.overnight("run list.csv --api-key-env MY_KEY").at(NOWHERE).end().exits(2);
    named.says(&["MY_KEY is not set"]);
}

#[test]
fn output_and_name_belong_to_one_job() {
    let here = Workspace::with_list(1);
    here.write("other.csv", "prompt\na jug\n");
    for flag in ["-o pictures", "--name both"] {
        let ended = here.overnight(&format!("run list.csv other.csv --rehearse {flag}")).end().exits(2);
        ended.says(&["--output and --name belong to one job"]);
    }
    assert_eq!(here.files("."), ["list.csv", "other.csv"]);
}

#[test]
fn a_name_stands_for_one_manifest() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    here.write("spring/list.csv", "id,prompt\nother,a jug\n");
    here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    let refused = here.overnight("run spring/list.csv").at(&simulator.url()).end().exits(2);
    refused.says(&["job `list` is known here for the manifest list.csv", "spring/list.csv", "--name"]);
    assert_eq!(simulator.stats().requests, 1);
    here.overnight("run spring/list.csv --name spring").at(&simulator.url()).end().exits(0);
    assert_eq!(here.pictures("output/spring"), ["other"]);
}

#[test]
fn a_job_that_has_pictures_goes_on_where_they_lie() {
    let (here, simulator) = (Workspace::with_list(2), Simulated::start());
    here.overnight("run list.csv -o first --limit 1").at(&simulator.url()).end().exits(5);
    let refused = here.overnight("run list.csv -o second").at(&simulator.url()).end().exits(2);
    refused.says(&["job `list` keeps its pictures in", "first", "second"]);
    assert_eq!(simulator.stats().requests, 1);
    std::fs::rename(here.path("first"), here.path("second")).unwrap();
    here.overnight("run list.csv -o second").at(&simulator.url()).end().exits(0);
    assert_eq!(here.pictures("second").len(), 2);
}

#[test]
fn a_key_that_is_not_accepted_halts_with_everything_unfinished_still_queued() {
    let forbidden = r#"{"error":{"code":403,"message":"The caller has no permission","status":"PERMISSION_DENIED"}}"#;
    for (reply, cause) in [(json(400, BAD_KEY), "check OVERNIGHT_API_KEY"), (json(403, forbidden), "permissions")] {
        let (here, server) = (Workspace::with_list(4), Server::start(std::iter::repeat_n(reply, 9)));
        let ended = here.overnight("run list.csv -c 2").at(&server.url()).end().exits(4);
        let last = ended.stderr.lines().last().unwrap();
        assert!(last.starts_with("halted: ") && last.contains(cause), "{last}");
        assert!(server.seen().len() <= 2, "what was in flight, and nothing after it");
        let counts = &here.status("")["counts"];
        assert_eq!((&counts["queued"], &counts["failed"]), (&4.into(), &0.into()), "{counts}");
        let database = Snapshot::of(&here.path("overnight.db"));
        assert_eq!(database.number("SELECT sum(counted) FROM items"), 0, "it cost no item an attempt");
    }
}

#[test]
fn the_simulator_does_not_accept_a_key_called_invalid_and_another_one_goes_on() {
    let (here, simulator) = (Workspace::with_list(2), Simulated::start());
    here.overnight("run list.csv").at(&simulator.url()).env("OVERNIGHT_API_KEY", "invalid").end().exits(4);
    here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    assert_eq!(simulator.stats().answered, 2);
}

#[test]
fn a_limit_ends_with_items_left_and_the_next_run_goes_on() {
    let (here, simulator) = (Workspace::with_list(3), Simulated::start());
    let ended = here.overnight("run list.csv --limit 2").at(&simulator.url()).end().exits(5);
    ended.says(&["stopped by --limit, 1 of 3 items left"]);
    assert_eq!(simulator.stats().requests, 2);
    here.overnight("run list.csv --limit 2").at(&simulator.url()).end().exits(0);
    assert_eq!(simulator.stats().answered, 3);
}

#[test]
fn a_limit_is_of_items_and_not_of_requests() {
    let busy = json(503, r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#);
    let (here, server) = (Workspace::with_list(3), Server::start([busy, picture()]));
    here.overnight("run list.csv --limit 1").at(&server.url()).end().exits(5);
    assert_eq!(server.seen().len(), 2);
    assert_eq!(here.status("")["counts"]["done"], 1);
}

fn picture() -> Play {
    json(200, &crate::support::gate::small_picture())
}

#[test]
fn a_run_stops_after_as_many_failures_as_it_was_told() {
    for (halt, failed) in [("2", 2), ("50%", 3)] {
        let here = Workspace::with_list(6);
        let words = format!("run list.csv -c 1 --rehearse --fail refused=100% --halt-after {halt}");
        here.overnight(&words).end().exits(5).says(&["stopped by --halt-after"]);
        let counts = &here.status("--rehearse")["counts"];
        assert_eq!((&counts["failed"], &counts["queued"]), (&failed.into(), &(6 - failed).into()), "{counts}");
    }
}

#[test]
fn a_second_run_of_the_same_job_is_refused_and_told_who_holds_it() {
    let (here, gate) = (Workspace::with_list(1), Gate::shut());
    let first = here.overnight("run list.csv").at(&gate.url()).start();
    gate.wait_for(1);
    let second = here.overnight("run list.csv").at(&gate.url()).end().exits(75);
    second.says(&["another run of job `list` is on", &format!("process {}", first.id())]);
    gate.open();
    first.end().exits(0);
    assert_eq!(gate.seen().len(), 1);
}

#[test]
fn a_deadline_ends_with_items_left_and_the_next_run_goes_on() {
    let (here, simulator) = (Workspace::with_list(3), Simulated::start());
    let ended = here.overnight("run list.csv --max-duration 1ms --events -").at(&simulator.url()).end().exits(10);
    let ended = ended.says(&["stopped by --max-duration, 3 of 3 items left"]);
    let end = &ended.events_of("run_ended")[0];
    assert_eq!((&end["ending"], &end["limit"]), (&"deadline".into(), &"max-duration".into()));
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(2);
    let until = format!("run list.csv --until {} --timezone UTC", later.strftime("%H:%M"));
    here.overnight(&until).at(&simulator.url()).end().exits(0);
    assert_eq!(simulator.stats().answered, 3);
}

#[test]
fn a_number_of_images_ends_with_items_left() {
    let (here, simulator) = (Workspace::with_list(3), Simulated::start());
    let ended = here.overnight("run list.csv --max-images 2").at(&simulator.url()).end().exits(5);
    ended.says(&["stopped by --max-images, 1 of 3 items left"]);
    assert_eq!(simulator.stats().requests, 2);
}

#[test]
fn of_several_limits_reached_together_the_first_by_the_order_of_the_codes_is_told() {
    let simulator = Simulated::start();
    for (words, code) in [
        ("--max-cost 0.168 --limit 5", 8),
        ("--max-cost 0.168 --max-images 5", 8),
        ("--rpd 5 --limit 5", 4),
        ("--rpd 5 --max-images 5", 4),
        ("--rpd 5 --max-cost 0.168", 4),
        ("--limit 5", 5),
        ("--max-cost 1 --limit 5", 5),
    ] {
        let here = Workspace::with_list(7);
        here.overnight(&format!("run list.csv {words}")).at(&simulator.url()).end().exits(code);
    }
}
