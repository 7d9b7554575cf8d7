//! What a manifest's rows become. Never looks at faulty ones.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use overnight::domain::{AspectRatio, Item, ManifestRow, Modalities, Thinking};
use overnight::job::manifest::BadRow;
use overnight::job::manifest::{digest, names};
use overnight::job::{Job, Manifest, Options};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The smallest bytes that pass for a picture.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1A\n....";

type Row = Result<(ManifestRow, Vec<Item>), BadRow>;

/// Opens `text` as a manifest of this name in a folder where `photos/a.png` and `b.png` are pictures.
pub fn open(name: &str, text: impl AsRef<[u8]>) -> (tempfile::TempDir, Manifest) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("photos")).unwrap();
    for picture in ["photos/a.png", "b.png"] {
        fs::write(folder.path().join(picture), PNG).unwrap();
    }
    fs::write(folder.path().join(name), text).unwrap();
    let job = Job::load(Path::new(name), &Options::default(), folder.path()).unwrap();
    let manifest = Manifest::open(&job).unwrap();
    (folder, manifest)
}

fn rows(name: &str, text: impl AsRef<[u8]>) -> Vec<(ManifestRow, Vec<Item>)> {
    let (_folder, manifest) = open(name, text);
    manifest.collect::<Result<_, _>>().unwrap()
}

fn items(name: &str, text: &str) -> Vec<Item> {
    rows(name, text).into_iter().flat_map(|(_, items)| items).collect()
}

fn ids(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.id.as_str()).collect()
}

#[test]
fn a_row_becomes_an_item_and_its_columns_win_over_the_defaults() {
    let text = "note,prompt,id,aspect_ratio,image_size,thinking,model,modalities,temperature,seed,images,name\n\
                x,A red shirt,red,4:5,1K,high,other-model,image,0.5,-7,photos/a.png; b.png,shirts/red\n\
                ,A blue shirt,blue,,,,,,,,,\n";
    let read = rows("p.csv", text);
    let [first, second] = &read[..] else { panic!("{read:?}") };
    let request = &first.1[0].request;
    assert_eq!(first.1[0].name, "shirts/red");
    assert_eq!((request.prompt.as_str(), request.model.as_str()), ("A red shirt", "other-model"));
    assert_eq!((request.aspect_ratio, request.thinking), (Some(AspectRatio::R4x5), Some(Thinking::High)));
    assert_eq!((request.modalities, request.temperature, request.seed), (Modalities::Image, Some(0.5), Some(-7)));
    assert_eq!(request.references, ["photos/a.png", "b.png"]);
    assert_eq!(first.1[0].digest, digest(request));
    assert_eq!((first.0.line, first.0.has_id, &first.0.cells[0]), (2, true, &json!("x")));
    let request = &second.1[0].request;
    assert_eq!(
        (second.1[0].name.as_str(), request.aspect_ratio, request.modalities),
        ("blue", None, Modalities::TextAndImage)
    );
    assert!(request.references.is_empty());
}

#[test]
fn json_lines_say_the_same_as_csv() {
    let lines = r#"{"id": 17, "prompt": "A shirt", "images": ["photos/a.png", "b.png"], "seed": "3", "temperature": 1, "price": 9.5}

{"prompt": "A hat", "images": "b.png", "tags": ["x"], "id": "hat"}
"#;
    let (_folder, mut manifest) = open("p.jsonl", lines);
    let read: Vec<Row> = manifest.by_ref().collect();
    assert_eq!(manifest.columns(), ["id", "prompt", "images", "seed", "temperature", "price", "tags"]);
    let (row, from_json) = read[0].as_ref().unwrap();
    assert_eq!((row.line, row.cells.len(), &row.cells[5]), (1, 6, &json!(9.5)));
    let (row, _) = read[1].as_ref().unwrap();
    assert_eq!((row.line, row.cells.len()), (3, 7));
    assert_eq!((&row.cells[3], &row.cells[6]), (&Value::Null, &json!(["x"])));
    let csv =
        items("p.csv", "id,prompt,images,seed,temperature\n17,A shirt,\"[\"\"photos/a.png\"\", \"\"b.png\"\"]\",3,1\n");
    assert_eq!(from_json, &csv, "id, name, request and digest");
}

#[test]
fn marks_line_ends_and_blank_rows_make_no_difference() {
    let plain = items("p.csv", "id,prompt\na,A\nb,B\n");
    for text in [
        "\u{feff}id,prompt\na,A\nb,B",
        "id,prompt\r\na,A\r\nb,B\r\n",
        "id,prompt\ra,A\rb,B\r",
        "\n\nid,prompt\n\n\na,A\n,\n  , \n\nb,B\n\n\n",
        "prompt,id\n\"A\",\"a\"\n\"B\",\"b\"",
    ] {
        assert_eq!(items("p.csv", text), plain, "{text:?}");
    }
    for text in [
        "\u{feff}{\"id\":\"a\",\"prompt\":\"A\"}\r\n\r\n{\"id\":\"b\",\"prompt\":\"B\"}",
        "{\"prompt\":\"A\",\"id\":\"a\"}\n \n{\"id\":\"b\",\"prompt\":\"B\"}\n",
    ] {
        assert_eq!(items("p.ndjson", text), plain, "{text:?}");
    }
    assert!(rows("p.csv", "id,prompt\n").is_empty(), "a header without rows is no mistake");
    assert!(rows("p.jsonl", "").is_empty());
}

#[test]
fn a_quoted_newline_keeps_the_line_number_right() {
    let read = rows("p.csv", "id,prompt\r\na,\"one\r\ntwo\r\n\r\nthree\"\r\n\r\nb,\"say \"\"hi\"\"\"\r\n");
    assert_eq!(read.iter().map(|(row, _)| row.line).collect::<Vec<_>>(), [2, 7]);
    assert_eq!(read[0].1[0].request.prompt, "one\r\ntwo\r\n\r\nthree");
    assert_eq!(read[1].1[0].request.prompt, "say \"hi\"");
}

#[test]
fn variants_make_so_many_items_with_one_request() {
    let text = "id,prompt,variants,name\na,A,3,x/y\nb,B,1,\nc,C,2,\n";
    let items = items("p.csv", text);
    assert_eq!(ids(&items), ["a-1", "a-2", "a-3", "b", "c-1", "c-2"]);
    assert_eq!(
        items.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(),
        ["x/y-1", "x/y-2", "x/y-3", "b", "c-1", "c-2"]
    );
    assert_eq!(items[0].digest, items[2].digest);
}

#[test]
fn without_an_id_the_request_names_the_item() {
    let read = rows("p.csv", "prompt,note\nA,1\nA,2\nB,3\n");
    assert!(read.iter().all(|(row, _)| !row.has_id));
    let id = |row: usize| read[row].1[0].id.as_str();
    assert_eq!(id(0), id(1), "only the request counts");
    assert_ne!(id(0), id(2));
    assert_eq!((id(0).len(), read[0].1[0].name.as_str()), (16, id(0)));
    let varied = items("p.csv", "prompt,variants\nA,2\n");
    assert_eq!(ids(&varied), [format!("{}-1", id(0)), format!("{}-2", id(0))]);
}

#[test]
fn ids_are_cleaned_for_file_names_and_stay_as_they_are_for_people() {
    let items = items("p.csv", "id,prompt\nSKU/42:red~1,A\n..,B\n");
    assert_eq!(items[0].id.as_str(), "SKU/42:red~1");
    assert_eq!((items[0].name.as_str(), items[1].name.as_str()), ("SKU_42_red_1", "__"));
}

#[test]
fn the_stored_form_of_a_request_and_its_hash_do_not_change_between_versions() {
    let items = items("p.csv", "id,prompt\na,A red shirt\n");
    let stored = serde_json::to_string(&items[0].request).unwrap();
    assert_eq!(
        stored,
        r#"{"model":"gemini-3.1-flash-lite-image","prompt":"A red shirt","image_size":"1K","modalities":"text,image"}"#
    );
    assert_eq!(items[0].digest.0, *blake3::hash(stored.as_bytes()).as_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn our_reader_and_the_csv_crate_see_the_same_cells(table in prop::collection::vec(prop::collection::vec("[a ,;\"\r\n\u{e4}.]{0,6}", 3), 1..8)) {
        let mut text = Vec::new();
        {
            let mut writer = csv::WriterBuilder::new().from_writer(&mut text);
            writer.write_record(["prompt", "x", "y", "z"]).unwrap();
            for row in &table {
                writer.write_record(std::iter::once("p").chain(row.iter().map(String::as_str))).unwrap();
            }
        }
        let expected: Vec<Vec<String>> = csv::Reader::from_reader(&text[..]).into_records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        let found: Vec<Vec<String>> = rows("p.csv", &text).into_iter()
            .map(|(row, _)| row.cells.iter().map(|cell| cell.as_str().unwrap().to_owned()).collect()).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_bytes_are_read_to_the_end_without_a_panic(text in prop::collection::vec(prop::sample::select(b"prompt,id\"\r\n;{}:[]\\\xC3\xA4\xFF 7".to_vec()), 0..200)) {
        for (name, header) in [("p.csv", "prompt,id\n"), ("p.jsonl", "")] {
            let lines = text.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() as u64 + 2;
            let (_folder, manifest) = open(name, [header.as_bytes(), &text].concat());
            for fault in manifest.filter_map(Result::err).flat_map(|bad| bad.faults) {
                prop_assert!((1..=lines).contains(&fault.place.line), "{fault}");
            }
        }
    }

    #[test]
    fn names_never_leave_the_output_folder(text in "[a./\\\\:~ \u{0}\u{1F}CONcon\u{e4}]{0,12}") {
        let clean = names::clean(&text);
        prop_assert!(!clean.is_empty() && !clean.starts_with('.') && !clean.ends_with(['.', ' ']));
        prop_assert!(!clean.contains(['/', '\\', ':', '~', '\u{0}']), "{}", clean);
        prop_assert_eq!(names::clean(&clean), clean.clone());
        if let Ok(path) = names::path(&text) {
            prop_assert!(path.split('/').all(|part| names::clean(part) == part), "{}", path);
        }
    }
}

#[test]
fn a_long_manifest_is_read_a_row_at_a_time() {
    let mut text = String::from("id,prompt,images\n");
    for number in 0..20_000 {
        writeln!(text, "{number},A shirt of kind {number},b.png").unwrap();
    }
    let (_folder, manifest) = open("p.csv", text);
    assert_eq!(manifest.map(|row| row.unwrap().1.len()).sum::<usize>(), 20_000);
}
