//! Environment variables in place of options: which commands know which, what an empty one means, and how a mistake in
//! one is told. Never tests which setting wins over a job file: `cli_precedence` does.

use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

#[test]
fn a_mistake_in_a_variable_is_told_with_its_name() {
    let here = Workspace::with_list(1);
    for (words, variable, value) in [
        ("run list.csv", "OVERNIGHT_CONCURRENCY", "many"),
        ("run list.csv", "OVERNIGHT_MAX_COST_PER_DAY", "much"),
        ("run list.csv", "OVERNIGHT_REHEARSE", "maybe"),
        ("run list.csv", "OVERNIGHT_QUIET", "very"),
        ("run list.csv", "OVERNIGHT_VERBOSE", "very"),
        ("plan list.csv", "OVERNIGHT_RPM", "0"),
        ("status", "OVERNIGHT_REHEARSE", "maybe"),
        ("export list", "OVERNIGHT_IMAGE_URL", "cdn"),
        ("ledger", "OVERNIGHT_TIMEZONE", "Berlin"),
        ("simulate", "OVERNIGHT_SIMULATE_QUOTA", "5/min,many"),
        ("simulate", "OVERNIGHT_SIMULATE_FAIL", "explode=1"),
    ] {
        let ended = here.overnight(words).env(variable, value).end().exits(2);
        ended.says(&["--", "it stands in the environment variable ", variable, "change it there, or unset it"]);
    }
}

#[test]
fn a_mistake_on_the_command_line_is_not_laid_on_a_variable() {
    let here = Workspace::with_list(1);
    for words in ["-c many", "--concurrency=many", "-qc many"] {
        let run = here.overnight(&format!("run list.csv {words}")).env("OVERNIGHT_CONCURRENCY", "many");
        run.end().exits(2).says(&["invalid value 'many'"]).never_says("OVERNIGHT_CONCURRENCY");
    }
    let other = here.overnight("run list.csv --limit none").env("OVERNIGHT_LIMIT", "5").env("OVERNIGHT_RPM", "many");
    other.end().exits(2).says(&["--limit"]).never_says("OVERNIGHT_");
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let here = Workspace::with_list(1);
    let run = here.overnight("run list.csv").env("OVERNIGHT_REHEARSE", "1").env("OVERNIGHT_RPM", "");
    run.env("OVERNIGHT_OUTPUT", "").env("OVERNIGHT_QUIET", "").env("OVERNIGHT_VERBOSE", "").end().exits(0);
    assert_eq!(here.pictures("output/list-rehearsal").len(), 1);
    let help = here.overnight("run --help").env("OVERNIGHT_RPM", "").end().exits(0).stdout;
    assert!(help.contains("[env: OVERNIGHT_RPM]"));
}

#[test]
fn a_switch_is_on_or_off_in_whatever_words_shells_have_for_it() {
    let here = Workspace::with_list(1);
    for (value, is_on) in [("1", true), ("yes", true), ("ON", true), ("0", false), ("no", false), ("off", false)] {
        let told = here.overnight("status").env("OVERNIGHT_REHEARSE", value).end().exits(2).stderr;
        assert_eq!(told.contains("overnight-rehearsal.db"), is_on, "{value}: {told}");
    }
}

#[test]
fn a_run_can_be_made_quiet_or_talkative_by_the_environment() {
    let here = Workspace::with_list(1);
    let run = |words: &str, name: &str| {
        let run = here.overnight(&format!("run list.csv --rehearse {words}")).env(name, "1");
        run.end().exits(0).stderr
    };
    let logged = run("", "OVERNIGHT_VERBOSE");
    assert!(logged.contains("INFO"), "{logged}");
    assert_eq!(run("", "OVERNIGHT_QUIET"), "");
    let logged = run("-v", "OVERNIGHT_QUIET");
    assert!(!logged.is_empty(), "the command line wins");
    assert_eq!(run("-q", "OVERNIGHT_VERBOSE"), "", "the command line wins");
    let both = here.overnight("run list.csv").env("OVERNIGHT_QUIET", "1").env("OVERNIGHT_VERBOSE", "2").end();
    both.exits(2).says(&["OVERNIGHT_QUIET and OVERNIGHT_VERBOSE contradict each other"]);
}

#[test]
fn a_sheet_in_the_environment_is_no_mistake_where_none_is_read() {
    let here = Workspace::new();
    here.overnight("init shop").env("OVERNIGHT_SHEET", "2026").end().exits(0);
    here.overnight("init other --sheet 2026").end().exits(2).says(&["--sheet", "--from"]);
}

#[test]
fn where_pictures_of_a_run_go_is_nothing_to_an_export() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --rehearse").env("OVERNIGHT_OUTPUT", "pictures").end().exits(0);
    let export = here.overnight("export list --rehearse").env("OVERNIGHT_OUTPUT", "pictures");
    assert!(export.env("OVERNIGHT_UNTIL", "06:00").end().exits(0).stdout.starts_with("id,prompt,status"));
}

#[test]
fn the_days_of_the_ledger_are_those_of_the_runs() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    let told = here.overnight("ledger").env("OVERNIGHT_TIMEZONE", "Pacific/Auckland").end().exits(0).stdout;
    assert!(told.contains("Pacific/Auckland"), "{told}");
}

#[test]
fn a_simulator_is_set_up_by_variables_of_its_own() {
    let here = Workspace::with_list(3);
    let simulate = here.overnight("simulate").env("OVERNIGHT_SIMULATE_FAIL", "refused=100%").env("OVERNIGHT_SEED", "x");
    let mut simulate = simulate.env("OVERNIGHT_SIMULATE_SMALL_PICTURES", "1").env("OVERNIGHT_FAIL", "x").start();
    let line = simulate.line().unwrap();
    here.overnight("run list.csv").at(line.strip_prefix("listening on ").unwrap()).end().exits(3);
    assert_eq!(here.status("")["counts"]["failed"], 3);
}

#[test]
fn a_scheduled_job_reads_the_environment_as_a_run_does() {
    let here = Workspace::with_list(1);
    here.write("jobs/nightly.toml", "manifest = \"../list.csv\"\nschedule.cron = \"@daily\"\n");
    for (variable, value) in [("OVERNIGHT_REHEARSE", "1"), ("OVERNIGHT_QUIET", "1"), ("OVERNIGHT_RPM", "")] {
        here.overnight("schedule --next").env(variable, value).end().exits(0);
    }
    let told = here.overnight("schedule --next").env("OVERNIGHT_RPM", "many").end().exits(2);
    told.says(&["it stands in the environment variable OVERNIGHT_RPM"]).never_says("error: error:");
}
