//! A row as its file states it, and the columns that mean something. Never understands what stands in a cell.

use serde_json::Value;

use crate::job::fault::Place;

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

/// The columns among them that a job's templates may give: those that hold text.
pub const TEMPLATED: [&str; 13] = [
    "prompt",
    "id",
    "images",
    "name",
    "aspect_ratio",
    "image_size",
    "thinking",
    "modalities",
    "temperature",
    "seed",
    "model",
    "variants",
    "system_instruction",
];

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

/// Where a row says how its items are called.
#[derive(Debug, Clone, Copy, Default)]
pub struct NamePlaces {
    /// The cell that holds the id, if the row has one.
    pub id: Option<Place>,
    /// The cell that holds the name.
    pub name: Option<Place>,
}
