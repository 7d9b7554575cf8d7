//! What a person sent back, through whole runs: made by the run that is on or by the next, paid for within the caps, and
//! never at the cost of what was there before.

use overnight::domain::Timestamp;
use overnight::queue::sqlite::SqliteReview;
use overnight::queue::{CardKey, Gallery, Jury, Order, Saw, SentBack, Wanted, Witness, Word};

use serde_json::Value;

use crate::support::gate::Gate;
use crate::support::process::{Ended, Running};
use crate::support::simulated::Simulated;
use crate::support::workspace::{Workspace, list};

const ANNA: Witness<'_> =
    Witness { person: "Anna", now: Timestamp::from_millis(1_700_000_000_000), saw: Saw::Whichever };

fn review(here: &Workspace) -> SqliteReview {
    SqliteReview::open(&here.path("overnight.db")).unwrap()
}

/// The first item of the list.
fn first(here: &Workspace) -> CardKey {
    review(here).find("list", &Wanted::default(), Order::Manifest).unwrap()[0]
}

fn send_back(here: &Workspace, prompt: &str) {
    let sent_back = review(here).send_back(ANNA, "list", first(here), prompt).unwrap();
    assert!(matches!(sent_back, SentBack::Queued(_)), "{sent_back:?}");
}

fn undo(here: &Workspace) -> u64 {
    review(here).undo(ANNA, "list").unwrap().unwrap().left
}

fn run(here: &Workspace, simulator: &Simulated, words: &str) -> Ended {
    here.overnight(&format!("run list.csv {words}")).at(&simulator.url()).end()
}

/// A list of so many items, all made.
fn made(items: u32) -> (Workspace, Simulated) {
    let (here, simulator) = (Workspace::with_list(items), Simulated::start());
    run(&here, &simulator, "--price-per-image 0.25").exits(0);
    (here, simulator)
}

fn begin(here: &Workspace, gate: &Gate) -> Running {
    here.overnight("run list.csv -c 1 --events -").at(&gate.url()).start()
}

fn versions(here: &Workspace) -> Vec<String> {
    here.pictures("output/list/.versions")
}

fn is_as_kept(here: &Workspace) {
    here.overnight("verify list").end().exits(0);
}

#[test]
fn the_run_that_is_on_makes_what_is_sent_back_meanwhile() {
    let (here, gate) = (Workspace::with_list(3), Gate::shut());
    let mut run = begin(&here, &gate);
    gate.open_to(1);
    run.event("attempt_ended");
    send_back(&here, "a cup with a handle");
    gate.open();
    run.end().exits(0).says(&["all 3 items are done"]);
    let prompts = gate.prompts();
    assert_eq!(prompts.iter().filter(|prompt| *prompt == "a cup with a handle").count(), 1, "{prompts:?}");
    assert_eq!((prompts.len(), &here.status("list")["images"]), (4, &4.into()));
    is_as_kept(&here);
}

#[test]
fn the_next_run_makes_what_was_sent_back_whatever_became_of_the_list() {
    let edited = list(2) + "item-3,a jug\n";
    for (words, csv) in [("", list(2)), ("--changed", list(2)), ("", edited.clone()), ("--changed", edited)] {
        let (here, simulator) = made(2);
        send_back(&here, "a cup with a handle");
        here.write("list.csv", &csv);
        let plan = here.overnight(&format!("plan list.csv --json {words}")).end().exits(0).json();
        run(&here, &simulator, words).exits(0);
        assert_eq!(simulator.asked("a cup with a handle").answers, 1, "{words} {csv}");
        assert_eq!(plan["requests"], simulator.stats().answered - 2, "what was foretold");
        assert_eq!(versions(&here), ["item-1~1"]);
        is_as_kept(&here);
        // It is made once, and stays as it was asked for.
        for words in ["", "--changed"] {
            run(&here, &simulator, words).exits(0).says(&["nothing to do"]);
        }
    }
}

#[test]
fn plan_and_show_tell_what_will_be_asked_for_before_it_is() {
    let (here, _simulator) = made(1);
    let told = |words: &str| here.overnight(words).end().exits(0).stdout;
    assert_eq!(serde_json::from_str::<Value>(&told("show list item-1 --json")).unwrap()["sent_back"], false);
    send_back(&here, "a cup with a handle");
    let plan = told("plan list.csv");
    assert!(plan.contains("a cup with a handle") && !plan.contains("a cup with the number 1"), "{plan}");
    let shown = told("show list item-1");
    assert!(shown.starts_with("item-1 of list: was sent back, and waits to be made again\n"), "{shown}");
    assert_eq!(serde_json::from_str::<Value>(&told("show list item-1 --json")).unwrap()["sent_back"], true);
}

#[test]
fn a_row_that_was_edited_since_has_the_last_word() {
    let (here, simulator) = made(1);
    send_back(&here, "a cup with a handle");
    here.write("list.csv", "id,prompt\nitem-1,a golden cup\n");
    run(&here, &simulator, "").exits(0);
    assert_eq!((simulator.asked("a golden cup").answers, simulator.asked("a cup with a handle").answers), (1, 0));
    is_as_kept(&here);
}

#[test]
fn what_is_sent_back_is_paid_for_within_the_caps() {
    let (here, simulator) = made(2);
    send_back(&here, "a cup with a handle");
    let capped = |cap: &str| run(&here, &simulator, &format!("--price-per-image 0.25 --max-cost {cap}"));
    capped("0.50").exits(8).says(&["the money cap is reached, 1 of 2 items left"]);
    assert_eq!(simulator.stats().answered, 2, "nothing was sent");
    assert!(here.pictures("output/list").contains(&"item-1".to_owned()), "its picture stays until the next is there");
    is_as_kept(&here);
    capped("0.75").exits(0);
    assert_eq!(here.status("list")["cost_usd"], 0.75);
}

#[test]
fn a_run_that_is_killed_at_it_loses_nothing() {
    let (here, simulator) = made(2);
    send_back(&here, "a cup with a handle");
    let gate = Gate::shut();
    let killed = begin(&here, &gate);
    gate.wait_for(1);
    killed.kill();
    assert_eq!((here.pictures("output/list").len(), versions(&here).len()), (2, 0), "what there was is there still");
    assert!(matches!(review(&here).send_back(ANNA, "list", first(&here), "another").unwrap(), SentBack::Running));
    run(&here, &simulator, "").exits(0).says(&["all 2 items are done"]);
    assert_eq!(simulator.asked("a cup with a handle").answers, 1);
    assert_eq!(versions(&here), ["item-1~1"]);
    is_as_kept(&here);
}

#[test]
fn what_is_undone_in_time_is_as_it_was_and_nothing_is_paid() {
    let (here, simulator) = made(2);
    let pictures = || here.pictures("output/list").into_iter().chain(versions(&here)).collect::<Vec<_>>();
    let before = pictures();
    send_back(&here, "a cup with a handle");
    assert_eq!(undo(&here), 0);
    for words in ["", "--changed"] {
        run(&here, &simulator, words).exits(0).says(&["nothing to do"]);
    }
    assert_eq!((simulator.stats().answered, pictures()), (2, before));
    send_back(&here, "a cup with a handle");
    run(&here, &simulator, "").exits(0);
    assert_eq!(undo(&here), 1, "it had left");
    run(&here, &simulator, "").exits(0).says(&["nothing to do"]);
    assert_eq!((simulator.stats().answered, versions(&here).len()), (3, 1));
    is_as_kept(&here);
}

#[test]
fn a_run_that_is_narrowed_leaves_what_was_sent_back_to_the_next() {
    let (here, simulator) = made(2);
    send_back(&here, "a cup with a handle");
    for words in ["--id item-2", "--limit 0"] {
        run(&here, &simulator, words);
        assert_eq!(here.status("list")["counts"]["queued"], 1, "{words}");
    }
    run(&here, &simulator, "").exits(0);
    assert_eq!(simulator.asked("a cup with a handle").answers, 1);
}

#[test]
fn what_was_refused_is_made_with_another_prompt() {
    let (here, simulator) = (Workspace::new(), Simulated::start());
    here.write("list.csv", "id,prompt\na,a cup [[simulate:refused]]\n");
    run(&here, &simulator, "").exits(3);
    send_back(&here, "a cup");
    run(&here, &simulator, "").exits(0);
    assert_eq!((here.pictures("output/list"), versions(&here)), (vec!["a".to_owned()], vec![]));
    run(&here, &simulator, "--changed").exits(0).says(&["nothing to do"]);
}

#[test]
fn an_earlier_picture_that_is_a_favourite_is_not_removed() {
    let (here, simulator) = made(1);
    let mut review = review(&here);
    let key = first(&here);
    let picture = review.cards("list", &[key]).unwrap().remove(0).record.artifact.unwrap().images.remove(0).blake3;
    for prompt in ["a cup with a handle", "a cup with two handles"] {
        send_back(&here, prompt);
        run(&here, &simulator, "").exits(0);
    }
    review.say(ANNA, "list", &[key], &Word::Favourite(Some(picture))).unwrap().unwrap();
    let told = here.overnight("prune list --older-than 0").end().exits(0).stdout;
    assert!(told.ends_with("1 earlier picture stays: it is what a person chose to stand for the product\n"), "{told}");
    assert_eq!(versions(&here), ["item-1~1"]);
    review.say(ANNA, "list", &[key], &Word::Favourite(None)).unwrap().unwrap();
    let told = here.overnight("prune list --older-than 0 --json").end().exits(0).json();
    assert_eq!((&told["favourites"], told["files"].as_u64() > Some(0)), (&0.into(), true), "{told}");
    assert!(versions(&here).is_empty());
}
