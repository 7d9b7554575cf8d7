//! The printed units before systemd's own eyes: they are valid, their times are the schedule's, and what they start does
//! the job. Never installs one.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use jiff::Timestamp as Moment;
use overnight::domain::Timestamp;
use overnight::job::schedule::{Cron, Missed, Schedule};

use crate::support::workspace::Workspace;

const NAME: &str = "overnight-night\\x20ly";

/// A workspace with a job whose schedule says this, and whose path holds what systemd has uses for.
fn with_job(schedule: &str) -> (Workspace, String) {
    let here = Workspace::new();
    let shop = "a $HOME of 50% \"off\"".to_owned();
    here.write(&format!("{shop}/list.csv"), "id,prompt\nmug,a mug\nbowl,a bowl\n");
    let job = format!("manifest = \"../list.csv\"\nrehearse = true\n[schedule]\n{schedule}");
    here.write(&format!("{shop}/jobs/night ly.toml"), &job);
    here.overnight_in(&shop, "schedule --print systemd -o units").end().exits(0);
    (here, shop)
}

/// The values of a key in a unit.
fn values(text: &str, key: &str) -> Vec<String> {
    let values = text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    values.map(str::to_owned).collect()
}

/// A command line as systemd reads it: words, quotes, and what % and $ stand for.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted, mut is_open) = (Vec::new(), String::new(), false, false);
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => (is_quoted, is_open) = (!is_quoted, true),
            '\\' => word.push(rest.next().unwrap()),
            '%' | '$' => {
                assert_eq!(rest.next(), Some(c), "{line}");
                word.push(c);
            }
            ' ' if !is_quoted => {
                words.extend(is_open.then(|| std::mem::take(&mut word)));
                is_open = false;
            }
            c => (is_open, _) = (true, word.push(c)),
        }
    }
    words.extend(is_open.then_some(word));
    words
}

/// Does what a line of a unit starts, as systemd does: in no folder of anybody's, with next to no environment.
fn does(line: &str, path: &str) -> std::process::ExitStatus {
    let words = words(line);
    Command::new(&words[0]).args(&words[1..]).current_dir("/").env_clear().env("PATH", path).status().unwrap()
}

#[test]
fn the_printed_units_are_valid_and_what_they_start_does_the_job() {
    let more = "cron = \"0 22 13 * FRI\"\ntimezone = \"Europe/Berlin\"\njitter = \"10m\"\ndeadline = \"06:00\"\n";
    let (here, shop) = with_job(more);
    let units = format!("{shop}/units");
    let mut verify = Command::new("systemd-analyze");
    verify.arg("verify").args(here.files(&units).iter().map(|unit| here.path(&units).join(unit)));
    let verified = verify.output().expect("systemd-analyze is there");
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && said.is_empty(), "{said}");

    let service = here.read(&format!("{units}/{NAME}.service"));
    let [start] = &values(&service, "ExecStart")[..] else { panic!("{service}") };
    assert!(does(start, "/usr/bin:/bin").success(), "{start}");
    assert_eq!(here.pictures(&format!("{shop}/output/night ly-rehearsal")), ["bowl", "mug"]);

    // What is caught up with by day would go on until the next morning.
    let [condition] = &values(&service, "ExecCondition")[..] else { panic!("{service}") };
    for (now, starts) in
        [("2200", true), ("2359", true), ("0000", true), ("0559", true), ("0600", false), ("2159", false)]
    {
        here.write("bin/date", &format!("#!/bin/sh\n[ \"$TZ $*\" = 'Europe/Berlin +%H%M' ] && echo {now}\n"));
        std::fs::set_permissions(here.path("bin/date"), std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", here.path("bin").display());
        assert_eq!(does(condition, &path).success(), starts, "{now}");
    }
}

#[test]
fn the_unit_of_the_scheduler_is_valid_too() {
    let (here, shop) = with_job("cron = \"@daily\"\n");
    here.overnight_in(&shop, "schedule --print scheduler -o units").end().exits(0);
    let unit = here.path(&format!("{shop}/units/overnight.service"));
    let verified = Command::new("systemd-analyze").arg("verify").arg(unit).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && said.is_empty(), "{said}");
}

/// The next so many times of a value of `OnCalendar=`, by systemd.
fn elapses(value: &str, after: Moment, number: usize) -> BTreeSet<Moment> {
    let mut analyze = Command::new("systemd-analyze");
    let base = format!("--base-time={}", after.strftime("%Y-%m-%d %H:%M:%S UTC"));
    let iterations = format!("--iterations={number}");
    let output = analyze.args(["calendar", &base, &iterations, value]).env("TZ", "UTC").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{value}: {}", String::from_utf8_lossy(&output.stderr));
    let times = text.lines().filter(|line| line.contains("Next elapse: ") || line.contains("Iter. #"));
    let moment = |line: &str| {
        let (_, time) = line.split_once(": ").unwrap();
        let words: Vec<&str> = time.split_whitespace().collect();
        format!("{}T{}Z", words[1], words[2]).parse().unwrap()
    };
    times.map(moment).collect()
}

#[test]
fn the_times_of_a_timer_are_those_of_its_schedule() {
    const TIMES: usize = 12;
    for (cron, zone) in [
        ("0 22 * * *", "Europe/Berlin"),
        ("*/25 8-10 * JAN,12 *", "America/New_York"),
        ("30 5 13 * FRI", "Asia/Kolkata"),
        ("15 4 */10 * 1", "Australia/Lord_Howe"),
        ("0 0 1-7 * */2", "UTC"),
        ("0 6 29 2 *", "Europe/Berlin"),
        ("0,30 22,23 31 * *", "Europe/Berlin"),
        ("45 23 * 3-5 SAT-SUN", "America/New_York"),
        ("@weekly", "UTC"),
    ] {
        let (here, shop) = with_job(&format!("cron = \"{cron}\"\ntimezone = \"{zone}\"\n"));
        let timer = here.read(&format!("{shop}/units/{NAME}.timer"));
        // No clock is changed soon after it.
        let base: Moment = "2026-11-05T12:00:00Z".parse().unwrap();
        let theirs =
            values(&timer, "OnCalendar").iter().flat_map(|value| elapses(value, base, TIMES)).collect::<BTreeSet<_>>();
        let schedule = Schedule {
            cron: Cron::parse(cron).unwrap(),
            timezone: Some(zone.parse().unwrap()),
            jitter: None,
            missed: Missed::Run,
            missed_within: None,
            deadline: None,
        };
        let ours = schedule.after(Timestamp::from_millis(base.as_millisecond())).take(TIMES);
        let ours: Vec<_> = ours.map(|time| Moment::from_millisecond(time.millis()).unwrap()).collect();
        assert_eq!(theirs.into_iter().take(TIMES).collect::<Vec<_>>(), ours, "{cron} in {zone}: {timer}");
    }
}
