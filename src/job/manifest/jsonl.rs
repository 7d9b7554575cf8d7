//! JSON Lines: an object a line, with the place of every value. Never reads two lines at once.

use std::io::{self, BufRead, Read};

use serde_json::Value;
use serde_json::value::RawValue;

use super::batch;
use super::columns::Columns;
use super::line::{Line, Object};
use super::raw_row::{Cell, RawRow};
use super::source::Source;
use super::{LONGEST_ROW, MOST_PROBLEMS};
use crate::job::fault::{Place, Problem, characters};
use crate::job::plain;

/// No line holds more values: in memory each takes up to a hundred bytes, however short it is in the file.
const MOST_VALUES: usize = 100_000;

/// Reads the lines of a JSON Lines file.
pub struct JsonLines {
    source: Source,
    /// The line last read, from 1.
    number: u64,
}

impl JsonLines {
    /// Reads a source from its first line.
    pub fn new(source: Source) -> Self {
        Self { source, number: 0 }
    }

    /// The line that is read next.
    pub fn place(&self) -> Place {
        Place::line(self.number + 1)
    }

    /// The next line that is not blank; none after the last. Keys not seen before become columns.
    pub fn read(&mut self, columns: &mut Columns) -> io::Result<Option<Result<RawRow, Vec<Problem>>>> {
        let mut line = Vec::new();
        while self.source.by_ref().take(LONGEST_ROW as u64 + 1).read_until(b'\n', &mut line)? > 0 {
            self.number += 1;
            if line.len() > LONGEST_ROW && !line.ends_with(b"\n") {
                self.source.skip_until(b'\n')?;
                let message = format!("this line is longer than {} MiB; write one object a line", LONGEST_ROW >> 20);
                return Ok(Some(Err(vec![Problem::new(Place::line(self.number), message)])));
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some(row(self.number, line.trim_ascii_end(), columns)));
            }
            line.clear();
        }
        Ok(None)
    }
}

/// The row that the bytes of a line state.
fn row(number: u64, bytes: &[u8], columns: &mut Columns) -> Result<RawRow, Vec<Problem>> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let column = characters(&bytes[..error.valid_up_to()]) + 1;
        let message = "this is not UTF-8; save the file as UTF-8";
        vec![Problem::new(Place::new(number, column), message)]
    })?;
    row_of(&Line::new(number, text), columns)
}

/// The row of a line, whose keys are columns.
fn row_of(line: &Line, columns: &mut Columns) -> Result<RawRow, Vec<Problem>> {
    if line.holds_more_than(MOST_VALUES) {
        let message = format!("this line holds more than {MOST_VALUES} values; take some out");
        return Err(vec![Problem::new(Place::line(line.number), message)]);
    }
    let object: Object = serde_json::from_str(line.text).map_err(|error| vec![line.not_an_object(&error)])?;
    let mut cells: Vec<Option<Cell>> = Vec::new();
    let mut problems = Vec::new();
    for (key, raw) in &object.0 {
        let place = line.place_of(raw);
        if let Err(message) = add(&mut cells, columns, key, raw, place) {
            problems.push(Problem { place, message });
        }
        if problems.len() >= MOST_PROBLEMS {
            break;
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let missing = || Cell { value: Value::Null, place: Place::new(line.number, 1) };
    Ok(RawRow {
        line: line.number,
        cells: cells.into_iter().map(|cell| cell.unwrap_or_else(missing)).collect(),
        stated: batch::stated(line, &object)?,
        lists_in_text: false,
    })
}

/// Puts a value into the column of its key, which is a new column if the key was never seen.
fn add(
    cells: &mut Vec<Option<Cell>>,
    columns: &mut Columns,
    key: &str,
    raw: &RawValue,
    place: Place,
) -> Result<(), String> {
    let value = serde_json::from_str(raw.get()).map_err(|error| format!("`{key}`: {}", plain::json(&error)))?;
    let column = match columns.get(key) {
        Some(column) => column,
        None if columns.names().len() < Columns::MOST => columns.push(key.to_owned(), place),
        None => {
            let most = Columns::MOST;
            return Err(format!("`{key}` is one key more than the {most} a manifest can have; gather some under one"));
        }
    };
    cells.resize_with(cells.len().max(column + 1), || None);
    match cells[column].replace(Cell { value, place }) {
        None => Ok(()),
        Some(_) => Err(format!("the key `{key}` stands here twice; keep one")),
    }
}
