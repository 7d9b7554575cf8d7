//! A workspace database that is not what it should be: damaged, foreign, newer, older. What is said must say what to do.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;

use rusqlite::Connection;

use crate::support::process::Ended;
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

const DATABASE: &str = "overnight.db";

/// A workspace whose job is done but for one item, and what makes its pictures.
fn nearly_done() -> (Workspace, Simulated) {
    let (here, simulator) = (Workspace::with_list(60), Simulated::start());
    here.overnight("run list.csv --limit 59").at(&simulator.url()).end().exits(5);
    assert!(!here.path("overnight.db-wal").exists(), "a run that ended leaves one file");
    (here, simulator)
}

/// Runs it again, and expects that nothing is asked for and nothing changed.
fn refused(here: &Workspace, simulator: &Simulated, code: i32) -> Ended {
    let before = (fs::read(here.path(DATABASE)).unwrap(), simulator.stats().requests);
    let ended = here.overnight("run list.csv").at(&simulator.url()).end().exits(code);
    assert_eq!(simulator.stats().requests, before.1);
    assert!(fs::read(here.path(DATABASE)).unwrap() == before.0, "whoever looks into it finds it as it was");
    ended
}

fn length(here: &Workspace) -> u64 {
    fs::metadata(here.path(DATABASE)).unwrap().len()
}

fn overwrite(here: &Workspace, from: u64, bytes: &[u8]) {
    OpenOptions::new().write(true).open(here.path(DATABASE)).unwrap().write_all_at(bytes, from).unwrap();
}

fn cut(here: &Workspace, length: u64) {
    OpenOptions::new().write(true).open(here.path(DATABASE)).unwrap().set_len(length).unwrap();
}

#[test]
fn zeros_in_the_middle_of_the_database_stop_the_run_before_anything_is_asked_for() {
    let (here, simulator) = nearly_done();
    let length = length(&here);
    overwrite(&here, 4096, &vec![0; usize::try_from(length).unwrap() - 4096]);
    refused(&here, &simulator, 1).says(&["overnight.db", "the file is damaged; bring back a copy"]);
    here.overnight("status").end().exits(1).says(&["the file is damaged; bring back a copy"]);
}

/// Not every page is looked at by every run: but what is found is told as what it is, and nothing is bought twice.
#[test]
fn zeros_in_any_page_of_the_database_are_told_or_harmless() {
    let (here, simulator) = nearly_done();
    let whole = fs::read(here.path(DATABASE)).unwrap();
    let pages = whole.len() / 4096;
    let mut told = 0;
    for page in (1..pages).step_by(pages.div_ceil(12)) {
        let mut damaged = whole.clone();
        damaged[page * 4096..][..4096].fill(0);
        for beside in ["overnight.db-wal", "overnight.db-shm"] {
            let _ = fs::remove_file(here.path(beside));
        }
        fs::write(here.path(DATABASE), damaged).unwrap();
        let before = simulator.stats().requests;
        let ended = here.overnight("run list.csv").at(&simulator.url()).end();
        assert!(simulator.stats().requests - before <= 1, "only one picture is missing");
        if ended.code != Some(0) {
            ended.exits(1).says(&["the file is damaged; bring back a copy"]);
            told += 1;
        }
    }
    assert!(told > 0, "of {pages} pages");
}

#[test]
fn a_database_that_lost_its_end_stops_the_run_before_anything_is_asked_for() {
    let (here, simulator) = nearly_done();
    let length = length(&here);
    for left in [length / 2 / 4096 * 4096, 50] {
        cut(&here, left);
        refused(&here, &simulator, 1).says(&["overnight.db", "the file is damaged; bring back a copy"]);
    }
}

#[test]
fn a_database_that_was_cut_to_nothing_is_not_taken_for_a_new_one() {
    let (here, simulator) = nearly_done();
    cut(&here, 0);
    refused(&here, &simulator, 2).says(&["overnight.db", "it is empty, though runs have used it; bring back a copy"]);
}

#[test]
fn a_database_whose_beginning_is_gone_may_be_one_that_was_and_is_told_so() {
    let (here, simulator) = nearly_done();
    overwrite(&here, 0, &[0xAB; 100]);
    refused(&here, &simulator, 2).says(&["overnight.db is not an overnight database", "bring back a copy", "--db"]);
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    Connection::open(here.path(DATABASE)).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
    refused(&here, &simulator, 2).says(&["overnight.db is not an overnight database", "another program", "--db"]);
}

#[test]
fn a_database_of_a_newer_program_is_left_alone() {
    let (here, simulator) = nearly_done();
    Connection::open(here.path(DATABASE)).unwrap().pragma_update(None, "user_version", 99).unwrap();
    refused(&here, &simulator, 2).says(&["was written by a newer overnight", "update the program"]);
}

#[test]
fn what_is_no_folder_of_a_database_is_told_by_its_name() {
    let here = Workspace::with_list(1);
    here.write("file", "no folder");
    let ended = here.overnight("run list.csv --rehearse --db file/overnight.db").end();
    ended.exits(1).says(&["error: ", "file", "folder"]);
}

/// Whoever owns the workspace may have locked it against others; a folder in the lock's place refuses everybody alike.
#[test]
fn a_lock_that_cannot_be_taken_is_told_and_nothing_is_asked_for() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    fs::create_dir(here.path("overnight.db.list.lock")).unwrap();
    let ended = here.overnight("run list.csv").at(&simulator.url()).end().exits(1);
    ended.says(&["cannot lock", "overnight.db.list.lock", "the database's folder must be writable"]);
    assert_eq!(simulator.stats().requests, 0);
}
