//! A row's cells become its items. Never reads a file's format: cells come with their places.

use std::collections::BTreeMap;
use std::iter;
use std::mem;
use std::str::FromStr;

use serde_json::Value;

use super::columns::Columns;
use super::naming::{Naming, variants};
use super::references::{References, Resolved};
use super::{AddedReferences, Row, digest};
use crate::disk::ListFolder;
use crate::domain::{Fields, ManifestRow, Request, SeenFile, Sources, is_direction_mark, lay_over};
use crate::job::Defaults;
use crate::job::fault::{Fault, Place, Problem};
use crate::job::setting::{Seed, Temperature};
use crate::job::tables::{self, BadEntry};

/// The columns that are read, by name; any other is kept as it is.
pub const READ: [&str; 16] = [
    "id",
    "prompt",
    "images",
    "aspect_ratio",
    "image_size",
    "thinking",
    "modalities",
    "temperature",
    "seed",
    "model",
    "variants",
    "name",
    "system_instruction",
    "safety",
    "labels",
    "extra",
];

/// The longest prompt in bytes. The model reads 65,536 tokens (its documentation), which few scripts fill with more.
const LONGEST_PROMPT: usize = 500_000;

const NO_PROMPT: &str = "`prompt` is empty; say what the picture should show, or remove the row";

const NOT_A_TABLE: &str = "write a JSON object here, like {\"name\": \"value\"}; if this column is not meant for the \
                            model, rename it";

/// A row as the file states it.
pub struct RawRow {
    /// Its line, from 1.
    pub line: u64,
    /// Its cells, in the order of the columns; those of the last columns may be missing.
    pub cells: Vec<Cell>,
    /// What it says elsewhere in the words of the columns: a line of the batch format does.
    pub stated: Stated,
    /// Whether the format knows only text, so that several values share a cell.
    pub lists_in_text: bool,
}

/// What a line says in the words of our columns: the column's name, and what would stand there.
pub type Stated = Vec<(&'static str, Cell)>;

/// A value and where it stands.
pub struct Cell {
    /// Text in CSV, anything in JSON Lines.
    pub value: Value,
    /// Its first character, a quote included.
    pub place: Place,
}

impl Cell {
    /// Whether it holds nothing but spaces.
    pub fn is_blank(&self) -> bool {
        match &self.value {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            _ => false,
        }
    }
}

/// Turns rows into items.
pub struct Rows {
    defaults: Defaults,
    references: References,
    /// The columns beside `images` that name references.
    reference_columns: Vec<String>,
    /// The references that every request gets.
    always: Vec<String>,
    notes: Vec<Problem>,
}

impl Rows {
    /// Rows whose references lie in this folder, and whose empty cells mean these defaults.
    pub fn new(defaults: Defaults, folder: ListFolder) -> Self {
        Self {
            defaults,
            references: References::new(folder),
            reference_columns: Vec::new(),
            always: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds the job's references to those of every row. What is wrong with those that every request gets is told here,
    /// once, and the rows do without them; then what is odd about them.
    pub fn add_references(&mut self, added: &AddedReferences) -> (Vec<Fault>, Vec<Fault>) {
        let texts = |listed: &[(String, Place)]| listed.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>();
        self.reference_columns = texts(&added.columns);
        let always = texts(&added.always);
        self.references.want(added);
        let Resolved { paths, problems, notes, .. } = self.references.resolve(&always, 0);
        let told = |at: Option<usize>, message: &str| added.at_always(at, message);
        let faults: Vec<Fault> = problems.iter().filter_map(|(at, message)| told(*at, message)).collect();
        if faults.is_empty() {
            self.always = paths;
        }
        (faults, notes.iter().filter_map(|(at, message)| told(Some(*at), message)).collect())
    }

    /// What is odd about the references of the rows since this was asked.
    pub fn take_notes(&mut self) -> Vec<Problem> {
        mem::take(&mut self.notes)
    }

    /// A file as the last reading saw it.
    pub fn remember(&mut self, seen: &SeenFile) {
        self.references.remember(seen);
    }

    /// The references looked at since this was asked.
    pub fn take_seen(&mut self) -> Vec<SeenFile> {
        self.references.take_seen()
    }

    /// The row as it is kept, with its items, and everything that is wrong with it.
    pub fn items(&mut self, columns: &Columns, row: RawRow) -> (Row, Vec<Problem>) {
        let mut cells = Cells { columns, row: &row, problems: Vec::new() };
        cells.find_said_twice();
        let (request, sources) = self.request(&mut cells);
        let naming = Naming {
            id: cells.id(),
            name: cells.text("name").map(str::to_owned),
            variants: cells.parsed("variants", variants).unwrap_or(1),
        };
        let digest = digest(&request);
        let items = match naming.items(&request, digest, &sources) {
            Ok(items) => items,
            Err((column, message)) => {
                cells.fault(column, message);
                Vec::new()
            }
        };
        let problems = cells.problems;
        let kept = ManifestRow {
            line: row.line,
            has_id: naming.id.is_some(),
            cells: row.cells.into_iter().map(|cell| cell.value).collect(),
        };
        ((kept, items), problems)
    }

    /// What the row asks of the model, and what its references hold.
    fn request(&mut self, cells: &mut Cells) -> (Request, Sources) {
        let defaults = &self.defaults;
        let named = cells.references(&self.reference_columns);
        let paths = named.iter().map(|(_, path)| path);
        let written: Vec<String> = paths.chain(&self.always).cloned().collect();
        let mut request = Request {
            prompt: cells.prompt(),
            references: Vec::new(),
            model: cells.parsed("model", parse).unwrap_or_else(|| defaults.model.clone()).as_str().to_owned(),
            aspect_ratio: cells.parsed("aspect_ratio", parse).or(defaults.aspect_ratio),
            image_size: cells.parsed("image_size", parse).unwrap_or(defaults.image_size),
            thinking: cells.parsed("thinking", parse).or(defaults.thinking),
            modalities: cells.parsed("modalities", parse).unwrap_or(defaults.modalities),
            temperature: cells.parsed("temperature", temperature).or(defaults.temperature),
            seed: cells.parsed("seed", seed).or(defaults.seed),
            system_instruction: cells
                .text("system_instruction")
                .map(str::to_owned)
                .or(defaults.system_instruction.clone()),
            safety: laid_over(&defaults.safety, cells.table("safety", tables::safety)),
            labels: laid_over(&defaults.labels, cells.table("labels", tables::labels)),
            extra: extra(&defaults.extra, cells.table("extra", tables::extra)),
        };
        let text_bytes = request.prompt.len() + request.system_instruction.as_ref().map_or(0, String::len);
        let resolved = self.references.resolve(&written, text_bytes);
        // What is wrong with all of them together is told at the first.
        let column = |number: usize| named.get(number).map_or("images", |(column, _)| column);
        for (number, problem) in resolved.problems {
            let column = column(number.unwrap_or(0));
            cells.fault(column, format!("`{column}`: {problem}"));
        }
        let notes = resolved.notes.into_iter().map(|(number, note)| (column(number), note));
        self.notes.extend(notes.map(|(column, note)| cells.problem(column, format!("`{column}`: {note}"))));
        request.references = resolved.paths;
        (request, resolved.sources)
    }
}

/// The cells of a row by name, and what is wrong with those looked at.
struct Cells<'a> {
    columns: &'a Columns,
    row: &'a RawRow,
    problems: Vec<Problem>,
}

impl<'a> Cells<'a> {
    /// A cell that is read and holds something.
    fn get(&self, name: &str) -> Option<&'a Cell> {
        debug_assert!(READ.contains(&name), "`{name}` is read and not listed");
        self.cell(name).filter(|cell| !cell.is_blank())
    }

    /// What the row says of a column, maybe blank; nothing where the row ends before it.
    fn cell(&self, name: &str) -> Option<&'a Cell> {
        self.stated(name).or_else(|| self.in_column(name))
    }

    fn stated(&self, name: &str) -> Option<&'a Cell> {
        self.row.stated.iter().find(|(stated, _)| *stated == name).map(|(_, cell)| cell)
    }

    fn in_column(&self, name: &str) -> Option<&'a Cell> {
        self.row.cells.get(self.columns.get(name)?)
    }

    /// Notes what a line says both in its request and beside it.
    fn find_said_twice(&mut self) {
        for (name, _) in &self.row.stated {
            if let Some(beside) = self.in_column(name).filter(|cell| !cell.is_blank()) {
                let inside = if *name == "id" { "`key`" } else { "the request" };
                let message = format!("`{name}` is said here and by {inside} on the same line; keep one");
                self.problems.push(Problem { place: beside.place, message });
            }
        }
    }

    /// Notes a problem at a cell, or at the row where the cell is missing.
    fn fault(&mut self, name: &str, message: String) {
        self.problems.push(self.problem(name, message));
    }

    /// Something about a cell, or about the row where the cell is missing.
    fn problem(&self, name: &str, message: String) -> Problem {
        let place = self.cell(name).map_or(Place::new(self.row.line, 1), |cell| cell.place);
        Problem { place, message }
    }

    /// A cell that must be text.
    fn text(&mut self, name: &str) -> Option<&'a str> {
        let text = self.get(name)?.value.as_str();
        if text.is_none() {
            self.fault(name, format!("`{name}` must be text; put quotes around it"));
        }
        text
    }

    fn prompt(&mut self) -> String {
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
    fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let parsed = match &self.get(name)?.value {
            Value::String(text) => parse(text.trim()),
            Value::Number(number) => parse(&number.to_string()),
            _ => Err("write one text or number here".to_owned()),
        };
        parsed.map_err(|problem| self.fault(name, format!("`{name}`: {problem}"))).ok()
    }

    /// A table, understood by `read`.
    fn table<T>(&mut self, name: &str, read: impl Fn(&Fields) -> Result<T, Vec<BadEntry>>) -> Option<T> {
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

    fn id(&mut self) -> Option<String> {
        let is_unfit = |c: char| c.is_control() || is_direction_mark(c);
        self.parsed("id", |text| match text.contains(is_unfit) {
            true => Err("an id is one line without control characters and without marks that turn the direction of writing; take them out".to_owned()),
            false => Ok(text.to_owned()),
        })
    }

    /// The references of the row, each with its column: those in `images`, then those of `more` columns.
    fn references<'b>(&mut self, more: &'b [String]) -> Vec<(&'b str, String)> {
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

/// The paths of a CSV cell: one, several separated by `;`, or a JSON list.
fn in_a_cell(text: &str) -> Option<Vec<String>> {
    if text.starts_with('[') && text.ends_with(']') {
        return texts(&serde_json::from_str::<Vec<Value>>(text).ok()?);
    }
    let paths = text.split(';').map(str::trim).filter(|path| !path.is_empty());
    Some(paths.map(str::to_owned).collect())
}

/// The texts of a list, if it holds nothing else.
fn texts(list: &[Value]) -> Option<Vec<String>> {
    list.iter().map(|path| path.as_str().filter(|path| !path.trim().is_empty()).map(str::to_owned)).collect()
}

fn parse<T: FromStr<Err: ToString>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// A row's entries beside the job's; of two with one key, the row's.
fn laid_over<K: Ord + Clone, V: Clone>(job: &BTreeMap<K, V>, row: Option<BTreeMap<K, V>>) -> BTreeMap<K, V> {
    job.clone().into_iter().chain(row.unwrap_or_default()).collect()
}

fn extra(job: &Fields, row: Option<Fields>) -> Fields {
    let mut both = job.clone();
    lay_over(&mut both, &row.unwrap_or_default());
    both
}

fn temperature(text: &str) -> Result<f64, String> {
    parse(text).map(|Temperature(number)| number)
}

fn seed(text: &str) -> Result<i32, String> {
    parse(text).map(|Seed(number)| number)
}
