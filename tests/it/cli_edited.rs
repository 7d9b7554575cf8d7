//! A manifest that is edited between two runs of the same command. Never edits one while a run reads it.

use crate::support::gate::Gate;
use crate::support::workspace::Workspace;

/// A job of which the first item is done and the others were never tried.
fn begun() -> (Workspace, Gate) {
    let (here, gate) = (Workspace::new(), Gate::shut());
    gate.open();
    here.write("list.csv", "id,prompt\na,a cup\nb,a jug\nc,a bowl\n");
    here.overnight("run list.csv -c 1 --limit 1").at(&gate.url()).end().exits(5);
    (here, gate)
}

/// Runs the same command over this manifest; returns what it said and what was asked since.
fn rerun(here: &Workspace, gate: &Gate, manifest: &str) -> (String, Vec<String>) {
    let before = gate.seen().len();
    here.write("list.csv", manifest);
    let ended = here.overnight("run list.csv -c 1 --progress plain").at(&gate.url()).end().exits(0);
    (ended.stderr, gate.prompts().split_off(before))
}

#[test]
fn new_rows_are_made() {
    let (here, gate) = begun();
    let (said, asked) = rerun(&here, &gate, "id,prompt\na,a cup\nb,a jug\nc,a bowl\nd,a fork\n");
    assert_eq!(asked, ["a jug", "a bowl", "a fork"]);
    assert!(said.contains("4 rows read, 1 item new"), "{said}");
}

#[test]
fn what_was_never_tried_takes_what_its_row_says_now() {
    let (here, gate) = begun();
    let (said, asked) = rerun(&here, &gate, "id,prompt\na,a cup\nb,a green jug\nc,a bowl\n");
    assert_eq!(asked, ["a green jug", "a bowl"]);
    assert!(said.contains("1 item updated to what the manifest says now"), "{said}");
}

#[test]
fn what_is_done_keeps_its_picture() {
    let (here, gate) = begun();
    let (said, asked) = rerun(&here, &gate, "id,prompt\na,a golden cup\nb,a jug\nc,a bowl\n");
    assert_eq!(asked, ["a jug", "a bowl"]);
    assert!(said.contains("1 item kept as already asked for"), "{said}");
}

#[test]
fn rows_that_are_gone_are_not_sent_and_their_pictures_stay() {
    let (here, gate) = begun();
    let (said, asked) = rerun(&here, &gate, "id,prompt\nb,a jug\n");
    assert_eq!(asked, ["a jug"]);
    assert!(said.contains("2 items without a row any more; pictures stay"), "{said}");
    assert_eq!(here.pictures("output/list"), ["a", "b"]);
    assert_eq!(here.read("output/list/results.csv").lines().count(), 2);
    let (_, asked) = rerun(&here, &gate, "id,prompt\na,a cup\nb,a jug\nc,a bowl\n");
    assert_eq!(asked, ["a bowl"], "a row that comes back is made");
}

#[test]
fn a_column_that_does_not_shape_the_request_changes_nothing_but_the_table() {
    let (here, gate) = begun();
    rerun(&here, &gate, "id,prompt\na,a cup\nb,a jug\nc,a bowl\n");
    let (_, asked) = rerun(&here, &gate, "id,price,prompt\na,9,a cup\nb,8,a jug\nc,7,a bowl\n");
    assert!(asked.is_empty());
    assert!(here.read("output/list/results.csv").starts_with("id,price,prompt,status,"));
}

#[test]
fn rows_that_are_gone_leave_the_table_even_when_there_is_nothing_to_make() {
    let (here, gate) = begun();
    rerun(&here, &gate, "id,prompt\na,a cup\nb,a jug\nc,a bowl\n");
    let (_, asked) = rerun(&here, &gate, "id,prompt\na,a cup\nc,a bowl\n");
    assert!(asked.is_empty());
    assert_eq!(here.read("output/list/results.csv").lines().count(), 3);
}

#[test]
fn a_failed_item_whose_row_was_mended_is_tried_again() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --rehearse --fail bad-request=100%").end().exits(3);
    here.write("list.csv", "id,prompt\nitem-1,a better cup\n");
    here.overnight("run list.csv --rehearse").end().exits(0);
}
