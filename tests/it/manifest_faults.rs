//! How every mistake in a manifest is told: its place, what is wrong, what to do. Never looks at sound rows.

use std::fs;
use std::path::Path;

use overnight::job::manifest::LONGEST_ROW;
use overnight::job::{Job, Manifest, Options};

use crate::manifest::{PNG, open};

fn faults(name: &str, text: impl AsRef<[u8]>) -> Vec<String> {
    let (folder, manifest) = open(name, text);
    let here = folder.path().display().to_string();
    let faults = manifest.filter_map(Result::err).flat_map(|bad| bad.faults);
    faults.map(|fault| fault.to_string().replace(&here, "HERE")).collect()
}

/// Checks the faults of a manifest whose header is `header` and whose second line is given.
fn check(name: &str, header: &str, cases: &[(&str, &str)]) {
    for (row, expected) in cases {
        assert_eq!(faults(name, format!("{header}{row}\n")), [format!("{name}:{expected}")], "{row}");
    }
}

#[test]
fn a_faulty_cell_is_told_at_its_line_and_column_with_the_remedy() {
    let header = "id,prompt,aspect_ratio,image_size,thinking,temperature,seed,variants,modalities,model,name,images\n";
    let ratios = "1:1, 3:2, 2:3, 3:4, 4:3, 4:5, 5:4, 9:16, 16:9, 21:9";
    check(
        "p.csv",
        header,
        &[
            ("a,,,,,,,,,,,", "2:3: `prompt` is empty; say what the picture should show, or remove the row"),
            (
                "\u{e4},p,5:3,,,,,,,,,",
                &format!("2:5: `aspect_ratio`: `5:3` is not an aspect ratio the model has; use {ratios}"),
            ),
            ("a,p,,2K,,,,,,,,", "2:6: `image_size`: `2K` is not an image size the model has; use 1K"),
            ("a,p,,,max,,,,,,,", "2:7: `thinking`: `max` is not a thinking level the model has; use minimal, high"),
            ("a,p,,,,2.1,,,,,,", "2:8: `temperature`: `2.1` is not a temperature; write a number from 0 to 2"),
            ("a,p,,,,NaN,,,,,,", "2:8: `temperature`: `NaN` is not a temperature; write a number from 0 to 2"),
            (
                "a,p,,,,,1.5,,,,,",
                "2:9: `seed`: `1.5` is not a seed; write a whole number from -2147483648 to 2147483647",
            ),
            (
                "a,p,,,,,,0,,,,",
                "2:10: `variants`: `0` is not a number of variants; write a whole number from 1 to 1000",
            ),
            (
                "a,p,,,,,,,text,,,",
                "2:11: `modalities`: `text` is not a list of modalities the model answers in; use text,image, image",
            ),
            (
                "a,p,,,,,,,,m/x,,",
                "2:12: `model`: `m/x` is not the name of a model; write it as the model's page does, such as gemini-3.1-flash-lite-image",
            ),
            (
                "a,p,,,,,,,,,../x,",
                "2:13: `name`: `../x` has a part `.` or `..`; write a path below the output folder, such as shirts/red-42",
            ),
            (
                "\"a\nb\",p,,,,,,,,,,",
                "2:1: `id`: an id is one line without control characters and without marks that turn the direction of writing; take them out",
            ),
            (
                "\"a\",\"p\n\n\",,,,,,,,,,photos/none.png",
                "4:12: `images`: `photos/none.png` is not there; paths start at the manifest's folder, HERE",
            ),
            (
                "a,p,,,,,,,,,,[1]",
                "2:14: `images`: write one path, or a list of them like [\"front.jpg\", \"back.jpg\"]",
            ),
        ],
    );
}

#[test]
fn every_fault_of_a_row_and_every_faulty_row_is_told() {
    let text = "prompt,aspect_ratio,seed\n,5:3,x\nfine,1:1,1\nlost\n\"p\",\"1:2\",\n";
    let lines: Vec<String> =
        faults("p.csv", text).iter().map(|fault| fault.split(": ").next().unwrap().to_owned()).collect();
    assert_eq!(lines, ["p.csv:2:1", "p.csv:2:2", "p.csv:2:6", "p.csv:4", "p.csv:5:5"]);
}

#[test]
fn a_row_of_another_length_is_told_with_both_counts() {
    let rest = "put quotes around a cell that holds a comma, and keep the commas of empty cells";
    check(
        "p.csv",
        "id,prompt\n",
        &[
            ("a,red, or blue", &format!("2: this row has 3 cells, but the header has 2; {rest}")),
            ("a", &format!("2: this row has 1 cell, but the header has 2; {rest}")),
        ],
    );
}

#[test]
fn broken_quotes_are_told_where_they_stand() {
    check(
        "p.csv",
        "id,prompt\n",
        &[
            (
                "a,\"a 12\" frame\"",
                "2:9: there is text after the closing quote; inside a quoted cell, write a quote as two (\"\")",
            ),
            (
                "a,\"never\nb,ends",
                "2:3: this quote is never closed, so everything after it belongs to one cell; close it, or write it as two quotes (\"\") inside a quoted cell",
            ),
        ],
    );
    let after = faults("p.csv", "id,prompt\na,\"x\"y\nb,\n");
    assert_eq!(after.len(), 2, "reading goes on: {after:?}");
}

#[test]
fn a_mistake_keeps_its_place_wherever_the_file_is_cut_into_blocks() {
    let row = "\"\u{e4}\"\"\r\n\u{e4}\",\"x\"y\r\n";
    for before_the_cut in 0..row.len() + 8 {
        let header = "id,prompt\n";
        let padding = "\n".repeat(64 * 1024 + 8 - header.len() - before_the_cut);
        let found = faults("p.csv", format!("{header}{padding}{row}b,\n"));
        let line = padding.len() + 2;
        let places: Vec<&str> = found.iter().map(|fault| fault.split(": ").next().unwrap()).collect();
        assert_eq!(places, [format!("p.csv:{}:7", line + 1), format!("p.csv:{}:3", line + 2)], "{before_the_cut}");
    }
}

#[test]
fn bytes_that_are_no_utf8_are_told_and_reading_goes_on() {
    let found = faults("p.csv", b"id,prompt\na,caf\xE9\nb,\n");
    assert_eq!(
        found[0],
        "p.csv:2:3: this cell is not UTF-8; save the file as UTF-8 (in a spreadsheet: as \"CSV UTF-8\")"
    );
    assert!(found[1].starts_with("p.csv:3:3: `prompt` is empty"), "{found:?}");
    let found = faults("p.jsonl", b"{\"prompt\": \"\xC3\xA4\xE9\"}\n");
    assert_eq!(found, ["p.jsonl:1:14: this is not UTF-8; save the file as UTF-8"]);
    for (name, mark) in [("p.csv", b"\xFF\xFEi\0d\0"), ("p.jsonl", b"\xFE\xFF\0{\0}")] {
        let found = faults(name, mark);
        assert!(found.len() == 1 && found[0].contains("1:1: the file is in UTF-16; save it as UTF-8"), "{found:?}");
    }
}

#[test]
fn a_header_that_cannot_work_is_told_with_what_was_probably_meant() {
    for (header, expected) in [
        ("", "the file is empty; its first line names the columns, one of which is `prompt`"),
        ("id,Prompts\na,b", "there is no column `prompt`; rename `Prompts` to `prompt`"),
        ("id, prompt\na,b", "there is no column `prompt`; rename ` prompt` to `prompt`"),
        ("id,title\na,b", "there is no column `prompt`; add one that says what each picture should show"),
        (
            "id;prompt\na;b",
            "the columns are separated by semicolons, not commas; save the file with commas as CSV UTF-8",
        ),
        (
            "id\tprompt\na\tb",
            "the columns are separated by tabs, not commas; give it the ending .tsv, or add --manifest-format tsv",
        ),
    ] {
        assert_eq!(faults("p.csv", header), [format!("p.csv:1:1: {expected}")], "{header:?}");
    }
    let both = faults("p.csv", "id,x,x");
    assert!(both.len() == 2 && both[0].contains("no column `prompt`") && both[1].contains("named `x`"), "{both:?}");
    let broken = faults("p.csv", b"id,\xFF,prompt\na,b,\n");
    assert!(broken.len() == 1 && broken[0].starts_with("p.csv:1:4: this cell is not UTF-8"), "{broken:?}");
    let twice = faults("p.csv", "id,prompt,id\na,,b\n");
    assert_eq!(twice[0], "p.csv:1:11: two columns are named `id`; rename one of them");
    assert!(twice[1].starts_with("p.csv:2:3: `prompt` is empty"), "{twice:?}");
    assert!(faults("p.csv", "prompt,,\na,,\n").is_empty(), "columns without a name are kept as they are");
}

#[test]
fn a_faulty_line_of_json_is_told_at_its_column() {
    check(
        "p.jsonl",
        "{\"prompt\": \"fine\"}\n",
        &[
            (
                "{\"prompt\": \"x\"",
                "2:14: this is not JSON: the object has no closing `}`; write one whole object a line",
            ),
            (
                "{\"a\": \"\u{e4}\", prompt: 1}",
                "2:12: this is not JSON: a key stands without quotes; write one whole object a line",
            ),
            ("[1, 2]", "2:1: this line is not an object; write one a line, like {\"prompt\": \"…\"}"),
            ("\"x\"", "2:1: this line is not an object; write one a line, like {\"prompt\": \"…\"}"),
            ("{\"prompt\": 7}", "2:12: `prompt` must be text; put quotes around it"),
            ("{\"id\": \"a\"}", "2:1: `prompt` is empty; say what the picture should show, or remove the row"),
            (
                "{\"prompt\": \"x\", \"images\": {\"a\": 1}}",
                "2:27: `images`: write one path, or a list of them like [\"front.jpg\", \"back.jpg\"]",
            ),
            ("{\"prompt\": \"x\", \"seed\": [1]}", "2:25: `seed`: write one text or number here"),
            (
                "{\"prompt\": \"x\", \"seed\": 3000000000}",
                "2:25: `seed`: `3000000000` is not a seed; write a whole number from -2147483648 to 2147483647",
            ),
            ("{\"prompt\": \"x\", \"prompt\": \"y\"}", "2:27: the key `prompt` stands here twice; keep one"),
            ("{\"prompt\": \"x\", \"n\": 1e999}", "2:22: `n`: this number is too large; write a smaller one"),
        ],
    );
}

#[test]
fn a_row_too_long_to_hold_is_told_and_reading_goes_on() {
    let long = "x".repeat(LONGEST_ROW + 1);
    let csv = faults("p.csv", format!("id,prompt\na,{long}\nb,\n"));
    assert_eq!(csv[0], "p.csv:2: this row is longer than 16 MiB; look for a quote that is not closed");
    assert!(csv[1].starts_with("p.csv:3:3: `prompt` is empty"), "{csv:?}");
    let json = faults("p.jsonl", format!("{{\"prompt\":\"{long}\"}}\n{{}}\n"));
    assert_eq!(json[0], "p.jsonl:1: this line is longer than 16 MiB; write one object a line");
    assert!(json[1].starts_with("p.jsonl:2:1: `prompt` is empty"), "{json:?}");
}

#[test]
fn a_message_is_one_line_of_bounded_length_whatever_a_cell_holds() {
    let cell = format!("4\u{1b}\n5{}", "x".repeat(100_000));
    let found = faults("p.csv", format!("prompt,aspect_ratio\np,\"{cell}\"\n"));
    assert!(found[0].starts_with("p.csv:2:3: `aspect_ratio`: `4\\u{1b}\\n5xxx"), "{found:?}");
    assert!(found[0].ends_with("16:9, 21:9") && found[0].len() < 1000, "{found:?}");
    let found = faults("p.jsonl", format!("{{\"prompt\": \"{}\"}}", "x".repeat(500_001)));
    assert_eq!(found, ["p.jsonl:1:12: `prompt` has 500001 bytes, and 500000 is the most; shorten it"]);
}

#[test]
fn references_are_checked_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let picture = |length: usize| [PNG, &vec![0; length - PNG.len()]].concat();
    fs::create_dir(folder.path().join("folder")).unwrap();
    put("page.png", b"<html>");
    put("empty.png", b"");
    put("large.png", &picture(7_000_001));
    put("big.png", &picture(6_000_000));
    put("ok.png", &picture(100));
    let many = vec!["ok.png"; 15].join(";");
    let cases = [
        ("none.png", "`none.png` is not there; paths start at the manifest's folder, HERE"),
        ("folder", "`folder` is not a file; name one image"),
        ("page.png", "`page.png` is no JPEG, PNG or WebP image by its content; convert it to one of these"),
        ("empty.png", "`empty.png` is no JPEG, PNG or WebP image by its content; convert it to one of these"),
        (
            "large.png",
            "`large.png` has 7.1 MB, and 7 MB is the most; reduce it, or have it reduced when it is sent: `reduce_to = 2048` in [references] of the job file",
        ),
        (
            "big.png;big.png;big.png",
            "the reference images make a request of 24.1 MB (base64 adds a third), and 20 MB is the most; use fewer or smaller ones",
        ),
        (
            "ftp://a.example/b.png",
            "`ftp://a.example/b.png` is an address that is not fetched; save the image and name its file",
        ),
        (&many, "15 reference images are too many; a request takes 14"),
    ];
    for (images, expected) in cases {
        put("p.csv", format!("prompt,images\np,ok.png\np,{images}\n").as_bytes());
        let job = Job::load(Path::new("p.csv"), &Options::default(), folder.path()).unwrap();
        let found: Vec<String> = Manifest::open(&job)
            .unwrap()
            .filter_map(Result::err)
            .flat_map(|bad| bad.faults)
            .map(|fault| fault.to_string())
            .collect();
        let here = folder.path().display().to_string();
        assert_eq!(found, [format!("p.csv:3:3: `images`: {}", expected.replace("HERE", &here))], "{images}");
    }
}

#[test]
fn a_manifest_that_is_not_there_is_one_message() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("folder.csv")).unwrap();
    for name in ["none.csv", "folder.csv/x.jsonl"] {
        let job = Job::load(Path::new(name), &Options::default(), folder.path()).unwrap();
        let error = Manifest::open(&job).err().unwrap().to_string();
        assert!(error.starts_with(&format!("{name} cannot be read: there is no such file")), "{error}");
    }
}

#[test]
fn a_column_that_was_probably_meant_to_be_read_is_told_and_kept() {
    let warnings = |name: &str, text: &str| {
        let (_folder, mut manifest) = open(name, text);
        assert!(manifest.by_ref().all(|row| row.is_ok()), "{text}");
        manifest.warnings().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let told = |name: &str, place: &str, column: &str, meant: &str| {
        let remedy = format!("if `{meant}` was meant, rename it");
        vec![format!("{name}:{place}: the column `{column}` is not one this program reads; {remedy}")]
    };
    for (column, meant) in [
        ("aspect-ratio", "aspect_ratio"),
        ("Aspect Ratio", "aspect_ratio"),
        ("aspectRatio", "aspect_ratio"),
        ("ratio", "aspect_ratio"),
        ("Prompt ", "prompt"),
        ("ID", "id"),
        ("image", "images"),
        ("imgaes", "images"),
        ("reference", "images"),
        ("temprature", "temperature"),
    ] {
        assert_eq!(warnings("p.csv", &format!("prompt,{column}\np,x\n")), told("p.csv", "1:8", column, meant));
    }
    let lines = "{\"prompt\": \"p\"}\n{\"prompt\": \"p\", \"imageSize\": 1}\n";
    assert_eq!(warnings("p.jsonl", lines), told("p.jsonl", "2:30", "imageSize", "image_size"));
    let own = "prompt,images,image,title,Type,game,Image Src,Image Position,Variant SKU,Variant Image,size,file,key,\n";
    assert!(warnings("p.csv", own).is_empty(), "a catalogue's own columns, and a slip whose column is there as well");
}
