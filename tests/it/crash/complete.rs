//! What a job has to look like when it is complete: every item done or refused, nothing open, nothing in staging, and
//! nothing left to send. Never expects that it was killed.

use std::fs;
use std::path::PathBuf;

use super::book::Book;
use super::plan::Plan;
use super::{account, files, rows};
use crate::support::process::Ended;
use crate::support::simulated::Simulated;
use crate::support::workspace::{Workspace, files_below, is_picture};

/// Checks the job after a run that ended by itself, and that one more has nothing to do.
pub fn check(ended: Ended, plan: &Plan, here: &Workspace, simulator: &Simulated) {
    ended.exits(plan.exit_code());
    simulator.wait_until_quiet();
    let requests = simulator.stats().requests;
    check_all(plan, here, simulator);
    let again = plan.command(here, &simulator.url()).end().exits(plan.exit_code());
    assert!(again.events_of("attempt_started").is_empty());
    assert_eq!(simulator.stats().requests, requests, "a complete job was run again, and sent something");
    check_all(plan, here, simulator);
}

fn check_all(plan: &Plan, here: &Workspace, simulator: &Simulated) {
    let book = Book::read(here).expect("a job that ended stands in the database");
    rows::check(&book, plan);
    files::check(&book, here);
    account::check(&book, simulator);
    for (item, planned) in book.items.iter().zip(&plan.items) {
        assert_eq!(item.state, if planned.is_refused { "failed" } else { "done" }, "{item:#?}");
    }
    assert!(!book.attempts().any(|attempt| attempt.is_open()));
    check_folder(&book, here);
}

/// As many pictures as are recorded, results that list all of them, and nothing else.
fn check_folder(book: &Book, here: &Workspace) {
    let output = here.path("output/list");
    let recorded = book.items.iter().map(|item| item.images().len()).sum::<usize>();
    assert_eq!(files_below(&output).iter().filter(|file| is_picture(file)).count(), recorded);
    assert_eq!(here.read("output/list/metadata.jsonl").lines().count(), recorded);
    assert_eq!(files_below(&output.join(".staging")), Vec::<PathBuf>::new());
    for file in ["results.csv", "index.html"] {
        assert!(output.join(file).exists(), "{file} is missing");
    }
    let hidden = fs::read_dir(&output).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let hidden: Vec<_> = hidden.filter(|name| name.starts_with('.')).collect();
    assert!(hidden.is_empty(), "left behind: {hidden:?}");
}
