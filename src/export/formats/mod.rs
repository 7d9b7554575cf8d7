//! A manifest handed back with its results, in the format that someone asked for. Never holds the table.

mod destination;
mod json_lines;
mod shopify;
mod shopify_columns;

use std::io::{self, Write};
use std::path::Path;

use self::destination::Destination;
use self::json_lines::JsonLines;
use self::shopify::Shopify;
use super::results_csv::ResultsCsv;
use super::{ExportError, each_row, failed};
use crate::queue::{ItemState, Ledger, QueueError, RowRecord};

/// What someone asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The job.
    pub job: &'a str,
    /// How it is written.
    pub format: Format,
    /// Only items in these states, and their rows; none means every item and every row.
    pub states: &'a [ItemState],
}

/// How a manifest and its results are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// A table: a line an item.
    Csv,
    /// An object an item, a line each.
    JsonLines,
    /// A table that a Shopify shop takes back, with the pictures as images of its products.
    Shopify {
        /// What stands before the path of a picture, so that it becomes its address; none leaves it a path.
        image_url: Option<String>,
    },
}

/// What takes rows.
trait RowWriter {
    /// The lines of one row; they may be held back while what follows belongs to them.
    fn write(&mut self, row: RowRecord) -> io::Result<()>;

    /// All that was held back.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

impl Format {
    fn writer<'a>(&self, columns: &[String], to: &'a mut dyn Write) -> io::Result<Box<dyn RowWriter + 'a>> {
        Ok(match self {
            Self::Csv => Box::new(ResultsCsv::exact(columns, to)?),
            Self::JsonLines => Box::new(JsonLines::new(columns, to)),
            Self::Shopify { image_url } => Box::new(Shopify::new(columns, image_url.clone(), to)?),
        })
    }
}

impl<W: Write> RowWriter for ResultsCsv<W> {
    fn write(&mut self, row: RowRecord) -> io::Result<()> {
        Self::write(self, &row)
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        Self::finish(*self)?.flush()
    }
}

/// Hands a job's manifest and results to anything that takes bytes, in the manifest's order. `failed` says what it
/// means that these cannot be written.
pub fn hand_over<E: From<QueueError>>(
    ledger: &dyn Ledger,
    wanted: &Wanted<'_>,
    to: &mut dyn Write,
    failed: impl Fn(io::Error) -> E,
) -> Result<(), E> {
    let columns = ledger.columns(wanted.job)?;
    let mut writer = wanted.format.writer(&columns, to).map_err(&failed)?;
    each_row(ledger, wanted.job, |row| match narrowed(row, wanted.states) {
        Some(row) => writer.write(row).map_err(&failed),
        None => Ok(()),
    })?;
    writer.finish().map_err(failed)
}

/// The same into a file, which changes in one instant or not at all. Its folder must exist.
pub fn hand_over_as(ledger: &dyn Ledger, wanted: &Wanted<'_>, path: &Path) -> Result<(), ExportError> {
    let mut file = Destination::open(path).map_err(failed(path))?;
    hand_over(ledger, wanted, &mut file, failed(path))?;
    file.commit().map_err(failed(path))
}

/// A row with those of its items that are in one of these states; none if it has no such.
fn narrowed(mut row: RowRecord, states: &[ItemState]) -> Option<RowRecord> {
    if states.is_empty() {
        return Some(row);
    }
    row.items.retain(|item| states.contains(&item.state));
    Some(row).filter(|row| !row.items.is_empty())
}
