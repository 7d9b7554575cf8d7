//! `[hooks]`: who is told how a run and its items ended, of what, and when nobody is. Never looks at how a hook is written.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, test_kill_process};
use serde_json::Value;

use crate::support::gate::Gate;
use crate::support::process::{PATIENCE, events, takes_at_most};
use crate::support::server::{Play, Server, http};
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

/// A workspace whose job `night` has so many items and these lines below `[hooks]`.
fn night(items: u32, hooks: &str) -> Workspace {
    let here = Workspace::with_list(items);
    here.write("jobs/night.toml", &format!("manifest = '../list.csv'\napi_key_env = 'SHOP_KEY'\n[hooks]\n{hooks}\n"));
    here
}

/// Both occasions write what they are told into files called after them.
const TOLD: &str = "on_success = 'cat > success.json'\non_failure = 'cat > failure.json'";

fn json(here: &Workspace, file: &str) -> Value {
    serde_json::from_str(&here.read(file)).unwrap()
}

fn ok() -> Play {
    Play::Reply(http(204, &[], b""))
}

#[test]
fn a_run_that_made_something_tells_so_and_one_with_nothing_to_do_does_not() {
    let hooks = "on_success = 'cat > success.json; env > variables; pwd > place'\non_failure = 'touch failed'";
    let (here, simulator) = (night(2, hooks), Simulated::start());
    let run =
        || here.overnight_in("/", "run -q").arg(here.path("jobs/night.toml").to_str().unwrap()).at(&simulator.url());
    run().env("SHOP_KEY", "a-key").end().exits(0);
    let told = json(&here, "success.json");
    for (key, value) in [("event", "run_ended"), ("job", "night"), ("ending", "complete")] {
        assert_eq!(told[key], value, "{told}");
    }
    for (key, value) in [("exit_code", 0), ("done", 2), ("failed", 0), ("attempts", 2)] {
        assert_eq!(told[key], value, "{told}");
    }
    assert_eq!((&told["rehearsal"], &told["nothing_to_do"]), (&false.into(), &false.into()));
    assert_eq!((&told["cost_usd"], &told["failures"]), (&0.0672.into(), &Value::Array(vec![])));
    let [output, file, results] =
        ["output/night", "jobs/night.toml", "output/night/results.csv"].map(|path| here.path(path));
    assert_eq!((&told["output"], &told["job_file"]), (&output.to_str().into(), &file.to_str().into()), "{told}");
    assert_eq!(told["results"], *results.to_str().unwrap());
    let text = told["text"].as_str().unwrap();
    assert!(
        text.starts_with("night: all 2 items are done; 2 made, 0 failed in ") && text.contains("$0.0672"),
        "{text}"
    );
    let variables = here.read("variables");
    for variable in ["OVERNIGHT_JOB=night\n", "OVERNIGHT_EXIT_CODE=0\n", &format!("OVERNIGHT_TEXT={text}\n")] {
        assert!(variables.contains(variable), "{variable} is not in {variables}");
    }
    assert!(!variables.contains("KEY") && !variables.contains("a-key"), "no key is handed on: {variables}");
    let place = fs::canonicalize(here.read("place").trim_end()).unwrap();
    assert_eq!(place, fs::canonicalize(here.path("")).unwrap());
    fs::remove_file(here.path("success.json")).unwrap();
    run().without_key().end().exits(0);
    assert!(!here.path("success.json").exists() && !here.path("failed").exists());
}

#[test]
fn every_other_end_is_a_failure_with_its_code_and_its_causes() {
    let simulator = Simulated::start();
    for (words, key, code, text) in [
        ("--rehearse --fail refused=100%", "k", 3, "night: finished, but 3 of 3 items failed"),
        ("--limit 1", "k", 5, "night: stopped by --limit, 2 of 3 items left"),
        ("--max-cost 0.05", "k", 8, "night: the money cap is reached, 2 of 3 items left"),
        ("--max-duration 1ms", "k", 10, "night: stopped by --max-duration, 3 of 3 items left"),
        ("", "invalid", 4, "night: halted, 3 of 3 items still queued"),
    ] {
        let here = night(3, TOLD);
        let run = here.overnight(&format!("run jobs/night.toml {words}")).at(&simulator.url()).env("SHOP_KEY", key);
        run.end().exits(code);
        let told = json(&here, "failure.json");
        assert_eq!((&told["event"], &told["exit_code"]), (&"run_ended".into(), &code.into()), "{told}");
        assert!(told["text"].as_str().unwrap().starts_with(text), "{told}");
        assert!(!here.path("success.json").exists());
        if code == 3 {
            assert_eq!((&told["rehearsal"], &told["failures"][0]["kind"]), (&true.into(), &"refused".into()), "{told}");
            assert_eq!(
                (&told["failures"][0]["items"], &told["failures"][0]["examples"][0]),
                (&3.into(), &"item-1".into())
            );
            let again = here.overnight("run jobs/night.toml --rehearse").end().exits(3);
            drop(again);
            assert_eq!(json(&here, "failure.json")["nothing_to_do"], true, "what failed stays a failure");
        }
    }
}

#[test]
fn what_keeps_a_run_from_beginning_is_a_failure_too() {
    let faulty = "id,prompt,aspect_ratio\na,p,7:7\n";
    for (file, text, message) in [
        ("list.csv", faulty, "list.csv:2:5: `aspect_ratio`"),
        ("list.csv", "", "list.csv"),
        ("jobs/night.toml", "manifest = '../list.csv'\nrmp = 3\n[hooks]\non_failure = 'cat > failure.json'\n", "`rmp`"),
        ("jobs/night.toml", "manifest = \n[hooks]\non_failure = 'cat > failure.json'\n", "night.toml:1"),
        ("jobs/night.toml", "manifest = '../none.csv'\n[hooks]\non_failure = 'cat > failure.json'\n", "none.csv"),
    ] {
        let here = night(1, TOLD);
        here.write(file, text);
        here.overnight("run jobs/night.toml").env("SHOP_KEY", "k").end().exits(2);
        let told = json(&here, "failure.json");
        let keys = ["event", "job", "exit_code"].map(|key| &told[key]);
        assert_eq!(keys, [&Value::from("not_run"), &"night".into(), &2.into()], "{told}");
        assert!(told["message"].as_str().unwrap().contains(message), "{told}");
        assert!(told["text"].as_str().unwrap().starts_with("night: not run: "), "{told}");
    }
    let here = night(1, TOLD);
    here.overnight("run jobs/night.toml").end().exits(2).says(&["SHOP_KEY is not set"]);
    assert!(json(&here, "failure.json")["message"].as_str().unwrap().contains("SHOP_KEY is not set"));
}

#[test]
fn a_log_file_that_cannot_be_had_is_a_failure_too() {
    let here = night(1, TOLD);
    for (words, message) in [
        ("--log-file gone/night.log", "gone/night.log cannot be written"),
        ("--log-file list.csv", "is the job's manifest"),
    ] {
        here.overnight(&format!("run jobs/night.toml --rehearse {words}")).end().exits(2).says(&[message]);
        let told = json(&here, "failure.json");
        assert_eq!((&told["event"], &told["exit_code"]), (&"not_run".into(), &2.into()), "{told}");
        assert!(told["message"].as_str().unwrap().contains(message), "{told}");
        fs::remove_file(here.path("failure.json")).unwrap();
    }
}

#[test]
fn a_job_that_is_not_run_for_the_sake_of_another_tells_so() {
    let here = night(1, TOLD);
    here.write("other.toml", "manifest = 'none.csv'\n");
    here.overnight("run jobs/night.toml other.toml --rehearse").end().exits(2);
    let told = json(&here, "failure.json");
    assert!(told["message"].as_str().unwrap().contains("another job of the same command is at fault"), "{told}");
    assert_eq!(told["rehearsal"], true);
    fs::remove_file(here.path("failure.json")).unwrap();
    here.write("other.toml", "manifest = \n");
    here.overnight("run jobs/night.toml other.toml --rehearse").end().exits(2);
    assert!(json(&here, "failure.json")["message"].as_str().unwrap().contains("other.toml:1"));
}

#[test]
fn a_run_that_a_person_stopped_or_that_another_has_in_hand_tells_nobody_and_one_that_the_system_stopped_does() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let (here, gate) = (night(2, TOLD), Gate::shut());
        let run = || here.overnight("run jobs/night.toml -c 1 --events -").at(&gate.url()).env("SHOP_KEY", "k");
        let mut first = run().start();
        gate.wait_for(1);
        run().end().exits(75);
        assert!(!here.path("failure.json").exists(), "the other run tells how it went");
        first.signal(signal);
        first.event("halted");
        gate.open();
        first.end().exits(code);
        assert_eq!(here.path("failure.json").exists(), code == 143);
        if code == 143 {
            assert_eq!(json(&here, "failure.json")["exit_code"], 143);
        }
    }
}

#[test]
fn a_run_of_a_job_that_a_person_paused_tells_nobody() {
    let here = night(2, "on_failure = \"cat > failure.json\"");
    here.overnight("run jobs/night.toml --rehearse --limit 1").end().exits(5);
    fs::remove_file(here.path("failure.json")).unwrap();
    here.overnight("pause night --rehearse").end().exits(0);
    here.overnight("run jobs/night.toml --rehearse").end().exits(5);
    assert!(!here.path("failure.json").exists());
}

#[test]
fn an_address_is_asked_until_it_is_heard_and_never_shown_whole() {
    let busy = |status| Play::Reply(http(status, &[("retry-after", "0")], b"later"));
    let server = Server::start([busy(503), busy(429), Play::Reset, ok()]);
    let url = format!("{}/services/s3cret?token=s3cret", server.url());
    let here = night(1, "on_success = { url = '$HOOK', headers = { Authorization = '$TOKEN' } }");
    let run = here.overnight("run jobs/night.toml --rehearse -vv").env("HOOK", &url).env("TOKEN", "Bearer s3cret");
    run.end().exits(0).never_says("s3cret").never_says("warning");
    let seen = server.seen();
    assert_eq!(seen.len(), 3, "one was not read");
    for seen in seen {
        assert_eq!(seen.line, "POST /services/s3cret?token=s3cret HTTP/1.1");
        assert_eq!(seen.header("authorization"), Some("Bearer s3cret"));
        assert_eq!(seen.header("content-type"), Some("application/json"));
        assert_eq!((&seen.json()["event"], &seen.json()["exit_code"]), (&"run_ended".into(), &0.into()));
    }
}

#[test]
fn what_an_address_does_not_want_is_not_sent_again_nor_elsewhere_and_the_code_stays() {
    let elsewhere = Server::start([]);
    let moved = Play::Reply(http(307, &[("location", &elsewhere.url())], b""));
    for (play, words) in [
        (Play::Reply(http(400, &[], b"no such\x1b[2J channel")), "HTTP 400: no such channel"),
        (Play::Reply(http(404, &[], b"s3cret is unknown")), "HTTP 404\n"),
        (moved, "it leads elsewhere (HTTP 307)"),
    ] {
        let server = Server::start([play]);
        let here = night(1, &format!("on_success = '{}/s3cret'", server.url()));
        let ended = here.overnight("run jobs/night.toml --rehearse -q").end().exits(0).never_says("s3cret");
        let place = "warning: night: the hook on_success (jobs/night.toml:4:14): ";
        ended.says(&[&format!("{place}{}: ", server.url()), words]);
        server.only();
    }
    assert!(elsewhere.seen().is_empty());
}

#[test]
fn a_command_that_fails_or_takes_too_long_is_told_and_changes_nothing_else() {
    let within = |seconds: f64| {
        let here = night(
            1,
            &format!(
                "on_success = [{{ command = 'echo told >&2; printf \"\\033[2Jmore\"; exit 7' }}, \
                 ['no-such-program', 's3cret'], \
                 {{ command = 'sleep 600 & echo $! > child; wait', timeout = '{seconds}s' }}, \
                 {{ command = 'touch last' }}]"
            ),
        );
        let ended = here.overnight("run jobs/night.toml --rehearse -q").end().exits(0).never_says("s3cret");
        ended.says(&[
            "(jobs/night.toml:4:15): it ended with exit code 7\n  | told\n  | more\n",
            "there is no program `no-such-program`",
            &format!("it was not done within {seconds} s and was stopped; give it longer with timeout"),
        ]);
        assert!(here.path("last").exists(), "one after the other, whatever becomes of each");
        here
    };
    // Where the machine is busy, its time may be over before it has begun: then it gets longer.
    let has_begun = |here: &Workspace| fs::read_to_string(here.path("child")).is_ok_and(|id| id.ends_with('\n'));
    let here = [0.2, 1.5, 10.0].into_iter().map(within).find(has_begun).expect("it begins");
    assert!(is_gone(&here.read("child")), "what it started is ended with it");
    assert_eq!(here.pictures("output/night-rehearsal").len(), 1);
}

/// Whether the process of this number has ended.
fn is_gone(id: &str) -> bool {
    let pid = Pid::from_raw(id.trim().parse().unwrap()).unwrap();
    let start = Instant::now();
    // Its parent may be slow to hear of its end.
    while test_kill_process(pid).is_ok() && !is_zombie(id) {
        if start.elapsed() > Duration::from_secs(10) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

fn is_zombie(id: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
    stat.rsplit(") ").next().is_none_or(|rest| rest.starts_with('Z') || rest.is_empty())
}

#[test]
fn a_hook_that_is_told_of_a_faulty_job_file_does_not_outlive_the_program() {
    let here = Workspace::new();
    here.write("jobs/night.toml", "garbage = 1\n[hooks]\non_failure = 'echo $$ > id; exec sleep 600'\n");
    let run = here.overnight("run jobs/night.toml").start();
    let begun = Instant::now();
    while !fs::read_to_string(here.path("id")).is_ok_and(|id| id.ends_with('\n')) {
        assert!(begun.elapsed() < Duration::from_secs(30), "the hook never began");
        std::thread::sleep(Duration::from_millis(5));
    }
    // Two of one sort may be taken for one.
    run.signal(Signal::INT);
    run.signal(Signal::TERM);
    run.end().exits(2);
    assert!(is_gone(&here.read("id")));
}

#[test]
fn what_a_hook_says_goes_to_stderr_and_is_kept_from_a_quiet_run() {
    let here = night(1, "on_success = 'echo uploaded'");
    let ended = here.overnight("run jobs/night.toml --rehearse").end().exits(0);
    assert_eq!(ended.stdout, "");
    ended.says(&["night: on_success (jobs/night.toml:4:14): uploaded\n"]);
    let quiet = night(1, "on_success = 'echo uploaded'");
    let ended = quiet.overnight("run jobs/night.toml --rehearse -q").end().exits(0);
    assert_eq!(ended.stderr, "");
}

#[test]
fn what_a_hook_needs_of_the_environment_is_missed_before_anything_is_sent() {
    let here = night(1, "on_failure = { url = '$HOOK' }");
    let simulator = Simulated::start();
    let ended = here.overnight("run jobs/night.toml").at(&simulator.url()).env("SHOP_KEY", "k").end().exits(2);
    ended.says(&["jobs/night.toml:4:14: `hooks.on_failure`: its address is in the environment variable HOOK"]);
    assert_eq!(simulator.stats().requests, 0);
    here.overnight("run jobs/night.toml --rehearse").end().exits(0);
}

#[test]
fn each_item_that_ends_is_told_with_its_picture_and_its_caption() {
    let here = night(30, "on_item = 'cat >> items.jsonl'");
    here.write("list.csv", "id,prompt\nmug,a mug\nvase,a vase [[simulate:refused]]\ncup,a cup [[simulate:503 ok]]\n");
    here.overnight("run jobs/night.toml --rehearse").end().exits(3);
    let mut items = events(&here.read("items.jsonl"));
    items.sort_by_key(|item| item["item"].as_str().unwrap().to_owned());
    let told: Vec<_> =
        items.iter().map(|item| [&item["item"], &item["outcome"]].map(|it| it.as_str().unwrap())).collect();
    assert_eq!(told, [["cup", "done"], ["mug", "done"], ["vase", "failed"]]);
    assert_eq!((&items[0]["event"], &items[0]["attempt"]), (&"item_ended".into(), &2.into()));
    let picture = items[1]["file"].as_str().unwrap();
    assert!(picture.starts_with(here.path("output/night-rehearsal").to_str().unwrap()) && fs::exists(picture).unwrap());
    assert_eq!(items[1]["caption"], here.read("output/night-rehearsal/mug.txt").trim_end());
    assert_eq!((&items[2]["kind"], &items[2]["rehearsal"]), (&"refused".into(), &true.into()));
    assert!(items[2]["text"].as_str().unwrap().starts_with("night: vase failed, refused: "), "{}", items[2]);
}

#[test]
fn items_are_told_to_the_last_though_each_takes_its_time() {
    let here = night(24, "on_item = 'sleep 0.1; cat >> items.jsonl'\non_success = 'wc -l < items.jsonl > count'");
    here.overnight("run jobs/night.toml --rehearse").end().exits(0);
    assert_eq!(here.read("count").trim(), "24", "before the run's own hooks");
}

#[test]
fn a_hook_that_hangs_is_given_up_at_the_second_signal() {
    takes_at_most(Duration::from_secs(2), || {
        let here = night(1, "on_item = 'echo $$ > hanging; exec sleep 600'\non_failure = 'touch failure.json'");
        let mut run = here.overnight("run jobs/night.toml --rehearse --events -").start();
        run.event("run_ended");
        let start = Instant::now();
        while !fs::read_to_string(here.path("hanging")).is_ok_and(|id| id.ends_with('\n')) {
            assert!(start.elapsed() < PATIENCE, "it never begins");
            std::thread::sleep(Duration::from_millis(5));
        }
        run.signal(Signal::INT);
        let mut second = None;
        // Two at once are taken for one, so it is asked again until it has heard.
        while run.line_within(Duration::from_millis(100)).is_err() {
            second.get_or_insert_with(Instant::now);
            run.signal(Signal::INT);
        }
        run.end().exits(130).says(&["it was not done in time: it was not told of the last 1 item"]);
        let took = second.expect("the first signal alone does not end it").elapsed();
        assert!(is_gone(&here.read("hanging")));
        took
    });
}
