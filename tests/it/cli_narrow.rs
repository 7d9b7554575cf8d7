//! `run --id`, `--sample`: some items now, the others later. Never counts what is left out as removed.

use crate::support::gate::Gate;
use crate::support::process::Ended;
use crate::support::workspace::Workspace;

fn run(here: &Workspace, words: &str) -> Ended {
    here.overnight(&format!("run list.csv --rehearse {words}")).end()
}

fn made(here: &Workspace) -> Vec<String> {
    here.pictures("output/list-rehearsal")
}

#[test]
fn only_the_named_items_are_sent_and_the_others_wait() {
    let here = Workspace::with_list(5);
    run(&here, "--id item-4 --id item-2").exits(0).says(&["list: the 2 chosen items are finished, 3 others wait"]);
    assert_eq!(made(&here), ["item-2", "item-4"]);
    run(&here, "--id item-4").exits(0).says(&["nothing to do: the one chosen item is finished, 3 others wait"]);
    run(&here, "").exits(0).says(&["all 5 items are done"]).never_says("without a row");
    run(&here, "--id item-4").exits(0).says(&["nothing to do: 5 of 5 done"]);
}

#[test]
fn an_id_that_nobody_has_is_told_with_the_nearest() {
    let here = Workspace::with_list(12);
    let ended = run(&here, "--id item-12x --id nothing --id item-1").exits(2);
    ended.says(&["item-12x", "item-12", "`nothing`"]);
    assert!(made(&here).is_empty());
    here.write("list.csv", "id,prompt\nitem-2,a cup\n");
    run(&here, "--id item-1").exits(2).says(&["the manifest has no row for item `item-1` any more"]);
}

#[test]
fn a_sample_is_the_same_each_time_and_a_larger_one_holds_it() {
    let here = Workspace::with_list(30);
    run(&here, "--sample 4").exits(0).says(&["the 4 chosen items are finished, 26 others wait"]);
    let four = made(&here);
    assert_eq!(four.len(), 4);
    run(&here, "--sample 4").exits(0).says(&["nothing to do"]);
    run(&here, "--sample 9").exits(0);
    let nine = made(&here);
    assert_eq!(nine.len(), 9);
    assert!(four.iter().all(|item| nine.contains(item)), "{four:?} {nine:?}");
    let other = Workspace::with_list(30);
    run(&other, "--sample 9").exits(0);
    assert_eq!(made(&other), nine);
}

#[test]
fn the_values_of_a_column_take_turns() {
    let here = Workspace::new();
    let row = |number: u32| {
        let vendor = if number.is_multiple_of(10) { "rare" } else { "common" };
        format!("{vendor}-{number},a cup with the number {number},{vendor}\n")
    };
    here.write("list.csv", &("id,prompt,vendor\n".to_owned() + &(1..=40).map(row).collect::<String>()));
    run(&here, "--sample 6 --sample-by vendor").exits(0);
    assert_eq!(made(&here).iter().filter(|item| item.starts_with("rare")).count(), 3);
    run(&here, "--sample 6 --sample-by vendro").exits(2).says(&["did you mean `vendor`?"]);
    run(&here, "--sample-by vendor").exits(2).says(&["--sample"]);
    run(&here, "--sample 0").exits(2).says(&["above 0"]);
}

#[test]
fn failed_ones_and_a_limit_are_told_by_the_exit_code() {
    let here = Workspace::with_list(6);
    run(&here, "--id item-1 --id item-2 --id item-3 --limit 2").exits(5).says(&["stopped by --limit"]);
    assert_eq!(made(&here).len(), 2);
    run(&here, "--id item-1 --id item-2 --id item-3 --fail refused=100%").exits(3);
    run(&here, "--id item-1").exits(3).says(&["the one chosen item is finished, 3 others wait"]);
}

#[test]
fn no_key_is_needed_where_all_that_was_chosen_is_finished() {
    let (here, gate) = (Workspace::with_list(3), Gate::shut());
    gate.open();
    here.overnight("run list.csv --id item-1").at(&gate.url()).end().exits(0);
    assert_eq!(gate.seen().len(), 1);
    here.overnight("run list.csv --id item-1").without_key().end().exits(0);
    here.overnight("run list.csv --id item-2").without_key().end().exits(2);
}
