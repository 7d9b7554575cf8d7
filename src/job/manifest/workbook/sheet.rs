//! One sheet of a workbook, a row at a time. Never computes a formula and never runs a macro: what was shown when the
//! workbook was saved is what a cell says.

use std::io::Cursor;

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};
use serde_json::Value;

use super::{Cell, Columns, MOST_PROBLEMS, Place, Problem, Source, archive, cell};
use crate::job::manifest::LONGEST_ROW;

/// A row that holds something, before it is compared with the header.
pub struct Record {
    /// Its number in the sheet, from 1.
    pub line: u64,
    /// Its cells from the first column to the last that holds something.
    pub cells: Vec<Cell>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// What it takes in memory, in bytes.
    size: usize,
}

/// Hands the rows that hold something to `take` until that returns false; or says why there are no more.
pub fn read(source: Source, sheet: Option<&str>, mut take: impl FnMut(Record) -> bool) -> Result<(), Problem> {
    let in_book = |error: XlsxError| archive::damaged(Place::line(1), &in_words(&error));
    let mut book = Xlsx::new(archive::weighed(source)?).map_err(in_book)?;
    let name = chosen(&book, sheet)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(in_book)?;
    let mut record = Record::starting(0);
    loop {
        let next = cells.next_cell().map_err(|error| damaged_behind(&record, &in_words(&error)))?;
        let Some(next) = next else { break };
        let (row, column) = next.get_position();
        let line = u64::from(row) + 1;
        if line < record.line {
            return Err(damaged_behind(&record, "its rows are out of order"));
        }
        if line > record.line {
            let whole = std::mem::replace(&mut record, Record::starting(line));
            if !whole.is_blank() && !take(whole.closed()) {
                return Ok(());
            }
        }
        record.push(column as usize, next.get_value());
    }
    if !record.is_blank() {
        take(record.closed());
    }
    Ok(())
}

fn damaged_behind(record: &Record, why: &str) -> Problem {
    archive::damaged(Place::line(record.line + 1), why)
}

/// The name of the sheet that a person asked for, or of the first that is not hidden.
fn chosen(book: &Xlsx<Cursor<Vec<u8>>>, asked: Option<&str>) -> Result<String, Problem> {
    let sheets: Vec<_> = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).collect();
    let usual = || sheets.iter().find(|sheet| sheet.visible == SheetVisible::Visible).or(sheets.first());
    let found = match asked {
        Some(name) => sheets.iter().find(|sheet| sheet.name == name),
        None => usual(),
    };
    found.map(|sheet| sheet.name.clone()).ok_or_else(|| {
        let names: Vec<String> = sheets.iter().map(|sheet| format!("`{}`", sheet.name)).collect();
        let message = match asked {
            Some(name) if !names.is_empty() => {
                format!("the workbook has no sheet `{name}`; name one of {} with --sheet or `sheet`", names.join(", "))
            }
            _ => "the workbook has no sheet; save the list as one, or as CSV UTF-8".to_owned(),
        };
        Problem::new(Place::line(1), message)
    })
}

/// What is wrong with a workbook, as far as a person can do something with it.
fn in_words(error: &XlsxError) -> String {
    match error {
        XlsxError::FileNotFound(part) => format!("its part `{part}` is missing"),
        XlsxError::WorksheetNotFound(sheet) => format!("what its sheet `{sheet}` holds is missing"),
        XlsxError::Password => "it has a password".to_owned(),
        XlsxError::Io(_) | XlsxError::Zip(_) | XlsxError::Xml(_) | XlsxError::XmlAttr(_) | XlsxError::XmlEof(_) => {
            "it is damaged".to_owned()
        }
        error => format!("something in it is not as in a workbook ({error})"),
    }
}

impl Record {
    fn starting(line: u64) -> Self {
        Self { line, cells: Vec::new(), problems: Vec::new(), size: 0 }
    }

    /// Puts a value into its column, from 0. Where two cells claim one place, the later one stands there.
    fn push(&mut self, column: usize, value: &DataRef) {
        let place = Place::new(self.line, column as u64 + 1);
        let text = match cell::text(value) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("this cell holds the error {error}; correct its formula, or empty it");
                return self.problem(Problem::new(place, message));
            }
        };
        if text.trim().is_empty() {
            return;
        }
        self.size += text.len();
        if column >= Columns::MOST {
            let message = format!("this row has more than {} cells; take some columns out", Columns::MOST);
            return self.problem(Problem::new(Place::line(self.line), message));
        }
        if self.size > LONGEST_ROW {
            return;
        }
        for number in self.cells.len()..=column {
            let place = Place::new(self.line, number as u64 + 1);
            self.cells.push(Cell { value: Value::String(String::new()), place });
        }
        self.cells[column].value = Value::String(text);
    }

    fn problem(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn is_blank(&self) -> bool {
        self.cells.is_empty() && self.problems.is_empty() && self.size == 0
    }

    /// The row, of which nothing more is to come.
    fn closed(mut self) -> Self {
        if self.size > LONGEST_ROW {
            let message = format!("this row is longer than {} MiB; shorten its cells", LONGEST_ROW >> 20);
            self.cells = Vec::new();
            self.problems = vec![Problem::new(Place::line(self.line), message)];
        }
        self
    }
}
