//! The rows of a workbook's sheet (.xlsx), as a CSV export of it would have them, with the place of every cell. Never
//! holds the sheet: it is read on a thread of its own, a few rows ahead.

mod archive;
mod cell;
mod sheet;

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

pub use cell::address;
use sheet::Record;

use super::MOST_PROBLEMS;
use super::columns::Columns;
use super::raw_row::{Cell, RawRow};
use super::source::Source;
use crate::job::fault::{Place, Problem};

/// Rows that may wait to be taken.
const ROWS_AHEAD: usize = 16;

/// What the thread that reads a sheet tells.
enum Told {
    Row(Record),
    /// Nothing can be read from here on.
    Broken(Problem),
    /// The last row was told.
    End,
}

/// Reads the rows of a workbook's sheet.
pub struct SheetRows {
    told: Receiver<Told>,
    /// The row last read, from 1.
    line: u64,
    ended: bool,
}

impl SheetRows {
    /// Reads the workbook of this source: its sheet of this name, or else the first that is not hidden.
    pub fn new(source: Source, sheet: Option<String>) -> Self {
        let (teller, told) = sync_channel(ROWS_AHEAD);
        // Who takes no more rows drops the receiver, and the thread ends with the next one.
        thread::spawn(move || {
            let read = sheet::read(source, sheet.as_deref(), |record| teller.send(Told::Row(record)).is_ok());
            let _ = teller.send(read.map_or_else(Told::Broken, |()| Told::End));
        });
        Self { told, line: 0, ended: false }
    }

    /// The row that is read next.
    pub fn place(&self) -> Place {
        Place::line(self.line + 1)
    }

    /// The columns of the first row that holds anything, and what is wrong with them.
    pub fn read_header(&mut self, needs_prompt: bool) -> (Columns, Vec<Problem>) {
        let mut columns = Columns::default();
        let header = match self.next() {
            Some(Ok(record)) if record.problems.is_empty() => record,
            Some(Ok(record)) => return (columns, record.problems),
            Some(Err(problem)) => return (columns, vec![problem]),
            None => {
                let message = "the sheet is empty; its first row names the columns, one of which is `prompt`";
                return (columns, vec![Problem::new(Place::line(1), message)]);
            }
        };
        let mut problems = Vec::new();
        for cell in header.cells {
            let name = cell.value.as_str().unwrap_or_default();
            if !name.is_empty() && columns.get(name).is_some() {
                let message = format!("two columns are named `{name}`; rename one of them");
                problems.push(Problem::new(cell.place, message));
            }
            columns.push(name.to_owned(), cell.place);
        }
        if needs_prompt && columns.get("prompt").is_none() {
            problems.push(Problem::new(Place::line(header.line), super::no_prompt(columns.names())));
        }
        (columns, problems)
    }

    /// The next row that holds anything; none after the last. Columns beyond the header's have no name.
    pub fn read(&mut self, columns: &mut Columns) -> Option<Result<RawRow, Vec<Problem>>> {
        let record = match self.next()? {
            Ok(record) if record.problems.is_empty() => record,
            Ok(record) => return Some(Err(record.problems)),
            Err(problem) => return Some(Err(vec![problem])),
        };
        for cell in record.cells.iter().skip(columns.names().len()) {
            columns.push(String::new(), cell.place);
        }
        Some(Ok(RawRow { line: record.line, cells: record.cells, stated: Vec::new(), lists_in_text: true }))
    }

    /// The next row that is not blank, or why there is none.
    fn next(&mut self) -> Option<Result<Record, Problem>> {
        if self.ended {
            return None;
        }
        match self.told.recv() {
            Ok(Told::Row(record)) => {
                self.line = record.line;
                return Some(Ok(record));
            }
            Ok(Told::End) => self.ended = true,
            Ok(Told::Broken(problem)) => {
                self.ended = true;
                return Some(Err(problem));
            }
            // The reader itself gave up on what it met.
            Err(_) => {
                self.ended = true;
                return Some(Err(archive::damaged(self.place(), "nobody can make sense of it")));
            }
        }
        None
    }
}
