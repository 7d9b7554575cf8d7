//! Workbooks as spreadsheets write them, made in memory. Never compressed.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A cell as it stands in the XML of a sheet.
#[derive(Clone, Debug)]
pub enum Cell {
    /// A text among those that cells share.
    Shared(String),
    /// A text in the cell itself.
    Inline(String),
    /// A number, with the number of its style: 1 is a date, 2 a length of time.
    Number(&'static str, u8),
    /// What a formula gave: its type (`b`, `e`, `str`) and value.
    Given(&'static str, &'static str),
    /// Nothing.
    Empty,
}

/// A shared text.
pub fn text(text: &str) -> Cell {
    Cell::Shared(text.to_owned())
}

/// Rows of shared texts; an empty one is no cell.
pub fn texts(rows: &[&[&str]]) -> Vec<Vec<Cell>> {
    let cell = |value: &&str| if value.is_empty() { Cell::Empty } else { text(value) };
    rows.iter().map(|row| row.iter().map(cell).collect()).collect()
}

/// The parts of a workbook with these sheets, by name; one whose name begins with `-` is hidden.
pub fn parts(sheets: &[(&str, Vec<Vec<Cell>>)]) -> Vec<(String, String)> {
    let mut shared = Vec::new();
    let mut parts = vec![
        ("[Content_Types].xml".to_owned(), "<Types/>".to_owned()),
        ("_rels/.rels".to_owned(), relations("officeDocument", &["xl/workbook.xml".to_owned()])),
        ("xl/styles.xml".to_owned(), STYLES.to_owned()),
    ];
    let mut listed = String::new();
    let mut files = Vec::new();
    for (number, (name, rows)) in (1..).zip(sheets) {
        let (name, state) = name.strip_prefix('-').map_or((*name, ""), |name| (name, " state=\"hidden\""));
        listed += &format!("<sheet name=\"{name}\" sheetId=\"{number}\"{state} r:id=\"rId{number}\"/>");
        parts.push((format!("xl/worksheets/sheet{number}.xml"), sheet(rows, &mut shared)));
        files.push(format!("worksheets/sheet{number}.xml"));
    }
    parts.push(("xl/_rels/workbook.xml.rels".to_owned(), relations("worksheet", &files)));
    parts.push(("xl/workbook.xml".to_owned(), format!("<workbook xmlns:r=\"r\"><sheets>{listed}</sheets></workbook>")));
    let strings: String = shared.iter().map(|text| format!("<si><t>{}</t></si>", escaped(text))).collect();
    parts.push(("xl/sharedStrings.xml".to_owned(), format!("<sst uniqueCount=\"{}\">{strings}</sst>", shared.len())));
    parts
}

/// A workbook with these sheets.
pub fn workbook(sheets: &[(&str, Vec<Vec<Cell>>)]) -> Vec<u8> {
    archive(&parts(sheets), CompressionMethod::Stored)
}

/// A workbook with one sheet of texts.
pub fn sheet_of(rows: &[&[&str]]) -> Vec<u8> {
    workbook(&[("Sheet1", texts(rows))])
}

/// An archive of these files.
pub fn archive(parts: &[(String, String)], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        let options = SimpleFileOptions::default().compression_method(method);
        let quick = options.compression_level((method == CompressionMethod::Deflated).then_some(1));
        writer.start_file(name.as_str(), quick).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const STYLES: &str =
    "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"46\"/></cellXfs></styleSheet>";

fn relations(kind: &str, files: &[String]) -> String {
    let kind = format!("http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}");
    let one = |(number, file)| format!("<Relationship Id=\"rId{number}\" Type=\"{kind}\" Target=\"{file}\"/>");
    format!("<Relationships>{}</Relationships>", (1..).zip(files).map(one).collect::<String>())
}

fn sheet(rows: &[Vec<Cell>], shared: &mut Vec<String>) -> String {
    let mut xml = "<worksheet><sheetData>".to_owned();
    for (line, row) in (1..).zip(rows) {
        xml += &format!("<row r=\"{line}\">");
        for (column, cell) in (b'A'..).zip(row) {
            let place = format!("r=\"{}{line}\"", char::from(column));
            xml += &match cell {
                Cell::Shared(text) => {
                    shared.push(text.clone());
                    format!("<c {place} t=\"s\"><v>{}</v></c>", shared.len() - 1)
                }
                Cell::Inline(text) => format!("<c {place} t=\"inlineStr\"><is><t>{}</t></is></c>", escaped(text)),
                Cell::Number(number, style) => format!("<c {place} s=\"{style}\"><v>{number}</v></c>"),
                Cell::Given(kind, value) => format!("<c {place} t=\"{kind}\"><f>A1</f><v>{value}</v></c>"),
                Cell::Empty => String::new(),
            };
        }
        xml += "</row>";
    }
    xml + "</sheetData></worksheet>"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
