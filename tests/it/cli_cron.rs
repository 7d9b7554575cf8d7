//! `run` as cron and service managers start it: no terminal, hardly an environment, output that is mailed or closed. Never
//! looks at what a person at a terminal sees.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::support::process::Ended;
use crate::support::server::{Server, json};
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

/// What cron would mail of this command, with its exit code. `{}` stands for the program.
fn cron(here: &Workspace, command: &str) -> (i32, String) {
    let line = command.replace("{}", env!("CARGO_BIN_EXE_overnight")).replace("HERE", here.path("").to_str().unwrap());
    let mail = here.path("mail");
    let out = File::create(&mail).unwrap();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &line]).current_dir("/").env_clear().env("HOME", "/").env("PATH", "/usr/bin:/bin");
    let output = shell.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out).status().unwrap();
    (output.code().unwrap(), std::fs::read_to_string(mail).unwrap())
}

#[test]
fn a_night_that_went_well_is_one_line_and_so_is_one_with_nothing_to_do() {
    let here = Workspace::with_list(3);
    here.write("jobs/night.toml", "manifest = '../list.csv'\n");
    let run = "{} run HERE/jobs/night.toml --rehearse";
    let (code, mail) = cron(&here, run);
    assert_eq!((code, mail.lines().count()), (0, 1), "{mail}");
    assert!(mail.starts_with("night: all 3 items are done (rehearsal); 3 made, 0 failed in "), "{mail}");
    let output = here.path("output/night-rehearsal");
    assert!(mail.ends_with(&format!(", nothing was paid; {}\n", output.display())), "{mail}");
    assert_eq!(cron(&here, run), (0, "night: nothing to do: 3 of 3 done (rehearsal)\n".to_owned()));
    assert_eq!(cron(&here, &format!("{run} -q")), (0, String::new()));
}

#[test]
fn a_night_that_cost_something_says_how_much() {
    let (here, simulator) = (Workspace::with_list(2), Simulated::start());
    let ended = here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    ended.says(&["list: all 2 items are done; 2 made, 0 failed in ", " s, $0.0672; /"]);
}

#[test]
fn whoever_asks_for_lines_has_them_also_without_a_terminal() {
    let here = Workspace::with_list(3);
    let ended = here.overnight("run list.csv --rehearse --progress plain").end().exits(0);
    ended.says(&[
        "list: 3 rows read, 3 items new\n",
        " list: 3 items to do\n",
        " list: 3/3 done",
        "\n  this run  3 done in ",
    ]);
}

#[test]
fn what_failed_is_told_with_its_causes_and_what_to_do_quiet_or_not() {
    for quiet in ["", " -q"] {
        let here = Workspace::with_list(40);
        let (code, mail) = cron(
            &here,
            &format!("{{}} run HERE/list.csv --db HERE/a.db -o HERE/out --rehearse --fail refused=100%{quiet}"),
        );
        assert_eq!(code, 3);
        for words in
            ["list: finished, but 40 of 40 items failed\n", "  failed    40 refused: ", "item-1, ", "--refused"]
        {
            assert!(mail.contains(words), "`{words}` is not in:\n{mail}");
        }
        let items = mail.lines().filter(|line| line.contains("✗ item-")).count();
        assert_eq!(items, if quiet.is_empty() { 40 } else { 0 });
        assert!(!mail.contains("rows read"), "{mail}");
    }
}

#[test]
fn an_output_folder_is_named_in_full_where_the_run_was_started_at_the_root() {
    let here = Workspace::with_list(1);
    here.write("jobs/night.toml", "manifest = '../list.csv'\n");
    let (code, mail) = cron(&here, "{} run HERE/jobs/night.toml --rehearse --progress plain");
    assert_eq!(code, 0);
    assert!(mail.contains(&format!("  pictures  {}\n", here.path("output/night-rehearsal").display())), "{mail}");
}

#[test]
fn a_run_whose_output_is_closed_makes_its_pictures_and_has_its_code() {
    for (closed, fail, code) in [
        (">&- 2>&-", "", 0),
        (">&- 2>&- <&-", "--events -", 0),
        (">&- 2>&-", "--fail refused=100%", 3),
        ("2>/dev/full >/dev/full", "", 0),
        ("2>/dev/full", "--fail refused=100% -v", 3),
    ] {
        let here = Workspace::with_list(2);
        here.write("jobs/night.toml", "manifest = '../list.csv'\n[hooks]\non_item = 'echo told >> told; echo loud'\n");
        let (ended, _) = cron(&here, &format!("{{}} run HERE/jobs/night.toml --rehearse {fail} {closed}"));
        assert_eq!(ended, code, "{closed} {fail}");
        let made = if code == 0 { 2 } else { 0 };
        assert_eq!(here.pictures("output/night-rehearsal").len(), made, "{closed} {fail}");
        assert_eq!(here.read("told").lines().count(), 2, "{closed} {fail}");
    }
}

#[test]
fn nothing_is_asked_without_a_terminal_and_a_key_that_is_missing_is_a_failure_in_a_few_lines() {
    let here = Workspace::with_list(1);
    let (code, mail) = cron(&here, "{} run HERE/list.csv --db HERE/a.db -o HERE/out");
    assert_eq!((code, mail.lines().count()), (2, 1), "{mail}");
    assert!(
        mail.starts_with("error: no API key: the environment variable OVERNIGHT_API_KEY is not set; set it"),
        "{mail}"
    );
}

#[test]
fn a_halted_night_says_why_and_how_it_goes_on() {
    let refusal = r#"{"error":{"code":403,"message":"Billing is off.","status":"PERMISSION_DENIED"}}"#;
    let (here, server) = (Workspace::with_list(3), Server::start([json(403, refusal)]));
    let ended: Ended = here.overnight("run list.csv -c 1 -q").at(&server.url()).end().exits(4);
    assert!(ended.stderr.starts_with("list: halted, 3 of 3 items still queued\n"), "{}", ended.stderr);
    assert!(ended.stderr.lines().last().unwrap().starts_with("halted: "), "{}", ended.stderr);
    assert!(ended.stderr.lines().count() < 12, "{}", ended.stderr);
    ended.says(&["Billing is off.", "overnight run list.csv -c 1 -q", "# goes on when the cause is mended"]);
}
