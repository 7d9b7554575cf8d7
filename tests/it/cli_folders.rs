//! Folders and files that are not as a run needs them, or not any more. Never tests a full disk.

use std::fs;

use crate::support::gate::Gate;
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

#[test]
fn an_output_folder_that_is_read_only_is_told_and_nothing_is_asked_for() {
    let (here, simulator) = (Workspace::with_list(2), Simulated::start());
    fs::create_dir_all(here.path("output/list")).unwrap();
    here.allow("", 0o777);
    here.allow("output/list", 0o555);
    let run = || here.overnight("run list.csv").at(&simulator.url()).bound_by_permissions(&here);
    run().end().exits(1).says(&["error: ", "output/list", "permission denied", "run the same command again"]);
    assert_eq!(simulator.stats().requests, 0);
    here.allow("output/list", 0o777);
    run().end().exits(0);
    assert_eq!(here.pictures("output/list").len(), 2);
}

#[test]
fn an_output_folder_that_becomes_read_only_under_a_run_costs_no_picture_that_came() {
    let (here, gate) = (Workspace::with_list(6), Gate::shut());
    here.allow("", 0o777);
    let run = || here.overnight("run list.csv -c 2").at(&gate.url()).bound_by_permissions(&here).start();
    let first = run();
    gate.wait_for(2);
    here.allow("output/list", 0o555);
    gate.open();
    first.end().exits(1).says(&["error: ", "output/list", "permission", "run the same command again"]);
    here.allow("output/list", 0o777);
    run().end().exits(0);
    let status = here.status("");
    assert_eq!((&status["counts"]["done"], &status["lost_attempts"]), (&6.into(), &0.into()), "{status}");
    assert_eq!(gate.seen().len(), 6, "each picture was paid once");
}

#[test]
fn an_output_folder_that_is_moved_away_under_a_run_stops_it_and_moved_back_the_run_goes_on() {
    let (here, gate) = (Workspace::with_list(6), Gate::shut());
    let run = || here.overnight("run list.csv -c 2").at(&gate.url()).start();
    let first = run();
    gate.wait_for(2);
    fs::rename(here.path("output/list"), here.path("elsewhere")).unwrap();
    gate.open();
    first.end().exits(1).says(&["error: ", "output/list", "run the same command again"]);
    assert_eq!(gate.seen().len(), 2, "nothing more is asked for");
    fs::rename(here.path("elsewhere"), here.path("output/list")).unwrap();
    run().end().exits(0);
    assert_eq!((here.pictures("output/list").len(), gate.seen().len()), (6, 6), "what was in flight landed in it");
}

#[test]
fn a_folder_where_a_picture_should_stand_stops_the_run_and_the_picture_is_kept() {
    let (here, gate) = (Workspace::with_list(3), Gate::shut());
    gate.open();
    here.write("output/list/item-2.png/notes.txt", "a folder of mine");
    let run = || here.overnight("run list.csv").at(&gate.url()).end();
    run().exits(1).says(&["error: ", "item-2.png", "run the same command again"]);
    assert_eq!(here.read("output/list/item-2.png/notes.txt"), "a folder of mine");
    fs::rename(here.path("output/list/item-2.png"), here.path("mine")).unwrap();
    run().exits(0);
    assert_eq!((here.pictures("output/list").len(), gate.seen().len()), (3, 3));
}

#[test]
fn two_databases_do_not_write_one_jobs_pictures_into_one_folder_at_once() {
    let (here, gate) = (Workspace::with_list(2), Gate::shut());
    let run = |db: &str| here.overnight("run list.csv --db").arg(db).at(&gate.url());
    let first = run("mine.db").start();
    gate.wait_for(2);
    run("yours.db").end().exits(75).says(&["another run writes pictures of this job into", "--output"]);
    gate.open();
    first.end().exits(0);
    assert_eq!(gate.seen().len(), 2);
}

#[test]
fn two_databases_that_share_a_folder_one_after_the_other_overwrite_nothing() {
    let (here, simulator) = (Workspace::with_list(1), Simulated::start());
    here.write("output/list/item-1.jpg", "the picture of another database");
    here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    let kept = here.path("output/list/.versions");
    let kept: Vec<_> = fs::read_dir(kept).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    assert_eq!(kept, [b"the picture of another database"]);
}

#[test]
fn another_user_who_may_not_write_the_database_is_told_so_and_nothing_is_asked_for() {
    let (here, simulator) = (Workspace::with_list(2), Simulated::start());
    let run = || here.overnight("run list.csv").at(&simulator.url());
    run().arg("--limit").arg("1").end().exits(5);
    here.allow("overnight.db", 0o444);
    here.allow("", 0o555);
    let ended = run().bound_by_permissions(&here).end().exits(1);
    ended.says(&["overnight.db", "permission"]);
    assert_eq!(simulator.stats().requests, 1);
    here.allow("", 0o755);
    here.allow("overnight.db", 0o644);
    run().end().exits(0);
}
