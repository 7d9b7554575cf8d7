//! `export`: a list comes back with its results, while a run is on as well. Never changes what is known.

use serde_json::{Value, json};

use crate::support::gate::Gate;
use crate::support::process::events;
use crate::support::workspace::Workspace;

/// A list with cells that a careless hand would change.
const LIST: &str = "id,prompt,status,Price\n\
                    mug-7,\"=A blue\nmug, oak\",draft,\"1,50\"\n\
                    jug-8,a jug [[simulate:refused]], old ,+49 30\n";

fn rehearsed(list: &str, code: i32) -> Workspace {
    let here = Workspace::new();
    here.write("list.csv", list);
    here.overnight("run list.csv --rehearse").end().exits(code);
    here
}

fn exported(here: &Workspace, words: &str) -> String {
    here.overnight(&format!("export list --rehearse {words}")).end().exits(0).stdout
}

fn cells(table: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn a_list_comes_back_as_it_was_with_what_became_of_it() {
    let here = rehearsed(LIST, 3);
    let (table, list) = (cells(&exported(&here, "")), cells(LIST));
    assert_eq!(table[0][..5], ["id", "prompt", "manifest_status", "Price", "status"]);
    assert_eq!((&table[1][..4], &table[2][..4]), (&list[1][..], &list[2][..]));
    assert_eq!(table[1][4..6], ["done", "mug-7.jpg"]);
    assert_eq!((table[2][4].as_str(), table[2][8].as_str()), ("failed", "IMAGE_SAFETY"));
    assert!(here.path("output/list-rehearsal").join(&table[1][5]).is_file());
}

#[test]
fn json_lines_have_numbers_and_nothing_where_nothing_is_known() {
    let here = rehearsed(LIST, 3);
    let lines = events(&exported(&here, "--format jsonl"));
    let told = |line: &Value, keys: [&str; 5]| keys.map(|key| line[key].clone());
    let keys = ["Price", "manifest_status", "status", "attempts", "width"];
    assert_eq!(told(&lines[0], keys), [json!("1,50"), json!("draft"), json!("done"), json!(1), json!(1024)]);
    assert_eq!(told(&lines[1], keys), [json!("+49 30"), json!(" old "), json!("failed"), json!(1), Value::Null]);
    assert_eq!(lines.len(), 2);
}

#[test]
fn what_was_exported_is_a_list_again_and_so_is_what_failed() {
    let here = rehearsed(LIST, 3);
    assert_eq!(exported(&here, "-o again.csv"), "");
    assert_eq!(here.read("again.csv"), exported(&here, "-o -"));
    here.overnight("run again.csv --rehearse").end().exits(3);
    let table = cells(&here.overnight("export again.csv --rehearse").end().exits(0).stdout);
    assert_eq!(
        table[0][..6],
        ["id", "prompt", "manifest_status", "Price", "manifest_manifest_status", "manifest_file"]
    );
    assert_eq!(table[1][..6], ["mug-7", "=A blue\nmug, oak", "draft", "1,50", "done", "mug-7.jpg"]);
    let failed = cells(&exported(&here, "--status failed --status cancelled"));
    assert_eq!((failed.len(), failed[1][0].as_str()), (2, "jug-8"));
}

#[test]
fn a_shop_gets_its_rows_back_with_pictures_to_fetch() {
    let header =
        "Handle,Title,Body (HTML),Option1 Value,Variant Price,Image Src,Image Position,Image Alt Text,id,prompt";
    let rows = [
        "varsity-top,Varsity Top,\"Grey, \"\"sporty\"\"\",Small,60,https://old.example/a.jpg,1,,top/1,a top",
        "varsity-top,,,Medium,60,,,,top/2,a top again [[simulate:refused]]",
        "wool-jumper,Wool Jumper,=Soft,,80,https://old.example/b.jpg,1,,jumper,a jumper",
    ];
    let list = format!("{header}\n{}\n", rows.join("\n"));
    let here = rehearsed(&list, 3);
    let table = cells(&exported(&here, "--format shopify --image-url https://cdn.shop.example/a%20b"));
    let list = cells(&list);
    assert_eq!(table.len(), list.len());
    assert_eq!(table[0][..11], [&list[0][..], &["status".to_owned()]].concat());
    for (line, row) in table.iter().zip(&list) {
        assert_eq!((&line[..5], &line[8..10]), (&row[..5], &row[8..10]));
    }
    let address = |line: usize| format!("https://cdn.shop.example/a%20b/{}", table[line][11]);
    assert_eq!((&table[1][5], table[1][6].as_str()), (&address(1), "1"));
    assert!(table[1][11].starts_with("top_1."), "{}", table[1][11]);
    assert_eq!(table[1][7], table[1][12], "the caption");
    assert_eq!((&table[2][5..8], table[2][10].as_str()), (&list[2][5..8], "failed"));
    assert_eq!(table[3][5], address(3));
}

#[test]
fn it_tells_how_things_stand_while_a_run_is_on() {
    let (here, gate) = (Workspace::with_list(2), Gate::shut());
    let run = here.overnight("run list.csv --concurrency 1").at(&gate.url()).start();
    gate.wait_for(1);
    let table = cells(&here.overnight("export list").end().exits(0).stdout);
    assert_eq!(table[1][2], "running");
    gate.open();
    run.end().exits(0);
    let table = cells(&here.overnight("export list.csv --status done").end().exits(0).stdout);
    assert_eq!(table.len(), 3);
}

#[test]
fn a_reader_that_goes_away_is_no_news() {
    let here = rehearsed(LIST, 3);
    for format in ["csv", "jsonl", "shopify"] {
        assert_eq!(here.overnight(&format!("export list --rehearse --format {format}")).unheard(), Some(1));
    }
}

#[test]
fn mistakes_say_what_to_do_and_change_nothing() {
    let here = rehearsed(LIST, 3);
    for (words, code, said) in [
        ("spring", 2, "there is no job `spring`"),
        ("list --format xml", 2, "shopify"),
        ("list --status lost", 2, "cancelled"),
        ("list --image-url https://x.example/", 2, "--image-url belongs to --format shopify"),
        ("list --format shopify --image-url cdn.example", 2, "write for example https://"),
        ("list --format shopify --status done", 2, "use --format csv"),
        ("list -o list.csv", 2, "list.csv is the job's manifest; choose another file"),
        ("list -o none/export.csv", 1, "cannot write none/export.csv: there is no such"),
        ("list -o output", 1, "cannot write output: "),
    ] {
        here.overnight(&format!("export --rehearse {words}")).end().exits(code).says(&[said]);
    }
    here.overnight("export list").end().exits(2).says(&["there is no database"]);
    assert_eq!(here.read("list.csv"), LIST);
}
