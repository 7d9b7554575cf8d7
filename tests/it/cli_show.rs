//! `show`: one item's whole story, for people and for programs. Never changes anything.

use serde_json::json;

use crate::support::workspace::Workspace;

/// A rehearsal with a failed item for which a ratio was asked.
fn refused() -> Workspace {
    let here = Workspace::new();
    here.write("list.csv", "id,prompt,aspect_ratio\nmug-7,A blue mug,4:5\nmug-8,\"Two\nlines \u{1b}[31mred\",\n");
    here.overnight("run list.csv --rehearse --fail refused=100% --limit 1").end().exits(5);
    here
}

fn page(here: &Workspace, item: &str) -> String {
    here.overnight(&format!("show list {item} --rehearse")).end().exits(0).stdout
}

#[test]
fn a_failed_item_tells_why_and_what_to_type() {
    let here = refused();
    let page = page(&here, "mug-7");
    assert!(page.starts_with("mug-7 of list: failed, refused\n  row       list.csv:2\n"), "{page}");
    for words in [
        "prompt    A blue mug\n",
        "aspect_ratio 4:5\n",
        "\n  1  20",
        "given up\n",
        "HTTP 200",
        "IMAGE_SAFETY",
        "of $0.0336 reserved",
        "retry list --item mug-7 --rehearse",
    ] {
        assert!(page.contains(words), "`{words}` is not in:\n{page}");
    }
    assert!(!page.contains("Files:"), "{page}");
}

#[test]
fn an_item_that_waits_has_no_attempts_and_its_prompt_keeps_its_lines_and_commands_no_terminal() {
    let page = page(&refused(), "mug-8");
    assert!(page.starts_with("mug-8 of list: waits to be tried\n"), "{page}");
    assert!(page.contains("prompt    Two\n            lines red\n"), "{page}");
    assert!(!page.contains("Attempts:") && !page.contains('\u{1b}'), "{page}");
}

#[test]
fn files_are_looked_at_as_they_lie_there_now() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --rehearse --aspect-ratio 4:5").end().exits(0);
    let there = page(&here, "item-1");
    for words in ["928 × 1152 pixels", "bytes, there\n", "blake3 ", "caption, there\n", "tokens "] {
        assert!(there.contains(words), "`{words}` is not in:\n{there}");
    }
    assert!(!there.contains("Next:") && !there.contains("not the shape"), "{there}");
    here.write("output/list-rehearsal/item-1.txt", "another caption");
    std::fs::remove_file(here.path("output/list-rehearsal/item-1.jpg")).unwrap();
    let gone = page(&here, "item-1");
    for words in ["bytes, MISSING\n", "caption, CHANGED since it was kept\n", "verify list --requeue --rehearse"] {
        assert!(gone.contains(words), "`{words}` is not in:\n{gone}");
    }
}

#[test]
fn each_way_of_being_amiss_has_a_next_step_of_its_own() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --rehearse").end().exits(0);
    let (picture, caption) = ("output/list-rehearsal/item-1.jpg", "output/list-rehearsal/item-1.txt");
    let bytes = std::fs::read(here.path(picture)).unwrap();
    let said = here.read(caption);
    let verify = "verify list --requeue --rehearse\n";
    // Also what differs by a line end only is changed: `verify` says the same.
    here.write(caption, &format!("{said}\n"));
    let told = page(&here, "item-1").replace("\n  # ", " ");
    for words in ["caption, CHANGED", "delete it and type this; nothing is sent", verify] {
        assert!(told.contains(words), "`{words}` is not in:\n{told}");
    }
    here.write(caption, &said);
    here.write(picture, "somebody's work");
    let told = page(&here, "item-1").replace("\n  # ", " ");
    for words in ["bytes, CHANGED", "somebody's work, and stays; to have it made again", "delete", verify] {
        assert!(told.contains(words), "`{words}` is not in:\n{told}");
    }
    std::fs::write(here.path(picture), &bytes[..bytes.len() / 2]).unwrap();
    let told = page(&here, "item-1").replace("\n  # ", " ");
    for words in ["bytes, CUT SHORT", "missing or cut short", verify] {
        assert!(told.contains(words), "`{words}` is not in:\n{told}");
    }
    let told = here.overnight("show list item-1 --rehearse --json").end().exits(0).json();
    assert_eq!((&told["files"][0]["on_disk"], &told["files"][1]["on_disk"]), (&json!("truncated"), &json!("there")));
}

#[test]
fn the_json_is_one_document_with_every_key() {
    let here = Workspace::with_list(1);
    here.overnight("run list.csv --rehearse --aspect-ratio 4:5").end().exits(0);
    let told = here.overnight("show list.csv item-1 --rehearse --json").end().exits(0).json();
    let keys = "job item state name manifest line listed due_at cancelled_by sent_back failure caption cost_usd request \
                attempts files versions review acts";
    let mut keys: Vec<&str> = keys.split(' ').collect();
    keys.sort_unstable();
    let mut found: Vec<&str> = told.as_object().unwrap().keys().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, keys);
    assert_eq!((&told["state"], &told["line"], &told["failure"]), (&json!("done"), &json!(2), &json!(null)));
    assert_eq!((&told["request"]["aspect_ratio"], &told["cost_usd"]), (&json!("4:5"), &json!(0.0336)));
    let attempt = &told["attempts"][0];
    assert_eq!(
        (&attempt["attempt"], &attempt["state"], &attempt["outcome"]),
        (&json!(1), &json!("settled"), &json!("done"))
    );
    assert_eq!((&attempt["finish_reason"], &attempt["kind"]), (&json!("STOP"), &json!(null)));
    let picture = &told["files"][0];
    assert_eq!((&picture["on_disk"], &picture["width"]), (&json!("there"), &json!(928)));
    assert_eq!(picture["fits_aspect_ratio"], true);
    assert_eq!(told["files"][1]["file"], "output/list-rehearsal/item-1.txt");
}

#[test]
fn an_unknown_item_is_told_the_nearest() {
    let here = refused();
    here.overnight("show list mug7 --rehearse").end().exits(2).says(&["has no item `mug7`", "`mug-7`"]);
    here.overnight("show lost mug-7 --rehearse").end().exits(2).says(&["there is no job `lost`", "list"]);
    here.overnight("show list").end().exits(2);
}
