//! What a review leads to: what is exported, told and spared after persons said something. Never opens a browser.

use std::fs;

use serde_json::{Value, json};

use crate::support::jury::Ada;
use crate::support::process::events;
use crate::support::workspace::Workspace;

const DB: &str = "overnight-rehearsal.db";
const OUTPUT: &str = "output/list-rehearsal";
const LIST: &str = "id,prompt,variants,verdict\nmug,A mug,2,mine\njug,A jug [[simulate:several]],,\nbowl,A bowl,,\n";

fn rehearsed(list: &str) -> (Workspace, Ada) {
    let here = Workspace::new();
    here.write("list.csv", list);
    here.overnight("run list.csv --rehearse").end().exits(0);
    let ada = Ada::at(&here, DB, "list");
    (here, ada)
}

fn exported(here: &Workspace, words: &str) -> String {
    here.overnight(&format!("export list --rehearse {words}")).end().exits(0).stdout
}

fn files(here: &Workspace, words: &str) -> Vec<String> {
    let lines = events(&exported(here, &format!("--format jsonl {words}")));
    lines.iter().map(|line| line["file"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_was_approved_goes_out_and_no_other_row() {
    let (here, mut ada) = rehearsed(LIST);
    assert_eq!(files(&here, "--approved"), [""; 0]);
    ada.approves(&["mug-1", "mug-2"]);
    ada.rejects(&["jug"]);
    assert_eq!(files(&here, "--approved"), ["mug-1.png", "mug-2.png"]);
    assert_eq!(files(&here, "--approved --status failed"), [""; 0]);
    ada.rejects(&["mug-1"]);
    ada.approves(&["bowl"]);
    assert_eq!(files(&here, "--approved"), ["mug-2.png", "bowl.jpg"]);
    assert_eq!(exported(&here, "--approved").lines().count(), 3);
}

#[test]
fn a_row_goes_out_with_its_favourite_or_else_with_the_only_one_approved() {
    let (here, mut ada) = rehearsed(LIST);
    assert_eq!(files(&here, "--favourites"), [""; 0]);
    ada.favours("jug", 1);
    ada.approves(&["mug-1", "mug-2", "bowl"]);
    assert_eq!(
        files(&here, "--favourites"),
        ["jug~2.jpg", "bowl.jpg"],
        "of the mugs two are approved, and none chosen"
    );
    ada.favours("mug-2", 0);
    assert_eq!(files(&here, "--favourites"), ["mug-2.png", "jug~2.jpg", "bowl.jpg"]);
    ada.rejects(&["mug-2"]);
    assert_eq!(files(&here, "--favourites"), ["mug-1.png", "jug~2.jpg", "bowl.jpg"], "nobody wants what is rejected");
    let words = "export list --rehearse --approved --favourites";
    here.overnight(words).end().exits(2).says(&["cannot be used with"]);
}

#[test]
fn what_was_said_stands_behind_the_results_when_it_is_wanted() {
    let (here, mut ada) = rehearsed(LIST);
    ada.favours("jug", 1);
    ada.rejects(&["mug-1"]);
    ada.notes("mug-1", "=too dark");
    let plain = exported(&here, "");
    assert!(plain.starts_with("id,prompt,variants,verdict,status,") && plain.contains(",width,height\n"), "{plain}");
    let table = exported(&here, "--verdicts");
    assert!(table.starts_with("id,prompt,variants,manifest_verdict,status,"), "{table}");
    assert!(table.contains(",height,verdict,favourite,note,reviewed_by,reviewed_at\n"), "{table}");
    assert!(table.contains(",rejected,,'=too dark,Ada,2026-11-20T08:00:00.000Z\n"), "{table}");
    let lines = events(&exported(&here, "--verdicts --format jsonl"));
    let said = |line: &Value| ["verdict", "favourite", "note", "reviewed_by"].map(|key| line[key].clone());
    assert_eq!(said(&lines[0]), [json!("rejected"), Value::Null, json!("=too dark"), json!("Ada")]);
    assert_eq!(said(&lines[1]), [Value::Null, Value::Null, Value::Null, Value::Null]);
    assert_eq!(said(&lines[2]), [Value::Null, json!("jug~2.jpg"), Value::Null, json!("Ada")]);
    assert_eq!(lines[3].as_object().unwrap().len(), 4 + 10 + 5);
}

#[test]
fn an_edited_caption_stands_in_place_of_the_models() {
    let (here, mut ada) = rehearsed(LIST);
    ada.captions("bowl", "A bowl\nfor soup");
    let lines = events(&exported(&here, "--format jsonl"));
    assert_eq!(lines[3]["caption"], "A bowl\nfor soup");
    assert_ne!(lines[0]["caption"], "");
    assert!(exported(&here, "").contains(",\"A bowl\nfor soup\","));
    let shop = exported(&here, "--format shopify");
    assert!(
        shop.lines().any(|line| line.starts_with("bowl,") && line.contains(",bowl.jpg,1,A bowl for soup,")),
        "{shop}"
    );
}

#[test]
fn a_shop_gets_the_approved_pictures_the_favourite_first_and_all_other_rows_as_they_were() {
    let list = "Handle,id,prompt,variants,Image Src,Image Position\n\
                mug,mug,A mug,3,https://old.example/mug.jpg,1\n\
                jug,jug,A jug [[simulate:several]],,https://old.example/jug.jpg,1\n\
                bowl,bowl,A bowl,,https://old.example/bowl.jpg,1\n";
    let (here, mut ada) = rehearsed(list);
    ada.approves(&["mug-1", "mug-3", "jug"]);
    ada.favours("mug-3", 0);
    ada.favours("jug", 1);
    let file = |id: &str, picture: usize| ada.cards()[id].record.artifact.clone().unwrap().images[picture].file.clone();
    let lines = |words: &str| -> Vec<String> {
        let table = exported(&here, &format!("--format shopify {words}"));
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        reader.records().map(|line| [0, 4, 5].map(|cell| line.as_ref().unwrap()[cell].to_owned()).join("|")).collect()
    };
    let expected = [
        format!("mug|{}|1", file("mug-3", 0)),
        format!("mug|{}|2", file("mug-1", 0)),
        format!("jug|{}|1", file("jug", 1)),
        "bowl|https://old.example/bowl.jpg|1".to_owned(),
    ];
    assert_eq!(lines("--approved"), expected);
    let favourites = [&expected[..1], &expected[2..]].concat();
    assert_eq!(lines("--favourites"), favourites);
    assert_eq!(lines("").len(), 5, "without a choice all three mugs come");
}

#[test]
fn a_favourite_is_found_among_earlier_pictures_and_spared_and_missed_when_it_is_gone() {
    let (here, mut ada) = rehearsed("id,prompt\nmug,A mug\ncup,A cup\n");
    ada.favours("mug", 0);
    ada.approves(&["mug", "cup"]);
    here.write("list.csv", "id,prompt\nmug,A blue mug\ncup,A cup\n");
    here.overnight("run list.csv --rehearse --changed").end().exits(0);
    let favourites = files(&here, "--favourites");
    assert!(favourites[0].starts_with(".versions/mug~1."), "{favourites:?}");
    assert_eq!(files(&here, "--approved").len(), 1, "an approval is of a picture");
    let told = events(&exported(&here, "--format jsonl --verdicts"));
    assert_eq!((&told[0]["favourite"], &told[0]["verdict"]), (&json!(favourites[0]), &Value::Null));
    assert_ne!(told[0]["file"], told[0]["favourite"]);

    here.overnight("prune --older-than 0 --rehearse").end().exits(0);
    assert!(here.path(OUTPUT).join(&favourites[0]).is_file(), "prune spares what stands for a product");
    let shown = here.overnight("show list mug --rehearse").end().exits(0).stdout;
    for words in ["open; an earlier picture was approved", "the picture of earlier version 1 stands", "approved by Ada"]
    {
        assert!(shown.contains(words), "`{words}` is not in:\n{shown}");
    }

    fs::remove_file(here.path(OUTPUT).join(&favourites[0])).unwrap();
    let ended = here.overnight("export list --rehearse --favourites --format jsonl").end().exits(0);
    assert_eq!(events(&ended.stdout).len(), 1);
    ended.says(&["warning: 1 favourite is left out, for the picture is not there any more: mug"]);
}

#[test]
fn status_and_show_tell_what_was_said_only_where_something_was() {
    let (here, mut ada) = rehearsed(LIST);
    let status = || here.overnight("status list --rehearse").end().exits(0).stdout;
    assert!(!status().contains("review"), "{}", status());
    assert_eq!(here.status("list --rehearse").get("review"), None);
    let shown = |words: &str| here.overnight(&format!("show list {words} --rehearse")).end().exits(0);
    assert!(!shown("mug-1").stdout.contains("Review:"));
    assert_eq!(shown("mug-1 --json").json()["review"], Value::Null);

    ada.approves(&["mug-1", "bowl"]);
    ada.rejects(&["jug"]);
    ada.favours("mug-1", 0);
    ada.notes("mug-2", "too \u{1b}[31mred");
    assert!(status().contains("  review      2 approved, 1 rejected, 1 favourite, 1 open\n"), "{}", status());
    let expected = json!({"approved": 2, "rejected": 1, "favourites": 1, "sent_back": 0, "open": 1});
    assert_eq!(here.status("list --rehearse")["review"], expected);
    let page = shown("mug-2").stdout;
    assert!(
        page.contains("Review:\n  decision  open\n  note      too") && page.contains("note written by Ada"),
        "{page}"
    );
    assert!(!page.contains('\u{1b}'));
    let told = shown("mug-1 --json").json();
    assert_eq!(told["review"]["decision"], "approved");
    assert_eq!((&told["review"]["holds"], &told["review"]["by"]), (&json!(true), &json!("Ada")));
    assert_eq!(told["review"]["favourite"]["version"], Value::Null);
    assert_eq!(told["review"]["favourite"]["image"], 1);
    assert_eq!(told["acts"][0]["act"], "approve");
    assert_eq!(
        told["acts"][1],
        json!({"act": "favourite", "by": "Ada", "at": "2026-11-20T08:00:00.000Z", "undone_at": null})
    );
}
