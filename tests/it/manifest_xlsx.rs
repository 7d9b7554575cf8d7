//! Manifests in a workbook. Never looks at what the rows say in other respects.

use std::time::{Duration, Instant};

use overnight::domain::Item;
use overnight::job::{Job, Manifest, Options};
use serde_json::json;
use zip::CompressionMethod;

use crate::manifest::open;
use crate::support::workbook::{Cell, archive, parts, sheet_of, text, texts, workbook};
use crate::support::workspace::Workspace;

fn items(name: &str, bytes: impl AsRef<[u8]>) -> Vec<Item> {
    let (_folder, manifest) = open(name, bytes);
    manifest.flat_map(|row| row.unwrap_or_else(|bad| panic!("{:?}", bad.faults)).1).collect()
}

/// Everything that is wrong with a workbook, found in a moment.
fn faults(bytes: impl AsRef<[u8]>) -> Vec<String> {
    let began = Instant::now();
    let (_folder, manifest) = open("p.xlsx", bytes);
    let faults = manifest.filter_map(Result::err).flat_map(|bad| bad.faults).map(|fault| fault.to_string()).collect();
    assert!(began.elapsed() < Duration::from_secs(20), "it takes {:?}", began.elapsed());
    faults
}

#[test]
fn a_sheet_says_the_same_as_its_export() {
    let sheet = sheet_of(&[
        &[],
        &["id", "prompt", "images"],
        &["a", "a cup, \"blue\" & <green>", "photos/a.png; b.png"],
        &[],
        &["", "two\nlines"],
        &["", "  "],
    ]);
    let csv = "id,prompt,images\na,\"a cup, \"\"blue\"\" & <green>\",photos/a.png; b.png\n,\"two\nlines\",\n";
    assert_eq!(items("p.xlsx", &sheet), items("p.csv", csv));
    assert_eq!(items("p.XLSM", &sheet).len(), 2);
    let (_folder, manifest) = open("p.xlsx", &sheet);
    let lines: Vec<u64> = manifest.map(|row| row.unwrap().0.line).collect();
    assert_eq!(lines, [3, 5], "rows are numbered as the spreadsheet does");
}

#[test]
fn every_kind_of_cell_becomes_the_text_that_people_see() {
    let header = ["prompt", "ean", "price", "on", "at", "for", "sold", "sum"].map(text);
    let row = vec![
        Cell::Inline("a cup".to_owned()),
        Cell::Number("4006381333931", 0),
        Cell::Number("19.990000000000002", 0),
        Cell::Number("45943", 1),
        Cell::Number("45943.75", 1),
        Cell::Number("1.5", 2),
        Cell::Given("b", "1"),
        Cell::Given("str", "made of &amp;"),
    ];
    let (_folder, mut manifest) = open("p.xlsx", workbook(&[("Sheet1", vec![header.into(), row])]));
    let (row, _) = manifest.next().unwrap().unwrap();
    let expected =
        ["a cup", "4006381333931", "19.99", "2025-10-13", "2025-10-13T18:00:00", "36:00:00", "true", "made of &"];
    assert_eq!(row.cells, expected.map(|text| json!(text)));
}

#[test]
fn a_mistake_is_told_where_the_spreadsheet_shows_it() {
    let rows = vec![
        ["id", "prompt", "seed"].map(text).into(),
        vec![text("a"), Cell::Empty, text("x")],
        vec![text("b"), text("p"), Cell::Given("e", "#N/A")],
    ];
    let found = faults(workbook(&[("Sheet1", rows)]));
    assert_eq!(
        found,
        [
            "p.xlsx:2:2: cell B2: `prompt` is empty; say what the picture should show, or remove the row",
            "p.xlsx:2:3: cell C2: `seed`: `x` is not a seed; write a whole number from -2147483648 to 2147483647",
            "p.xlsx:3:3: cell C3: this cell holds the error #N/A; correct its formula, or empty it",
        ]
    );
    assert_eq!(
        faults(sheet_of(&[&["id", "promt", "id"], &["a", "b", "c"]])),
        [
            "p.xlsx:1: there is no column `prompt`; rename `promt` to `prompt`",
            "p.xlsx:1:3: cell C1: two columns are named `id`; rename one of them"
        ]
    );
    assert!(faults(sheet_of(&[]))[0].starts_with("p.xlsx:1: the sheet is empty"));
}

#[test]
fn what_stands_beside_the_table_is_kept_without_a_name() {
    let (_folder, mut manifest) = open("p.xlsx", sheet_of(&[&["prompt"], &["p", "", "note"], &["q"]]));
    let rows: Vec<_> = manifest.by_ref().map(|row| row.unwrap().0.cells).collect();
    assert_eq!(rows, [vec![json!("p"), json!(""), json!("note")], vec![json!("q")]]);
    assert_eq!(manifest.columns(), ["prompt", "", ""]);
}

#[test]
fn the_first_sheet_that_is_not_hidden_is_meant_unless_one_is_named() {
    let here = Workspace::new();
    let sheet = |id: &str| texts(&[&["id", "prompt"], &[id, "p"]]);
    let book = workbook(&[("-Hidden", sheet("hidden")), ("Wares", sheet("wares")), ("Old", sheet("old"))]);
    std::fs::write(here.path("p.xlsx"), book).unwrap();
    let ids = |name: Option<&str>| {
        let options = Options { sheet: name.map(str::to_owned), ..Options::default() };
        let manifest = Manifest::open(&Job::load("p.xlsx".as_ref(), &options, &here.path("")).unwrap()).unwrap();
        let rows: Vec<_> = manifest.collect();
        rows.into_iter()
            .map(|row| row.map(|(_, items)| items[0].id.to_string()).map_err(|bad| bad.faults[0].to_string()))
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(None), [Ok("wares".to_owned())]);
    assert_eq!(ids(Some("Hidden")), [Ok("hidden".to_owned())]);
    let unknown =
        "p.xlsx:1: the workbook has no sheet `wares`; name one of `Hidden`, `Wares`, `Old` with --sheet or `sheet`";
    assert_eq!(ids(Some("wares")), [Err(unknown.to_owned())]);
    here.write("jobs/one.toml", "manifest = \"../p.xlsx\"\nsheet = \"Old\"\n");
    here.overnight("run jobs/one.toml --rehearse").end().exits(0);
    assert_eq!(here.pictures("output/one-rehearsal"), ["old"]);
    here.overnight("run p.xlsx --rehearse").env("OVERNIGHT_SHEET", "Old").end().exits(0);
    assert_eq!(here.pictures("output/p-rehearsal"), ["old"]);
    here.overnight("run p.xlsx --rehearse").env("OVERNIGHT_SHEET", "Old").end().exits(0).says(&["nothing to do"]);
    here.overnight("run p.xlsx --rehearse --sheet Wares").end().exits(0);
    assert_eq!(here.pictures("output/p-rehearsal"), ["old", "wares"], "another sheet is another list");
}

#[test]
fn what_is_no_workbook_is_told_with_what_to_do() {
    let whole = sheet_of(&[&["prompt"], &["p"]]);
    for (bytes, words) in [
        (&b""[..], "it is no .xlsx workbook"),
        (b"prompt\np\n", "save it as one, or the sheet as CSV UTF-8"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "it is a spreadsheet of the older kind (.xls), or it has a password"),
        (&whole[..whole.len() / 2], "its archive is cut off; copy the file again"),
        (&archive(&[("mimetype".to_owned(), "x".to_owned())], CompressionMethod::Stored), "but no .xlsx workbook"),
    ] {
        let found = faults(bytes);
        assert!(found.len() == 1 && found[0].starts_with("p.xlsx:1: ") && found[0].contains(words), "{found:?}");
    }
    for name in ["p.csv", "p.jsonl", "p.tsv"] {
        let (_folder, mut manifest) = open(name, &whole);
        let fault = manifest.next().unwrap().unwrap_err().faults[0].to_string();
        assert!(fault.contains("if it is a .xlsx workbook give it that ending"), "{fault}");
    }
    let here = Workspace::new();
    for name in ["p.xls", "p.ods", "p.xlsb"] {
        here.write(name, "");
        here.overnight(&format!("run {name}")).end().exits(2).says(&["save it as .xlsx, or the sheet as CSV UTF-8"]);
    }
}

#[test]
fn a_workbook_may_come_on_standard_input() {
    let here = Workspace::new();
    let book = sheet_of(&[&["id", "prompt"], &["a", "p"]]);
    here.overnight("run - --name wares --manifest-format xlsx --rehearse").fed(&book).exits(0);
    assert_eq!(here.pictures("output/wares-rehearsal"), ["a"]);
}

/// A workbook with one of its parts replaced, compressed.
fn with_part(name: &str, text: String) -> Vec<u8> {
    let mut parts = parts(&[("Sheet1", texts(&[&["prompt"], &["p"]]))]);
    parts.iter_mut().find(|(part, _)| part == name).unwrap().1 = text;
    archive(&parts, CompressionMethod::Deflated)
}

#[test]
fn a_workbook_that_was_made_to_do_harm_is_refused_before_it_is_in_memory() {
    let bomb = with_part("xl/worksheets/sheet1.xml", " ".repeat((256 << 20) + 1));
    assert!(bomb.len() < 4 << 20, "{} bytes", bomb.len());
    let too_large = "p.xlsx:1: the workbook takes more than 256 MiB when it is unpacked; save the sheet as CSV UTF-8";
    assert_eq!(faults(&bomb), [too_large]);
    let (says, lies) = (((256_u32 << 20) + 1).to_le_bytes(), 100_u32.to_le_bytes());
    let mut lying = bomb;
    let places: Vec<usize> = (0..lying.len() - 4).filter(|at| lying[*at..at + 4] == says).collect();
    places.iter().for_each(|at| lying[*at..at + 4].copy_from_slice(&lies));
    assert!(!places.is_empty() && faults(lying)[0].starts_with("p.xlsx:1: the workbook "));
    assert_eq!(faults(with_part("xl/styles.xml", "<xf/>".repeat(4 << 20))), [too_large]);
    let invented = with_part("xl/sharedStrings.xml", "<sst uniqueCount=\"99999999999999\"></sst>".to_owned());
    assert!(faults(invented)[0].contains("the texts of its cells are not what they say"));
    let row = |cells: String| format!("<worksheet><sheetData><row r=\"1\">{cells}</row></sheetData></worksheet>");
    let shared = "<c t=\"s\"><v>0</v></c>".repeat(10_000);
    let mut long = parts(&[("Sheet1", vec![vec![Cell::Shared("x".repeat(100_000))]])]);
    long.iter_mut().find(|(part, _)| part == "xl/worksheets/sheet1.xml").unwrap().1 = row(shared);
    let found = faults(archive(&long, CompressionMethod::Deflated));
    assert_eq!(found, ["p.xlsx:1: this row is longer than 16 MiB; shorten its cells"]);
    let wide = "<c t=\"str\"><v>x</v></c>".repeat(100_000);
    let found = faults(with_part("xl/worksheets/sheet1.xml", row(wide)));
    assert!(found[0].starts_with("p.xlsx:1: this row has more than 16384 cells"), "{found:?}");
}

#[test]
fn a_workbook_with_a_part_that_is_broken_anywhere_is_told_or_read_and_nothing_panics() {
    let whole = parts(&[("Sheet1", texts(&[&["id", "prompt"], &["a", "p"]]))]);
    for (part, (name, text)) in whole.iter().enumerate() {
        for at in (0..text.len()).step_by(3) {
            for broken in [
                text[..at].to_owned(),
                format!("{}\"{}", &text[..at], &text[at..]),
                text.replacen(&text[at..=at], "9", 1),
            ] {
                let mut parts = whole.clone();
                parts[part].1 = broken;
                let found = faults(archive(&parts, CompressionMethod::Stored));
                let panicked = found.iter().any(|fault| fault.contains("nobody can make sense of it"));
                assert!(!panicked, "{name} broken at {at}: {found:?}");
            }
        }
    }
}
