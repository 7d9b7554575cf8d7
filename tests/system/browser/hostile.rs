//! A job that means harm: markup wherever a text may stand, answers and references that are no pictures, names and
//! addresses that lead elsewhere. No script runs, and no other file is read.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::json;

use super::desk::{Desk, begin, card, made, quick_simulator};
use super::visitor::Visitor;
use crate::support::gate::Gate;
use crate::support::gemini::{answer, base64, image_part};
use crate::support::photo::photo;
use crate::support::server::http;
use crate::support::workspace::Workspace;

/// What leaves a mark wherever it is taken for markup.
const MARKUP: &str = "'\"><img src=x onerror=\"document.documentElement.dataset.hit=1\"><script>document.documentElement\
    .dataset.hit=1</script><svg onload=document.documentElement.dataset.hit=1> {{ 7 * 7 }} {% raw %} </textarea></title>";

const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\" \
    onload=\"document.documentElement.dataset.hit=1\"><script>document.documentElement.dataset.hit=1</script></svg>";

const HTML: &str =
    "<!doctype html><html><script>document.documentElement.dataset.hit=1</script><body>TOP SECRET</body></html>";

/// No script ran, and nothing of the markup became an element.
fn was_not_hit(desk: &Desk) {
    assert_eq!(desk.page.eval("document.documentElement.dataset.hit ?? null"), json!(null));
    assert_eq!(desk.page.count("body script, [onerror], [onload], main svg, dialog svg, img[src=x]"), 0);
    // A policy that had to stop something would have said so.
    desk.page.is_content();
}

/// A gate that stands open before this answer.
fn answers(parts: String) -> Gate {
    let reply = http(200, &[("content-type", "application/json")], answer(&parts, "STOP").as_bytes());
    let gate = Gate::before(move |_| reply.clone());
    gate.open();
    gate
}

#[test]
fn markup_is_text_wherever_it_stands() {
    let here = Workspace::new();
    let row = |id: &str| json!({ "id": id, "prompt": MARKUP, MARKUP: MARKUP }).to_string() + "\n";
    here.write("list.jsonl", &(row("<b onclick=hit>1") + &row(&MARKUP.replace('/', "|"))));
    let gate = answers(format!("{},{}", json!({ "text": MARKUP }), image_part(&photo(300, 300))));
    here.overnight("run list.jsonl").at(&gate.url()).end().exits(0);
    let desk = Desk::of(&here, "list");
    desk.shows(2);
    was_not_hit(&desk);
    assert!(desk.names()[0].starts_with("<b onclick=hit>1"), "{:?}", desk.names());
    desk.look_closely(0);
    desk.page.wait_for_text("#sight", "<script>document");
    desk.page.wait_for_text("#sight", "{{ 7 * 7 }}");
    was_not_hit(&desk);
    // What a person writes comes back to others, and is text as well.
    for (key, field) in [("n", "[data-word=note]"), ("c", "[data-word=caption]")] {
        desk.page.press(key);
        desk.page.sees(&format!("{field} textarea:focus"));
        desk.page.fill(&format!("{field} textarea"), MARKUP);
        desk.page.click(&format!("{field} button"));
        desk.tells("<b onclick=hit>1");
        desk.page.sees("#details:focus");
    }
    desk.page.press("<Escape>");
    desk.page.misses("#viewer");
    desk.page.fill("#person", MARKUP);
    desk.page.click(&format!("{} [data-say=approved]", card(1)));
    desk.is(1, "approved");
    desk.page.fill("#search", "<script>");
    desk.shows(2);
    desk.page.choose("#column", "'");
    desk.page.wait_for("document.querySelector('#values option')");
    desk.page.reload();
    desk.shows(2);
    desk.look_closely(1);
    desk.page.wait_for_text("#sight", "by '\"><img");
    was_not_hit(&desk);
}

#[test]
fn an_answer_that_is_no_picture_is_never_one() {
    for (mime, bytes) in [("image/svg+xml", SVG), ("image/png", SVG), ("image/png", HTML), ("text/html", HTML)] {
        let here = Workspace::with_list(1);
        let data = base64(bytes.as_bytes());
        let gate = answers(json!({ "inlineData": { "mimeType": mime, "data": data } }).to_string());
        here.overnight("run list.csv --max-attempts 1").at(&gate.url()).end().exits(3);
        let (_review, address) = begin(&here, "list");
        let reviewer = Visitor::enter(&address);
        let cards = reviewer.cards();
        assert!(cards.len() == 1 && cards[0].1.is_empty(), "{mime}: {cards:?}");
        let hash = blake3::hash(bytes.as_bytes()).to_hex();
        for kind in ["picture", "thumbnail"] {
            let answer = reviewer.get(&format!("/{kind}/{}/{hash}", cards[0].0));
            assert_eq!(answer.status, 404, "{mime}: {answer:?}");
        }
    }
}

#[test]
fn a_picture_that_became_something_else_does_nothing() {
    let here = made("id,prompt\nhtml,a mug\nsvg,a vase\nboth,a bowl\n");
    let desk = Desk::of(&here, "list");
    let addresses =
        "[...document.querySelectorAll('.card')].map((card) => `/picture/${card.dataset.key}/${card.dataset.picture}`)";
    let addresses: Vec<String> = serde_json::from_value(desk.page.eval(addresses)).unwrap();
    let mut both = photo(8, 8);
    both.extend_from_slice(HTML.as_bytes());
    for (name, bytes) in [("html", HTML.as_bytes()), ("svg", SVG.as_bytes()), ("both", &both)] {
        fs::write(here.path(&format!("output/list/{name}.jpg")), bytes).unwrap();
    }
    for address in &addresses {
        desk.page.open(&format!("{}{address}", desk.origin));
        assert_eq!(desk.page.eval("document.documentElement.dataset.hit ?? null"), json!(null), "{address}");
        assert!(!desk.page.eval("document.body.innerText").as_str().unwrap().contains("SECRET"), "{address}");
    }
}

/// Puts something else in the place of a file.
fn replaced(file: &Path, with: impl FnOnce(&Path)) {
    let _ = fs::remove_file(file).or_else(|_| fs::remove_dir(file));
    with(file);
}

#[test]
fn a_reference_leads_to_no_other_file_and_is_a_picture() {
    let here = Workspace::new();
    here.write("list/list.csv", "id,prompt,images\nmug,a mug,photo.jpg\n");
    fs::write(here.path("list/photo.jpg"), photo(40, 30)).unwrap();
    fs::write(here.path("secret.jpg"), photo(60, 50)).unwrap();
    fs::write(here.path("list/.secret.jpg"), photo(60, 50)).unwrap();
    here.overnight_in("list", "run list.csv").at(&quick_simulator().url()).end().exits(0);
    let mut review = here.overnight_in("list", "review list").start();
    let reviewer = Visitor::enter(&review.line().unwrap());
    let key = reviewer.cards()[0].0.clone();
    let asked = |kind: &str| reviewer.get(&format!("/{kind}/{key}/reference-0"));
    assert_eq!((asked("picture").status, asked("thumbnail").status), (200, 200));
    let file = here.path("list/photo.jpg");
    let refused = |what: &str| {
        for kind in ["picture", "thumbnail"] {
            let answer = asked(kind);
            assert!(answer.status == 404 && answer.head.contains("text/html"), "{what}: {answer:?}");
        }
    };
    replaced(&file, |file| symlink("../secret.jpg", file).unwrap());
    refused("a link to a picture outside");
    replaced(&file, |file| symlink("/etc/passwd", file).unwrap());
    refused("a link to a file of the system");
    replaced(&file, |file| fs::write(file, SVG).unwrap());
    refused("SVG");
    replaced(&file, |file| fs::write(file, HTML).unwrap());
    refused("HTML");
    replaced(&file, |file| fs::write(file, "the password is swordfish").unwrap());
    refused("text");
    replaced(&file, |file| fs::create_dir(file).unwrap());
    refused("a folder");
    // Nobody writes into it, and who opened it would wait for ever.
    replaced(&file, |file| assert!(std::process::Command::new("mkfifo").arg(file).status().unwrap().success()));
    refused("a pipe");
}

#[test]
fn addresses_lead_to_nothing_but_pictures_of_the_job() {
    let here = made("id,prompt\nmug,a red mug\n");
    here.write("output/list/secret.txt", "swordfish");
    here.write("other.csv", "id,prompt\nother,another job\n");
    here.overnight("run other.csv").at(&quick_simulator().url()).end().exits(0);
    let (_review, address) = begin(&here, "list");
    let reviewer = Visitor::enter(&address);
    let (key, picture) = reviewer.cards().remove(0);
    assert_eq!(reviewer.get(&format!("/picture/{key}/{picture}")).status, 200);
    let (_other, address) = begin(&here, "other");
    let (other, of_other) = Visitor::enter(&address).cards().remove(0);
    let mut paths = vec![
        // Another job's item, and another item's picture.
        format!("/picture/{other}/{of_other}"),
        format!("/picture/{key}/{of_other}"),
        format!("/item/{other}?view=1&place=0"),
        format!("/picture/{key}/{}", &picture[..63]),
        format!("/picture/{key}/reference-0"),
        format!("/picture/{key}/reference-18446744073709551616"),
        format!("/picture/{key}/{picture}/../../../overnight.db"),
        "/picture/-1/reference-0".to_owned(),
        "/picture/99999999999999999999/reference-0".to_owned(),
    ];
    for up in ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..\\", "..%5c", "/", "%00"] {
        for file in ["overnight.db", "output/list/secret.txt", "etc/passwd"] {
            let steps = up.repeat(6);
            paths.extend([format!("/{steps}{file}"), format!("/picture/{key}/{steps}{file}")]);
            paths.extend([format!("/thumbnail/{key}/{steps}{file}"), format!("/review.css/{steps}{file}")]);
        }
    }
    for path in &paths {
        let answer = reviewer.get(path);
        assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
        let leaks = ["SQLite format", "swordfish", "root:", "another job"];
        assert!(leaks.iter().all(|leak| !answer.text().contains(leak)), "{path}: {}", answer.text());
    }
    // Nor does a word said of another job's item reach it.
    let said = format!(r#"{{"items":[{other}],"word":{{"decide":"approved"}}}}"#);
    assert_eq!(reviewer.post("/say", &[], &said).text(), "null");
}

#[test]
fn a_name_that_leads_out_is_refused_before_there_is_anything_to_look_at() {
    let here = Workspace::new();
    for name in ["../outside", "a/../../outside", "/etc/outside"] {
        here.write("list.csv", &format!("id,prompt,name\nmug,a red mug,{name}\n"));
        here.overnight("run list.csv").at(&quick_simulator().url()).end().exits(2);
        here.overnight("review list").end().exits(2);
    }
    assert!(here.files(".").iter().all(|file| !file.contains("outside")), "{:?}", here.files("."));
    assert!(!here.path("../outside.jpg").exists() && !here.path("../outside.png").exists());
}
