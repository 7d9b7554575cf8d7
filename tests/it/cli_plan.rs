//! `overnight plan`: what a run would do, told beforehand, and what the run then does.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::photo::photo;
use crate::support::process::Ended;
use crate::support::workspace::Workspace;

fn plan(here: &Workspace, words: &str) -> Ended {
    here.overnight(&format!("plan list.csv --rehearse {words}")).end()
}

fn figures(here: &Workspace, words: &str) -> Value {
    plan(here, &format!("--json {words}")).exits(0).json()
}

fn run(here: &Workspace, words: &str) -> Ended {
    here.overnight(&format!("run list.csv --rehearse {words}")).end()
}

/// The requests of a run that is told to write its events.
fn sent(here: &Workspace, words: &str) -> usize {
    run(here, &format!("--events - {words}")).events_of("attempt_started").len()
}

/// The fates of the items that a plan names.
fn marked(plan: &Value) -> Vec<Value> {
    plan["marked"].as_array().unwrap().iter().map(|it| json!([it["mark"], it["item"], it["what"]])).collect()
}

fn with_references() -> Workspace {
    let here = Workspace::new();
    for (name, width) in [("one.jpg", 20), ("two.jpg", 30)] {
        fs::write(here.path(name), photo(width, 20)).unwrap();
    }
    here.write("list.csv", "id,prompt,images\na,a cup,one.jpg\nb,a jug,two.jpg\nc,a bowl,two.jpg\nd,a pot,\n");
    here
}

#[test]
fn nothing_is_sent_and_nothing_written() {
    let here = Workspace::with_list(3);
    here.overnight("plan list.csv").without_key().end().exits(0);
    here.overnight("plan list.csv --json --items").without_key().end().exits(0);
    assert_eq!(here.files("."), ["list.csv"]);
    run(&here, "").exits(0);
    let before = here.files(".");
    plan(&here, "").exits(0);
    assert_eq!(here.files("."), before);
}

#[test]
fn what_is_new_changed_and_gone_is_told_with_what_differs() {
    let here = with_references();
    assert_eq!(sent(&here, ""), 4);
    fs::write(here.path("one.jpg"), photo(40, 20)).unwrap();
    here.write("list.csv", "id,prompt,images\na,a cup,one.jpg\nb,a golden jug,two.jpg\nd,a pot,\ne,a lid,\n");
    let told = figures(&here, "");
    let counts = ["new", "changed", "kept", "unchanged", "removed", "requests"].map(|key| told[key].as_u64().unwrap());
    assert_eq!(counts, [1, 2, 2, 1, 1, 1], "{told}");
    let fates = [json!(["~", "a", ["the content of one.jpg"]]), json!(["~", "b", ["prompt"]]), json!(["-", "c", []])];
    assert_eq!(marked(&told), fates);
    assert_eq!(figures(&here, "--changed")["requests"], 3);
    let page = plan(&here, "").exits(0).stdout;
    for words in ["+ 1 new", "a: the content of one.jpg", "b: prompt", "- 1 without", "2 more with --changed"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(sent(&here, ""), 1);
    assert_eq!(sent(&here, "--changed"), 2);
    assert_eq!(figures(&here, "--changed")["requests"], 0);
}

#[test]
fn a_file_that_was_only_touched_is_not_changed() {
    let here = with_references();
    run(&here, "").exits(0);
    let bytes = fs::read(here.path("one.jpg")).unwrap();
    fs::write(here.path("one.jpg"), bytes).unwrap();
    assert_eq!(figures(&here, "")["changed"], 0);
}

#[test]
fn every_mistake_is_told_and_the_code_is_that_of_a_run() {
    let here = Workspace::new();
    here.write("list.csv", "id,prompt,aspect_ratio\na,x,5:3\na,,4:5\n");
    let told = plan(&here, "--json").exits(2).json();
    let problems: Vec<Value> =
        told["problems"].as_array().unwrap().iter().map(|it| json!([it["file"], it["line"], it["column"]])).collect();
    assert_eq!(problems, [json!(["list.csv", 2, 5]), json!(["list.csv", 3, 3]), json!(["list.csv", 3, 1])]);
    plan(&here, "").exits(2).says(&["list.csv:2:5: `aspect_ratio`", "3 mistakes"]);
    here.write("job.toml", "manifest = 'list.csv'\nconcurency = 3\n");
    let told = here.overnight("plan job.toml --json").end().exits(2).json();
    assert_eq!(told["problems"][0]["line"], 2);
    here.overnight("plan nothing.csv").end().exits(2).says(&["nothing.csv cannot be read"]);
}

#[test]
fn cost_and_requests_follow_what_narrows_the_run() {
    let here = Workspace::with_list(10);
    let all = figures(&here, "");
    assert_eq!((&all["requests"], &all["cost_usd"]["expected"]), (&json!(10), &json!(0.336)), "{all}");
    assert!(all["duration_s"].as_f64().unwrap() > 0.0);
    for (words, requests) in [
        ("--limit 3", 3),
        ("--id item-2 --id item-7", 2),
        ("--sample 4", 4),
        ("--where id==\"item-3\"", 1),
        ("--pilot 6", 6),
        ("--pilot 6 --id item-7", 0),
        ("--rpm 5", 10),
    ] {
        let told = figures(&here, words);
        assert_eq!((&told["requests"], &told["new"]), (&json!(requests), &json!(10)), "{words}: {told}");
        assert_eq!(sent_by_another(&here, words), requests, "{words}");
    }
    let seconds = figures(&here, "--rpm 5")["duration_s"].as_f64().unwrap();
    assert!((105.0..130.0).contains(&seconds), "{seconds}");
    plan(&here, "--id item-99").exits(2).says(&["no row for item `item-99`"]);
    plan(&here, "--where").exits(2);
    plan(&here, "--where Titel=='x'").exits(2).says(&["no column `Titel`"]);
}

/// What a run with these words sends in a copy of the workspace; without a limit on the pace, for nobody wants to wait.
fn sent_by_another(here: &Workspace, words: &str) -> usize {
    let other = Workspace::new();
    other.write("list.csv", &here.read("list.csv"));
    sent(&other, words.trim_start_matches("--rpm 5"))
}

#[test]
fn templates_are_shown_as_they_would_be_sent() {
    let here = Workspace::new();
    here.write("shop.csv", "Handle,Title,Body (HTML)\nmug,Blue Mug,<p>Stone&nbsp;ware</p>\nmug,,\ncup,Tea Cup,\n");
    here.write(
        "shop.toml",
        "manifest = 'shop.csv'\nwhere = \"Title != ''\"\n[template]\nid = '{{ Handle }}'\nimages = \
         ['https://shop.example/{{ Handle }}.jpg']\nprompt = \"{{ Title }} on oak. {{ row['Body (HTML)'] | striptags }}\"\n",
    );
    let told = here.overnight("plan shop.toml --json --items").without_key().end().exits(0).json();
    assert_eq!((&told["rows"], &told["items"], &told["rows_left_out"]), (&json!(3), &json!(2), &json!(1)));
    assert_eq!(told["examples"][0]["request"]["prompt"], "Blue Mug on oak. Stone ware");
    assert_eq!(told["unfetched"], json!(["https://shop.example/mug.jpg", "https://shop.example/cup.jpg"]));
    assert_eq!(marked(&told), [json!(["+", "mug", []]), json!(["+", "cup", []])]);
    let page = here.overnight("plan shop.toml").end().exits(0).stdout;
    for words in ["2 items of 3 rows", "1 left out", "Blue Mug on oak. Stone ware", "2 references are still"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!Path::new(&here.path(".overnight")).exists());
}
