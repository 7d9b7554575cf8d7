//! Manifests as people's programs write them, from the file to the table of results. Never tests their mistakes.

use crate::support::gate::Gate;
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

/// A table of results: its header, and its rows.
fn table(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    let header = cells(reader.headers().unwrap());
    (header, reader.records().map(|record| cells(&record.unwrap())).collect())
}

#[test]
fn a_byte_order_mark_windows_line_ends_and_quoted_line_breaks_come_through() {
    let (here, gate) = (Workspace::new(), Gate::shut());
    gate.open();
    let text = "\u{feff}Title,prompt,id,\"Note, long\"\r\nCup,\"a cup,\r\n\"\"blue\"\"\",cup,\" spaced \"\r\nJug,a jug,jug,\"1\n2\"\r\n";
    here.write("list.csv", text);
    here.overnight("run list.csv -c 1").at(&gate.url()).end().exits(0);
    assert_eq!(gate.prompts(), ["a cup,\r\n\"blue\"", "a jug"]);
    let (header, rows) = table(&here.read("output/list/results.csv"));
    let results =
        ["status", "file", "caption", "attempts", "finish_reason", "failure", "cost_usd", "blake3", "width", "height"];
    assert_eq!(header, [&["Title", "prompt", "id", "Note, long"][..], &results].concat());
    assert_eq!(rows[0][..6], ["Cup", "a cup,\r\n\"blue\"", "cup", " spaced ", "done", "cup.png"]);
    assert_eq!(rows[1][..6], ["Jug", "a jug", "jug", "1\n2", "done", "jug.png"]);
}

#[test]
fn json_lines_come_back_in_the_same_table() {
    let here = Workspace::new();
    let rows = "{\"id\":\"cup\",\"prompt\":\"a cup\",\"price\":9.5,\"tags\":[\"a\",\"b\"]}\n{\"id\":\"jug\",\"prompt\":\"a jug\"}\n";
    here.write("list.jsonl", rows);
    here.overnight("run list.jsonl --rehearse").end().exits(0);
    let (header, rows) = table(&here.read("output/list-rehearsal/results.csv"));
    assert_eq!(header[..4], ["id", "prompt", "price", "tags"]);
    assert_eq!(rows[0][..5], ["cup", "a cup", "9.5", "[\"a\",\"b\"]", "done"]);
    assert_eq!(rows[1][..5], ["jug", "a jug", "", "", "done"]);
}

#[test]
fn the_table_of_results_keeps_the_order_of_the_manifest() {
    let here = Workspace::new();
    here.write("list.csv", "id,prompt\nz,a cup\na,a jug\nm,a bowl\n");
    here.overnight("run list.csv --rehearse").end().exits(0);
    let (_, rows) = table(&here.read("output/list-rehearsal/results.csv"));
    assert_eq!(rows.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), ["z", "a", "m"]);
}

#[test]
fn rows_without_an_id_that_ask_for_the_same_are_one_item_and_said_so() {
    let (here, simulator) = (Workspace::new(), Simulated::start());
    here.write("list.csv", "prompt,shop\na cup,north\na jug,north\na cup,south\n");
    let ended = here.overnight("run list.csv --progress plain").at(&simulator.url()).end().exits(0);
    ended.says(&["3 rows read, 2 items new", "1 row asks for the same as an earlier one"]);
    assert_eq!(simulator.stats().requests, 2);
    let (header, rows) = table(&here.read("output/list/results.csv"));
    let file = header.iter().position(|name| name == "file").unwrap();
    assert_eq!((rows.len(), &rows[0][file]), (3, &rows[2][file]));
    here.overnight("run list.csv").at(&simulator.url()).end().exits(0);
    assert_eq!(simulator.stats().requests, 2);
}

#[test]
fn a_manifest_with_repeated_rows_and_variants_is_left_alone_when_it_is_done() {
    let here = Workspace::new();
    here.write("list.csv", "prompt,variants\na cup,3\na jug,\na jug,\n");
    here.overnight("run list.csv --rehearse").end().exits(0);
    let written = || here.path("output/list-rehearsal/results.csv").metadata().unwrap().modified().unwrap();
    let first = written();
    here.overnight("run list.csv --rehearse").end().exits(0);
    assert_eq!(written(), first, "nothing has changed, so nothing is written");
}

#[test]
fn variants_and_names_make_the_files_they_promise() {
    let here = Workspace::new();
    here.write("list.csv", "id,prompt,variants,name\ncup,a cup,2,shirts/red\njug,a jug,,\n");
    here.overnight("run list.csv --rehearse").end().exits(0);
    assert_eq!(here.pictures("output/list-rehearsal"), ["jug", "shirts/red-1", "shirts/red-2"]);
}

#[test]
fn reference_images_travel_with_the_request() {
    let (here, gate) = (Workspace::new(), Gate::shut());
    gate.open();
    let drawing = overnight::simulator::Drawing { prompt: "a mug", note: "", width: 64, height: 48, variation: 0 };
    here.write("shop/list.csv", "id,prompt,images\nmug,the mug on oak,photos/mug.png\n");
    std::fs::create_dir(here.path("shop/photos")).unwrap();
    let photo = overnight::simulator::draw(&drawing, overnight::simulator::Format::Png);
    std::fs::write(here.path("shop/photos/mug.png"), &photo).unwrap();
    here.overnight("run shop/list.csv").at(&gate.url()).end().exits(0);
    let body = gate.seen()[0].json();
    let parts = body["contents"][0]["parts"].as_array().unwrap();
    let sent = parts.iter().find_map(|part| part["inline_data"]["data"].as_str()).unwrap();
    assert_eq!(sent, crate::support::gemini::base64(&photo));
}
