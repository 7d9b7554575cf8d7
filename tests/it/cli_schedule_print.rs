//! What `overnight schedule --print` prints, as text: `tests/system` gives it to cron and systemd. Never installs any.

use crate::support::workspace::Workspace;

/// A workspace with a job whose file says this beside its manifest.
fn with_job(text: &str) -> Workspace {
    let here = Workspace::with_list(1);
    here.write("jobs/nightly.toml", &format!("manifest = \"../list.csv\"\n{text}"));
    here
}

fn crontab(here: &Workspace) -> String {
    here.overnight("schedule --print crontab").end().exits(0).stdout
}

fn unit(here: &Workspace, name: &str) -> String {
    here.overnight("schedule --print systemd -o units").end().exits(0);
    here.read(&format!("units/{name}"))
}

#[test]
fn a_crontab_says_all_that_cron_can_do() {
    let here = with_job("[schedule]\ncron = '0,30 22 * JAN-MAR FRI-SUN'\njitter = '10m'\ndeadline = '06:00'\n");
    let (printed, job) = (crontab(&here), here.path("jobs/nightly.toml"));
    let line = printed.lines().last().unwrap();
    let expected = "0,30 22 * 1-3 0,5,6 sleep \"$(shuf -i 0-600 -n 1)\" && ";
    assert!(line.starts_with(expected), "{printed}");
    assert!(line.ends_with(&format!("/overnight run {} --until 06:00 -q", job.display())), "{printed}");
    for words in ["# Cron lets be what it missed", "# Its key: cron has no OVERNIGHT_API_KEY.", "as api_key_file"] {
        assert!(printed.contains(words), "{printed}");
    }
    let with_key = with_job("api_key_file = 'key'\n[schedule]\ncron = '@daily'\nmissed = 'skip'\ndeadline = '90m'\n");
    let printed = crontab(&with_key);
    assert!(!printed.contains("key") && !printed.contains("Cron lets be"), "{printed}");
    assert!(printed.lines().last().unwrap().ends_with("nightly.toml --max-duration 90m -q"), "{printed}");
}

#[test]
fn the_earlier_of_two_deadlines_is_printed_or_that_neither_is() {
    for (text, options) in [
        ("until = '05:00'\n[schedule]\ncron = '0 22 * * *'\ndeadline = '06:00'\n", ""),
        ("until = '07:00'\n[schedule]\ncron = '0 22 * * *'\ndeadline = '06:00'\n", " --until 06:00"),
        ("max_duration = '2h'\n[schedule]\ncron = '0 22 * * *'\ndeadline = '8h'\n", ""),
        ("max_duration = '9h'\n[schedule]\ncron = '0 22 * * *'\ndeadline = '8h'\n", " --max-duration 8h"),
        ("max_duration = '9h'\n[schedule]\ncron = '0 22 * * *'\ndeadline = '06:00'\n", " --until 06:00"),
    ] {
        let printed = crontab(&with_job(text));
        assert!(printed.trim_end().ends_with(&format!("nightly.toml{options} -q")), "{text}: {printed}");
    }
    let here = with_job("until = '12:00'\n[schedule]\ncron = '0 22,10 * * *'\ndeadline = '06:00'\n");
    let words = "nightly: now its deadline and now its `until` is the earlier, which one command cannot say";
    here.overnight("schedule --print crontab").end().exits(2).says(&[words]);
    let zones = "timezone = 'UTC'\n[schedule]\ncron = '0 22 * * *'\ntimezone = 'Asia/Kolkata'\ndeadline = '06:00'\n";
    let words = "nightly: its deadline is by other clocks than what else it says";
    with_job(zones).overnight("schedule --print systemd").end().exits(2).says(&[words]);
}

#[test]
fn what_cron_cannot_do_is_told_and_not_printed() {
    let here = with_job("[schedule]\ncron = '0 22 * * *'\ntimezone = 'Asia/Kolkata'\n");
    let ended = here.overnight("schedule --print crontab").env("TZ", "Europe/Berlin").end().exits(2);
    let ended =
        ended.says(&["nightly goes by the clocks of Asia/Kolkata, and cron by the machine's, Europe/Berlin: use"]);
    assert!(!ended.stdout.contains(" 22 * * * /"), "{}", ended.stdout);
    let at_home = here.overnight("schedule --print crontab").env("TZ", "Asia/Calcutta").end().exits(0).stdout;
    assert!(at_home.contains("\n0 22 * * * /"), "another name for the same clocks: {at_home}");
    here.overnight("schedule --print crontab -o x").end().exits(2).says(&["--output is for units of systemd"]);
}

#[test]
fn units_say_when_how_and_until_when() {
    let here = with_job(
        "request_timeout = '5m'\n[schedule]\ncron = '0 22 1 * MON'\ntimezone = 'Asia/Kolkata'\njitter = '90s'\n\
         deadline = '8h'\n",
    );
    let timer = unit(&here, "overnight-nightly.timer");
    for line in [
        "OnCalendar=*-*-01 22:00:00 Asia/Kolkata",
        "OnCalendar=Mon *-*-* 22:00:00 Asia/Kolkata",
        "AccuracySec=1s",
        "RandomizedDelaySec=90s",
        "Persistent=true",
        "WantedBy=timers.target",
    ] {
        assert!(timer.lines().any(|known| known == line), "{line}: {timer}");
    }
    let zoned = with_job("[schedule]\ncron = '0 22 * * *'\ntimezone = 'Asia/Kolkata'\ndeadline = '06:00'\n");
    let service = unit(&zoned, "overnight-nightly.service");
    assert!(service.contains("nightly.toml --timezone Asia/Kolkata --until 06:00\n"), "{service}");
    let service = unit(&here, "overnight-nightly.service");
    for words in
        ["--max-duration 8h\n", "TimeoutStopSec=360\n", "SuccessExitStatus=5 8 10 75 ", "write OVERNIGHT_API_KEY=..."]
    {
        assert!(service.contains(words), "{words}: {service}");
    }
    assert!(!service.contains("test-key"), "{service}");
    let night = with_job("[schedule]\ncron = '30 2 * * *'\ntimezone = 'Europe/Berlin'\nmissed = 'skip'\n");
    let timer = unit(&night, "overnight-nightly.timer");
    assert!(timer.contains("Persistent=false\n") && timer.contains("clocks leap over 02:30"), "{timer}");
}

#[test]
fn units_are_written_over_only_where_they_were_made_here() {
    let here = with_job("schedule.cron = '@daily'\n");
    for _ in 0..2 {
        let ended = here.overnight("schedule --print systemd -o units").end().exits(0);
        ended.says(&["made ", "/units/overnight-nightly.service\n", "/units/overnight-nightly.timer\n"]);
    }
    here.write("units/overnight-nightly.timer", "[Timer]\n");
    let ended = here.overnight("schedule --print systemd -o units").end().exits(2);
    ended.says(&["overnight-nightly.timer is there and was not made by this program; move it away"]);
    assert_eq!(here.read("units/overnight-nightly.timer"), "[Timer]\n");
    let text = here.overnight("schedule --print scheduler").end().exits(0).stdout;
    assert!(
        text.contains("\n# overnight.service\n") && text.contains("ExecReload=/bin/kill -HUP $MAINPID\n"),
        "{text}"
    );
}

#[test]
fn what_only_this_environment_says_is_told() {
    let here = with_job("schedule.cron = '@daily'\n");
    let print = here.overnight("schedule --print crontab").env("OVERNIGHT_MODEL", "some-model");
    print.end().exits(0).says(&["neither cron nor systemd has OVERNIGHT_MODEL of this environment"]);
}

#[test]
fn two_jobs_of_one_name_have_no_units() {
    let here = with_job("schedule.cron = '@daily'\n");
    here.write("more/nightly.toml", "manifest = \"../list.csv\"\nschedule.cron = '@daily'\n");
    for more in ["", " -o units"] {
        let ended = here.overnight(&format!("schedule jobs more --print systemd{more}")).end().exits(2);
        ended.says(&["jobs/nightly.toml and more/nightly.toml are both called `nightly`", "give one another `name`"]);
    }
    assert!(!here.path("units").exists());
}

#[test]
fn units_leave_alone_what_is_no_text() {
    let here = with_job("schedule.cron = '@daily'\n");
    here.write("units/overnight-nightly.timer", "");
    std::fs::write(here.path("units/overnight-nightly.timer"), [0xff, 0xfe, 1]).unwrap();
    let ended = here.overnight("schedule --print systemd -o units").end().exits(2);
    ended.says(&["overnight-nightly.timer is there and was not made by this program"]);
    assert_eq!(std::fs::read(here.path("units/overnight-nightly.timer")).unwrap(), [0xff, 0xfe, 1]);
}

#[test]
fn units_wait_for_the_hooks_and_say_what_they_cannot() {
    let schedule = "[schedule]\ncron = '@daily'\nmissed_within = '6h'\n";
    let plain = with_job(schedule);
    assert!(unit(&plain, "overnight-nightly.service").contains("\nTimeoutStopSec=240\n"));
    assert!(unit(&plain, "overnight-nightly.timer").contains("missed_within = \"6h\" holds elsewhere."));
    let hooks = "[hooks]\non_item = 'cat'\non_failure = [{ command = 'cat', timeout = '20s' }, { url = 'http://127.0.0.1/' }]\n";
    let told = with_job(&format!("{schedule}{hooks}"));
    // 180 s for an answer, 60 for the rest of the run, 60 for the items, 20 for the command, 30 and 10 for the request.
    assert!(unit(&told, "overnight-nightly.service").contains("\nTimeoutStopSec=360\n"));
}

#[test]
fn a_path_that_no_line_can_hold_is_in_no_unit() {
    let here = with_job("");
    here.write("odd\nExecStartPre=x/a.toml", "manifest = \"../list.csv\"\n[schedule]\ncron = '@daily'\n");
    for what in ["crontab", "systemd", "scheduler"] {
        let ended = here.overnight("schedule --print").arg(what).arg("odd\nExecStartPre=x").end().exits(2);
        assert_eq!(ended.says(&["give it another name"]).stdout, "", "{what}");
    }
}
