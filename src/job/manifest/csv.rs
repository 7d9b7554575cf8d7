//! Comma-separated values (RFC 4180), and the same with tabs, with the place of every cell. Never guesses: a quote that
//! is never closed, text after a quote and a row of another length are told, not repaired.

use std::io::{self, BufRead};

use csv_core::ReadFieldResult;
use serde_json::Value;

use super::columns::Columns;
use super::raw_row::{Cell, RawRow};
use super::source::{BLOCK, Position, Source};
use super::{LONGEST_ROW, MOST_PROBLEMS};
use crate::job::fault::{Place, Problem};

const UNCLOSED: &str = "this quote is never closed, so everything after it belongs to one cell; close it, or write it \
                        as two quotes (\"\") inside a quoted cell";

const AFTER_CLOSING: &str = "there is text after the closing quote; inside a quoted cell, write a quote as two (\"\")";

const NOT_UTF_8: &str = "this cell is not UTF-8; save the file as UTF-8 (in a spreadsheet: as \"CSV UTF-8\")";

const NUL: &str = "this cell holds a NUL character, as no text does; save the list anew as text in UTF-8";

/// What stands between two cells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Separator {
    /// As in `.csv`.
    Comma,
    /// As in `.tsv`.
    Tab,
}

impl Separator {
    const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Tab => b'\t',
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Tab => "tab",
        }
    }
}

/// Reads the rows of a CSV or TSV file.
pub struct CsvRows {
    source: Source,
    separator: Separator,
    reader: csv_core::Reader,
    /// Where the next byte stands.
    position: Position,
    /// The cell being read, as it stands in the file.
    raw: Vec<u8>,
    /// Room for what the reader makes of one block.
    unquoted: Box<[u8]>,
}

/// A row before it is compared with the header.
struct Record {
    place: Place,
    cells: Vec<Cell>,
    problems: Vec<Problem>,
    /// What the row would take in memory, in bytes.
    size: usize,
}

impl CsvRows {
    /// Reads a source that stands before the header.
    pub fn new(source: Source, separator: Separator) -> Self {
        let reader = csv_core::ReaderBuilder::new().delimiter(separator.byte()).build();
        let unquoted = vec![0; BLOCK].into_boxed_slice();
        Self { source, separator, reader, position: Position::START, raw: Vec::new(), unquoted }
    }

    /// Where reading has come to.
    pub fn place(&self) -> Place {
        self.position.place()
    }

    /// The columns of the first row, and what is wrong with them, be it that a `prompt` is missing where it is needed; none
    /// of them if the row itself is broken.
    pub fn read_header(&mut self, needs_prompt: bool) -> io::Result<(Columns, Vec<Problem>)> {
        let Some(mut header) = self.read_record()? else {
            let message = "the file is empty; its first line names the columns, one of which is `prompt`";
            return Ok((Columns::default(), vec![Problem::new(Place::START, message)]));
        };
        let mut columns = Columns::default();
        if !header.problems.is_empty() {
            return Ok((columns, header.problems));
        }
        for cell in header.cells {
            let name = cell.value.as_str().unwrap_or_default();
            if !name.is_empty() && columns.get(name).is_some() {
                let message = format!("two columns are named `{name}`; rename one of them");
                header.problems.push(Problem::new(cell.place, message));
            }
            columns.push(name.to_owned(), cell.place);
        }
        if needs_prompt && columns.get("prompt").is_none() {
            header.problems.push(Problem::new(header.place, self.no_prompt(columns.names())));
        }
        Ok((columns, header.problems))
    }

    /// The next row that holds anything; none after the last.
    pub fn read(&mut self, columns: &Columns) -> io::Result<Option<Result<RawRow, Vec<Problem>>>> {
        while let Some(record) = self.read_record()? {
            if !record.is_blank() {
                return Ok(Some(record.into_row(columns.names().len(), self.separator)));
            }
        }
        Ok(None)
    }

    fn read_record(&mut self) -> io::Result<Option<Record>> {
        if !self.skip_line_ends()? {
            return Ok(None);
        }
        let mut record = Record::starting(self.position.place());
        while !self.read_field(&mut record)? {}
        record.close();
        Ok(Some(record))
    }

    /// Skips blank lines, and tells whether anything is left.
    fn skip_line_ends(&mut self) -> io::Result<bool> {
        loop {
            let input = self.source.fill_buf()?;
            let skipped = input.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            if skipped == 0 {
                return Ok(!input.is_empty());
            }
            self.position = self.position.behind(&input[..skipped]);
            self.source.consume(skipped);
        }
    }

    /// Reads a cell and the separator or line end after it, and tells whether it is the row's last.
    fn read_field(&mut self, record: &mut Record) -> io::Result<bool> {
        let start = self.position;
        let mut text = Vec::new();
        self.raw.clear();
        loop {
            let input = self.source.fill_buf()?;
            let (result, read, written) = self.reader.read_field(input, &mut self.unquoted);
            self.position = self.position.behind(&input[..read]);
            let ended = match result {
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => None,
                ReadFieldResult::Field { record_end } => Some(record_end),
                ReadFieldResult::End => Some(true),
            };
            if record.takes(read) {
                // A cell that ended was ended by the last byte, or by the end of the file.
                self.raw.extend_from_slice(&input[..read.saturating_sub(usize::from(ended.is_some()))]);
                text.extend_from_slice(&self.unquoted[..written]);
            }
            self.source.consume(read);
            if let Some(is_last) = ended {
                record.push(start, &self.raw, text);
                return Ok(is_last);
            }
        }
    }

    /// Why there may be no column `prompt`, and what to do.
    fn no_prompt(&self, columns: &[String]) -> String {
        if let [one] = columns {
            let separators = [
                (',', "commas", "give it the ending .csv, or add --manifest-format csv"),
                ('\t', "tabs", "give it the ending .tsv, or add --manifest-format tsv"),
                (';', "semicolons", "save the file with commas as CSV UTF-8"),
            ];
            let expected = self.separator;
            for (separator, name, remedy) in separators {
                if one.contains(separator) && separator != char::from(expected.byte()) {
                    return format!("the columns are separated by {name}, not {}s; {remedy}", expected.name());
                }
            }
        }
        super::no_prompt(columns)
    }
}

/// What is wrong with the quotes of a cell as it stands in the file, and at which of its bytes. `csv-core` takes such
/// a cell for what it may mean.
fn wrong_with_quotes(cell: &[u8]) -> Option<(usize, &'static str)> {
    let mut behind = cell.starts_with(b"\"").then_some(1)?;
    while let Some(quote) = cell[behind..].iter().position(|byte| *byte == b'"') {
        behind += quote + 1;
        match cell.get(behind) {
            Some(b'"') => behind += 1,
            Some(_) => return Some((behind, AFTER_CLOSING)),
            None => return None,
        }
    }
    Some((0, UNCLOSED))
}

impl Record {
    fn starting(place: Place) -> Self {
        Self { place, cells: Vec::new(), problems: Vec::new(), size: 0 }
    }

    /// Whether so many bytes more are kept: not those of a row that is too long.
    fn takes(&mut self, bytes: usize) -> bool {
        self.size += bytes;
        self.size <= LONGEST_ROW
    }

    /// Adds the cell that begins at `start`: as it stands in the file, and its text.
    fn push(&mut self, start: Position, cell: &[u8], text: Vec<u8>) {
        if !self.takes(size_of::<Cell>()) {
            return;
        }
        if let Some((at, message)) = wrong_with_quotes(cell) {
            self.problem(start.behind(&cell[..at]), message);
        }
        match String::from_utf8(text) {
            Ok(text) if text.contains('\0') => self.problem(start, NUL),
            Ok(text) => self.cells.push(Cell { value: Value::String(text), place: start.place() }),
            Err(_) => self.problem(start, NOT_UTF_8),
        }
    }

    fn problem(&mut self, at: Position, message: &str) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Problem::new(at.place(), message));
        }
    }

    fn close(&mut self) {
        if self.size > LONGEST_ROW {
            self.cells = Vec::new();
            let message =
                format!("this row is longer than {} MiB; look for a quote that is not closed", LONGEST_ROW >> 20);
            self.problems.push(Problem::new(Place::line(self.place.line), message));
        } else if self.cells.len() > Columns::MOST {
            let message = format!("this row has more than {} cells; take some columns out", Columns::MOST);
            self.problems.push(Problem::new(Place::line(self.place.line), message));
        }
    }

    /// Whether every cell is empty, as in the rows that spreadsheets leave at the end.
    fn is_blank(&self) -> bool {
        self.problems.is_empty() && self.cells.iter().all(Cell::is_blank)
    }

    /// The row, if nothing is wrong with it and it has as many cells as the header.
    fn into_row(mut self, expected: usize, separator: Separator) -> Result<RawRow, Vec<Problem>> {
        let found = self.cells.len();
        if self.problems.is_empty() && found != expected {
            let message = format!(
                "this row has {found} {}, but the header has {expected}; put quotes around a cell \
                 that holds a {separator}, and keep the {separator}s of empty cells",
                if found == 1 { "cell" } else { "cells" },
                separator = separator.name(),
            );
            self.problems.push(Problem::new(Place::line(self.place.line), message));
        }
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        Ok(RawRow { line: self.place.line, cells: self.cells, stated: Vec::new(), lists_in_text: true })
    }
}
