//! The cells of a row by the names of their columns, each understood as what its column means. Never fills in a
//! default.

use std::iter;
use std::str::FromStr;

use serde_json::Value;

use super::columns::Columns;
use super::raw_row::{Cell, READ, RawRow, Stated};
use crate::domain::{Fields, is_direction_mark};
use crate::job::fault::{Place, Problem};
use crate::job::tables::BadEntry;

/// The longest prompt in bytes. The model reads 65,536 tokens (its documentation), which few scripts fill with more.
const LONGEST_PROMPT: usize = 500_000;

const NO_PROMPT: &str = "`prompt` is empty; say what the picture should show, or remove the row";

const NOT_A_TABLE: &str = "write a JSON object here, like {\"name\": \"value\"}; if this column is not meant for the \
                            model, rename it";

/// The cells of a row by name, and what is wrong with those looked at.
pub struct Cells<'a> {
    columns: &'a Columns,
    row: &'a RawRow,
    /// What the job says in place of the row.
    given: &'a Given,
    ignored: &'a [(String, Place)],
    problems: Vec<Problem>,
}

/// What a job says in place of a row, in the words of the columns.
#[derive(Default)]
pub struct Given {
    /// The column, and what stands there.
    pub cells: Stated,
    /// The columns that templates give, and where each template stands.
    pub templates: Vec<(&'static str, String)>,
}

impl<'a> Cells<'a> {
    /// The cells of a row; those of `ignored` columns are as if they were not there.
    pub fn new(columns: &'a Columns, row: &'a RawRow, given: &'a Given, ignored: &'a [(String, Place)]) -> Self {
        Self { columns, row, given, ignored, problems: Vec::new() }
    }

    /// Everything that was found wrong.
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// A cell that is read and holds something.
    fn get(&self, name: &str) -> Option<&'a Cell> {
        debug_assert!(READ.contains(&name), "`{name}` is read and not listed");
        self.cell(name).filter(|cell| !cell.is_blank())
    }

    /// What the row says of a column, maybe blank; nothing where the row ends before it.
    fn cell(&self, name: &str) -> Option<&'a Cell> {
        let stated = self.given.cells.iter().chain(&self.row.stated).find(|(stated, _)| *stated == name);
        stated.map(|(_, cell)| cell).or_else(|| self.in_column(name))
    }

    fn in_column(&self, name: &str) -> Option<&'a Cell> {
        if self.ignored.iter().any(|(ignored, _)| ignored == name) {
            return None;
        }
        self.row.cells.get(self.columns.get(name)?)
    }

    /// Notes what a line says both in its request and beside it.
    pub fn find_said_twice(&mut self) {
        for (name, _) in &self.row.stated {
            if let Some(beside) = self.in_column(name).filter(|cell| !cell.is_blank()) {
                let inside = if *name == "id" { "`key`" } else { "the request" };
                let message = format!("`{name}` is said here and by {inside} on the same line; keep one");
                self.problems.push(Problem { place: beside.place, message });
            }
        }
    }

    /// Notes a problem at a cell, or at the row where the cell is missing.
    pub fn fault(&mut self, name: &str, message: String) {
        self.problems.push(self.problem(name, message));
    }

    /// Something about a cell, or about the row where the cell is missing.
    pub fn problem(&self, name: &str, message: String) -> Problem {
        if let Some((_, at)) = self.template(name) {
            return Problem::new(Place::line(self.row.line), format!("{message} (from the template at {at})"));
        }
        let place = self.cell(name).map_or(Place::new(self.row.line, 1), |cell| cell.place);
        Problem { place, message }
    }

    /// Notes a problem of the row as it is.
    pub fn fault_of_row(&mut self, message: String) {
        self.problems.push(Problem::new(Place::line(self.row.line), message));
    }

    /// Where a cell stands that is read and holds something; none where a template speaks in its place.
    pub fn place(&self, name: &str) -> Option<Place> {
        self.get(name).filter(|_| self.template(name).is_none()).map(|cell| cell.place)
    }

    /// The template of a column.
    fn template(&self, name: &str) -> Option<&'a (&'static str, String)> {
        self.given.templates.iter().find(|(column, _)| *column == name)
    }

    /// A cell that must be text.
    pub fn text(&mut self, name: &str) -> Option<&'a str> {
        let text = self.get(name)?.value.as_str();
        if text.is_none() {
            self.fault(name, format!("`{name}` must be text; put quotes around it"));
        }
        text
    }

    pub fn prompt(&mut self) -> String {
        if self.get("prompt").is_none() {
            self.fault("prompt", NO_PROMPT.to_owned());
        }
        let prompt = self.text("prompt").unwrap_or_default();
        if prompt.len() > LONGEST_PROMPT {
            let message = format!("`prompt` has {} bytes, and {LONGEST_PROMPT} is the most; shorten it", prompt.len());
            self.fault("prompt", message);
            return String::new();
        }
        if prompt.contains('\0') {
            self.fault("prompt", "`prompt` holds a NUL character, as no text does; take it out".to_owned());
        }
        prompt.to_owned()
    }

    /// A word or number, understood by `parse` and without the spaces around it.
    pub fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let parsed = match &self.get(name)?.value {
            Value::String(text) => parse(text.trim()),
            Value::Number(number) => parse(&number.to_string()),
            _ => Err("write one text or number here".to_owned()),
        };
        parsed.map_err(|problem| self.fault(name, format!("`{name}`: {problem}"))).ok()
    }

    /// A table, understood by `read`.
    pub fn table<T>(&mut self, name: &str, read: impl Fn(&Fields) -> Result<T, Vec<BadEntry>>) -> Option<T> {
        let cell = self.get(name)?;
        let table = match &cell.value {
            Value::Object(table) => Some(table.clone()),
            Value::String(text) if self.row.lists_in_text => serde_json::from_str(text).ok(),
            _ => None,
        };
        let Some(table) = table else {
            let message = format!("`{name}`: {NOT_A_TABLE}");
            self.fault(name, message);
            return None;
        };
        let bad = match read(&table) {
            Ok(read) => return Some(read),
            Err(bad) => bad,
        };
        bad.into_iter().for_each(|entry| self.fault(name, format!("`{name}`: {}", entry.message)));
        None
    }

    /// The id that a template gave: as good as one that stands in the row.
    pub fn given_id(&mut self, id: &str) -> Option<String> {
        match id.trim() {
            "" => {
                self.fault(
                    "id",
                    "`id`: the template gives nothing for this row; let it name a column that is filled".to_owned(),
                );
                None
            }
            id => one_line(id).map_err(|problem| self.fault("id", format!("`id`: {problem}"))).ok(),
        }
    }

    /// What the row calls its item.
    pub fn id(&mut self) -> Option<String> {
        self.parsed("id", one_line)
    }

    /// The references of the row, each with its column: those in `images`, then those of `more` columns.
    pub fn references<'b>(&mut self, more: &'b [String]) -> Vec<(&'b str, String)> {
        let columns = iter::once("images").chain(more.iter().map(String::as_str));
        let mut references = Vec::new();
        for column in columns {
            references.extend(self.references_in(column).into_iter().map(|path| (column, path)));
        }
        references
    }

    /// The references of one column as they are written: one path or several.
    fn references_in(&mut self, column: &str) -> Vec<String> {
        let Some(cell) = self.cell(column).filter(|cell| !cell.is_blank()) else {
            return Vec::new();
        };
        let listed = match &cell.value {
            Value::String(text) if !self.row.lists_in_text => Some(vec![text.clone()]),
            Value::String(text) => in_a_cell(text.trim()),
            Value::Array(paths) => texts(paths),
            _ => None,
        };
        listed.unwrap_or_else(|| {
            let remedy = "write one path, or a list of them like [\"front.jpg\", \"back.jpg\"]";
            self.fault(column, format!("`{column}`: {remedy}"));
            Vec::new()
        })
    }
}

/// An id as it is written, if it can be read aloud.
fn one_line(text: &str) -> Result<String, String> {
    match text.contains(|c: char| c.is_control() || is_direction_mark(c)) {
        true => Err("an id is one line without control characters and without marks that turn the direction of writing; take them out".to_owned()),
        false => Ok(text.to_owned()),
    }
}

/// The paths of a CSV cell: one, several separated by `;`, or a JSON list.
pub fn in_a_cell(text: &str) -> Option<Vec<String>> {
    if text.starts_with('[') && text.ends_with(']') {
        return texts(&serde_json::from_str::<Vec<Value>>(text).ok()?);
    }
    // An image written out as an address holds a `;` of its own.
    if text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:")) {
        return Some(vec![text.to_owned()]);
    }
    let paths = text.split(';').map(str::trim).filter(|path| !path.is_empty());
    Some(paths.map(str::to_owned).collect())
}

/// The texts of a list, if it holds nothing else.
fn texts(list: &[Value]) -> Option<Vec<String>> {
    list.iter().map(|path| path.as_str().filter(|path| !path.trim().is_empty()).map(str::to_owned)).collect()
}

/// A value of whatever kind that texts are understood as.
pub fn parse<T: FromStr<Err: ToString>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}
