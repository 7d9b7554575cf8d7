//! Pictures that a person sends back while a run is on, or before the next: made again with other words, and compared.

use overnight::simulator::{Drawing, Format, draw};

use super::desk::{Desk, card, exported, field, made, quick_simulator};
use crate::support::gate::{Gate, prompt};
use crate::support::gemini::{answer, image_part};
use crate::support::server::http;
use crate::support::workspace::Workspace;

/// A shut gate before pictures of what was asked for.
fn gate() -> Gate {
    Gate::before(|seen| {
        let drawing = Drawing { prompt: &prompt(seen), note: "", width: 300, height: 300, variation: 0 };
        let picture = answer(&image_part(&draw(&drawing, Format::Png)), "STOP");
        http(200, &[("content-type", "application/json")], picture.as_bytes())
    })
}

/// Sends the open item back with these words.
fn send_back(desk: &Desk, words: &str) {
    desk.page.press("s");
    desk.page.sees("#send-back textarea:focus");
    desk.page.fill("#send-back textarea", words);
    desk.page.click("#send-back button");
}

#[test]
fn what_was_sent_back_is_made_by_the_run_that_is_on_and_arrives_by_itself() {
    let (here, gate) = (Workspace::with_list(3), gate());
    let mut run = here.overnight("run list.csv -c 1 --request-timeout 30m --events -").at(&gate.url()).start();
    gate.open_to(2);
    // The third is under way for as long as the gate is shut.
    gate.wait_for(3);
    let desk = Desk::of(&here, "list");
    desk.shows(3);
    desk.page.wait_for_text("#head", "a run is on, 1 in flight");
    desk.page.sees(&format!("{} .picture", card(1)));
    assert_eq!(desk.page.count(&format!("{} .picture", card(2))), 0);
    desk.look_closely(0);
    let first = desk.page.eval("document.querySelector('#now img').src");
    send_back(&desk, "a cup without a shadow");
    desk.tells("item-1 sent back");
    desk.page.wait_for_text(".state", "sent back");
    desk.page.wait_for_text("#head", "1 sent back");
    gate.open();
    run.event("run_ended");
    assert_eq!(gate.prompts().last().unwrap(), "a cup without a shadow");
    // Nobody has loaded the page again.
    desk.page.wait_for("document.querySelectorAll('.candidate[data-picture]').length === 2");
    desk.page.wait_for_text("#sight", "a cup without a shadow");
    desk.page.sees(&format!("{} .picture", card(2)));
    // The new picture and the one before can be looked at, one after the other.
    let pictures = "[...document.querySelectorAll('.candidate[data-picture]')].map((choice) => choice.dataset.picture)";
    let pictures: Vec<String> = serde_json::from_value(desk.page.eval(pictures)).unwrap();
    assert!(pictures[0] != pictures[1], "{pictures:?}");
    for digit in ["1", "2"] {
        desk.page.press(digit);
        desk.page.wait_for("document.querySelector('#now img').naturalWidth === 300");
    }
    assert!(pictures.iter().any(|picture| first.as_str().unwrap().ends_with(picture.as_str())));
    // What was rejected is no word on the new one.
    desk.page.sees(".decide [data-say=rejected][aria-pressed=false]");
    desk.page.press("<Escape>a");
    desk.is(0, "approved");
    run.end().exits(0);
    let approved = exported(&here, "--approved");
    assert_eq!((field(&approved, "id"), field(&approved, "file")), (vec!["item-1".into()], vec!["item-1.png".into()]));
    desk.page.is_content();
}

#[test]
fn what_was_sent_back_waits_for_the_next_run_and_can_be_taken_back_until_then() {
    let here = made("id,prompt\nmug,a red mug\nvase,a tall vase\n");
    let desk = Desk::of(&here, "list");
    desk.look_closely(0);
    send_back(&desk, "a red mug, closer");
    desk.tells("mug sent back");
    desk.page.press("<Escape>");
    desk.page.wait_for_text(&card(0), "sent back, waiting");
    assert_eq!(here.status("list")["counts"]["queued"], 1);
    desk.page.press("u");
    desk.tells("Taken back");
    desk.page.wait_for(&format!("!document.querySelector('{}').innerText.includes('sent back')", card(0)));
    assert_eq!(here.status("list")["counts"]["done"], 2);
    // Only what should change is said, and the rest stays as it was.
    desk.look_closely(1);
    desk.page.press("s");
    desk.page.sees("#send-back textarea:focus");
    desk.page.fill("#send-back [name=change]", "with the door open");
    desk.page.press("<Enter>");
    desk.tells("vase sent back");
    let simulator = quick_simulator();
    here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    assert_eq!(simulator.stats().requests, 1);
    assert_eq!(simulator.asked("a tall vase\nwith the door open").answers, 1);
    desk.page.wait_for("document.querySelectorAll('.candidate[data-picture]').length === 2");
    desk.page.is_content();
}

#[test]
fn what_the_model_refused_is_asked_for_in_other_words() {
    let here = Workspace::new();
    here.write("list.csv", "id,prompt\nmug,[[simulate:refused]] a mug\n");
    let simulator = quick_simulator();
    here.overnight("run list.csv").at(&simulator.url()).end().exits(3);
    let desk = Desk::of(&here, "list");
    desk.page.wait_for_text(&card(0), "refused");
    desk.page.click(&format!("{} .open", card(0)));
    desk.page.wait_for_text("#sight", "refused");
    send_back(&desk, "a mug");
    desk.tells("mug sent back");
    here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    desk.page.wait_for("document.querySelector('#now img').naturalWidth > 0");
    desk.page.is_content();
}
