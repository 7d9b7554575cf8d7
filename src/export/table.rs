//! A table with a manifest's columns before the results'. Never changes a cell it is given.

use std::io::{self, Write};

use super::results::{COLUMNS, Results};
use super::said::{self, Said};

/// Writes lines of comma-separated values.
pub(super) struct Table<W: Write> {
    to: csv::Writer<W>,
    verdicts: bool,
}

impl<W: Write> Table<W> {
    /// Begins with the header: these names, those of the results, and where `verdicts` are told theirs.
    pub(super) fn new(names: impl IntoIterator<Item: AsRef<str>>, verdicts: bool, to: W) -> io::Result<Self> {
        let mut table = Self { to: csv::Writer::from_writer(to), verdicts };
        table.cells(names)?;
        table.cells(COLUMNS)?;
        if verdicts {
            table.cells(said::COLUMNS)?;
        }
        table.end_line()?;
        Ok(table)
    }

    /// One line: these cells, what became of an item, and what was said of it where that is told.
    pub(super) fn line(
        &mut self,
        cells: impl IntoIterator<Item: AsRef<str>>,
        results: &Results<'_>,
        said: Option<&Said>,
    ) -> io::Result<()> {
        self.cells(cells)?;
        self.cells(results.cells())?;
        if self.verdicts {
            self.cells(said.unwrap_or(&Said::default()).cells())?;
        }
        self.end_line()
    }

    /// Hands back what was written to, once all of it is.
    pub(super) fn finish(self) -> io::Result<W> {
        self.to.into_inner().map_err(|error| error.into_error())
    }

    fn cells(&mut self, cells: impl IntoIterator<Item: AsRef<str>>) -> io::Result<()> {
        cells.into_iter().try_for_each(|cell| self.to.write_field(cell.as_ref())).map_err(io_error)
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.to.write_record(None::<&[u8]>).map_err(io_error)
    }
}

/// What the system said, as it said it: whoever reads may have gone away.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
