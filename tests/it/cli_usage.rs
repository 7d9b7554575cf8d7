//! What the command line accepts and how it explains itself. Never runs a job.

use overnight::simulator::FaultKind;

use crate::support::workspace::Workspace;

#[test]
fn the_help_of_run_lists_examples_and_exit_codes_and_never_the_values_of_variables() {
    let here = Workspace::new();
    let ended = here.overnight("run --help").env("OVERNIGHT_API_KEY_COMMAND", "print-a-secret").end().exits(0);
    for words in [
        "overnight run products.csv",
        "Exit codes:",
        "130, 143",
        "10 the deadline",
        "--limit, --max-images or --halt-after",
        "OVERNIGHT_CONCURRENCY",
    ] {
        assert!(ended.stdout.contains(words), "{words}");
    }
    assert!(!ended.stdout.contains("print-a-secret"));
}

#[test]
fn the_help_of_simulate_lists_every_kind_of_fault_and_the_word_for_prompts() {
    let help = Workspace::new().overnight("simulate --help").end().exits(0).stdout;
    for (_, name, meaning) in FaultKind::all() {
        assert!(help.lines().any(|line| line.starts_with(&format!("  {name} ")) && line.ends_with(meaning)), "{name}");
    }
    assert!(help.contains("[[simulate:503 cut ok]]"));
}

#[test]
fn the_version_is_printed() {
    let ended = Workspace::new().overnight("--version").end().exits(0);
    assert_eq!(ended.stdout, concat!("overnight ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn what_the_command_line_does_not_know_is_a_mistake_of_usage() {
    let here = Workspace::with_list(1);
    let wrong = [
        "",
        "paint",
        "run",
        "run list.csv --no-such-flag",
        "run list.csv --concurrency 0",
        "run list.csv --limit 0",
        "run list.csv --auth cookie",
        "run list.csv --aspect-ratio 5:3",
        "run list.csv --image-size 2K",
        "run list.csv -q -v",
        "run list.csv --base-url ftp://localhost",
        "run list.csv --base-url http://localhost?key=1",
        "run list.csv --api-key-env A --api-key-file b",
        "run list.csv --name a/b",
        "status --no-such-flag",
        "retry",
        "cancel",
        "simulate --fail explode=1",
        "simulate --auth cookie",
        "simulate --quota 5/hour",
        "simulate --quota 5/min --quota 6/min",
        "simulate --quota 5/day --quota 6/day",
        "simulate --quota-window wide",
        "run list.csv --until 24:00",
        "run list.csv --timezone Berlin",
        "run list.csv --max-duration 0s",
        "run list.csv --max-images 0",
    ];
    for words in wrong {
        let ended = here.overnight(words).end().exits(2);
        assert!(!ended.stderr.is_empty() && ended.stdout.is_empty(), "{words}");
    }
    assert!(!here.path("overnight.db").exists(), "nothing was begun");
}

#[test]
fn options_that_do_not_exist_yet_are_refused_rather_than_ignored() {
    let here = Workspace::with_list(1);
    for words in ["--max-spend 1", "--concurrency 1..64", "--where x"] {
        here.overnight(&format!("run list.csv --rehearse {words}")).end().exits(2);
    }
}

#[test]
fn a_mistyped_flag_is_told_the_nearest() {
    Workspace::new().overnight("run list.csv --concurency 3").end().exits(2).says(&["--concurrency"]);
}

#[test]
fn what_a_command_wants_is_named_with_where_to_find_it() {
    let here = Workspace::with_list(2);
    here.overnight("run list.csv --rehearse").end().exits(0);
    for command in ["retry", "cancel", "show", "export", "verify", "approve", "pause", "resume"] {
        here.overnight(command).end().exits(2).says(&["<JOB>", "`overnight jobs` tells which jobs there are"]);
        let words = if command == "show" { "show nonsense x" } else { command };
        let nonsense = if command == "show" { words.to_owned() } else { format!("{command} nonsense") };
        here.overnight(&format!("{nonsense} --rehearse")).end().exits(2).says(&["no job `nonsense`", "it has list"]);
    }
    for command in ["retry", "cancel"] {
        here.overnight(&format!("{command} list item-1 --rehearse")).end().exits(2).says(&["item-1", "with --item"]);
        let none = here.overnight(&format!("{command} list --rehearse")).end().exits(0).says(&["only "]);
        assert!(none.stdout.starts_with("list: 0 items "), "{}", none.stdout);
    }
    for (output, said) in
        [(".", "--output: . is a folder"), ("nowhere/x.csv", "--output: there is no folder for nowhere/x.csv")]
    {
        here.overnight(&format!("export list --rehearse -o {output}")).end().exits(2).says(&[said]);
    }
}
