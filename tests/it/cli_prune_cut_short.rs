//! `overnight prune` that is cut short: what it did is told and noted, and the next one ends it. Never forgets a
//! picture that is there.

use std::fs;

use overnight::queue::lock::RunLock;
use rusqlite::Connection;

use crate::support::workspace::Workspace;

const VERSIONS: &str = "output/list-rehearsal/.versions";
const DATABASE: &str = "overnight-rehearsal.db";

/// A rehearsed job of one item that was made three times.
fn with_versions() -> Workspace {
    let here = Workspace::new();
    for prompt in ["a cup", "a golden cup", "a silver cup"] {
        here.write("list.csv", &format!("id,prompt\na,{prompt}\n"));
        here.overnight("run list.csv --rehearse --changed").end().exits(0);
    }
    assert_eq!(here.pictures(VERSIONS), ["a~1", "a~2"]);
    here
}

/// When the versions were pruned, the oldest first.
fn pruned(here: &Workspace) -> Vec<bool> {
    let story = here.overnight("show list a --rehearse --json").end().exits(0).json();
    let versions = story["versions"].as_array().unwrap();
    versions.iter().take(2).map(|version| version["pruned_at"].is_string()).collect()
}

fn picture(here: &Workspace, number: u32) -> std::path::PathBuf {
    let is_it = |file: &String| file.starts_with(&format!("a~{number}.")) && !file.ends_with("txt");
    here.path(VERSIONS).join(here.files(VERSIONS).into_iter().find(is_it).unwrap())
}

#[test]
fn what_went_before_an_error_is_told_and_what_was_not_noted_is_noted_next_time() {
    let here = with_versions();
    let refuse =
        "CREATE TRIGGER refuse BEFORE UPDATE OF pruned_at ON versions BEGIN SELECT RAISE(ABORT, 'no more'); END";
    Connection::open(here.path(DATABASE)).unwrap().execute_batch(refuse).unwrap();
    here.write(&format!("{DATABASE}.before-3"), "a copy");
    let ended = here.overnight("prune --rehearse --older-than 0").end().exits(1).says(&["no more"]);
    assert!(ended.stdout.contains("removed output/list-rehearsal/.versions/a~1."), "{}", ended.stdout);
    assert!(ended.stdout.contains("1 copy of a database"), "the rest goes on: {}", ended.stdout);
    assert_eq!((here.pictures(VERSIONS), pruned(&here)), (vec!["a~2".to_owned()], vec![false, false]));
    let document = here.overnight("prune --rehearse --older-than 0 --keep 1 --json").end().exits(1).json();
    assert!(document["errors"][0].as_str().unwrap().contains("no more"), "{document}");
    assert_eq!(here.pictures(VERSIONS), ["a~2"], "it is kept, and not taken for the one that is gone");

    Connection::open(here.path(DATABASE)).unwrap().execute_batch("DROP TRIGGER refuse").unwrap();
    let would = here.overnight("prune --rehearse --older-than 0 --keep 1 --dry-run").end().exits(0).stdout;
    assert_eq!((would.as_str(), pruned(&here)), ("nothing to remove\n", vec![false, false]));
    here.overnight("prune --rehearse --older-than 0 --keep 1").end().exits(0);
    assert_eq!((here.pictures(VERSIONS), pruned(&here)), (vec!["a~2".to_owned()], vec![true, false]));
    here.overnight("prune --rehearse --older-than 0").end().exits(0);
    assert_eq!((here.path(VERSIONS).exists(), pruned(&here)), (false, vec![true, true]));
}

#[test]
fn a_picture_that_is_gone_takes_its_caption_with_it_and_one_that_was_changed_does_not() {
    let here = with_versions();
    let captions = || here.files(VERSIONS).into_iter().filter(|file| file.ends_with("txt")).count();
    assert_eq!(captions(), 2);
    fs::remove_file(picture(&here, 1)).unwrap();
    fs::write(picture(&here, 2), "somebody's work").unwrap();
    here.overnight("prune --rehearse --older-than 0").end().exits(0);
    assert_eq!((captions(), pruned(&here)), (1, vec![true, false]), "what was changed stays, and its caption");
    fs::remove_file(picture(&here, 2)).unwrap();
    here.overnight("prune --rehearse --older-than 0").end().exits(0);
    assert_eq!((here.path(VERSIONS).exists(), pruned(&here)), (false, vec![true, true]));
}

#[test]
fn a_dry_run_leaves_an_older_database_as_it_is() {
    let here = with_versions();
    let database = Connection::open(here.path(DATABASE)).unwrap();
    database.execute_batch("PRAGMA user_version = 8").unwrap();
    here.overnight("prune --rehearse --dry-run").end().exits(2).says(&["is of schema 8", "after a copy"]);
    let version: i64 = database.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!((version, here.path(&format!("{DATABASE}.before-8")).exists()), (8, false));
}

#[test]
fn a_run_waits_for_who_only_tidies_up() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --rehearse").end().exits(0);
    here.write("list.csv", "id,prompt\nnew,a cup\n");
    let hold = RunLock::acquire(&here.path(DATABASE), "list", "process 7, which only tidies up").unwrap();
    let run = here.overnight("run list.csv --rehearse").start();
    run.wait_until_it_says("process 7, which only tidies up");
    run.wait_until_it_says("waiting for it");
    drop(hold);
    run.end().exits(0);
    assert!(here.pictures("output/list-rehearsal").contains(&"new".to_owned()));
}
