//! What the contact sheet promises, over a ledger made by hand. Never opens a database or a browser.

use std::fs;
use std::path::Path;
use std::time::Duration;

use overnight::domain::{
    Artifact, AspectRatio, Course, Digest, FailureKind, ImageFile, Item, ItemId, Modalities, PriceSource, Reply,
    Request, Sources, Timestamp, Usd,
};
use overnight::export::{About, ExportError, Sheet, write_results};
use overnight::queue::{ItemRecord, ItemState, JobStatus, RowRecord};
use serde_json::{Value, json};

use crate::support::rows::{Rows, repeated, row};
use crate::support::work::is_little_work;
use crate::support::workspace::Workspace;

/// What would end the data, begin a comment or an element, or break a script, if a page took it for more than text.
const HOSTILE: &str = "</script><img src=x onerror=alert(1)><!-- <script> --> &lt; ]]> \u{2028}\u{2029} \"'\\ {data}";

/// How the job `spring` stands.
fn status() -> JobStatus {
    JobStatus {
        job: "spring".into(),
        manifest: "spring.csv".into(),
        output: "output".into(),
        images: 3,
        attempts: 7,
        lost_attempts: 1,
        cost: Some(Usd::from_nanos(100_800_000)),
        price_source: Some(PriceSource::Listed),
        ..JobStatus::default()
    }
}

fn about(folder: &Path) -> About<'_> {
    About {
        job: "spring",
        output: folder,
        references: folder,
        now: Timestamp::from_millis(1_795_000_000_000),
        took: Duration::from_millis(12_500),
        rehearsal: true,
        list_price_of: Some("2026-11"),
        course: None,
        foreseen: None,
    }
}

fn waiting(id: &str) -> ItemRecord {
    let request = Request { aspect_ratio: Some(AspectRatio::R4x5), ..Request::new("model", format!("Draw {id}")) };
    ItemRecord {
        item: Item {
            id: ItemId::new(id),
            name: id.into(),
            request,
            digest: Digest([0; 32]),
            sources: Sources::default(),
        },
        state: ItemState::Queued,
        attempts: 0,
        artifact: None,
        failure: None,
        reply: Reply::default(),
        cost: None,
        verdict: None,
        repeated: false,
    }
}

fn done(id: &str, files: &[&str]) -> ItemRecord {
    let image = |file: &&str| ImageFile {
        file: (*file).into(),
        bytes: 7,
        blake3: "abc".into(),
        width: Some(928),
        height: Some(1152),
    };
    ItemRecord {
        state: ItemState::Done,
        attempts: 2,
        artifact: Some(Artifact {
            images: files.iter().map(image).collect(),
            caption: Some(format!("Here is {id}.")),
            finish_reason: Some("STOP".into()),
        }),
        cost: Some(Usd::from_nanos(33_600_000)),
        ..waiting(id)
    }
}

fn refused(id: &str) -> ItemRecord {
    ItemRecord {
        state: ItemState::Failed,
        attempts: 1,
        failure: Some((FailureKind::Refused, "unsafe, says the model".into())),
        reply: Reply { finish_reason: Some("IMAGE_SAFETY".into()), ..Reply::default() },
        ..waiting(id)
    }
}

/// The page of these rows, without touching the disk.
fn page(columns: &[&str], rows: &[RowRecord]) -> String {
    let columns: Vec<_> = columns.iter().map(|&column| column.to_owned()).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut sheet = Sheet::new(&about(folder.path()), &columns, None, Vec::new()).unwrap();
    rows.iter().for_each(|row| sheet.write(row).unwrap());
    String::from_utf8(sheet.finish().unwrap()).unwrap()
}

/// The data of a page as its script gets them: up to the first thing that ends the element.
fn data(page: &str) -> Value {
    let (_, data) = page.split_once(r#"<script type="application/json" id="data">"#).unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    serde_json::from_str(data).unwrap()
}

/// The data of a page of one item.
fn entry(record: ItemRecord) -> Value {
    data(&page(&["id"], &[row(&[], &[record])]))["items"][0].clone()
}

#[test]
fn the_page_is_the_one_that_was_looked_at() {
    let rows = [
        row(&[json!("lamp"), json!("oak")], &[done("lamp", &["lamp.jpg"])]),
        row(&[json!("chair"), json!("ash")], &[refused("chair")]),
        row(&[json!("table"), json!("elm")], &[waiting("table")]),
    ];
    insta::assert_snapshot!(page(&["id", "material"], &rows));
}

#[test]
fn the_data_tell_what_the_ledger_tells() {
    let rows = [
        row(&[json!("lamp"), json!("oak"), json!(1.5)], &[done("lamp", &["lamp.jpg"])]),
        row(&[json!("chair"), json!("Draw chair"), Value::Null], &[refused("chair")]),
        row(&[json!("left out")], &[]),
        row(&[json!("table")], &[waiting("table-1"), waiting("table-2")]),
    ];
    let data = data(&page(&["id", "material", "weight"], &rows));
    assert_eq!(data["about"]["columns"], json!(["id", "material", "weight"]));
    let lamp = json!({
        "id": "lamp", "line": 2, "state": "done", "prompt": "Draw lamp", "model": "model", "aspect_ratio": "4:5",
        "images": [{"href": "lamp.jpg", "width": 928, "height": 1152}], "caption": "Here is lamp.",
        "finish_reason": "STOP", "attempts": 2, "cost_usd": 0.0336, "cells": ["", "oak", "1.5"],
    });
    let chair = json!({
        "id": "chair", "line": 2, "state": "failed", "prompt": "Draw chair", "model": "model", "aspect_ratio": "4:5",
        "finish_reason": "IMAGE_SAFETY", "failure": {"kind": "refused", "message": "unsafe, says the model"},
        "attempts": 1, "cells": ["", "", ""],
    });
    assert_eq!(data["items"][0], lamp);
    assert_eq!(data["items"][1], chair);
    assert_eq!(data["items"][2]["id"], "table-1");
    assert_eq!(data["items"][3]["state"], "queued");
    assert_eq!(data["items"].as_array().unwrap().len(), 4, "a row without items has nothing to show");
}

#[test]
fn the_head_tells_the_jobs_money_and_that_it_was_a_rehearsal() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Rows { status: Some(status()), ..Rows::default() };
    write_results(&ledger, &about(folder.path())).unwrap();
    let page = fs::read_to_string(folder.path().join("index.html")).unwrap();
    let expected = json!({
        "job": "spring", "written": 1_795_000_000_000_u64, "took_seconds": 12.5, "rehearsal": true,
        "list_price_of": "2026-11", "columns": [], "attempts": 7, "lost_attempts": 1, "cost_usd": 0.1008,
        "night": null, "foreseen": null,
    });
    assert_eq!(data(&page)["about"], expected);
}

#[test]
fn the_last_run_is_told_over_time_beside_how_it_was_foreseen() {
    let folder = tempfile::tempdir().unwrap();
    let start = Timestamp::from_millis(1_795_000_000_000);
    let [mut course, mut foreseen] = [Course::starting(start), Course::starting(start)];
    (course.at(start).sent, course.at(start).throttled) = (3, 1);
    course.at(start.after(Duration::from_secs(2))).cost = Usd::from_nanos(67_200_000);
    foreseen.at(start.after(Duration::from_secs(1))).sent = 2;
    let about = About { course: Some(&course), foreseen: Some(&foreseen), ..about(folder.path()) };
    write_results(&Rows::default(), &about).unwrap();
    let about = data(&fs::read_to_string(folder.path().join("index.html")).unwrap())["about"].clone();
    let expected = json!({
        "start": 1_795_000_000_000_u64, "step_seconds": 1.0, "sent": [3, 0, 0], "throttled": [1, 0, 0],
        "missed": [0, 0, 0], "cost": [0.0, 0.0, 0.0672],
    });
    assert_eq!((&about["night"], &about["foreseen"]["sent"]), (&expected, &json!([0, 2])));
}

#[test]
fn rows_that_share_an_item_show_it_once() {
    let lamp = row(&[json!("Draw")], &[done("lamp", &["lamp.jpg"])]);
    assert_eq!(data(&page(&["prompt"], &[lamp.clone(), repeated(&lamp)]))["items"].as_array().unwrap().len(), 1);
}

#[test]
fn hostile_words_stay_words_wherever_they_stand() {
    let mut record = done(HOSTILE, &[HOSTILE]);
    record.item.request.prompt = HOSTILE.into();
    record.item.request.references = vec![HOSTILE.into()];
    record.artifact.as_mut().unwrap().caption = Some(HOSTILE.into());
    record.failure = Some((FailureKind::Transient, HOSTILE.into()));
    let page = page(&[HOSTILE], &[row(&[json!([HOSTILE])], &[record])]);
    let harmless = self::page(&[], &[]);
    for mark in ["<script", "</script", "<!--", "<img", "\u{2028}", "\u{2029}"] {
        assert_eq!(page.matches(mark).count(), harmless.matches(mark).count(), "{mark}");
    }
    let data = data(&page);
    assert_eq!(data["about"]["columns"][0], HOSTILE);
    let item = &data["items"][0];
    for text in [&item["id"], &item["prompt"], &item["caption"], &item["failure"]["message"]] {
        assert_eq!(text, HOSTILE);
    }
    assert_eq!(item["references"], json!([{"name": HOSTILE}]));
    assert!(!item["images"][0]["href"].as_str().unwrap().contains(['<', '"', '&', ' ']));
}

#[test]
fn the_page_allows_nothing_but_its_own_style_and_script_and_never_reads_markup() {
    let page = page(&[], &[]);
    assert!(page.contains("default-src 'none'; img-src 'self' file:; style-src 'sha256-"), "{}", &page[..900]);
    assert!(!page.contains("unsafe-inline") && !page.contains("unsafe-eval"));
    for tool in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "eval(", "style="] {
        assert!(!page.contains(tool), "{tool}");
    }
    for outside in ["http:", "https:", "url(", "@import", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let placeholders = ["{style", "{script", "{data}"];
    assert!(placeholders.iter().all(|left| !page.contains(left)));
}

#[test]
fn pictures_are_found_whatever_their_names() {
    let names = ["Möbel/a b.jpg", "50%#1?.png", "a&b=c;d.webp", "javascript:x.jpg", "lamp~2.jpg"];
    let hrefs: Vec<_> = entry(done("lamp", &names))["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| image["href"].as_str().unwrap().to_owned())
        .collect();
    let expected =
        ["M%C3%B6bel/a%20b.jpg", "50%25%231%3F.png", "a%26b%3Dc%3Bd.webp", "javascript%3Ax.jpg", "lamp~2.jpg"];
    assert_eq!(hrefs, expected);
    // And a reader of addresses comes back to the names.
    let base = url::Url::parse("file:///shop/output/index.html").unwrap();
    for (name, href) in names.iter().zip(&hrefs) {
        let path = base.join(href).unwrap().to_file_path().unwrap();
        assert_eq!(path, Path::new("/shop/output").join(name));
    }
}

#[test]
fn references_that_are_there_are_linked_and_the_others_named() {
    let here = Workspace::new();
    here.write("shop/lists/photos/blue mug.jpg", "picture");
    here.write("shop/output/spring/.keep", "");
    let (lists, output) = (here.path("shop/lists"), here.path("shop/output/spring"));
    let mut record = waiting("mug");
    let absolute = lists.join("photos/blue mug.jpg").display().to_string();
    let names =
        ["photos/blue mug.jpg", "photos/../photos/blue mug.jpg", &absolute, "gone.jpg", "photos", "https://x/y.jpg"];
    record.item.request.references = names.map(str::to_owned).into();
    let ledger = Rows { rows: vec![row(&[], &[record])], ..Rows::default() };
    write_results(&ledger, &About { references: &lists, ..about(&output) }).unwrap();
    let page = fs::read_to_string(output.join("index.html")).unwrap();
    let found = &data(&page)["items"][0]["references"];
    for (at, name) in names.iter().enumerate() {
        assert_eq!(found[at]["name"], *name);
        let href = if at < 3 { json!("../../lists/photos/blue%20mug.jpg") } else { Value::Null };
        assert_eq!(found[at]["href"], href, "{name}");
    }
}

#[test]
fn what_strikes_the_eye_gets_a_badge() {
    let badges = |record: ItemRecord| entry(record)["badges"].clone();
    assert_eq!(badges(done("fine", &["fine.jpg"])), Value::Null);
    assert_eq!(badges(done("two", &["two.jpg", "two~2.jpg"])), json!(["several"]));

    let mut wide = done("wide", &["wide.jpg"]);
    wide.item.request.aspect_ratio = Some(AspectRatio::R16x9);
    assert_eq!(badges(wide.clone()), json!(["shape"]));
    wide.item.request.aspect_ratio = None;
    assert_eq!(badges(wide), Value::Null, "no shape was asked for");

    let mut silent = done("silent", &["silent.jpg"]);
    silent.artifact.as_mut().unwrap().caption = None;
    assert_eq!(badges(silent.clone()), json!(["uncaptioned"]));
    silent.item.request.modalities = Modalities::Image;
    assert_eq!(badges(silent), Value::Null, "no caption was asked for");
}

#[test]
fn the_page_is_replaced_whole_or_not_at_all() {
    let output = tempfile::tempdir().unwrap();
    fs::write(output.path().join("index.html"), "before").unwrap();
    let mut ledger = Rows { rows: vec![row(&[], &[waiting("lamp")])], breaks: true, ..Rows::default() };
    let error = write_results(&ledger, &about(output.path())).unwrap_err();
    assert!(matches!(error, ExportError::Ledger(_)));
    assert_eq!(fs::read(output.path().join("index.html")).unwrap(), b"before");
    assert_eq!(fs::read_dir(output.path()).unwrap().count(), 1, "no draft is left");

    ledger.breaks = false;
    write_results(&ledger, &about(output.path())).unwrap();
    assert!(fs::read_to_string(output.path().join("index.html")).unwrap().ends_with("</html>\n"));
    assert_eq!(fs::read_dir(output.path()).unwrap().count(), 3, "and the other results");
}

#[test]
fn ten_thousand_items_are_quickly_written_and_small() {
    let rows: Vec<_> = (0..10_000)
        .map(|number| {
            let id = format!("item-{number}");
            row(&[json!(id), json!("Acme")], &[done(&id, &[&format!("chairs/{id}.jpg")])])
        })
        .collect();
    let page = is_little_work(Duration::from_secs(5), "the page", || page(&["id", "vendor"], &rows));
    let each = (page.len() - self::page(&[], &[]).len()) / rows.len();
    assert!(each < 400, "{each} bytes an item, texts of 40 included");
    assert_eq!(data(&page)["items"].as_array().unwrap().len(), 10_000);
}

#[test]
fn what_a_browser_could_not_bear_is_counted_by_state_and_found_in_the_table() {
    let rows: Vec<_> = (0..20_003)
        .map(|number| {
            let id = format!("item-{number}");
            row(&[], &[if number == 20_001 { refused(&id) } else { done(&id, &[&format!("{id}.jpg")]) }])
        })
        .collect();
    let page = page(&[], &rows);
    let data = data(&page);
    assert_eq!(data["items"].as_array().unwrap().len(), 20_000);
    assert_eq!(data["items"][19_999]["id"], "item-19999");
    assert_eq!(data["beyond"], json!({"done": 2, "failed": 1}));
    assert!(page.contains(
        r#"All of
them are in <a href="results.csv">"#
    ));
}

#[test]
fn a_run_that_changed_something_writes_the_page_and_one_that_did_not_leaves_it() {
    let here = Workspace::with_list(2);
    here.overnight("run list.csv --rehearse").end().exits(0);
    let written = here.read("output/list-rehearsal/index.html");
    let items = data(&written)["items"].clone();
    assert_eq!(items[1]["prompt"], "a cup with the number 2");
    assert!(here.path("output/list-rehearsal").join(items[1]["images"][0]["href"].as_str().unwrap()).exists());
    here.overnight("run list.csv --rehearse").end().exits(0);
    assert_eq!(here.read("output/list-rehearsal/index.html"), written);

    fs::remove_file(here.path("output/list-rehearsal/index.html")).unwrap();
    here.overnight("run list.csv --rehearse").end().exits(0);
    assert_eq!(data(&here.read("output/list-rehearsal/index.html"))["items"], items);
}
