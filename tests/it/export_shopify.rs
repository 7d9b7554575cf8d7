//! What a shop gets back: every row, and the pictures as images of its products. Never opens a database.

use overnight::domain::FailureKind;
use overnight::export::{Choice, Format, Wanted, hand_over};
use overnight::queue::{ItemRecord, QueueError, RowRecord};
use serde_json::{Value, json};

use crate::support::rows::{Rows, done, refused, repeated, row, waiting};

/// A shop's columns, as few as matter.
const COLUMNS: &[&str] = &[
    "Handle",
    "Title",
    "Body (HTML)",
    "Option1 Value",
    "Variant Price",
    "Image Src",
    "Image Position",
    "Image Alt Text",
    "Variant Image",
];

/// A row of such a table: its handle, title, variant, and image cells.
fn product(cells: [&str; 6], items: &[ItemRecord]) -> RowRecord {
    let [handle, title, variant, source, position, alt_text] = cells;
    let cells = [handle, title, "<p>=Soft, \"warm\"</p>", variant, "60", source, position, alt_text, ""];
    row(&cells.map(Value::from), items)
}

/// The table a shop gets back, with its header.
fn table(columns: &[&'static str], rows: &[RowRecord], image_url: Option<&str>) -> Vec<Vec<String>> {
    let ledger = Rows { columns: columns.to_vec(), rows: rows.to_vec(), ..Rows::default() };
    let format = Format::Shopify { image_url: image_url.map(str::to_owned) };
    handed(&ledger, format, Choice::All)
}

/// What of a ledger a shop gets back.
fn handed(ledger: &Rows, format: Format, choice: Choice) -> Vec<Vec<String>> {
    let mut bytes = Vec::new();
    let wanted = Wanted { job: "spring", format, states: &[], choice, verdicts: false, shelf: None };
    hand_over(ledger, &wanted, &mut bytes, |error| panic!("{error}")).map_err(|error: QueueError| error).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The lines of such a table in short: handle, variant, the image cells, status and file.
fn lines(rows: &[RowRecord]) -> Vec<String> {
    let table = table(COLUMNS, rows, None);
    table.iter().skip(1).map(|line| [0, 3, 5, 6, 7, 9, 10].map(|cell| line[cell].as_str()).join("|")).collect()
}

#[test]
fn every_row_comes_back_as_it_was_but_for_the_picture_in_its_image_cells() {
    let rows = [
        product(
            ["varsity-top", "Varsity Top", "Small", "https://old.example/top.jpg", "1", ""],
            &[done("top", Some("A top,\n  on oak."), &["tops/top.jpg", "tops/top~2.jpg"])],
        ),
        product(["varsity-top", "", "Medium", "", "", ""], &[]),
        product(["varsity-top", "", "Large", "", "", ""], &[]),
        product(["wool-jumper", "Wool Jumper", "", "https://old.example/j.jpg", "1", "old"], &[refused("jumper")]),
        product(["bag", "Bag", "", "", "", ""], &[waiting("bag")]),
    ];
    let table = table(COLUMNS, &rows, None);
    assert_eq!(table[0][..9], *COLUMNS);
    assert_eq!(table[0][9..12], ["status", "file", "caption"]);
    assert_eq!(table.len(), 6, "no rows of their own are needed");
    for (line, row) in table[1..].iter().zip(&rows) {
        let others = [0, 1, 2, 3, 4, 8];
        assert_eq!(others.map(|cell| Value::from(line[cell].as_str())), others.map(|cell| row.cells[cell].clone()));
    }
    assert_eq!(
        lines(&rows),
        [
            "varsity-top|Small|tops/top.jpg|1|A top, on oak.|done|tops/top.jpg",
            "varsity-top|Medium|||||",
            "varsity-top|Large|||||",
            "wool-jumper||https://old.example/j.jpg|1|old|failed|",
            "bag|||||queued|",
        ]
    );
    assert_eq!(table[4][14], format!("{}: unsafe, says the model", FailureKind::Refused));
}

#[test]
fn pictures_that_a_row_has_besides_follow_the_product_and_go_on_from_its_highest_place() {
    let of = |id: &str| done(id, None, &[&format!("{id}.jpg")]);
    let rows = [
        product(["top", "Top", "Small", "", "", ""], &[of("top-1"), refused("top-2"), of("top-3"), of("top-4")]),
        product(["top", "", "Medium", "https://old.example/3.jpg", "3", "back"], &[]),
        product(["top", "", "Large", "", "", ""], &[of("top-large")]),
        product(["bag", "Bag", "", "", "", ""], &[refused("bag-1"), of("bag-2")]),
        product(["top", "Another", "", "", "", ""], &[of("a"), of("b")]),
    ];
    assert_eq!(
        lines(&rows),
        [
            "top|Small|top-1.jpg|1|Top|done|top-1.jpg",
            "top|Medium|https://old.example/3.jpg|3|back||",
            "top|Large|top-large.jpg|4|Top|done|top-large.jpg",
            "top||top-3.jpg|5|Top|done|top-3.jpg",
            "top||top-4.jpg|6|Top|done|top-4.jpg",
            "bag||bag-2.jpg|1|Bag|done|bag-2.jpg",
            "top||a.jpg|1|Another|done|a.jpg",
            "top||b.jpg|2|Another|done|b.jpg",
        ]
    );
    let further = &table(COLUMNS, &rows, None)[4];
    let filled: Vec<&str> = further[..9].iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
    assert_eq!(filled, ["top", "top-3.jpg", "5", "Top"], "nothing of the row but the handle");
}

#[test]
fn rows_that_share_an_item_show_its_picture_once_in_a_product() {
    let small = product(["top", "Top", "Small", "", "", ""], &[done("x", None, &["x.jpg"])]);
    let large = product(["top", "", "Large", "", "", ""], &[done("x", None, &["x.jpg"])]);
    let other = product(["bag", "Bag", "", "", "", ""], &[done("x", None, &["x.jpg"])]);
    assert_eq!(
        lines(&[small, repeated(&large), repeated(&other)]),
        ["top|Small|x.jpg|1|Top|done|x.jpg", "top|Large||||done|x.jpg", "bag||x.jpg|1|Bag|done|x.jpg"]
    );
}

#[test]
fn a_caption_describes_the_picture_else_what_stands_there_else_the_title() {
    let described = |caption: Option<&str>, title: &str, alt_text: &str| {
        let cells = ["top", title, "", "", "", alt_text];
        table(COLUMNS, &[product(cells, &[done("top", caption, &["top.jpg"])])], None)[1][7].clone()
    };
    assert_eq!(described(Some("\n A  top.\r\n"), "Top", "old"), "A top.");
    assert_eq!(described(Some(" \n"), "Top", "old"), "old");
    assert_eq!(described(None, "Top", "  "), "Top");
    assert_eq!(described(None, "", ""), "");
    let long = "ä".repeat(600);
    assert_eq!(described(Some(&long), "", "").chars().count(), 512);
    assert_eq!(described(None, &long, "").chars().count(), 512);
}

#[test]
fn a_place_for_the_pictures_makes_addresses_of_their_paths() {
    let cells = ["mug", "Mug", "", "", "", ""];
    let rows = [product(cells, &[done("mug", None, &["Möbel/50% #1.jpg"]), done("jug", None, &["jug.jpg"])])];
    let table = table(COLUMNS, &rows, Some("https://cdn.shop.example/2026/"));
    assert_eq!(table[1][5], "https://cdn.shop.example/2026/M%C3%B6bel/50%25%20%231.jpg");
    assert_eq!(table[1][10], "Möbel/50% #1.jpg", "where it lies is told as well");
    assert_eq!(table[2][5], "https://cdn.shop.example/2026/jug.jpg");
}

#[test]
fn a_table_of_the_newer_export_is_filled_in_its_own_columns() {
    let columns = ["Title", "URL handle", "Status", "Product image URL", " image position", "Image alt text"];
    let cells = ["Mug", "mug", "Active", "", "", ""].map(Value::from);
    let table = table(&columns, &[row(&cells, &[done("mug", None, &["a.jpg"]), done("jug", None, &["b.jpg"])])], None);
    assert_eq!(table[0][..7], [&columns[..], &["status"]].concat());
    assert_eq!(table[1][..7], ["Mug", "mug", "Active", "a.jpg", "1", "Mug", "done"]);
    assert_eq!(table[2][..7], ["", "mug", "", "b.jpg", "2", "Mug", "done"]);
}

#[test]
fn a_table_without_image_columns_gets_them_behind_its_own() {
    let rows = [
        row(&[json!("mug"), json!(7)], &[done("mug", Some("A mug."), &["mug.jpg"]), done("jug", None, &["jug.jpg"])]),
        row(&[json!("jug")], &[]),
    ];
    let table = table(&["Handle", "number"], &rows, None);
    let header = ["Handle", "number", "Image Src", "Image Position", "Image Alt Text", "status"];
    assert_eq!(table[0][..6], header);
    assert_eq!(table[1][..6], ["mug", "7", "mug.jpg", "1", "A mug.", "done"]);
    assert_eq!(table[2][..6], ["mug", "", "jug.jpg", "2", "", "done"]);
    assert_eq!(table[3][..6], ["jug", "", "", "", "", ""]);
}

#[test]
fn rows_that_name_no_product_are_products_of_their_own() {
    let picture = |id: &str| done(id, None, &[&format!("{id}.jpg")]);
    let rows = [
        product(["", "Mug", "", "", "", ""], &[picture("a"), picture("b")]),
        product(["", "Jug", "", "", "", ""], &[picture("c")]),
    ];
    assert_eq!(lines(&rows), ["||a.jpg|1|Mug|done|a.jpg", "||b.jpg|2|Mug|done|b.jpg", "||c.jpg|1|Jug|done|c.jpg"]);
}

#[test]
fn a_product_of_very_many_rows_is_not_held_whole_and_its_places_go_on() {
    let picture = |id: &str| done(id, None, &[&format!("{id}.jpg")]);
    let mut rows = vec![product(["top", "", "", "", "", ""], &[]); 10_002];
    rows[0] = product(["top", "Top", "", "", "", ""], &[picture("a"), picture("b")]);
    rows[10_001] = product(["top", "", "", "", "", ""], &[picture("c")]);
    let lines = lines(&rows);
    assert_eq!(lines.len(), 10_003);
    assert_eq!(lines[10_000], "top||b.jpg|2|Top|done|b.jpg");
    assert_eq!(lines[10_002], "top||c.jpg|3|Top|done|c.jpg");
}
