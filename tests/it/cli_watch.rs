//! `status --watch`: on a terminal in place, elsewhere a block or a line when something changed. Never ends by itself.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::gate::Gate;
use crate::support::process::{PATIENCE, Running};
use crate::support::terminal::OnTerminal;
use crate::support::workspace::Workspace;

/// A workspace with a finished job, and one of whose three items none is made.
fn with_two_jobs() -> (Workspace, Gate) {
    let (here, gate) = (Workspace::with_list(3), Gate::shut());
    here.write("other.csv", "id,prompt\none,a cup\n");
    gate.open();
    here.overnight("run other.csv").at(&gate.url()).end().exits(0);
    here.overnight("run list.csv --limit 1").at(&gate.url()).end().exits(5);
    (here, gate)
}

#[test]
fn without_a_terminal_a_block_is_written_only_when_something_has_changed() {
    let (here, gate) = with_two_jobs();
    let mut watch = here.overnight("status --watch 0.2").start();
    let block = |watch: &mut Running, wanted: &str| while !watch.line().expect("it goes on").contains(wanted) {};
    // The rest of a block may follow, and no other, for longer than it takes to look.
    let then_silence = |watch: &mut Running| {
        while let Ok(line) = watch.line_within(Duration::from_millis(700)) {
            assert!(!line.as_deref().expect("it goes on").starts_with("20"), "nothing has changed: {line:?}");
        }
    };
    block(&mut watch, "other: finished");
    then_silence(&mut watch);
    here.overnight("pause list").end().exits(0);
    block(&mut watch, "list: paused since");
    then_silence(&mut watch);
    here.overnight("resume list").end().exits(0);
    block(&mut watch, "list: 2 left to do");
    here.overnight("run list.csv").at(&gate.url()).end().exits(0);
    block(&mut watch, "list: finished");
    watch.signal(Signal::INT);
    let ended = watch.end().exits(0);
    let times = ended.stdout.lines().filter(|line| line.starts_with("20")).count();
    let blocks = ended.stdout.split("\n\n").count();
    assert!(times == blocks && times >= 4, "{}", ended.stdout);
    assert!(!ended.stdout.contains('\u{1b}'));
}

#[test]
fn as_json_it_is_a_whole_document_a_line() {
    let (here, _gate) = with_two_jobs();
    let mut watch = here.overnight("status list --json --watch=0.2").start();
    let mut next = || -> Value { serde_json::from_str(&watch.line().unwrap()).unwrap() };
    assert_eq!(next()["jobs"][0]["paused_since"], Value::Null);
    here.overnight("pause list").end().exits(0);
    assert!(next()["jobs"][0]["paused_since"].is_string());
    here.overnight("cancel list").end().exits(0);
    assert_eq!(next()["jobs"][0]["counts"]["cancelled"], 2);
    watch.signal(Signal::TERM);
    watch.end().exits(143);
}

#[test]
fn on_a_terminal_it_is_drawn_in_place_and_leaves_how_it_stood() {
    let (here, _gate) = with_two_jobs();
    let watch = OnTerminal::start(here.overnight("status --watch 0.2").command(), 40, 60);
    // Looked at in the middle of a picture, it lacks its end.
    let is_whole = |screen: &[String]| screen.last().is_some_and(|line| line == "every 0.2 s; Ctrl-C ends it");
    let first = watch.wait_for("the first picture", is_whole);
    here.overnight("pause list").end().exits(0);
    let is_paused = |screen: &[String]| screen[0].starts_with("list: paused since") && is_whole(screen);
    let second = watch.wait_for("the pause", is_paused);
    assert!(first[0].starts_with("list: 2 left to do") && first.len() == second.len(), "{first:#?} {second:#?}");
    assert!(second.iter().all(|line| line.chars().count() < 60), "{second:#?}");
    watch.signal(Signal::INT);
    let (code, left) = watch.end();
    assert_eq!(code.code(), Some(0));
    let left: Vec<&str> = left.iter().map(|line| line.trim_start_matches("^C")).collect();
    assert!(left[0].starts_with("list: paused since") && left[0].ends_with("lets it go on"), "{left:#?}");
    assert!(!left.iter().any(|line| line.contains("Ctrl-C")), "{left:#?}");
    assert_eq!(left.last(), Some(&""), "the cursor stands below it");
}

#[test]
fn what_is_higher_than_the_terminal_is_cut_so_that_nothing_scrolls_away() {
    let (here, _gate) = with_two_jobs();
    let watch = OnTerminal::start(here.overnight("status --watch 0.2").command(), 6, 80);
    let screen = watch.wait_for("some pictures", |screen| screen.len() == 5);
    assert_eq!(screen[3], "… 8 more lines");
    let times = |watch: &OnTerminal| watch.written().matches("every 0.2 s").count();
    watch.wait_for("some more", |screen| {
        assert!(screen.len() <= 5, "{screen:#?}");
        // In the middle of a picture it lacks its end.
        times(&watch) > 3 && screen.len() == 5
    });
    watch.signal(Signal::TERM);
    let (code, left) = watch.end();
    assert_eq!((code.code(), left.iter().filter(|line| line.contains("left to do")).count()), (Some(143), 1));
}

#[test]
fn what_cannot_be_watched_is_a_mistake() {
    let (here, _gate) = with_two_jobs();
    for (words, said) in [
        ("--watch 0.1", "--watch: `0.1` is too short"),
        ("--watch=0", "write 0.2 or more"),
        ("--watch nothing", "nothing"),
        ("nothing --watch", "list, other"),
        ("--watch --db nowhere.db", "there is no database"),
    ] {
        here.overnight(&format!("status {words}")).end().exits(2).says(&[said]);
    }
    let mut watch = here.overnight("status --watch list").start();
    assert!(watch.line().unwrap().starts_with("20") && watch.line().unwrap().starts_with("list: "));
    watch.signal(Signal::INT);
    watch.end().exits(0);
}

#[test]
fn it_ends_when_whoever_read_it_went_away_though_nothing_changes() {
    let (here, _gate) = with_two_jobs();
    let mut watch = here.overnight("status --watch 0.2");
    let mut child = watch.command().stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let start = std::time::Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("it goes on for nobody");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
