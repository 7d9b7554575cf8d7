//! `--rehearse`: the same run without key, network or cost, beside the real one. Never mixes the two.

use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

#[test]
fn a_rehearsal_needs_no_key_and_keeps_to_a_database_and_folder_of_its_own() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --rehearse").without_key().end().exits(0).says(&["nothing was paid"]);
    assert_eq!(here.pictures("output/list-rehearsal"), ["item-1"]);
    assert!(here.path("overnight-rehearsal.db").exists());
    assert!(!here.path("overnight.db").exists() && !here.path("output/list").exists());
}

#[test]
fn given_places_get_the_suffix_too() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --rehearse -o pictures/v1.5 --db books/night.db").end().exits(0);
    assert_eq!(here.pictures("pictures/v1.5-rehearsal"), ["item-1"]);
    assert!(here.path("books/night-rehearsal.db").exists());
    let status = here.status("--rehearse --db books/night.db");
    assert_eq!(status["counts"]["done"], 1);
}

#[test]
fn a_rehearsal_makes_nothing_done_in_the_real_job() {
    let (here, simulator) = (Workspace::with_list(2), Simulated::start());
    here.overnight("run list.csv --rehearse").end().exits(0);
    here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    assert_eq!(simulator.stats().answered, 2);
}

#[test]
fn the_server_a_job_names_hears_nothing_of_its_rehearsal() {
    let (here, simulator) = (Workspace::with_list(2), Simulated::start());
    here.overnight("run list.csv --rehearse").at(&simulator.url()).end().exits(0);
    assert_eq!(simulator.stats().requests, 0);
}

#[test]
fn faults_are_had_for_the_asking_and_only_in_a_rehearsal() {
    let here = Workspace::with_list(2);
    here.overnight("run list.csv --rehearse --fail refused=100%").end().exits(3);
    here.overnight("run list.csv --rehearse --fail explode=1").end().exits(2).says(&["--fail", "no kind of fault"]);
    here.overnight("run list.csv --fail refused=100%").end().exits(2).says(&["--fail", "--rehearse"]);
    assert!(!here.path("overnight.db").exists());
}

#[test]
fn a_prompt_says_what_is_to_go_wrong_with_it() {
    let here = Workspace::with_list(0);
    let rows = ["a,a cup [[simulate:html cut ok]]", "b,a jug [[simulate:gateway-refused]]", "c,a bowl"];
    here.write("list.csv", &format!("id,prompt\n{}\n", rows.join("\n")));
    here.overnight("run list.csv --rehearse").end().exits(3);
    let status = here.status("--rehearse");
    assert_eq!((&status["counts"]["done"], &status["failed_by_kind"]["refused"]), (&2.into(), &1.into()));
    assert_eq!((&status["attempts"], &status["lost_attempts"]), (&5.into(), &1.into()));
}

#[test]
fn a_job_file_that_rehearses_is_found_there_by_its_path() {
    let here = Workspace::with_list(1);
    let job = "manifest = \"../list.csv\"\nrehearse = true\nfail = [\"refused=100%\"]\n";
    here.write("jobs/demo.toml", job);
    here.overnight("run jobs/demo.toml").end().exits(3).says(&["overnight retry"]);
    assert_eq!(here.status("jobs/demo.toml")["counts"]["failed"], 1);
    let said = here.overnight("retry jobs/demo.toml --refused").end().exits(0).stdout;
    assert_eq!(said, "demo: 1 item queued again\n");
    let said = here.overnight("cancel jobs/demo.toml").end().exits(0).stdout;
    assert_eq!(said, "demo: 1 item taken out\n");
    here.overnight("status demo").end().exits(2).says(&["there is no database"]);
}

#[test]
fn the_commands_that_a_rehearsal_ends_with_do_what_they_say() {
    let here = Workspace::with_list(1);
    here.write("jobs/demo.toml", "manifest = \"../list.csv\"\nrehearse = true\nfail = [\"refused=100%\"]\n");
    let ended = here.overnight("run jobs/demo.toml").end().exits(3);
    let program = concat!(env!("CARGO_BIN_EXE_overnight"), " ");
    let commands: Vec<&str> = ended.stderr.lines().filter_map(|line| line.trim().strip_prefix(program)).collect();
    assert_eq!(commands.len(), 2, "{}", ended.stderr);
    let words = |command: &str| command.split('#').next().unwrap().to_owned();
    here.overnight(&words(commands[0])).end().exits(0);
    assert_eq!(here.status("jobs/demo.toml")["counts"]["queued"], 1);
    here.overnight(&words(commands[1])).end().exits(3);
}
