//! The manifest and its results as JSON Lines, for programs. Never changes a value: what a manifest, a model or a server
//! said is there as it was said.

use std::collections::HashSet;
use std::io::{self, Write};
use std::iter::once;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::super::results::{Results, own_names};
use super::super::said::Said;
use super::RowWriter;
use super::chosen::Outgoing;
use crate::queue::RowRecord;

/// One line: the manifest's own keys, then the results', then what was said where that is told. Every line has every
/// key.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    own: Own<'a>,
    #[serde(flatten)]
    results: Results<'a>,
    #[serde(flatten)]
    said: Option<&'a Said>,
}

/// The manifest's columns and the values of a row; one that it does not have is null.
struct Own<'a> {
    names: &'a [String],
    cells: &'a [Value],
}

impl Serialize for Own<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cells = self.cells.iter().chain(std::iter::repeat(&Value::Null));
        serializer.collect_map(self.names.iter().zip(cells))
    }
}

/// Writes the lines, a row of the manifest at a time.
pub(super) struct JsonLines<W: Write> {
    names: Vec<String>,
    verdicts: bool,
    to: W,
}

impl<W: Write> JsonLines<W> {
    /// Begins with nothing. `columns` are the manifest's.
    pub(super) fn new(columns: &[String], verdicts: bool, to: W) -> Self {
        Self { names: distinct(own_names(columns, verdicts)), verdicts, to }
    }

    fn line(&mut self, row: &RowRecord, results: Results<'_>, said: Option<&Said>) -> io::Result<()> {
        let nothing = Said::default();
        let said = self.verdicts.then(|| said.unwrap_or(&nothing));
        let line = Line { own: Own { names: &self.names, cells: &row.cells }, results, said };
        serde_json::to_writer(&mut self.to, &line)?;
        self.to.write_all(b"\n")
    }
}

impl<W: Write> RowWriter for JsonLines<W> {
    fn write(&mut self, outgoing: Outgoing) -> io::Result<()> {
        let row = &outgoing.row;
        if row.items.is_empty() {
            return self.line(row, Results::default(), None);
        }
        outgoing.items().try_for_each(|(item, said)| self.line(row, item.into(), said))
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.to.flush()
    }
}

/// The names, each once: a table may have several columns without a name, an object not. The first of them stays so, the
/// others are called `manifest_`, `manifest_3`, `manifest_4` …, unless another column is.
fn distinct(mut names: Vec<String>) -> Vec<String> {
    let taken: HashSet<String> = names.iter().cloned().collect();
    let numbered = (3..).map(|number: usize| format!("manifest_{number}"));
    let free = once("manifest_".to_owned()).chain(numbered).filter(|name| !taken.contains(name));
    let nameless = names.iter_mut().filter(|name| name.is_empty()).skip(1);
    nameless.zip(free).for_each(|(name, other)| *name = other);
    names
}
