//! `overnight pause` and `overnight resume`, from another terminal, while a run is on and while none is. Never twice the
//! same request.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::gate::Gate;
use crate::support::process::{Ended, Running};
use crate::support::workspace::{Workspace, list};

/// Longer than it takes a run to look.
const A_WHILE: Duration = Duration::from_millis(1_300);

fn run(here: &Workspace, gate: &Gate) -> Running {
    here.overnight("run list.csv -c 2 --events -").at(&gate.url()).start()
}

fn pause(here: &Workspace) -> Ended {
    here.overnight("pause list").end().exits(0)
}

fn resume(here: &Workspace) -> Ended {
    here.overnight("resume list").end().exits(0)
}

#[test]
fn a_run_is_paused_and_goes_on_with_what_was_left_each_item_once() {
    let (here, gate) = (Workspace::with_list(5), Gate::shut());
    let mut run = run(&here, &gate);
    gate.wait_for(2);
    let paused = pause(&here).says(&["`overnight resume list` ends the pause"]);
    assert_eq!(
        paused.stdout,
        "list: paused; the run that is on finishes 2 requests in flight and sends nothing more\n"
    );
    assert!(pause(&here).stdout.starts_with("list: was paused already, since 20"));
    let told = run.event("paused");
    gate.open();
    run.event("attempt_ended");
    run.event("attempt_ended");
    thread::sleep(A_WHILE);
    let status = here.status("list");
    assert_eq!((&status["paused_since"], &status["time_left_s"]), (&told["since"], &Value::Null));
    assert_eq!((&status["counts"]["queued"], &status["counts"]["done"]), (&3.into(), &2.into()), "{status}");
    let page = here.overnight("status list").end().exits(0).stdout;
    assert!(page.contains("a run is on") && page.contains("paused since 20"), "{page}");
    assert!(page.contains("`overnight resume list` lets it go on") && !page.contains(" left;"), "{page}");
    here.overnight("run list.csv").at(&gate.url()).end().exits(75);
    assert_eq!(gate.seen().len(), 2, "nothing was sent meanwhile");
    let resumed = resume(&here).stdout;
    assert!(resumed.starts_with("list: resumed, after a pause since 20"), "{resumed}");
    assert!(resumed.ends_with("; the run that is on goes on\n"), "{resumed}");
    assert!(run.event("resumed")["paused_s"].as_f64().unwrap() >= 1.0);
    let ended = run.end().exits(0).says(&["paused since", "resumed after", "all 5 items are done"]);
    assert_eq!(ended.events().last().unwrap()["ending"], "complete");
    let (mut prompts, sent) = (gate.prompts(), gate.seen().len());
    prompts.sort();
    prompts.dedup();
    assert_eq!((prompts.len(), sent, here.pictures("output/list").len()), (5, 5, 5));
    assert_eq!(here.status("list")["paused_since"], Value::Null);
    assert_eq!(resume(&here).stdout, "list: was not paused; nothing is left to send\n");
}

#[test]
fn a_run_that_is_killed_within_a_pause_begins_again_when_it_is_over_and_not_before() {
    let (here, gate) = (Workspace::with_list(4), Gate::shut());
    let mut killed = run(&here, &gate);
    gate.wait_for(2);
    pause(&here);
    killed.event("paused");
    gate.open_to(1);
    killed.event("attempt_ended");
    killed.kill();
    gate.open();
    for _ in 0..2 {
        let again = run(&here, &gate).end().exits(5);
        let last = again.events_of("run_ended").remove(0);
        assert_eq!((&last["ending"], &last["attempts"]), (&"paused".into(), &0.into()));
        assert!(last["paused_since"].as_str().is_some_and(|since| since.starts_with("20")), "{last}");
        again.says(&["list: paused since", "3 of 4 items left, and nothing was sent", "resume list", "goes on with"]);
    }
    assert_eq!(gate.seen().len(), 2);
    let page = here.overnight("status").end().exits(0).stdout;
    assert!(page.starts_with("list: paused since 20") && page.contains("), 3 left to do; `overnight resume"), "{page}");
    assert!(page.contains("last run    sent nothing, for the job is paused"), "{page}");
    assert!(resume(&here).stdout.ends_with("; the next run sends 3 items\n"));
    let page = here.overnight("status").end().exits(0).stdout;
    assert!(page.contains("sent nothing, for the job was paused: the same command goes on"), "{page}");
    run(&here, &gate).end().exits(0);
    // One answer was on its way when the run was killed: lost, and asked for once more.
    assert_eq!((gate.seen().len(), here.pictures("output/list").len()), (5, 4));
    assert_eq!(here.status("list")["lost_attempts"], 1);
}

#[test]
fn a_finished_job_can_be_paused_for_what_its_list_will_hold() {
    let (here, gate) = (Workspace::with_list(1), Gate::shut());
    gate.open();
    run(&here, &gate).end().exits(0);
    assert_eq!(pause(&here).stdout, "list: paused; nothing is left to send now\n");
    run(&here, &gate).end().exits(0).says(&["nothing to do"]);
    here.write("list.csv", &list(2));
    run(&here, &gate).end().exits(5).says(&["1 of 2 items left"]);
    assert!(resume(&here).stdout.ends_with("; the next run sends 1 item\n"));
    run(&here, &gate).end().exits(0);
    assert_eq!(gate.seen().len(), 2);
}

#[test]
fn of_several_jobs_only_the_paused_one_sends_nothing() {
    let (here, gate) = (Workspace::with_list(2), Gate::shut());
    gate.open();
    for job in ["a", "b"] {
        here.write(&format!("jobs/{job}.toml"), "manifest = \"../list.csv\"\n");
    }
    here.overnight("run jobs/a.toml jobs/b.toml --limit 1").at(&gate.url()).end().exits(5);
    let resume = "`overnight resume jobs/a.toml --rehearse` ends the pause";
    here.overnight("run jobs/a.toml --rehearse --limit 1").end().exits(5);
    here.overnight("pause jobs/a.toml --rehearse").end().exits(0).says(&[resume]);
    here.overnight("pause jobs/a.toml").end().exits(0);
    here.overnight("run jobs/a.toml jobs/b.toml").at(&gate.url()).end().exits(5).says(&["a: paused", "all 2 items"]);
    assert_eq!((gate.seen().len(), here.pictures("output/b").len()), (3, 2));
}

#[test]
fn what_cannot_be_paused_is_a_mistake_that_names_what_there_is() {
    let here = Workspace::with_list(1);
    here.overnight("pause list").end().exits(2).says(&["there is no database"]);
    here.overnight("run list.csv --rehearse").end().exits(0);
    for command in ["pause", "resume"] {
        here.overnight(&format!("{command} other --rehearse")).end().exits(2).says(&["other", "list"]);
        here.overnight(command).end().exits(2).says(&["<JOB>"]);
    }
}

#[test]
fn a_pause_ends_with_the_run_that_is_stopped() {
    let (here, gate) = (Workspace::with_list(4), Gate::shut());
    let mut run = run(&here, &gate);
    gate.wait_for(2);
    pause(&here);
    run.event("paused");
    gate.open();
    run.event("attempt_ended");
    run.event("attempt_ended");
    run.signal(rustix::process::Signal::INT);
    run.end().exits(130).says(&["2 of 4 items left"]);
    assert!(here.status("list")["paused_since"].as_str().is_some(), "the job stays paused");
}
