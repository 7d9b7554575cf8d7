//! The table of results: the manifest as it was, and beside it what became of each item. Never holds the table.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Write};

use serde_json::Value;

use super::harmless::{self, harmless};
use crate::queue::{ItemRecord, RowRecord};

/// Our columns, after the manifest's own. Scripts rely on the names and their order.
const COLUMNS: [&str; 10] =
    ["status", "file", "caption", "attempts", "finish_reason", "failure", "cost_usd", "blake3", "width", "height"];

/// Writes the table to anything, a row of the manifest at a time.
///
/// - One line an item: a row with several items gives several, a row without any gives one with no results. Rows
///   that share an item show the same results.
/// - The results' columns keep their names, for scripts rely on them. A column of the manifest with one of these
///   names, as in a table of results that is used as a manifest again, comes back as `manifest_<name>`.
/// - The manifest's own cells come back as they were, values of JSON Lines that are no strings as their JSON. But
///   whatever a spreadsheet would take for a formula gets a `'` in front, whoever wrote it (`harmless.rs`);
///   `metadata.jsonl` has it unchanged.
pub struct ResultsCsv<W: Write> {
    table: csv::Writer<W>,
    manifest_columns: usize,
}

impl<W: Write> ResultsCsv<W> {
    /// Begins the table with its header. `columns` are the manifest's.
    pub fn new(columns: &[String], to: W) -> io::Result<Self> {
        let mut table = csv::Writer::from_writer(to);
        table.write_record(header(columns))?;
        Ok(Self { table, manifest_columns: columns.len() })
    }

    /// The lines of one row.
    pub fn write(&mut self, row: &RowRecord) -> io::Result<()> {
        if row.items.is_empty() {
            return self.line(row, &Default::default());
        }
        row.items.iter().try_for_each(|item| self.line(row, &results(item)))
    }

    /// Hands back what the table was written to, once all of it is.
    pub fn finish(self) -> io::Result<W> {
        self.table.into_inner().map_err(|error| error.into_error())
    }

    fn line(&mut self, row: &RowRecord, results: &[String; COLUMNS.len()]) -> io::Result<()> {
        for column in 0..self.manifest_columns {
            self.table.write_field(harmless(&cell(row.cells.get(column))).as_ref())?;
        }
        Ok(self.table.write_record(results)?)
    }
}

fn header(columns: &[String]) -> Vec<String> {
    let mut taken: HashSet<&str> = COLUMNS.into();
    taken.extend(columns.iter().map(String::as_str));
    let mut header: Vec<_> = columns
        .iter()
        .map(|column| match COLUMNS.contains(&column.as_str()) {
            true => renamed(column, &taken),
            false => harmless(column).into_owned(),
        })
        .collect();
    header.extend(COLUMNS.map(str::to_owned));
    header
}

fn renamed(column: &str, taken: &HashSet<&str>) -> String {
    let mut name = format!("manifest_{column}");
    while taken.contains(name.as_str()) {
        name.insert_str(0, "manifest_");
    }
    name
}

/// A cell as the manifest wrote it; a shorter row of JSON Lines has empty ones at its end.
pub(super) fn cell(value: Option<&Value>) -> Cow<'_, str> {
    match value {
        None | Some(Value::Null) => "".into(),
        Some(Value::String(text)) => text.into(),
        Some(other) => other.to_string().into(),
    }
}

/// What became of an item, in the order of [`COLUMNS`]. Of several images the first is the item's picture.
fn results(item: &ItemRecord) -> [String; COLUMNS.len()] {
    let artifact = item.artifact.as_ref();
    let picture = artifact.and_then(|artifact| artifact.images.first());
    let finish_reason = artifact.and_then(|artifact| artifact.finish_reason.as_deref());
    let failure = item.failure.as_ref();
    [
        item.state.as_str().to_owned(),
        text(picture.map(|image| harmless::path(&image.file))),
        words(artifact.and_then(|artifact| artifact.caption.as_deref())),
        item.attempts.to_string(),
        words(finish_reason.or(item.reply.finish_reason.as_deref())),
        text(failure.map(|(kind, message)| harmless(&format!("{kind}: {message}")).into_owned())),
        text(item.cost.map(|cost| cost.dollars())),
        text(picture.map(|image| &image.blake3)),
        text(picture.and_then(|image| image.width)),
        text(picture.and_then(|image| image.height)),
    ]
}

fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn words(words: Option<&str>) -> String {
    text(words.map(harmless))
}
