//! `kill -9` at a chosen moment: the same command completes the job, and being killed costs an item nothing. Never
//! leaves the moment to chance.

use std::fs::{self, DirEntry};
use std::io;
use std::time::Instant;

use crate::support::database::Snapshot;
use crate::support::gate::Gate;
use crate::support::process::PATIENCE;
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

/// Kills a run that has two of three requests in flight, and opens the gate.
fn killed_in_flight(flags: &str) -> (Workspace, Gate) {
    let (here, gate) = (Workspace::with_list(3), Gate::shut());
    let run = here.overnight(&format!("run list.csv -c 2 {flags}")).at(&gate.url()).start();
    gate.wait_for(2);
    run.kill();
    gate.open();
    (here, gate)
}

#[test]
fn the_same_command_completes_a_killed_run_at_once() {
    let (here, gate) = killed_in_flight("");
    assert!(here.pictures("output/list").is_empty());
    let ended = here.overnight("run list.csv -c 2").at(&gate.url()).end().exits(0);
    ended.says(&[
        "an earlier run did not come to its end: going on from there",
        "2 of its requests lost and maybe billed",
    ]);
    assert_eq!(here.pictures("output/list").len(), 3);
    let status = here.status("");
    assert_eq!((&status["attempts"], &status["lost_attempts"]), (&5.into(), &2.into()));
}

#[test]
fn being_killed_costs_an_item_none_of_its_attempts() {
    let (here, gate) = killed_in_flight("--max-attempts 1");
    here.overnight("run list.csv -c 2 --max-attempts 1").at(&gate.url()).end().exits(0);
    let database = Snapshot::of(&here.path("overnight.db"));
    assert_eq!(database.number("SELECT min(counted) FROM items"), 1);
    assert_eq!(database.number("SELECT max(counted) FROM items"), 1);
    assert_eq!(database.texts("SELECT state FROM attempts ORDER BY id LIMIT 2", []), ["lost", "lost"]);
}

#[test]
fn what_was_lost_waits_for_a_person_where_the_job_says_so() {
    let (here, gate) = killed_in_flight("");
    here.overnight("run list.csv --on-lost hold").at(&gate.url()).end().exits(3).says(&["overnight retry list --lost"]);
    assert_eq!(here.status("")["failed_by_kind"]["lost"], 2);
    assert_eq!(gate.seen().len(), 3, "only what was never sent");
    here.overnight("retry list").end().exits(0);
    assert_eq!(here.status("")["counts"]["failed"], 2, "a retry without a choice leaves the lost alone");
    here.overnight("retry list --lost").end().exits(0);
    here.overnight("run list.csv").at(&gate.url()).end().exits(0);
}

#[test]
fn what_was_done_before_the_kill_is_not_bought_again() {
    let (here, gate) = (Workspace::with_list(3), Gate::shut());
    let mut run = here.overnight("run list.csv -c 1 --events -").at(&gate.url()).start();
    gate.open_to(1);
    run.event("attempt_ended");
    gate.wait_for(2);
    run.kill();
    let results = here.path("output/list/results.csv");
    assert!(!results.exists(), "the killed run could not write them");
    gate.open();
    here.overnight("run list.csv -c 1").at(&gate.url()).end().exits(0);
    let prompts = gate.prompts();
    assert_eq!(prompts.iter().filter(|prompt| prompt.ends_with("number 1")).count(), 1, "{prompts:?}");
    assert!(results.exists());
}

/// Kills a run whose two answers came while another program kept the database locked.
fn killed_before_it_could_record() -> (Workspace, Gate) {
    let (here, gate) = (Workspace::with_list(3), Gate::shut());
    killed_while_locked(&here, &gate);
    (here, gate)
}

fn killed_while_locked(here: &Workspace, gate: &Gate) {
    let run = here.overnight("run list.csv -c 2").at(&gate.url()).start();
    gate.wait_for(2);
    let other = rusqlite::Connection::open(here.path("overnight.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    gate.open();
    let notes = || fs::read_dir(here.path("output/list/.staging/list")).unwrap().filter(is_whole_note).count();
    let start = Instant::now();
    while notes() < 2 {
        assert!(start.elapsed() < PATIENCE, "no answer was written down");
        std::thread::yield_now();
    }
    run.kill();
}

fn is_whole_note(file: &io::Result<DirEntry>) -> bool {
    let path = file.as_ref().unwrap().path();
    path.extension().is_some_and(|extension| extension == "receipt")
        && serde_json::from_slice::<serde_json::Value>(&fs::read(path).unwrap()).is_ok()
}

#[test]
fn what_was_received_and_never_recorded_is_found_in_staging_and_not_bought_again() {
    let (here, gate) = killed_before_it_could_record();
    let ended = here.overnight("run list.csv").at(&gate.url()).end().exits(0);
    ended.says(&[
        "an earlier run did not come to its end: going on from there",
        "2 answers received and not asked for again",
    ]);
    assert_eq!((here.pictures("output/list").len(), gate.seen().len()), (3, 3));
    assert_eq!(here.status("")["lost_attempts"], 0);
    assert!(!here.path("output/list/.staging").exists());
}

#[test]
fn a_person_who_takes_items_out_or_puts_them_back_loses_none_that_was_received() {
    let (here, gate) = killed_before_it_could_record();
    here.overnight("cancel list").end().exits(0);
    here.overnight("retry list --item item-1").end().exits(0);
    here.overnight("run list.csv").at(&gate.url()).end().exits(0);
    assert_eq!((here.pictures("output/list"), gate.seen().len()), (vec!["item-1".into(), "item-2".into()], 2));
}

#[test]
fn an_output_folder_that_is_gone_while_answers_may_wait_in_it_stops_the_run_until_it_is_back() {
    let (here, gate) = killed_before_it_could_record();
    fs::rename(here.path("output"), here.path("elsewhere")).unwrap();
    let ended = here.overnight("run list.csv").at(&gate.url()).end().exits(1);
    ended.says(&["output/list is gone, and pictures that were paid lie or wait in it; mount it or put it back"]);
    // A disk that is not mounted leaves an empty folder.
    fs::create_dir_all(here.path("output/list")).unwrap();
    here.overnight("run list.csv").at(&gate.url()).end().exits(1).says(&["output/list/.staging/list is gone"]);
    fs::remove_dir_all(here.path("output")).unwrap();
    fs::rename(here.path("elsewhere"), here.path("output")).unwrap();
    here.overnight("run list.csv").at(&gate.url()).end().exits(0);
    assert_eq!(gate.seen().len(), 3);
}

#[test]
fn a_job_whose_pictures_are_gone_with_their_folder_is_not_run_over_them() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    let run = || here.overnight("run list.csv").at(&simulator.url()).end();
    run().exits(0);
    fs::rename(here.path("output/list"), here.path("elsewhere")).unwrap();
    run().exits(1).says(&["output/list is gone", "to go on without them, make an empty folder there"]);
    assert!(!here.path("output/list").exists(), "so that nothing looks like a folder somebody emptied");
    fs::create_dir(here.path("output/list")).unwrap();
    run().exits(0);
}

#[test]
fn an_older_copy_of_the_database_neither_takes_nor_sweeps_what_it_does_not_know() {
    let (here, gate) = (Workspace::with_list(3), Gate::shut());
    here.overnight("run list.csv --limit 1 -c 1").at(&Simulated::start().url()).end().exits(5);
    fs::copy(here.path("overnight.db"), here.path("older.db")).unwrap();
    killed_while_locked(&here, &gate);
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(here.path(&format!("overnight.db{end}")));
    }
    fs::copy(here.path("older.db"), here.path("overnight.db")).unwrap();
    let ended = here.overnight("run list.csv").at(&gate.url()).end().exits(1);
    ended.says(&["2 whole answers lie in", "an older copy of it was brought back", "move these files away"]);
    assert_eq!(gate.seen().len(), 2, "nothing is asked for again");
}

#[test]
fn a_run_killed_after_its_last_picture_still_gets_its_results() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    let mut run = here.overnight("run list.csv --events -").at(&simulator.url()).start();
    run.event("attempt_ended");
    run.kill();
    here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    assert_eq!(here.read("output/list/results.csv").lines().count(), 2);
    assert_eq!(simulator.stats().requests, 1);
}
