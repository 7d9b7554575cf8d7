//! `overnight schedule` as a program: what it begins when it is started, what it goes on with, and what it lets be. Never
//! waits for a start to come: `tests/system` does.

use std::io::Write;
use std::sync::LazyLock;

use rusqlite::Connection;
use rustix::process::Signal;

use crate::support::database::Snapshot;
use crate::support::gate::Gate;
use crate::support::process::Running;
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

/// An hour from which no start is near: neither the last nor the next.
static HOUR: LazyLock<String> = LazyLock::new(|| {
    let far = jiff::Timestamp::now().checked_add(jiff::ToSpan::hours(12)).unwrap();
    far.to_zoned(jiff::tz::TimeZone::UTC).strftime("%H").to_string()
});

/// A workspace with a job that starts every day at [`HOUR`], at `url`.
fn with_job(items: u32, url: &str, more: &str) -> Workspace {
    let here = Workspace::with_list(items);
    here.write("jobs/nightly.toml", &job(url, more));
    here
}

fn job(url: &str, more: &str) -> String {
    format!(
        "manifest = \"../list.csv\"\nbase_url = \"{url}\"\nconcurrency = 2\n[schedule]\ncron = \"0 {} * * *\"\n\
         timezone = \"UTC\"\n{more}",
        *HOUR
    )
}

/// Lets the job's newest run have begun so many hours earlier.
fn backdate(here: &Workspace, hours: i64) {
    let database = Connection::open(here.path("overnight.db")).unwrap();
    let sql = "UPDATE runs SET started_at = started_at - ?1, ended_at = ended_at - ?1,
               scheduled_for = scheduled_for - ?1
               WHERE id = (SELECT max(id) FROM runs)";
    assert_eq!(database.execute(sql, [hours * 3_600_000]).unwrap(), 1);
}

/// Lets the job have run before, days ago, for one item.
fn ran_days_ago(here: &Workspace) {
    here.overnight("run jobs/nightly.toml --limit 1").end().exits(5);
    backdate(here, 72);
}

fn runs(here: &Workspace) -> i64 {
    Snapshot::of(&here.path("overnight.db")).number("SELECT count(*) FROM runs")
}

fn schedule(here: &Workspace) -> Running {
    here.overnight("schedule").start()
}

#[test]
fn what_was_missed_is_caught_up_with_once_and_told() {
    let simulator = Simulated::start();
    let here = with_job(3, &simulator.url(), "");
    ran_days_ago(&here);
    let running = schedule(&here);
    running.wait_until_it_says("ended with code 0");
    running.signal(Signal::TERM);
    let ended = running.end().exits(143);
    ended.says(&[
        &format!("nightly: jobs/nightly.toml (0 {} * * *): next start", *HOUR),
        "nightly: catches up with the start of ",
        &format!("{}:00:00", *HOUR),
        "nightly: all 3 items are done",
        ": 3 of 3 done",
        "; next start ",
        &format!(" {}:00 UTC, in ", *HOUR),
    ]);
    assert_eq!((here.pictures("output/nightly").len(), runs(&here)), (3, 2));
    // Who comes next has nothing to catch up with.
    let running = schedule(&here);
    running.wait_until_it_says("next start");
    running.signal(Signal::INT);
    running.end().exits(130).never_says("catches up");
    assert_eq!(runs(&here), 2);
}

#[test]
fn what_was_missed_is_let_be_where_the_job_says_so() {
    for (more, words) in [
        ("missed = \"skip\"\n", "it passed while nobody was there, and missed = \"skip\""),
        ("missed_within = \"1s\"\n", "it is longer ago than missed_within = 1.0 s"),
        (&format!("deadline = \"{}:01\"\n", *HOUR), "its deadline, "),
    ] {
        let simulator = Simulated::start();
        let here = with_job(2, &simulator.url(), more);
        ran_days_ago(&here);
        let running = schedule(&here);
        running.wait_until_it_says(words);
        running.signal(Signal::TERM);
        let skipped = format!("{}:00:00 is skipped: ", *HOUR);
        running.end().exits(143).says(&["nightly: the start of ", &skipped]);
        assert_eq!((simulator.stats().requests, runs(&here)), (1, 1));
    }
}

#[test]
fn a_killed_scheduler_goes_on_with_the_run_that_was_on_and_asks_for_nothing_twice() {
    let gate = Gate::shut();
    let here = with_job(4, &gate.url(), "");
    gate.open_to(1);
    ran_days_ago(&here);
    let first = schedule(&here);
    gate.wait_for(3);
    gate.open_to(3);
    gate.wait_for(4);
    first.kill();
    gate.open();
    let second = schedule(&here);
    second.wait_until_it_says("goes on with the run of ");
    second.wait_until_it_says("ended with code 0");
    second.signal(Signal::TERM);
    second.end().exits(143).says(&["an earlier run did not come to its end", "nightly: all 4 items are done"]);
    assert_eq!(here.pictures("output/nightly").len(), 4);
}

#[test]
fn a_run_that_a_signal_stopped_goes_on_too_but_not_past_its_deadline() {
    for (more, hours, words) in [
        ("", 0, "goes on with the run of "),
        ("deadline = \"8h\"\n", 1, "goes on with the run of "),
        ("deadline = \"8h\"\n", 9, "is skipped: its deadline, "),
    ] {
        let gate = Gate::shut();
        let here = with_job(6, &gate.url(), more);
        gate.open_to(1);
        ran_days_ago(&here);
        let first = schedule(&here);
        gate.wait_for(3);
        first.signal(Signal::TERM);
        first.wait_until_it_says("a signal asked for it");
        gate.open();
        first.end().exits(143).says(&["nightly: stopped by SIGTERM", "nightly: ended with code 143"]);
        assert_eq!(here.pictures("output/nightly").len(), 3, "what was in flight was finished");
        backdate(&here, hours);
        let second = schedule(&here);
        second.wait_until_it_says(words);
        second.signal(Signal::TERM);
        second.end().exits(143);
    }
}

#[test]
fn a_run_that_a_signal_stopped_before_it_could_send_is_made_up_for() {
    // Its key comes, and it is ready; or none does, and it is no mistake of anybody's that it came to nothing.
    for key in ["test-key\n", ""] {
        let gate = Gate::shut();
        let here = with_job(2, &gate.url(), "");
        here.write("jobs/other.toml", &format!("api_key_env = \"OTHER_KEY\"\n{}", job(&gate.url(), "")));
        gate.open_to(2);
        for job in ["nightly", "other"] {
            here.overnight(&format!("run jobs/{job}.toml --limit 1")).env("OTHER_KEY", "test-key").end().exits(5);
            backdate(&here, 72);
        }
        let pipe = here.path("key");
        let command = format!("api_key_command = \"cat '{}'\"\n", pipe.display());
        here.write("jobs/nightly.toml", &(command + &job(&gate.url(), "")));
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let first = here.overnight("schedule").without_key().env("OTHER_KEY", "test-key").start();
        // Opens once the key is asked for.
        let mut told = std::fs::File::options().write(true).open(&pipe).unwrap();
        gate.wait_for(3);
        first.signal(Signal::TERM);
        first.wait_until_it_says("a signal asked for it");
        told.write_all(key.as_bytes()).unwrap();
        drop(told);
        gate.open();
        first.end().exits(143);
        let ending =
            "SELECT ending FROM runs JOIN jobs ON jobs.id = job_id WHERE name = 'nightly' ORDER BY runs.id DESC";
        assert_eq!(Snapshot::of(&here.path("overnight.db")).texts(ending, [])[0], "stopped early");
        let last = &here.overnight("jobs --json").end().exits(0).json()["jobs"][0]["last_run"];
        assert_eq!(last["ending"], "limit", "as far as a person is concerned it never was");
        here.write("jobs/nightly.toml", &job(&gate.url(), ""));
        let second = schedule(&here);
        second.wait_until_it_says("nightly: goes on with the run of ");
        second.wait_until_it_says("nightly: ended with code 0");
        second.signal(Signal::TERM);
        second.end().exits(143);
        assert_eq!(here.pictures("output/nightly").len(), 2);
    }
}

#[test]
fn a_clock_that_had_run_ahead_by_more_than_a_day_silences_no_job() {
    let (in_two_days, in_ten_years) = (48 + 12, 24 * 3653);
    for hours in [in_two_days, in_ten_years] {
        let simulator = Simulated::start();
        let here = with_job(2, &simulator.url(), "");
        ran_days_ago(&here);
        backdate(&here, -72 - hours);
        let running = schedule(&here);
        running.wait_until_it_says("nightly: by what is written down its starts are dealt with up to ");
        running.signal(Signal::TERM);
        let ended = running.end().exits(143).never_says(" in 1 d ");
        ended.says(&["the clock had run ahead", &format!(" {}:00 UTC, in 1", *HOUR)]);
    }
}

#[test]
fn a_clock_that_was_set_back_a_little_lets_no_start_begin_again() {
    let simulator = Simulated::start();
    let here = with_job(2, &simulator.url(), "");
    ran_days_ago(&here);
    // The start of the next time was made before the clock was set back behind it.
    backdate(&here, -72 - 14);
    let running = schedule(&here);
    running.wait_until_it_says("next start ");
    running.signal(Signal::TERM);
    let ended = running.end().exits(143).never_says("ahead");
    // Hours away is the one that counts no more; the one after it is a day later.
    ended.says(&[&format!(" {}:00 UTC, in 1 d ", *HOUR)]);
}

#[test]
fn a_second_signal_stops_all_runs_at_once() {
    let gate = Gate::shut();
    let here = with_job(4, &gate.url(), "");
    gate.open_to(1);
    ran_days_ago(&here);
    let running = schedule(&here);
    gate.wait_for(3);
    running.signal(Signal::INT);
    running.wait_until_it_says("a signal asked for it");
    running.signal(Signal::INT);
    running.end().exits(130).says(&["nightly: ended with code 130"]);
    assert_eq!(here.status("nightly --db overnight.db")["lost_attempts"], 2);
}

#[test]
fn a_start_that_finds_another_run_on_is_skipped_and_told() {
    let gate = Gate::shut();
    let here = with_job(2, &gate.url(), "");
    let by_hand = here.overnight("run jobs/nightly.toml").start();
    gate.wait_for(2);
    backdate(&here, 72);
    let running = schedule(&here);
    running.wait_until_it_says("this start is skipped: another run of the job is on; next start ");
    running.signal(Signal::TERM);
    running.end().exits(143).says(&["error: another run of job `nightly` is on"]);
    gate.open();
    by_hand.end().exits(0);
    assert_eq!(gate.seen().len(), 2);
}

#[test]
fn files_that_come_and_go_are_noticed_and_a_faulty_one_does_not_start() {
    let simulator = Simulated::start();
    let here = with_job(2, &simulator.url(), "");
    here.write("jobs/later.toml", &job(&simulator.url(), ""));
    here.overnight("run jobs/later.toml --limit 1").end().exits(5);
    backdate(&here, 72);
    std::fs::remove_file(here.path("jobs/later.toml")).unwrap();
    here.write("jobs/plain.toml", "manifest = \"../list.csv\"\n");
    let running = schedule(&here);
    running.wait_until_it_says("jobs/plain.toml: nothing below [schedule] says when it starts: it is left alone");
    here.write("jobs/later.toml", &job(&simulator.url(), "jiter = \"3m\"\n"));
    running.signal(Signal::HUP);
    running.wait_until_it_says("jobs/later.toml: does not start until this is put right");
    running.wait_until_it_says("unknown key `jiter`; did you mean `jitter`?");
    here.write("jobs/later.toml", &job(&simulator.url(), ""));
    running.signal(Signal::HUP);
    running.wait_until_it_says("later: ended with code 0");
    std::fs::remove_file(here.path("jobs/later.toml")).unwrap();
    running.signal(Signal::HUP);
    running.wait_until_it_says("later: jobs/later.toml is gone: it starts no more");
    here.write("jobs/twin.toml", &format!("name = \"nightly\"\n{}", job(&simulator.url(), "")));
    running.signal(Signal::HUP);
    running.wait_until_it_says("nightly: jobs/twin.toml does not start: jobs/nightly.toml is called so too");
    running.signal(Signal::TERM);
    running.end().exits(143);
    assert_eq!(here.pictures("output/later").len(), 2);
}

#[test]
fn where_nothing_says_when_it_starts_that_is_a_mistake() {
    let here = Workspace::with_list(1);
    here.overnight("schedule").end().exits(2).says(&["no job here says when it starts (.); write below"]);
    here.write("jobs/plain.toml", "manifest = \"../list.csv\"\n");
    for words in ["schedule", "schedule --next", "schedule jobs/plain.toml"] {
        here.overnight(words).end().exits(2).says(&["no job here says when it starts (jobs", "cron = \"0 22 * * *\""]);
    }
    here.overnight("schedule none").end().exits(2).says(&["none: there is no such file or folder"]);
    here.overnight("schedule list.csv").end().exits(2).says(&["only a job file (.toml) says when a job starts"]);
    here.write("jobs/bad.toml", "manifest = \"../list.csv\"\nschedule.cron = \"0 24 * * *\"\n");
    let ended = here.overnight("schedule --next").end().exits(2);
    ended.says(&["jobs/bad.toml:2:20: `schedule.cron`: `24` is no hour; write *, or numbers from 0 to 23"]);
    here.write("jobs/bad.toml", "manifest = \"-\"\nmanifest_format = \"csv\"\nschedule.cron = \"@daily\"\n");
    here.overnight("schedule --next").end().exits(2).says(&["jobs/bad.toml: its list comes on standard input"]);
}

#[test]
fn the_coming_starts_are_told_without_a_trace() {
    let here = with_job(1, "http://127.0.0.1:9", "deadline = \"8h\"\n");
    here.write(
        "jobs/rare.toml",
        "manifest = \"../list.csv\"\nschedule.cron = \"0 6 29 2 *\"\ntimezone = \"Asia/Kolkata\"\n",
    );
    let text = here.overnight("schedule --next 2").end().exits(0).stdout;
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].starts_with("nightly  ") && lines[0].contains(&format!(" {}:00 UTC, in ", *HOUR)), "{text}");
    assert!(lines[2].starts_with("rare     ") && lines[2].contains("-02-29 06:00 IST, in "), "{text}");
    let document = here.overnight("schedule --next --json").end().exits(0).json();
    let nightly = &document["jobs"][0];
    assert_eq!((&nightly["job"], &nightly["timezone"]), (&"nightly".into(), &"UTC".into()), "{document}");
    let next = &nightly["next"][0];
    let begins: jiff::Timestamp = next["begins"].as_str().unwrap().parse().unwrap();
    let until: jiff::Timestamp = next["until"].as_str().unwrap().parse().unwrap();
    assert_eq!(until.duration_since(begins).as_hours(), 8, "{document}");
    assert_eq!(document["jobs"][1]["timezone"], "Asia/Kolkata");
    assert!(!here.path("overnight.db").exists() && !here.path("output").exists());
}

#[test]
fn a_start_that_came_during_a_run_is_not_caught_up_with() {
    let simulator = Simulated::start();
    let here = with_job(2, &simulator.url(), "");
    here.overnight("run jobs/nightly.toml --limit 1").end().exits(5);
    let database = Connection::open(here.path("overnight.db")).unwrap();
    // The last start lies between: it found this run on.
    database.execute("UPDATE runs SET started_at = started_at - ?1", [72 * 3_600_000]).unwrap();
    let running = schedule(&here);
    running.wait_until_it_says("next start");
    running.signal(Signal::TERM);
    running.end().exits(143).never_says("catches up");
    assert_eq!(runs(&here), 1);
}

#[test]
fn a_log_file_never_takes_the_place_of_what_a_job_needs() {
    let simulator = Simulated::start();
    let here = with_job(2, &simulator.url(), "");
    here.overnight("run jobs/nightly.toml --limit 1").end().exits(5);
    let before = std::fs::read(here.path("overnight.db")).unwrap();
    for file in ["overnight.db", "list.csv"] {
        let words = format!("schedule --log-file {file} --log-file-size 1kB");
        here.overnight(&words).end().exits(2).says(&["--log-file: ", file, "choose another file"]);
    }
    let run = here.overnight("schedule --log-file-size 1kB").env("OVERNIGHT_LOG_FILE", "overnight.db");
    run.end().exits(2).says(&["--log-file: ", "belongs to the workspace database"]);
    assert!(std::fs::read(here.path("overnight.db")).unwrap() == before && !here.path("overnight.db.1").exists());
    // A job that comes later is refused by itself.
    here.write("other.csv", &here.read("list.csv"));
    let running = here.overnight("schedule --log-file other.csv").start();
    running.wait_until_it_says("nightly: jobs/nightly.toml");
    let late = job(&simulator.url(), "").replace("list.csv", "other.csv");
    here.write("jobs/late.toml", &late);
    running.signal(Signal::HUP);
    running.wait_until_it_says("is the job's manifest; choose another file");
    running.signal(Signal::TERM);
    running.end().exits(143).says(&["jobs/late.toml: does not start until this is put right"]);
}

#[test]
fn a_job_file_at_fault_reaches_whoever_its_hooks_tell() {
    let simulator = Simulated::start();
    let here = with_job(1, &simulator.url(), "");
    here.write("jobs/broken.toml", "garbage = 1\n[hooks]\non_failure = 'cat > failure.json'\n");
    let running = schedule(&here);
    running.wait_until_it_says("does not start until this is put right");
    running.signal(Signal::TERM);
    running.end().exits(143);
    let told: serde_json::Value = serde_json::from_str(&here.read("failure.json")).unwrap();
    assert_eq!((&told["job"], &told["exit_code"]), (&"broken".into(), &2.into()), "{told}");
    std::fs::remove_file(here.path("failure.json")).unwrap();
    std::fs::remove_file(here.path("jobs/nightly.toml")).unwrap();
    schedule(&here).end().exits(2);
    assert!(here.path("failure.json").exists(), "also where there is nothing to stay for");
}
