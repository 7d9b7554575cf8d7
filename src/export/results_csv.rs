//! The table of results: the manifest as it was, and beside it what became of each item. Never holds the table.

use std::borrow::Cow;
use std::io::{self, Write};

use super::harmless::harmless;
use super::results::{Results, own_names};
use super::said::Said;
use super::table::Table;
use crate::domain::cell_text;
use crate::queue::{ItemRecord, RowRecord};

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
        Self::with(harmless, columns, false, to)
    }

    /// Begins a table from which the manifest's columns and cells can be read back exactly as they were.
    /// Where `verdicts` are told, they stand behind the results.
    pub fn exact(columns: &[String], verdicts: bool, to: W) -> io::Result<Self> {
        Self::with(exact, columns, verdicts, to)
    }

    fn with(own: fn(&str) -> Cow<'_, str>, columns: &[String], verdicts: bool, to: W) -> io::Result<Self> {
        let names = own_names(columns, verdicts);
        let table = Table::new(names.iter().map(|name| own(name)), verdicts, to)?;
        Ok(Self { table, manifest_columns: columns.len(), own })
    }

    /// The lines of one row.
    pub fn write(&mut self, row: &RowRecord) -> io::Result<()> {
        self.lines(row, row.items.iter().map(|item| (item, None)))
    }

    /// A line for each of these items of a row, with what was said of it; one without results if there is none.
    pub(super) fn lines<'a>(
        &mut self,
        row: &RowRecord,
        items: impl Iterator<Item = (&'a ItemRecord, Option<&'a Said>)>,
    ) -> io::Result<()> {
        let mut items = items.peekable();
        if items.peek().is_none() {
            return self.line(row, &Results::default(), None);
        }
        items.try_for_each(|(item, said)| self.line(row, &item.into(), said))
    }

    /// Hands back what the table was written to, once all of it is.
    pub fn finish(self) -> io::Result<W> {
        self.table.finish()
    }

    fn line(&mut self, row: &RowRecord, results: &Results<'_>, said: Option<&Said>) -> io::Result<()> {
        let own = self.own;
        let cells: Vec<_> = (0..self.manifest_columns).map(|column| cell_text(row.cells.get(column))).collect();
        self.table.line(cells.iter().map(|cell| own(cell)), results, said)
    }
}

/// A cell as it is.
fn exact(cell: &str) -> Cow<'_, str> {
    cell.into()
}
