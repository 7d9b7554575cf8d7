//! `review --static`: a folder that can be passed on. Never opens a browser.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use overnight::export::{Keepsake, keep};
use overnight::queue::sqlite::{SqliteLedger, SqliteReview};
use serde_json::{Value, json};

use crate::support::jury::{Ada, MORNING};
use crate::support::photo::photo;
use crate::support::workspace::Workspace;

const DB: &str = "overnight-rehearsal.db";
const STATIC: &str = "review list --rehearse --static sheet";

/// A rehearsed list, with a reference on the disk and one of which nobody else should know the whole address.
fn rehearsed() -> (Workspace, Ada) {
    let here = Workspace::new();
    fs::create_dir(here.path("photos")).unwrap();
    fs::write(here.path("photos/oak.jpg"), photo(1600, 1000)).unwrap();
    let whole = here.path("photos/oak.jpg").display().to_string();
    here.write(
        "list.csv",
        &format!(
            "id,prompt,images,Source\n\
             mug,\"A mug, <b>blue</b>\",photos/oak.jpg,https://ada:pw@cdn.example/mug.jpg?X-Signature=s3cret\n\
             jug,A jug [[simulate:several]],{whole},{whole}\n\
             bowl,A bowl [[simulate:refused]],,\n"
        ),
    );
    here.overnight("run list.csv --rehearse").end().exits(3);
    let ada = Ada::at(&here, DB, "list");
    (here, ada)
}

fn data(here: &Workspace) -> Value {
    let page = here.read("sheet/index.html");
    let (_, data) = page.split_once(r#"<script type="application/json" id="data">"#).unwrap();
    serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap()
}

fn hrefs(item: &Value, list: &str) -> Vec<String> {
    let all = item[list].as_array().map(Vec::as_slice).unwrap_or_default().iter();
    all.filter_map(|entry| Some(entry["href"].as_str()?.to_owned())).collect()
}

#[test]
fn the_folder_holds_all_that_the_page_shows_and_tells_what_was_said() {
    let (here, mut ada) = rehearsed();
    ada.approves(&["mug"]);
    ada.captions("mug", "A blue mug on oak.");
    ada.favours("jug", 1);
    ada.notes("jug", "see file:///home/ada/notes/jug.txt");
    ada.rejects(&["bowl"]);
    let ended = here.overnight(STATIC).end().exits(0);
    assert_eq!(ended.stdout, "sheet/index.html\n");
    let data = data(&here);
    let items = data["items"].as_array().unwrap();
    let pictures = 1 + here.pictures("output/list-rehearsal").iter().filter(|name| name.starts_with("jug")).count();
    ended.says(&[&format!("3 items, {pictures} pictures\n")]);
    let mut shown = BTreeSet::new();
    for href in items.iter().flat_map(|item| [hrefs(item, "images"), hrefs(item, "references")].concat()) {
        let picture = image::open(here.path("sheet").join(&href)).unwrap_or_else(|error| panic!("{href}: {error}"));
        assert!(picture.width().max(picture.height()) <= 1280, "{href}");
        shown.insert(href);
    }
    assert_eq!(shown.len(), pictures + 1, "{shown:?}: one reference has two names");
    let there: BTreeSet<String> = here.files("sheet").into_iter().filter(|file| file != "index.html").collect();
    assert_eq!(there, shown);

    let [mug, jug, bowl] = [0, 1, 2].map(|at| &items[at]);
    assert_eq!((&mug["standings"], &mug["caption"]), (&json!(["approved"]), &json!("A blue mug on oak.")));
    let said = json!({"decision": "approved", "holds": true, "by": "Ada", "at": MORNING.millis(), "edited": true});
    assert_eq!(mug["review"], said);
    assert_eq!(jug["standings"], json!(["open", "favourite", "noted"]));
    let chosen = &jug["images"][1];
    assert!(chosen["favourite"] == true && chosen["name"].as_str().unwrap().starts_with("jug~2."), "{chosen}");
    assert_eq!(jug["review"]["note"], "see jug.txt");
    assert_eq!((&bowl["standings"], &bowl["failure"]["kind"]), (&json!(["rejected"]), &json!("refused")));
    assert_eq!((&data["about"]["review"], &data["about"]["cost_usd"]), (&json!(true), &Value::Null));
}

#[test]
fn nothing_in_it_leads_out_or_tells_what_nobody_else_should_know() {
    let (here, _) = rehearsed();
    here.overnight(STATIC).end().exits(0);
    let page = here.read("sheet/index.html");
    assert!(page.contains("https://cdn.example/mug.jpg"), "an address may be known, but for what stands behind it");
    let outside = here.path(".").display().to_string();
    for secret in ["s3cret", "X-Signature", "ada:pw", outside.trim_end_matches("/."), "results.csv", "href=\"http"] {
        assert!(!page.contains(secret), "{secret}");
    }
    assert!(page.contains("default-src 'none'; img-src 'self' file:;") && !page.contains("<b>blue"));
    let names = here.files("sheet").join(" ");
    assert!(!names.contains("..") && fs::read_to_string(here.path("sheet/.overnight-review")).is_ok(), "{names}");
}

#[test]
fn only_a_new_folder_or_one_that_was_made_so_is_written() {
    let (here, _) = rehearsed();
    here.write("sheet/plans.txt", "mine");
    here.overnight(STATIC).end().exits(2).says(&["sheet holds something else already", "name a new folder"]);
    assert_eq!(here.files("sheet"), ["plans.txt"]);
    for (directory, says) in [
        ("output/list-rehearsal/sheet", "lies among the job's pictures"),
        ("list.csv", "is the job's manifest"),
        ("none/sheet", "cannot write none/sheet"),
    ] {
        let ended = here.overnight(&format!("review list --rehearse --static {directory}")).end();
        assert!(ended.code != Some(0) && ended.stderr.contains(says), "{directory}: {}", ended.stderr);
    }
    here.overnight("run list.csv --rehearse --name other").end();
    fs::remove_dir_all(here.path("sheet")).unwrap();
    fs::create_dir(here.path("sheet")).unwrap();
    here.overnight(STATIC).end().exits(0);
    let journal = here.read("sheet/.overnight-review").replace("\"job\":\"list\"", "\"job\":\"other\"");
    here.write("sheet/.overnight-review", &journal);
    here.overnight(STATIC).end().exits(2).says(&["holds the review of another job, other"]);
}

#[test]
fn written_anew_it_keeps_what_is_the_same_and_drops_only_what_was_made_here() {
    let (here, mut ada) = rehearsed();
    here.overnight(STATIC).end().exits(0);
    let before = here.files("sheet/pictures");
    here.write("sheet/pictures/mine.jpg", "mine");
    let same = before.iter().find(|name| name.starts_with("jug-")).unwrap();
    fs::write(here.path("sheet/pictures").join(same), "seen again").unwrap();
    let list = here.read("list.csv").replace("A mug", "Another mug");
    here.write("list.csv", &list);
    here.overnight("run list.csv --rehearse --changed").end();
    ada.approves(&["mug"]);
    here.overnight(STATIC).end().exits(0);
    let after = here.files("sheet/pictures");
    assert!(after.contains(&"mine.jpg".to_owned()) && here.read(&format!("sheet/pictures/{same}")) == "seen again");
    let mugs = |names: &[String]| names.iter().filter(|name| name.starts_with("mug-")).cloned().collect::<Vec<_>>();
    assert_eq!((mugs(&after).len(), after.len()), (1, before.len() + 1));
    assert_ne!(mugs(&before), mugs(&after));
}

#[test]
fn one_that_is_cut_short_is_not_taken_for_whole_and_leaves_the_one_before() {
    let (here, _) = rehearsed();
    let (gallery, ledger) = (SqliteReview::open(&here.path(DB)).unwrap(), SqliteLedger::open(&here.path(DB)).unwrap());
    let cut_short = || {
        let keepsake = Keepsake {
            job: "list",
            now: MORNING,
            rehearsal: true,
            gallery: &gallery,
            ledger: &ledger,
            picture: &|_| panic!("somebody ends it"),
            reference: &|_| None,
        };
        catch_unwind(AssertUnwindSafe(|| keep(&keepsake, &here.path("sheet"), &mut |_, _| ()))).unwrap_err();
    };
    cut_short();
    assert!(!here.path("sheet/index.html").exists());
    here.overnight(STATIC).end().exits(0);
    let before = here.read("sheet/index.html");
    fs::remove_file(here.path("sheet/pictures").join(&here.files("sheet/pictures")[0])).unwrap();
    cut_short();
    assert_eq!(here.read("sheet/index.html"), before);
}
