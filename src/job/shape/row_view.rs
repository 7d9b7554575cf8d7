//! What a template sees of a row: its cells by the names of their columns, and the values of the matrix. Never fails: a
//! name that no column has is empty, and noted, so that who knows all columns can tell of it.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectExt};

/// The word under which all cells can be had by their headers: `row["Body (HTML)"]`.
pub const ROW: &str = "row";

/// The word for the number of a row's variant, from 1.
pub const VARIANT: &str = "variant";

/// The columns by name.
pub type ColumnNumbers = Arc<HashMap<String, usize>>;

/// The names that were asked for and that no column had.
#[derive(Debug, Default)]
pub struct Unknown(Mutex<BTreeSet<String>>);

impl Unknown {
    fn note(&self, name: &str) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !names.contains(name) {
            names.insert(name.to_owned());
        }
    }

    /// Whether there are any.
    pub fn is_noted(&self) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Those noted since this was asked.
    pub fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The cells of a row.
#[derive(Default)]
pub struct RowView {
    /// Which cell belongs to which column.
    pub columns: ColumnNumbers,
    /// The cells; those of the last columns may be missing.
    pub cells: Vec<Value>,
    /// Where unknown names are noted.
    pub unknown: Arc<Unknown>,
}

impl RowView {
    fn cell(&self, name: &str) -> Option<Value> {
        let column = *self.columns.get(name)?;
        Some(self.cells.get(column).cloned().unwrap_or_else(empty))
    }
}

impl fmt::Debug for RowView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.cells).finish()
    }
}

impl Object for RowView {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        let cell = self.cell(name);
        if cell.is_none() {
            self.unknown.note(name);
        }
        Some(cell.unwrap_or_else(empty))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.mapped_enumerator(|row| Box::new(row.columns.keys().map(|name| Value::from(name.as_str()))))
    }
}

/// All that a template can name.
#[derive(Debug)]
pub struct View {
    /// The row's cells.
    pub row: Arc<RowView>,
    /// The values of the matrix and the number of the variant: they win over columns.
    pub values: Arc<HashMap<String, Value>>,
    /// The names that stand in the templates: others are left to the engine, whose functions they may be.
    pub asked: Arc<BTreeSet<String>>,
}

impl View {
    /// That of a row whose cells hold nothing, in a manifest that has every column.
    pub fn empty(names: &BTreeSet<String>) -> Self {
        Self { row: Arc::default(), values: Arc::default(), asked: Arc::new(names.clone()) }
    }
}

impl Object for View {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        if let Some(value) = self.values.get(name) {
            return Some(value.clone());
        }
        if let Some(cell) = self.row.cell(name) {
            return Some(cell);
        }
        if name == ROW {
            return Some(Value::from_dyn_object(self.row.clone()));
        }
        self.asked.contains(name).then(|| {
            self.row.unknown.note(name);
            empty()
        })
    }
}

fn empty() -> Value {
    Value::from("")
}

/// A cell as templates see it: text as it is, numbers and lists as such; what is not there is empty.
pub fn value(cell: &serde_json::Value) -> Value {
    match cell {
        serde_json::Value::Null => empty(),
        serde_json::Value::Bool(truth) => Value::from(*truth),
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::from(whole),
            (None, Some(real)) => Value::from(real),
            (None, None) => Value::from(number.to_string()),
        },
        serde_json::Value::Array(values) => values.iter().map(value).collect::<Vec<_>>().into(),
        serde_json::Value::Object(fields) => {
            Value::from_pairs(fields.iter().map(|(name, field)| (name.clone(), value(field))))
        }
    }
}

/// A cell as conditions see it: as it is written, always text.
pub fn text(cell: &serde_json::Value) -> Value {
    match cell {
        serde_json::Value::Null => empty(),
        serde_json::Value::String(text) => Value::from(text.as_str()),
        other => Value::from(other.to_string()),
    }
}
