//! A table with a manifest's columns before the results'. Never changes a cell it is given.

use std::io::{self, Write};

use super::results::{COLUMNS, Results};

/// Writes lines of comma-separated values.
pub(super) struct Table<W: Write>(csv::Writer<W>);

impl<W: Write> Table<W> {
    /// Begins with the header: these names, and those of the results.
    pub(super) fn new(names: impl IntoIterator<Item: AsRef<str>>, to: W) -> io::Result<Self> {
        let mut table = Self(csv::Writer::from_writer(to));
        table.cells(names)?;
        table.0.write_record(COLUMNS).map_err(io_error)?;
        Ok(table)
    }

    /// One line: these cells, and what became of an item.
    pub(super) fn line(&mut self, cells: impl IntoIterator<Item: AsRef<str>>, results: &Results<'_>) -> io::Result<()> {
        self.cells(cells)?;
        self.0.write_record(results.cells()).map_err(io_error)
    }

    /// Hands back what was written to, once all of it is.
    pub(super) fn finish(self) -> io::Result<W> {
        self.0.into_inner().map_err(|error| error.into_error())
    }

    fn cells(&mut self, cells: impl IntoIterator<Item: AsRef<str>>) -> io::Result<()> {
        cells.into_iter().try_for_each(|cell| self.0.write_field(cell.as_ref())).map_err(io_error)
    }
}

/// What the system said, as it said it: whoever reads may have gone away.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
