//! What the results files promise, over a ledger made by hand. Never opens a database.

use std::fs;
use std::path::Path;
use std::time::Duration;

use overnight::domain::Timestamp;
use overnight::export::{About, ExportError, ResultsCsv, write_results};
use overnight::queue::{ItemRecord, RowRecord};
use serde_json::{Value, json};

use crate::support::rows::{Rows, done, refused, repeated, row, waiting};

fn about(output: &Path) -> About<'_> {
    About {
        job: "spring",
        output,
        references: output,
        now: Timestamp::default(),
        took: Duration::ZERO,
        rehearsal: false,
        list_price_of: None,
        course: None,
        foreseen: None,
    }
}

/// The table of these rows, without touching the disk.
fn table(columns: &[&str], rows: &[RowRecord]) -> String {
    let columns: Vec<_> = columns.iter().map(|&column| column.to_owned()).collect();
    let mut table = ResultsCsv::new(&columns, Vec::new()).unwrap();
    rows.iter().for_each(|row| table.write(row).unwrap());
    String::from_utf8(table.finish().unwrap()).unwrap()
}

fn touch(folder: &Path, files: &[&str]) {
    files.iter().for_each(|file| fs::write(folder.join(file), "picture").unwrap());
}

#[test]
fn the_table_has_the_manifests_columns_then_the_results() {
    let rows = [
        row(&[json!("lamp"), json!("oak, \"old\"")], &[done("lamp", Some("A lamp.\nOn oak."), &["lamp.jpg"])]),
        row(&[json!("chair"), json!("")], &[refused("chair")]),
        row(&[json!("table"), json!("x")], &[waiting("table")]),
    ];
    insta::assert_snapshot!(table(&["id", "material"], &rows), @r#"
    id,material,status,file,caption,attempts,finish_reason,failure,cost_usd,blake3,width,height
    lamp,"oak, ""old""",done,lamp.jpg,"A lamp.
    On oak.",2,STOP,,0.0672,abc,928,1152
    chair,,failed,,,1,IMAGE_SAFETY,"refused: unsafe, says the model",,,,
    table,x,queued,,,0,,,,,,
    "#);
}

#[test]
fn a_row_with_several_items_gives_a_line_for_each_and_one_without_a_line_of_its_own() {
    let rows = [row(&[json!("lamp")], &[waiting("lamp-1"), refused("lamp-2")]), row(&[json!("left out")], &[])];
    insta::assert_snapshot!(table(&["handle"], &rows), @r#"
    handle,status,file,caption,attempts,finish_reason,failure,cost_usd,blake3,width,height
    lamp,queued,,,0,,,,,,
    lamp,failed,,,1,IMAGE_SAFETY,"refused: unsafe, says the model",,,,
    left out,,,,,,,,,,
    "#);
}

#[test]
fn a_manifest_column_named_like_a_result_comes_back_under_another_name() {
    let rows = [row(&[json!("mine"), json!("hers"), json!("file")], &[waiting("lamp")])];
    let table = table(&["status", "manifest_status", "file"], &rows);
    let header = table.lines().next().unwrap();
    assert!(header.starts_with("manifest_manifest_status,manifest_status,manifest_file,status,file,"), "{header}");
    assert!(table.lines().nth(1).unwrap().starts_with("mine,hers,file,queued,,"));
}

#[test]
fn values_of_json_lines_come_back_as_their_json_and_missing_ones_as_nothing() {
    let cells = [json!(1.5), json!(["a.png", "b.png"]), Value::Null];
    let table = table(&["number", "images", "nothing", "absent"], &[row(&cells, &[waiting("lamp")])]);
    let line = table.lines().nth(1).unwrap();
    assert!(line.starts_with(r#"1.5,"[""a.png"",""b.png""]",,,queued,"#), "{line}");
}

#[test]
fn no_cell_of_the_table_is_a_formula_whoever_wrote_it() {
    let cells = [json!("=SUM(A1)"), json!("-5"), json!(-1500.0), json!(" @x")];
    let caption = Some("=HYPERLINK(1)");
    let rows = [row(&cells, &[done("lamp", caption, &["=lamp.jpg"]), refused("lamp")]), row(&cells, &[])];
    let table = table(&["=note", "+1", "-x", "status"], &rows);
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("'=note,+1,'-x,manifest_status,status,"), "{}", lines[0]);
    assert!(lines[1].starts_with("'=SUM(A1),-5,-1500.0,' @x,done,./=lamp.jpg,'=HYPERLINK(1),"), "{}", lines[1]);
    assert!(lines[3].starts_with("'=SUM(A1),-5,-1500.0,' @x,,"), "{}", lines[3]);
}

#[test]
fn the_data_set_has_a_line_for_each_image_that_is_there_with_the_same_keys() {
    let output = tempfile::tempdir().unwrap();
    touch(output.path(), &["lamp.jpg", "lamp~2.jpg", "bare.png"]);
    let bare = ItemRecord { cost: None, ..done("bare", None, &["bare.png"]) };
    let ledger = Rows {
        columns: vec!["id"],
        rows: vec![
            row(&[json!("lamp")], &[done("lamp", Some("=A lamp."), &["lamp.jpg", "lamp~2.jpg"])]),
            row(&[json!("chair")], &[refused("chair")]),
            row(&[json!("gone")], &[done("gone", None, &["gone.jpg"])]),
            row(&[json!("bare")], &[bare]),
        ],
        ..Rows::default()
    };
    write_results(&ledger, &about(output.path())).unwrap();
    insta::assert_snapshot!(fs::read_to_string(output.path().join("metadata.jsonl")).unwrap(), @r#"
    {"file_name":"lamp.jpg","text":"Draw \"lamp\"","id":"lamp","number":1,"caption":"=A lamp.","model":"model","aspect_ratio":"4:5","finish_reason":"STOP","attempts":2,"cost_usd":0.0672,"blake3":"abc","bytes":7,"width":928,"height":1152}
    {"file_name":"lamp~2.jpg","text":"Draw \"lamp\"","id":"lamp","number":2,"caption":"=A lamp.","model":"model","aspect_ratio":"4:5","finish_reason":"STOP","attempts":2,"cost_usd":null,"blake3":"abc","bytes":7,"width":928,"height":1152}
    {"file_name":"bare.png","text":"Draw \"bare\"","id":"bare","number":1,"caption":"","model":"model","aspect_ratio":"4:5","finish_reason":"STOP","attempts":2,"cost_usd":null,"blake3":"abc","bytes":7,"width":928,"height":1152}
    "#);
}

/// A reader that infers a column's type from its first lines must not find there that it has none.
#[test]
fn no_text_of_the_data_set_is_ever_null() {
    let output = tempfile::tempdir().unwrap();
    touch(output.path(), &["bare.png"]);
    let mut bare = done("bare", None, &["bare.png"]);
    bare.item.request.aspect_ratio = None;
    bare.artifact.as_mut().unwrap().finish_reason = None;
    let ledger = Rows { columns: vec!["id"], rows: vec![row(&[json!("bare")], &[bare])], ..Rows::default() };
    write_results(&ledger, &about(output.path())).unwrap();
    let line = fs::read_to_string(output.path().join("metadata.jsonl")).unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    let texts = ["file_name", "text", "id", "caption", "model", "aspect_ratio", "finish_reason", "blake3"];
    assert_eq!(texts.map(|key| line[key].is_string()), [true; 8], "{line}");
}

#[test]
fn rows_that_share_an_item_share_its_results_and_its_picture_is_listed_once() {
    let output = tempfile::tempdir().unwrap();
    touch(output.path(), &["lamp.jpg"]);
    let lamp = row(&[json!("Draw")], &[done("lamp", None, &["lamp.jpg"])]);
    let ledger = Rows { columns: vec!["prompt"], rows: vec![lamp.clone(), repeated(&lamp)], ..Rows::default() };
    write_results(&ledger, &about(output.path())).unwrap();
    let table = fs::read_to_string(output.path().join("results.csv")).unwrap();
    assert_eq!(table.matches("Draw,done,lamp.jpg").count(), 2);
    let lines = fs::read_to_string(output.path().join("metadata.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 1);
}

#[test]
fn results_are_replaced_whole_or_not_at_all_and_leave_no_drafts() {
    let output = tempfile::tempdir().unwrap();
    fs::write(output.path().join("results.csv"), "before").unwrap();
    fs::write(output.path().join(".results.csv.spring.part"), "what a killed process left, and quite long").unwrap();
    let rows = vec![row(&[json!("lamp")], &[waiting("lamp")])];
    let mut ledger = Rows { columns: vec!["id"], rows, breaks: true, ..Rows::default() };
    let error = write_results(&ledger, &about(output.path())).unwrap_err();
    assert!(matches!(error, ExportError::Ledger(_)));
    assert_eq!(fs::read(output.path().join("results.csv")).unwrap(), b"before");
    assert_eq!(fs::read_dir(output.path()).unwrap().count(), 1, "no draft is left");

    ledger.breaks = false;
    write_results(&ledger, &about(output.path())).unwrap();
    let table = fs::read_to_string(output.path().join("results.csv")).unwrap();
    assert!(table.starts_with("id,status,") && table.ends_with("lamp,queued,,,0,,,,,,\n"), "{table}");
    assert_eq!(fs::read_dir(output.path()).unwrap().count(), 3);
}

#[test]
fn a_missing_output_folder_is_named_with_what_to_do() {
    let output = tempfile::tempdir().unwrap();
    let error = write_results(&Rows::default(), &about(&output.path().join("moved"))).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("moved/results.csv") && error.contains("run the same command again"), "{error}");
}
