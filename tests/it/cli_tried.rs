//! Every command tried with nothing and with nonsense: which code that gives, and what is said of the way out; and that
//! what it prints for machines is JSON. A command that stands in no row of the table is a failure.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use super::cli_help::commands;
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

/// What a command does that is given nothing, in a folder that holds nothing.
enum Alone {
    /// Ends with this code, and says this, on stdout or stderr.
    Ends(i32, &'static str),
    /// Ends with code 1, having found this, which it tells on stdout.
    Finds(&'static str),
    /// Goes on until it is stopped, which is no failure.
    Serves,
}
use Alone::{Ends, Finds, Serves};

/// A command, what it does alone, nonsense with what is said of it (code 2, if none stands before it), and what prints
/// JSON. Beside the command lie `list.csv`, which has been run, `jobs` with a job that has a schedule, `folder` with
/// nothing in it, and `binary.csv` and `binary.toml`, which are neither.
type Row = (&'static str, Alone, &'static [(&'static str, &'static str)], &'static [&'static str]);

#[rustfmt::skip]
const TRIED: &[Row] = &[
    ("init", Ends(0, "Next:"), &[("--from gone.csv", "name a manifest that is there"), ("--from binary.csv", "save the file as UTF-8"), ("--sheet A", "--from")], &[]),
    ("plan", Ends(2, "<JOB.toml|MANIFEST>"), &[("folder", "name a folder of images"), ("binary.csv", "save the file as UTF-8"), ("binary.toml", "name a job file that is there"), ("gone.csv", "name a manifest that is there")], &["list.csv --json"]),
    ("run", Ends(2, "<JOB.toml|MANIFEST>"), &[("folder", "name a folder of images"), ("binary.csv", "save the file as UTF-8"), ("binary.toml", "name a job file that is there"), ("gone.csv", "name a manifest that is there")], &["list.csv --events -"]),
    ("status", Ends(2, "a run makes it"), &[("nobody", "it has list"), ("folder", "it has list"), ("binary.toml", "name a job file that is there")], &["--json", "list --json"]),
    ("jobs", Ends(2, "a run makes it"), &[("list.csv", "--help"), ("--db folder", "folder")], &["--json"]),
    ("show", Ends(2, "<ITEM>"), &[("nobody mug", "it has list"), ("list mug", "item `mug`"), ("binary.toml mug", "name a job file that is there")], &["list item-1 --json"]),
    ("ledger", Ends(2, "a run makes it"), &[("nobody", "it has list"), ("folder", "it has list"), ("--since today", "2026-11-01"), ("--timezone Mars", "Europe/Berlin")], &["--json", "list --format json"]),
    ("retry", Ends(2, "<JOB>"), &[("nobody", "it has list"), ("list --item mug", "item `mug`"), ("folder", "it has list")], &[]),
    ("cancel", Ends(2, "<JOB>"), &[("nobody", "it has list"), ("list --item mug", "item `mug`"), ("folder", "it has list")], &[]),
    ("approve", Ends(2, "<JOB>"), &[("nobody", "it has list"), ("folder", "it has list"), ("binary.toml", "name a job file that is there")], &[]),
    ("pause", Ends(2, "<JOB>"), &[("nobody", "it has list"), ("folder", "it has list"), ("binary.toml", "name a job file that is there")], &[]),
    ("resume", Ends(2, "<JOB>"), &[("nobody", "it has list"), ("folder", "it has list"), ("binary.toml", "name a job file that is there")], &[]),
    ("export", Ends(2, "<JOB>"), &[("nobody", "it has list"), ("folder", "it has list"), ("list --format odd", "shopify"), ("list --image-url x", "https://cdn.shop.example")], &["list --format jsonl"]),
    ("verify", Ends(2, "<JOB>"), &[("nobody", "it has list"), ("folder", "it has list"), ("binary.toml", "name a job file that is there")], &["list --json"]),
    ("review", Ends(2, "<JOB>"), &[("nobody", "it has list"), ("folder", "it has list"), ("list --static list.csv", "is the job's manifest"), ("list --static folder --open", "cannot be used with")], &[]),
    ("prune", Ends(2, "a run makes it"), &[("nobody", "it has list"), ("folder", "it has list"), ("--older-than x", "such as")], &["--json"]),
    ("doctor", Finds("check the base URL"), &[("nobody", "it has list"), ("--timezone x", "Europe/Berlin")], &["list.csv --rehearse --json"]),
    ("schedule", Ends(2, "[schedule]"), &[("folder", "[schedule]"), ("list.csv", "(.toml)"), ("--print x", "crontab, systemd, scheduler"), ("--next 0", "from 1 to 1440")], &["--next --json"]),
    ("simulate", Serves, &[("--port x", "a number up to 65535"), ("--bind x", "127.0.0.1"), ("--seed x", "a whole number"), ("list.csv", "--help")], &[]),
    ("completions", Ends(2, "bash|elvish|fish|powershell|zsh"), &[("csh", "bash, elvish, fish, powershell, zsh"), ("list.csv", "bash, elvish, fish, powershell, zsh")], &[]),
    ("man", Ends(0, ".SH NAME"), &[("folder list.csv", "--help")], &[]),
];

fn place() -> (Workspace, Simulated) {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    fs::create_dir(here.path("folder")).unwrap();
    here.write("jobs/nightly.toml", "manifest = '../list.csv'\n[schedule]\ncron = '0 22 * * *'\n");
    ["binary.csv", "binary.toml"].iter().for_each(|file| fs::write(here.path(file), b"\x7fELF\xff\x00\xfe").unwrap());
    (here, simulator)
}

#[test]
fn every_command_has_been_tried() {
    let tried: Vec<&str> = TRIED.iter().map(|row| row.0).collect();
    assert_eq!(commands(), tried, "a command without a row, or a row without a command");
}

#[test]
fn a_command_without_words_does_its_work_or_says_what_it_wants() {
    for (command, alone, ..) in TRIED {
        let here = Workspace::new();
        match alone {
            Ends(code, says) => {
                let ended = here.overnight(command).end().exits(*code);
                let told = if *code == 0 { &ended.stdout } else { &ended.stderr };
                assert!(told.contains(says), "{command}: `{says}` is not in:\n{told}");
                assert!(*code == 0 || ended.stdout.is_empty(), "{command}: {}", ended.stdout);
            }
            Finds(what) => {
                let ended = here.overnight(command).env("OVERNIGHT_BASE_URL", "http://127.0.0.1:1").end().exits(1);
                assert!(ended.stdout.contains(what), "{command}: `{what}` is not in:\n{}", ended.stdout);
            }
            Serves => {
                let mut running = here.overnight(command).start();
                running.line().expect("a word that it is there");
                running.signal(Signal::TERM);
                running.end().exits(0);
            }
        }
    }
}

#[test]
fn nonsense_is_a_mistake_of_usage_that_is_told_with_its_remedy() {
    let (here, simulator) = place();
    let asked = simulator.stats().requests;
    for (command, _, nonsense, _) in TRIED {
        let flag = ("--no-such-flag", "--no-such-flag");
        for (words, says) in nonsense.iter().chain([&flag]) {
            let ended = here.overnight(&format!("{command} {words}")).end();
            let told = format!("{command} {words}:\n{}{}", ended.stdout, ended.stderr);
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{told}");
            assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains(says), "`{says}` is not in: {told}");
        }
    }
    assert_eq!(simulator.stats().requests, asked, "something was sent");
}

#[test]
fn what_is_printed_for_machines_is_json() {
    let (here, simulator) = place();
    for (command, _, _, json) in TRIED {
        let help = here.overnight(&format!("{command} --help")).end().exits(0).stdout;
        assert_eq!(help.contains("\n      --json\n"), json.iter().any(|words| words.contains("--json")), "{command}");
        for words in *json {
            let ended = here.overnight(&format!("{command} {words}")).env("OVERNIGHT_BASE_URL", &simulator.url()).end();
            let printed = ended.exits(0).stdout;
            let documents: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(&printed).into_iter().collect();
            assert!(documents.is_ok_and(|all| !all.is_empty()), "{command} {words}: {printed}");
        }
    }
}
