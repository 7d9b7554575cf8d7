//! The table of results: the manifest as it was, and beside it what became of each item. Never holds the table.

use std::borrow::Cow;
use std::io::{self, Write};

use super::harmless::harmless;
use super::results::{Results, own_names};
use super::table::Table;
use crate::domain::cell_text;
use crate::queue::RowRecord;

/// Writes the table to anything, a row of the manifest at a time.
///
/// - One line an item: a row with several items gives several, a row without any gives one with no results. Rows
///   that share an item show the same results.
/// - The results' columns keep their names, for scripts rely on them. A column of the manifest with one of these
///   names, as in a table of results that is used as a manifest again, comes back as `manifest_<name>`.
/// - The manifest's own cells come back as they were, values of JSON Lines that are no strings as their JSON.
/// - Whatever a spreadsheet would take for a formula gets a `'` in front (`harmless.rs`), in a table to look at whoever
///   wrote it, in an exact one only if it was a model or a server.
pub struct ResultsCsv<W: Write> {
    table: Table<W>,
    manifest_columns: usize,
    own: fn(&str) -> Cow<'_, str>,
}

impl<W: Write> ResultsCsv<W> {
    /// Begins a table to look at with its header. `columns` are the manifest's.
    pub fn new(columns: &[String], to: W) -> io::Result<Self> {
        Self::with(harmless, columns, to)
    }

    /// Begins a table from which the manifest's columns and cells can be read back exactly as they were.
    pub fn exact(columns: &[String], to: W) -> io::Result<Self> {
        Self::with(exact, columns, to)
    }

    fn with(own: fn(&str) -> Cow<'_, str>, columns: &[String], to: W) -> io::Result<Self> {
        let names = own_names(columns);
        let table = Table::new(names.iter().map(|name| own(name)), to)?;
        Ok(Self { table, manifest_columns: columns.len(), own })
    }

    /// The lines of one row.
    pub fn write(&mut self, row: &RowRecord) -> io::Result<()> {
        if row.items.is_empty() {
            return self.line(row, &Results::default());
        }
        row.items.iter().try_for_each(|item| self.line(row, &item.into()))
    }

    /// Hands back what the table was written to, once all of it is.
    pub fn finish(self) -> io::Result<W> {
        self.table.finish()
    }

    fn line(&mut self, row: &RowRecord, results: &Results<'_>) -> io::Result<()> {
        let own = self.own;
        let cells: Vec<_> = (0..self.manifest_columns).map(|column| cell_text(row.cells.get(column))).collect();
        self.table.line(cells.iter().map(|cell| own(cell)), results)
    }
}

/// A cell as it is.
fn exact(cell: &str) -> Cow<'_, str> {
    cell.into()
}
