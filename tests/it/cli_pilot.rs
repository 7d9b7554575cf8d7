//! `run --pilot` and `approve`: the first items of a list, and the others only when a person has looked at them.

use serde_json::{Value, json};

use crate::support::gate::Gate;
use crate::support::process::Ended;
use crate::support::workspace::Workspace;

fn run(here: &Workspace, words: &str) -> Ended {
    here.overnight(&format!("run list.csv --rehearse {words}")).end()
}

fn approve(here: &Workspace) -> Ended {
    here.overnight("approve list --rehearse").end()
}

fn made(here: &Workspace) -> Vec<String> {
    here.pictures("output/list-rehearsal")
}

#[test]
fn a_pilot_is_made_and_the_others_wait_until_it_is_approved() {
    let here = Workspace::with_list(6);
    let pilot = run(&here, "--pilot 2").exits(5);
    let pilot = pilot.says(&["list: the pilot is finished, 4 of 6 items wait for your approval"]);
    pilot.says(&["output/list-rehearsal/index.html", "approve list --rehearse"]);
    assert!(here.path("output/list-rehearsal/index.html").exists());
    run(&here, "--pilot 2").exits(5).says(&["the pilot is finished"]);
    assert_eq!((made(&here).len(), made(&here)), (2, vec!["item-1".to_owned(), "item-2".to_owned()]));
    let approved = approve(&here).exits(0).stdout;
    assert_eq!(approved, "list: approved; the next run sends 4 items\n");
    assert!(approve(&here).exits(0).stdout.starts_with("list: was approved already, on 20"));
    run(&here, "--pilot 2").exits(0).says(&["all 6 items are done"]);
    here.write("list.csv", &crate::support::workspace::list(9));
    run(&here, "--pilot 2").exits(0).says(&["all 9 items are done"]);
}

#[test]
fn a_job_file_and_the_environment_can_ask_for_one() {
    let here = Workspace::with_list(4);
    here.write("jobs/list.toml", "manifest = \"../list.csv\"\npilot = 1\n");
    here.overnight("run jobs/list.toml --rehearse").end().exits(5);
    assert_eq!(made(&here).len(), 1);
    here.overnight("run jobs/list.toml --rehearse").env("OVERNIGHT_PILOT", "3").end().exits(5);
    assert_eq!(made(&here).len(), 3);
    here.overnight("approve jobs/list.toml --rehearse").end().exits(0);
    here.overnight("run jobs/list.toml --rehearse").end().exits(0);
}

#[test]
fn a_list_that_is_no_longer_than_its_pilot_needs_no_approval() {
    let here = Workspace::with_list(3);
    run(&here, "--pilot 3").exits(0).says(&["all 3 items are done"]);
    assert_eq!(here.status("list --rehearse")["awaiting_approval"], Value::Null);
}

#[test]
fn status_tells_that_a_pilot_waits() {
    let here = Workspace::with_list(4);
    run(&here, "--pilot 2 --limit 1").exits(5).says(&["stopped by --limit"]);
    assert_eq!(here.status("list --rehearse")["awaiting_approval"], Value::Null, "it is not finished");
    run(&here, "--pilot 2").exits(5);
    assert_eq!(here.status("list --rehearse")["awaiting_approval"], json!(true));
    let page = here.overnight("status --rehearse").end().exits(0).stdout;
    assert!(page.starts_with("list: the pilot waits for `overnight approve list`, 2 left to do"), "{page}");
    approve(&here).exits(0);
    assert_eq!(here.status("list --rehearse")["awaiting_approval"], Value::Null);
}

#[test]
fn a_pilot_can_be_made_again_before_it_is_approved() {
    let here = Workspace::with_list(5);
    run(&here, "--pilot 2 --fail refused=100%").exits(5).says(&["retry list --rehearse --refused", "approve list"]);
    here.overnight("retry list --rehearse --refused").end().exits(0);
    run(&here, "--pilot 2").exits(5);
    assert_eq!(made(&here), ["item-1", "item-2"]);
    let list = here.read("list.csv").replace("the number 1", "another number");
    here.write("list.csv", &list);
    run(&here, "--pilot 2 --changed").exits(5).says(&["1 finished item changed"]);
    assert_eq!(here.pictures("output/list-rehearsal/.versions"), ["item-1~1"]);
    run(&here, "--pilot 2 --id item-4").exits(5);
    assert_eq!(made(&here), ["item-1", "item-2"], "whatever was chosen");
}

#[test]
fn what_waits_for_approval_needs_no_key() {
    let (here, gate) = (Workspace::with_list(3), Gate::shut());
    gate.open();
    here.overnight("run list.csv --pilot 1").at(&gate.url()).end().exits(5);
    here.overnight("run list.csv --pilot 1").without_key().end().exits(5);
    let ended = here.overnight("run list.csv --pilot 1 --events -").without_key().end().exits(5);
    let last = ended.events_of("run_ended").remove(0);
    assert_eq!((&last["ending"], &last["limit"]), (&json!("pilot"), &json!("pilot")));
    here.overnight("run list.csv --pilot 0").end().exits(2).says(&["above 0"]);
    here.overnight("approve other").end().exits(2).says(&["list"]);
}
