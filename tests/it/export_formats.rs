//! What `export` promises of its formats, over a ledger made by hand. Never opens a database.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::Path;

use overnight::export::{Choice, ExportError, Format, Wanted, hand_over, hand_over_as};
use overnight::queue::{ItemState, QueueError, RowRecord};
use serde_json::{Value, json};

use crate::support::rows::{Rows, done, refused, row, waiting};

const CSV: Wanted<'_> =
    Wanted { job: "spring", format: Format::Csv, states: &[], choice: Choice::All, verdicts: false, shelf: None };

fn shopify() -> Format {
    Format::Shopify { image_url: None }
}

fn ledger(columns: &[&'static str], rows: &[RowRecord]) -> Rows {
    Rows { columns: columns.to_vec(), rows: rows.to_vec(), ..Rows::default() }
}

/// What is handed over of these rows.
fn handed(ledger: &Rows, wanted: &Wanted<'_>) -> String {
    let mut bytes = Vec::new();
    hand_over(ledger, wanted, &mut bytes, |error| panic!("{error}")).map_err(|error: QueueError| error).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn of_format(format: Format) -> Wanted<'static> {
    Wanted { format, ..CSV }
}

/// A table, read.
fn read(table: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn own_columns_and_cells_come_back_exactly_as_they_were() {
    let columns = ["=note", " padded ", "", "Body (HTML)", "\u{1b}[31m"];
    let cells = ["=SUM(A1)", "+49 30 1234", "two\r\nlines, \"quoted\";=1+1", " \t@x\u{0b} ", "'-"];
    let rows = [row(&cells.map(Value::from), &[waiting("lamp")]), row(&["-"; 5].map(Value::from), &[])];
    let lines = read(&handed(&ledger(&columns, &rows), &CSV));
    assert_eq!(lines[0][..5], columns);
    assert_eq!(lines[1][..7], [&cells[..], &["queued", ""]].concat());
    assert_eq!(lines[2], [&["-"; 5][..], &[""; 10]].concat());
}

#[test]
fn what_a_model_or_a_server_said_is_no_formula_in_a_table_and_unchanged_in_json() {
    let mut failed = refused("chair");
    failed.reply.finish_reason = Some("=STOP".into());
    let rows = [row(&[json!("a")], &[done("lamp", Some("=HYPERLINK(1)"), &["=lamp.jpg"]), failed])];
    let rows = ledger(&["id"], &rows);
    let table = handed(&rows, &CSV);
    assert!(table.contains("\na,done,./=lamp.jpg,'=HYPERLINK(1),") && table.contains(",'=STOP,"), "{table}");
    let shop = handed(&rows, &of_format(shopify()));
    assert!(shop.contains("\na,./=lamp.jpg,1,'=HYPERLINK(1),done,./=lamp.jpg,'=HYPERLINK(1),"), "{shop}");
    let json = handed(&rows, &of_format(Format::JsonLines));
    assert!(json.contains(r#""file":"=lamp.jpg","caption":"=HYPERLINK(1)""#) && json.contains(r#":"=STOP""#), "{json}");
}

#[test]
fn json_lines_have_every_key_in_order_and_values_as_they_were() {
    let rows = [
        row(&[json!("lamp"), json!(1.5), json!(["a.png"])], &[done("lamp", Some("A lamp."), &["lamp.jpg"])]),
        row(&[json!("=chair")], &[refused("chair"), waiting("chair-2")]),
        row(&[json!(""), Value::Null, json!({"b": true})], &[]),
    ];
    insta::assert_snapshot!(handed(&ledger(&["id", "price", "images"], &rows), &of_format(Format::JsonLines)), @r#"
    {"id":"lamp","price":1.5,"images":["a.png"],"status":"done","file":"lamp.jpg","caption":"A lamp.","attempts":2,"finish_reason":"STOP","failure":null,"cost_usd":0.0672,"blake3":"abc","width":928,"height":1152}
    {"id":"=chair","price":null,"images":null,"status":"failed","file":null,"caption":null,"attempts":1,"finish_reason":"IMAGE_SAFETY","failure":"refused: unsafe, says the model","cost_usd":null,"blake3":null,"width":null,"height":null}
    {"id":"=chair","price":null,"images":null,"status":"queued","file":null,"caption":null,"attempts":0,"finish_reason":null,"failure":null,"cost_usd":null,"blake3":null,"width":null,"height":null}
    {"id":"","price":null,"images":{"b":true},"status":null,"file":null,"caption":null,"attempts":null,"finish_reason":null,"failure":null,"cost_usd":null,"blake3":null,"width":null,"height":null}
    "#);
}

#[test]
fn no_two_keys_of_a_line_are_the_same() {
    let columns = ["status", "manifest_status", "", "", "width"];
    let rows = [row(&["mine", "hers", "a", "b", "c"].map(Value::from), &[waiting("lamp")])];
    let line = handed(&ledger(&columns, &rows), &of_format(Format::JsonLines));
    let own =
        r#"{"manifest_manifest_status":"mine","manifest_status":"hers","":"a","manifest_":"b","manifest_width":"c","#;
    assert!(line.starts_with(own), "{line}");
    let table = handed(&ledger(&columns, &rows), &CSV);
    assert!(table.starts_with("manifest_manifest_status,manifest_status,,,manifest_width,status,"), "{table}");
}

#[test]
fn thousands_of_columns_without_a_name_are_numbered() {
    let columns = ["manifest_3"].into_iter().chain([""; 16_000]).collect::<Vec<_>>();
    let line = handed(&ledger(&columns, &[row(&[json!("a"), json!("b")], &[])]), &of_format(Format::JsonLines));
    let begins = r#"{"manifest_3":"a","":"b","manifest_":null,"manifest_4":null,"manifest_5":null,"#;
    assert!(line.starts_with(begins), "{}", &line[..200]);
    assert!(line.contains(r#""manifest_16001":null,"status""#), "the last of them");
}

#[test]
fn only_items_that_stand_as_asked_are_told_and_only_their_rows() {
    let rows = [
        row(&[json!("a")], &[done("a-1", None, &["a.jpg"]), refused("a-2"), waiting("a-3")]),
        row(&[json!("b")], &[waiting("b")]),
        row(&[json!("c")], &[]),
    ];
    let rows = ledger(&["id"], &rows);
    let told = |states| {
        let lines = read(&handed(&rows, &Wanted { states, ..CSV }));
        lines.iter().skip(1).map(|line| format!("{} {}", line[0], line[1])).collect::<Vec<_>>()
    };
    assert_eq!(told(&[ItemState::Failed]), ["a failed"]);
    assert_eq!(told(&[ItemState::Queued, ItemState::Done]), ["a done", "a queued", "b queued"]);
    assert_eq!(told(&[ItemState::Cancelled]), [""; 0]);
    assert_eq!(told(&[]).len(), 5);
}

#[test]
fn a_file_is_replaced_whole_or_not_at_all_where_a_link_leads_and_leaves_no_drafts() {
    let folder = tempfile::tempdir().unwrap();
    let [file, link] = ["real.csv", "link.csv"].map(|name| folder.path().join(name));
    fs::write(&file, "before").unwrap();
    symlink("real.csv", &link).unwrap();
    let mut rows = Rows { breaks: true, ..ledger(&["id"], &[row(&[json!("a")], &[])]) };
    let error = hand_over_as(&rows, &CSV, &link).unwrap_err();
    assert!(matches!(error, ExportError::Ledger(_)), "{error}");
    assert_eq!(fs::read(&file).unwrap(), b"before");
    rows.breaks = false;
    hand_over_as(&rows, &CSV, &link).unwrap();
    assert!(fs::read_to_string(&file).unwrap().ends_with("\na,,,,,,,,,,\n"));
    assert!(link.is_symlink());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no draft is left");
}

#[test]
fn a_folder_and_what_lies_in_no_folder_cannot_be_written_and_a_device_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let rows = ledger(&["id"], &[]);
    let said = |path: &Path| hand_over_as(&rows, &CSV, path).unwrap_err().to_string();
    let error = said(&folder.path().join("none/results.csv"));
    assert!(error.contains("none/results.csv: there is no such"), "{error}");
    assert!(said(folder.path()).starts_with("cannot write "));
    hand_over_as(&rows, &CSV, Path::new("/dev/null")).unwrap();
    assert!(!Path::new("/dev/null").is_file());
}

/// What nobody reads any more.
struct Gone;

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Why handing over ended.
#[derive(Debug)]
struct Why(Option<io::ErrorKind>);

impl From<QueueError> for Why {
    fn from(_: QueueError) -> Self {
        Self(None)
    }
}

#[test]
fn a_reader_that_goes_away_is_known_for_what_it_is_and_ends_it() {
    let many: Vec<_> = (0..1000).map(|number| row(&[json!(number)], &[waiting("a")])).collect();
    // It breaks behind the last row, where nobody comes to.
    let rows = Rows { breaks: true, ..ledger(&["Handle"], &many) };
    for format in [Format::Csv, Format::JsonLines, shopify()] {
        let Why(kind) = hand_over(&rows, &of_format(format), &mut Gone, |error| Why(Some(error.kind()))).unwrap_err();
        assert_eq!(kind, Some(io::ErrorKind::BrokenPipe));
    }
}
