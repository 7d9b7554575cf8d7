//! What a person does on the review page: finds, decides, corrects, and hands over.

use super::desk::{Desk, begin, card, exported, field, made};
use super::visitor::Visitor;
use crate::support::workspace::Workspace;

const CATALOGUE: &str = "id,prompt,vendor\n\
    mug-red,a red mug on slate,Acme\n\
    mug-blue,a blue mug on oak,Käse & Söhne\n\
    mug-green,a green mug on linen,Acme\n\
    vase-tall,a tall vase in a hall,Käse & Söhne\n\
    bowl-cream,a cream bowl with bread,Acme\n";

#[test]
fn a_catalogue_is_decided_on_by_keyboard_alone() {
    let here = made(CATALOGUE);
    let desk = Desk::of(&here, "list");
    desk.shows(5);
    desk.page.press("/mug");
    desk.shows(3);
    desk.page.press("<Enter>");
    desk.is_at(0);
    desk.page.press("a");
    desk.is(0, "approved");
    desk.page.press("<Right>");
    desk.is_at(1);
    desk.page.press("r");
    desk.is(1, "rejected");
    desk.page.press("<End>");
    desk.is_at(2);
    desk.page.press("a");
    desk.is(2, "approved");
    desk.page.wait_for_text("#head", "2 of 5 approved");
    // The last word is taken back, and then said again.
    desk.page.press("u");
    desk.is_open(2);
    desk.tells("Taken back");
    desk.page.wait_for_text("#head", "1 of 5 approved");
    desk.page.press("a");
    desk.is(2, "approved");
    desk.is(1, "rejected");
    let approved = exported(&here, "--approved");
    assert_eq!(field(&approved, "id"), ["mug-red", "mug-green"]);
    desk.page.is_content();
}

#[test]
fn what_is_shown_follows_every_choice() {
    let here = made(CATALOGUE);
    let desk = Desk::of(&here, "list");
    desk.page.click(&format!("{} [data-say=approved]", card(3)));
    desk.is(3, "approved");
    desk.page.click(".filter:has([value=approved])");
    desk.shows(1);
    assert_eq!(desk.names(), ["vase-tall"]);
    desk.page.click(".filter:has([value=open])");
    desk.shows(4);
    desk.page.click(".filter:has([value=''])");
    desk.shows(5);
    // A cell is matched as it is written.
    desk.page.choose("#column", "vendor");
    desk.page.sees("#value:focus");
    desk.page.fill("#value", "Käse & Söhne");
    desk.shows(2);
    assert_eq!(desk.names(), ["mug-blue", "vase-tall"]);
    desk.page.choose("#column", "any");
    desk.shows(5);
    desk.page.choose("[name=order]", "id");
    desk.page.wait_for("document.querySelector('.card .name').textContent === 'bowl-cream'");
    assert_eq!(desk.names(), ["bowl-cream", "mug-blue", "mug-green", "mug-red", "vase-tall"]);
    // The address holds what was chosen.
    desk.page.reload();
    desk.shows(5);
    assert_eq!(desk.names()[0], "bowl-cream");
    desk.page.fill("#search", "no such thing");
    desk.page.wait_for_text("#found", "Nothing here");
    desk.page.is_content();
}

#[test]
fn all_that_was_found_is_approved_at_once_and_taken_back_at_once() {
    let here = made(CATALOGUE);
    let desk = Desk::of(&here, "list");
    desk.page.fill("#search", "mug");
    desk.shows(3);
    desk.page.click("[data-bulk=approved]");
    desk.page.wait_for_text("#sure", "all 3 items");
    // Who says no has said nothing.
    desk.page.click("#sure [value=no]");
    desk.page.misses("#sure");
    desk.page.click("[data-bulk=approved]");
    desk.page.click("#sure-yes");
    (0..3).for_each(|place| desk.is(place, "approved"));
    desk.page.wait_for_text("#head", "3 of 5 approved");
    assert_eq!(exported(&here, "--approved").len(), 3);
    desk.page.click("#undo");
    (0..3).for_each(|place| desk.is_open(place));
    assert_eq!(exported(&here, "--approved").len(), 0);
    desk.page.is_content();
}

#[test]
fn notes_and_captions_are_written_at_the_picture_and_handed_over() {
    let here = made(CATALOGUE);
    let desk = Desk::of(&here, "list");
    desk.look_closely(1);
    desk.page.press("n");
    desk.page.sees("[data-word=note] textarea:focus");
    // Letters that are keys elsewhere are letters here.
    desk.page.press("a rim");
    desk.page.click("[data-word=note] button");
    desk.tells("mug-blue noted");
    desk.page.sees("#details:focus");
    desk.page.press("c");
    desk.page.sees("[data-word=caption] textarea:focus");
    desk.page.fill("[data-word=caption] textarea", "Ein blauer Becher, „groß“");
    desk.page.click("[data-word=caption] button");
    desk.tells("mug-blue captioned");
    desk.page.wait_for_text("#sight", "The model said: ");
    desk.page.press("<Escape>");
    desk.page.misses("#viewer");
    desk.is_at(1);
    desk.page.wait_for_text(&card(1), "groß");
    let rows = exported(&here, "--verdicts");
    assert_eq!(rows[1]["caption"], "Ein blauer Becher, „groß“");
    assert_eq!((&rows[1]["note"], &rows[1]["reviewed_by"]), (&"a rim".into(), &"Ada".into()));
    assert_eq!(field(&rows, "verdict"), [""; 5]);
    desk.page.is_content();
}

/// The favourites by the names of their files, without extensions.
fn favourites(here: &Workspace) -> Vec<String> {
    let files = field(&exported(here, "--favourites"), "file");
    files.iter().map(|file| file.split('.').next().unwrap().to_owned()).collect()
}

#[test]
fn one_of_several_candidates_stands_for_the_product() {
    let here = made("id,prompt,variants\nmug,a red mug on slate,3\nvase,a tall vase,1\n");
    let desk = Desk::of(&here, "list");
    desk.shows(4);
    desk.look_closely(0);
    desk.page.wait_for("document.querySelectorAll('.candidate[data-picture]').length === 3");
    // Digits go from one candidate to the other.
    let first = desk.page.eval("document.querySelector('#now img').src");
    desk.page.press("2");
    desk.page.wait_for(&format!("document.querySelector('#now img').src !== {first}"));
    desk.page.press("f");
    desk.page.sees(".decide [data-say=favourite][aria-pressed=true]");
    desk.page.wait_for_text(".strip", "★");
    assert_eq!(favourites(&here), ["mug-2"]);
    // There is one at most: the next takes its place.
    desk.page.press("3");
    desk.page.sees(".decide [data-say=favourite][aria-pressed=false]");
    desk.page.press("f");
    desk.page.sees(".decide [data-say=favourite][aria-pressed=true]");
    desk.page.wait_for("document.querySelectorAll('.strip span').values().filter((word) => word.textContent.includes('★')).toArray().length === 1");
    assert_eq!(favourites(&here), ["mug-3"]);
    desk.page.is_content();
}

#[test]
fn a_picture_is_looked_at_closely_and_the_next_and_the_last() {
    let here = made(CATALOGUE);
    let desk = Desk::of(&here, "list");
    desk.page.press("/<Enter>");
    desk.is_at(0);
    desk.page.press("<Right>");
    desk.is_at(1);
    desk.page.press("<Enter>");
    desk.page.wait_for_text("#sight-id", "mug-blue");
    desk.page.wait_for("document.querySelector('#now img').naturalWidth > 0");
    desk.page.press("z");
    desk.page.sees("#panes.close-up");
    desk.page.press("z");
    desk.page.sees("#panes:not(.close-up)");
    desk.page.press("<Right>");
    desk.page.wait_for_text("#sight-id", "mug-green");
    // Who decides goes on to the next.
    desk.page.press("a");
    desk.page.wait_for_text("#sight-id", "vase-tall");
    desk.page.press("<Left>");
    desk.page.wait_for_text("#sight-id", "mug-green");
    desk.page.sees(".decide [data-say=approved][aria-pressed=true]");
    desk.page.press("<Escape>");
    desk.page.misses("#viewer");
    desk.is_at(2);
    desk.is(2, "approved");
    desk.page.press("?");
    desk.page.sees("#help[open]");
    desk.page.press("<Escape>");
    desk.page.misses("#help");
    desk.page.is_content();
}

#[test]
fn what_is_being_written_and_looked_at_stays_while_somebody_else_decides() {
    let here = made(CATALOGUE);
    let desk = Desk::of(&here, "list");
    desk.look_closely(0);
    desk.page.press("z");
    desk.page.sees("#panes.close-up");
    desk.page.press("n");
    desk.page.sees("[data-word=note] textarea:focus");
    desk.page.press("half a");
    let (_other, address) = begin(&here, "list");
    let other = Visitor::enter(&address);
    let say = |word: &str| {
        let (key, picture) = other.cards().remove(0);
        let said = format!(r#"{{"person":"Bo","items":[{key}],"picture":"{picture}","word":{{"decide":{word}}}}}"#);
        assert_eq!(other.post("/say", &[], &said).status, 200);
    };
    say(r#""approved""#);
    desk.page.wait_for_text("#head", "1 of 5 approved");
    desk.page.press(" word");
    assert_eq!(desk.page.eval("document.activeElement.value"), "half a word");
    // Whoever leaves the field sees what was decided, and what they wrote.
    desk.page.press("<Escape>");
    desk.page.wait_for_text("#sight", "by Bo");
    desk.page.sees("#panes.close-up");
    assert_eq!(desk.page.eval("document.querySelector('[data-word=note] textarea').value"), "half a word");
    say("null");
    desk.page.sees(".decide [data-say=approved][aria-pressed=false]");
    desk.page.press("n");
    desk.page.click("[data-word=note] button");
    desk.tells("mug-red noted");
    assert_eq!(exported(&here, "--verdicts")[0]["note"], "half a word");
    desk.page.is_content();
}

#[test]
fn a_review_that_has_ended_says_so_and_loses_no_word() {
    let here = made(CATALOGUE);
    let desk = Desk::of(&here, "list");
    desk.look_closely(0);
    desk.page.press("n");
    desk.page.sees("[data-word=note] textarea:focus");
    desk.page.press("a rim");
    desk.review.signal(rustix::process::Signal::INT);
    desk.review.end().exits(0);
    desk.page.click("[data-word=note] button");
    desk.page.wait_for_text("#told", "not on any more");
    assert_eq!(desk.page.eval("document.querySelector('[data-word=note] textarea').value"), "a rim");
}
