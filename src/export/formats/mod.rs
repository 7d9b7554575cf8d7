//! A manifest handed back with its results, in the format that someone asked for. Never holds the table.

mod chosen;
mod destination;
mod json_lines;
mod shopify;
mod shopify_columns;

use std::io::{self, Write};
use std::path::Path;

use self::chosen::{Chooser, Outgoing};
use self::destination::Destination;
use self::json_lines::JsonLines;
use self::shopify::Shopify;
use super::results_csv::ResultsCsv;
use super::{ExportError, each_row, failed};
use crate::domain::ItemId;
use crate::queue::{ItemState, Ledger, QueueError};
use crate::store::Shelf;

/// What someone asked for.
#[derive(Clone)]
pub struct Wanted<'a> {
    /// The job.
    pub job: &'a str,
    /// How it is written.
    pub format: Format,
    /// Only items in these states, and their rows; none means every item and every row.
    pub states: &'a [ItemState],
    /// Of these, which.
    pub choice: Choice,
    /// Whether it is told what was said of them.
    pub verdicts: bool,
    /// Where the job's pictures lie, for what stands for a product and is an earlier one; none leaves that out.
    pub shelf: Option<&'a dyn Shelf>,
}

/// Which items go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// All.
    All,
    /// Those whose picture was approved.
    Approved,
    /// The one of each row that stands for the product.
    Favourites,
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
    fn write(&mut self, row: Outgoing) -> io::Result<()>;

    /// All that was held back.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

impl Wanted<'_> {
    fn writer<'a>(&self, columns: &[String], to: &'a mut dyn Write) -> io::Result<Box<dyn RowWriter + 'a>> {
        let verdicts = self.verdicts;
        Ok(match &self.format {
            Format::Csv => Box::new(ResultsCsv::exact(columns, verdicts, to)?),
            Format::JsonLines => Box::new(JsonLines::new(columns, verdicts, to)),
            Format::Shopify { image_url } => {
                let favourites_first = self.choice != Choice::All;
                Box::new(Shopify::new(columns, verdicts, image_url.clone(), favourites_first, to)?)
            }
        })
    }
}

impl<W: Write> RowWriter for ResultsCsv<W> {
    fn write(&mut self, outgoing: Outgoing) -> io::Result<()> {
        self.lines(&outgoing.row, outgoing.items())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        Self::finish(*self)?.flush()
    }
}

/// Hands a job's manifest and results to anything that takes bytes, in the manifest's order. `failed` says what it
/// means that these cannot be written. Returns the items that hold the picture which stands for their product, where it is
/// wanted and not there any more.
pub fn hand_over<E: From<QueueError>>(
    ledger: &dyn Ledger,
    wanted: &Wanted<'_>,
    to: &mut dyn Write,
    failed: impl Fn(io::Error) -> E,
) -> Result<Vec<ItemId>, E> {
    let columns = ledger.columns(wanted.job)?;
    let mut writer = wanted.writer(&columns, to).map_err(&failed)?;
    let mut chooser = Chooser::new(ledger, wanted);
    each_row(ledger, wanted.job, |row| match chooser.choose(row)? {
        Some(row) => writer.write(row).map_err(&failed),
        None => Ok(()),
    })?;
    writer.finish().map_err(failed)?;
    Ok(chooser.missing)
}

/// The same into a file, which changes in one instant or not at all. Its folder must exist.
pub fn hand_over_as(ledger: &dyn Ledger, wanted: &Wanted<'_>, path: &Path) -> Result<Vec<ItemId>, ExportError> {
    let mut file = Destination::open(path).map_err(failed(path))?;
    let missing = hand_over(ledger, wanted, &mut file, failed(path))?;
    file.commit().map_err(failed(path))?;
    Ok(missing)
}
