//! What stands in a list: its columns, and the cells of its first rows. Never decides what they mean.

use std::collections::HashSet;

use serde_json::Value;

use crate::domain::cell_text;

/// So many rows show what a column holds.
pub const MOST_ROWS: usize = 5_000;

/// The columns of a list, and its first rows.
pub struct Survey {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Survey {
    /// These rows in these columns. A column that a job could not name is as if it had no name.
    pub fn new(columns: &[String], rows: &[Vec<Value>], can_be_named: impl Fn(&str) -> bool) -> Self {
        let text = |cell: &Value| cell_text(Some(cell)).into_owned();
        let rows = rows.iter().map(|row| row.iter().map(text).collect()).collect();
        let name = |column: &String| if can_be_named(column) { column.clone() } else { String::new() };
        Self { columns: columns.iter().map(name).collect(), rows }
    }

    /// The names of the columns, in their order; some may have none.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether there is a column of exactly this name.
    pub fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column == name)
    }

    /// The same without the rows in which this column is empty, or that one holds this value.
    pub fn without(&self, empty: &str, other: Option<(&str, &str)>) -> Self {
        let (column, value) = other.unwrap_or((empty, ""));
        let cells = self.cells(empty).zip(self.cells(column)).zip(&self.rows);
        let taken = cells.filter(|((filled, cell), _)| !filled.is_empty() && *cell != value);
        Self { columns: self.columns.clone(), rows: taken.map(|(_, row)| row.clone()).collect() }
    }

    /// The cells of a column, without the blanks around them.
    pub fn cells(&self, column: &str) -> impl Iterator<Item = &str> + Clone {
        let at = self.columns.iter().position(|known| known == column);
        self.rows.iter().map(move |row| at.and_then(|at| row.get(at)).map_or("", |cell| cell.trim()))
    }

    /// Whether a column has cells that hold blanks and nothing else.
    pub fn has_blanks(&self, column: &str) -> bool {
        let at = self.columns.iter().position(|known| known == column);
        let mut cells = self.rows.iter().filter_map(|row| row.get(at?));
        cells.any(|cell| !cell.is_empty() && cell.trim().is_empty())
    }

    /// The cells of a column that hold anything.
    pub fn filled(&self, column: &str) -> impl Iterator<Item = &str> + Clone {
        self.cells(column).filter(|cell| !cell.is_empty())
    }

    /// The share of rows in which a column holds anything.
    pub fn share(&self, column: &str) -> f64 {
        self.filled(column).count() as f64 / self.rows.len().max(1) as f64
    }

    /// Whether every row has a value in a column, and each another one.
    pub fn is_key(&self, column: &str) -> bool {
        let mut known = HashSet::new();
        self.cells(column).all(|cell| !cell.is_empty() && known.insert(cell.to_lowercase()))
    }
}
