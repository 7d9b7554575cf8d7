//! `retry` and `cancel`: a person's hand on the queue, and what the next run makes of it. Never edits a manifest.

use crate::support::gate::{Gate, prompt, small_picture};
use crate::support::server::http;
use crate::support::workspace::Workspace;

/// A rehearsal in which every item failed in this way.
fn all_failed(items: u32, kind: &str) -> Workspace {
    let here = Workspace::with_list(items);
    here.overnight(&format!("run list.csv --rehearse --fail {kind}=100%")).end().exits(3);
    here
}

/// What a command says on stdout.
fn said(here: &Workspace, words: &str) -> String {
    here.overnight(&format!("{words} --rehearse")).end().exits(0).stdout
}

fn run(here: &Workspace, code: i32) {
    here.overnight("run list.csv --rehearse").end().exits(code);
}

#[test]
fn failed_items_stay_failed_until_a_person_puts_them_back() {
    let here = all_failed(2, "bad-request");
    run(&here, 3);
    assert_eq!(here.status("--rehearse")["attempts"], 2, "nothing was sent, and the code is still 3");
    assert_eq!(said(&here, "retry list"), "list: 2 items queued again\n");
    run(&here, 0);
    assert_eq!(here.status("--rehearse")["counts"]["done"], 2);
}

#[test]
fn a_retry_without_a_choice_leaves_the_refused_alone() {
    let here = all_failed(2, "refused");
    assert_eq!(said(&here, "retry list"), "list: 0 items queued again\n");
    run(&here, 3);
    assert_eq!(said(&here, "retry list --refused"), "list: 2 items queued again\n");
    run(&here, 0);
    assert_eq!(here.pictures("output/list-rehearsal").len(), 2);
}

#[test]
fn single_items_can_be_put_back() {
    let here = all_failed(3, "refused");
    assert_eq!(said(&here, "retry list --item item-1 --item item-3"), "list: 2 items queued again\n");
    run(&here, 3);
    assert_eq!(here.pictures("output/list-rehearsal"), ["item-1", "item-3"]);
    here.overnight("retry list --rehearse --item item-9").end().exits(2).says(&["has no item `item-9`"]);
    assert_eq!(said(&here, "retry list --item item-1"), "list: 0 items queued again\n", "what is done stays done");
}

#[test]
fn what_is_cancelled_is_not_made_and_is_no_failure() {
    let here = Workspace::with_list(4);
    here.overnight("run list.csv --rehearse --limit 1").end().exits(5);
    assert_eq!(said(&here, "cancel list --item item-2"), "list: 1 item taken out\n");
    here.overnight("run list.csv --rehearse --limit 1").end().exits(5);
    assert_eq!(here.pictures("output/list-rehearsal"), ["item-1", "item-3"]);
    assert_eq!(said(&here, "cancel list"), "list: 1 item taken out\n");
    run(&here, 0);
    let counts = &here.status("--rehearse")["counts"];
    assert_eq!((&counts["done"], &counts["cancelled"], &counts["queued"]), (&2.into(), &2.into(), &0.into()));
    here.overnight("cancel list --rehearse --item item-9").end().exits(2).says(&["has no item `item-9`"]);
}

#[test]
fn a_cancelled_item_comes_back_when_it_is_named() {
    let here = Workspace::with_list(2);
    here.overnight("run list.csv --rehearse --limit 1").end().exits(5);
    said(&here, "cancel list");
    assert_eq!(said(&here, "retry list"), "list: 0 items queued again\n");
    assert_eq!(said(&here, "retry list --item item-2"), "list: 1 item queued again\n");
    run(&here, 0);
    assert_eq!(here.pictures("output/list-rehearsal").len(), 2);
}

#[test]
fn a_waiting_item_can_be_taken_out_while_the_run_is_on() {
    let (here, gate) = (Workspace::with_list(4), Gate::shut());
    let running = here.overnight("run list.csv -c 1").at(&gate.url()).start();
    gate.wait_for(1);
    here.overnight("cancel list --item item-4").end().exits(0);
    gate.open();
    running.end().exits(0);
    assert_eq!(here.pictures("output/list"), ["item-1", "item-2", "item-3"]);
}

#[test]
fn an_item_that_is_put_back_while_the_run_is_on_is_made_by_that_run() {
    let here = Workspace::with_list(2);
    let first = std::sync::atomic::AtomicBool::new(true);
    let gate = Gate::before(move |seen| {
        let fails = prompt(seen).ends_with("number 1") && first.swap(false, std::sync::atomic::Ordering::SeqCst);
        let bad = r#"{"error":{"code":400,"message":"No.","status":"INVALID_ARGUMENT"}}"#;
        if fails { http(400, &[], bad.as_bytes()) } else { http(200, &[], small_picture().as_bytes()) }
    });
    let mut running = here.overnight("run list.csv -c 1 --events -").at(&gate.url()).start();
    gate.open_to(1);
    assert_eq!(running.event("attempt_ended")["outcome"], "failed");
    gate.wait_for(2);
    let said = here.overnight("retry list").end().exits(0).stdout;
    assert_eq!(said, "list: 1 item queued again\n");
    gate.open();
    running.end().exits(0);
    assert_eq!(here.pictures("output/list"), ["item-1", "item-2"]);
}
