//! Comma-separated values (RFC 4180), with the place of every cell. Never guesses: a quote that is never closed, text
//! after a quote and a row of another length are told, not repaired.

use std::io;

use serde_json::Value;

use super::LONGEST_ROW;
use super::columns::Columns;
use super::cursor::Cursor;
use super::row::{Cell, RawRow};
use crate::job::fault::{Place, Problem};
use crate::job::nearest::nearest;

const UNCLOSED: &str = "this quote is never closed, so everything after it belongs to one cell; close it, or write it \
                        as two quotes (\"\") inside a quoted cell";

/// Reads the rows of a CSV file.
pub struct CsvRows {
    cursor: Cursor,
}

/// A cell as text.
struct Field {
    text: String,
    place: Place,
}

/// A row before it is compared with the header.
struct Record {
    place: Place,
    fields: Vec<Field>,
    problems: Vec<Problem>,
    /// What the row takes in memory, as far as it is kept.
    size: usize,
}

impl CsvRows {
    /// Starts at a cursor, which stands before the header.
    pub fn new(cursor: Cursor) -> Self {
        Self { cursor }
    }

    /// Where reading has come to.
    pub fn place(&self) -> Place {
        self.cursor.place()
    }

    /// The columns of the first row, and what is wrong with them; none of them if the row itself is broken.
    pub fn read_header(&mut self) -> io::Result<(Columns, Vec<Problem>)> {
        let Some(mut header) = self.read_record()? else {
            let message = "the file is empty; its first line names the columns, one of which is `prompt`";
            return Ok((Columns::default(), vec![Problem::new(Place::START, message)]));
        };
        let mut columns = Columns::default();
        if !header.problems.is_empty() {
            return Ok((columns, header.problems));
        }
        for Field { text, place } in header.fields {
            if !text.is_empty() && columns.get(&text).is_some() {
                let message = format!("two columns are named `{text}`; rename one of them");
                header.problems.push(Problem::new(place, message));
            }
            columns.push(text);
        }
        if columns.get("prompt").is_none() {
            header.problems.push(Problem::new(header.place, no_prompt(columns.names())));
        }
        Ok((columns, header.problems))
    }

    /// The next row that holds anything; none after the last.
    pub fn read(&mut self, columns: &Columns) -> io::Result<Option<Result<RawRow, Vec<Problem>>>> {
        while let Some(mut record) = self.read_record()? {
            let (expected, found) = (columns.names().len(), record.fields.len());
            if record.problems.is_empty() && record.is_blank() {
                continue;
            }
            if record.problems.is_empty() && expected != found {
                let message = format!(
                    "this row has {found} {}, but the header has {expected}; put quotes around a cell \
                     that holds a comma, and keep the commas of empty cells",
                    if found == 1 { "cell" } else { "cells" }
                );
                record.problems.push(Problem::new(Place::line(record.place.line), message));
            }
            return Ok(Some(if record.problems.is_empty() { Ok(record.into_row()) } else { Err(record.problems) }));
        }
        Ok(None)
    }

    fn read_record(&mut self) -> io::Result<Option<Record>> {
        while let Some(b'\n' | b'\r') = self.cursor.peek()? {
            self.cursor.next()?;
        }
        if self.cursor.peek()?.is_none() {
            return Ok(None);
        }
        let mut record = Record::starting(self.cursor.place());
        loop {
            self.read_field(&mut record)?;
            match self.cursor.next()? {
                Some(b',') => {}
                Some(b'\r') if self.cursor.peek()? == Some(b'\n') => {
                    self.cursor.next()?;
                    break;
                }
                _ => break,
            }
        }
        record.close();
        Ok(Some(record))
    }

    /// Reads a cell, up to the comma or the line's end after it.
    fn read_field(&mut self, record: &mut Record) -> io::Result<()> {
        let place = self.cursor.place();
        let mut bytes = Vec::new();
        if self.cursor.peek()? == Some(b'"') {
            self.read_quoted(&mut bytes, record)?;
            if !matches!(self.cursor.peek()?, None | Some(b',' | b'\n' | b'\r')) {
                let message =
                    "there is text after the closing quote; inside a quoted cell, write a quote as two (\"\")";
                record.fault(self.cursor.place(), message);
            }
        }
        while !matches!(self.cursor.peek()?, None | Some(b',' | b'\n' | b'\r')) {
            record.take(&mut bytes, self.cursor.next()?);
        }
        record.push(bytes, place);
        Ok(())
    }

    /// Reads from an opening quote to behind the closing one.
    fn read_quoted(&mut self, bytes: &mut Vec<u8>, record: &mut Record) -> io::Result<()> {
        let opened = self.cursor.place();
        self.cursor.next()?;
        loop {
            match self.cursor.next()? {
                Some(b'"') if self.cursor.peek()? == Some(b'"') => record.take(bytes, self.cursor.next()?),
                Some(b'"') => return Ok(()),
                None => {
                    record.fault(opened, UNCLOSED);
                    return Ok(());
                }
                byte => record.take(bytes, byte),
            }
        }
    }
}

impl Record {
    fn starting(place: Place) -> Self {
        Self { place, fields: Vec::new(), problems: Vec::new(), size: 0 }
    }

    /// Adds a byte to a cell, unless the row is too long already.
    fn take(&mut self, bytes: &mut Vec<u8>, byte: Option<u8>) {
        self.size += 1;
        if self.size <= LONGEST_ROW {
            bytes.extend(byte);
        }
    }

    fn push(&mut self, bytes: Vec<u8>, place: Place) {
        self.size += size_of::<Field>();
        if self.size > LONGEST_ROW {
            return;
        }
        match String::from_utf8(bytes) {
            Ok(text) => self.fields.push(Field { text, place }),
            Err(_) => {
                let message = "this cell is not UTF-8; save the file as UTF-8 (in a spreadsheet: as \"CSV UTF-8\")";
                self.fault(place, message);
            }
        }
    }

    /// Notes a problem, unless the row is too long already: that is problem enough.
    fn fault(&mut self, place: Place, message: &str) {
        if self.size <= LONGEST_ROW {
            self.problems.push(Problem::new(place, message));
        }
    }

    fn close(&mut self) {
        if self.size > LONGEST_ROW {
            self.fields = Vec::new();
            let message =
                format!("this row is longer than {} MiB; look for a quote that is not closed", LONGEST_ROW >> 20);
            self.problems.push(Problem::new(Place::line(self.place.line), message));
        } else if self.fields.len() > Columns::MOST {
            let message = format!("this row has more than {} cells; take some columns out", Columns::MOST);
            self.problems.push(Problem::new(Place::line(self.place.line), message));
        }
    }

    /// Whether every cell is empty, as in the rows that spreadsheets leave at the end.
    fn is_blank(&self) -> bool {
        self.fields.iter().all(|field| field.text.trim().is_empty())
    }

    fn into_row(self) -> RawRow {
        let cell = |field: Field| Cell { value: Value::String(field.text), place: field.place };
        RawRow { line: self.place.line, cells: self.fields.into_iter().map(cell).collect(), lists_in_text: true }
    }
}

/// Why there may be no column `prompt`, and what to do.
fn no_prompt(columns: &[String]) -> String {
    if let [one] = columns {
        for (separator, name) in [(';', "semicolons"), ('\t', "tabs")] {
            if one.contains(separator) {
                return format!(
                    "the columns are separated by {name}, not commas; save the file with commas as CSV UTF-8"
                );
            }
        }
    }
    let plain: Vec<String> = columns.iter().map(|name| name.trim().to_lowercase()).collect();
    let meant = nearest("prompt", &plain.iter().map(String::as_str).collect::<Vec<_>>())
        .and_then(|near| plain.iter().position(|name| name == near));
    match meant {
        Some(meant) => format!("there is no column `prompt`; rename `{}` to `prompt`", columns[meant]),
        None => "there is no column `prompt`; add one that says what each picture should show".to_owned(),
    }
}
