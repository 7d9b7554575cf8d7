//! A table that a Shopify shop takes back, with the pictures as images of its products. Never changes a cell but those
//! for pictures, and never holds more than the rows of one product.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Write};
use std::mem;

use super::super::address::address;
use super::super::harmless::{self, harmless};
use super::super::results::{Results, own_names};
use super::super::table::Table;
use super::RowWriter;
use super::shopify_columns::ShopColumns;
use crate::domain::{Artifact, cell_text};
use crate::queue::{ItemRecord, ItemState, RowRecord};

/// Shopify takes no longer description of a picture, in characters.
const LONGEST_ALT_TEXT: usize = 512;

/// Of a product with more rows than this, pictures that need rows of their own stand among its rows.
const MOST_ROWS: usize = 10_000;

/// Writes the table, a product at a time.
///
/// - Every row of the manifest comes back in its order. The first picture of a row stands in it; those that it has
///   besides follow the product's rows, in rows that hold nothing else but the handle.
/// - A row without a picture keeps its image cells. Rows that share an item show its picture once in a product.
pub(super) struct Shopify<W: Write> {
    table: Table<W>,
    columns: ShopColumns,
    image_url: Option<String>,
    product: Product,
    rows: Vec<RowRecord>,
}

/// A product whose rows are being read.
#[derive(Default)]
struct Product {
    /// None where a row names no product: then it is one of its own.
    handle: Option<String>,
    title: String,
    /// The pictures that stand in its rows.
    shown: HashSet<String>,
    /// The places that are taken among its pictures: the first one, and the last.
    has_first: bool,
    last: u64,
}

/// A picture that found no room in its row.
struct Further<'a> {
    item: &'a ItemRecord,
    artifact: &'a Artifact,
    title: String,
}

impl<W: Write> Shopify<W> {
    /// Begins the table with its header. `columns` are the manifest's.
    pub(super) fn new(columns: &[String], image_url: Option<String>, to: W) -> io::Result<Self> {
        let mut names = own_names(columns);
        let columns = ShopColumns::of(&mut names);
        let table = Table::new(names, to)?;
        Ok(Self { table, columns, image_url, product: Product::default(), rows: Vec::new() })
    }

    /// The rows of the product that were read so far.
    fn flush(&mut self) -> io::Result<()> {
        let rows = mem::take(&mut self.rows);
        rows.iter().for_each(|row| self.product.take(row, &self.columns));
        let mut further = Vec::new();
        for row in &rows {
            self.row(row, &mut further)?;
        }
        further.into_iter().try_for_each(|picture| self.further(&picture))
    }

    /// A row of the manifest, with its first picture; those beyond it are put aside.
    fn row<'a>(&mut self, row: &'a RowRecord, further: &mut Vec<Further<'a>>) -> io::Result<()> {
        let mut cells = (0..self.columns.count).map(|column| cell_text(row.cells.get(column))).collect::<Vec<_>>();
        let title = Some(self.columns.title.map_or("", |title| cells[title].as_ref()).trim());
        let title = title.filter(|title| !title.is_empty()).unwrap_or(&self.product.title).to_owned();
        let mut pictures = row.items.iter().filter_map(picture).filter(|(_, artifact)| self.product.shows(artifact));
        let first = pictures.next();
        further.extend(pictures.map(|(item, artifact)| Further { item, artifact, title: title.clone() }));
        if let Some((_, artifact)) = first {
            cells[self.columns.source] = self.source(artifact).into();
            if cells[self.columns.position].trim().is_empty() {
                cells[self.columns.position] = self.product.next_place().to_string().into();
            }
            let stands = cells[self.columns.alt_text].trim();
            if let Some(text) = caption(artifact).or_else(|| stands.is_empty().then(|| alt_text(&title))) {
                cells[self.columns.alt_text] = text.into();
            }
        }
        let told = first.map(|(item, _)| item).or(row.items.first());
        self.table.line(cells, &told.map(Results::from).unwrap_or_default())
    }

    /// A row that holds one more picture of the product, and nothing else.
    fn further(&mut self, Further { item, artifact, title }: &Further<'_>) -> io::Result<()> {
        let mut cells = vec![Cow::from(""); self.columns.count];
        if let Some(handle) = self.columns.handle {
            cells[handle] = self.product.handle.clone().unwrap_or_default().into();
        }
        cells[self.columns.source] = self.source(artifact).into();
        cells[self.columns.position] = self.product.next_place().to_string().into();
        cells[self.columns.alt_text] = caption(artifact).unwrap_or_else(|| alt_text(title)).into();
        self.table.line(cells, &(*item).into())
    }

    /// Where a shop finds the picture.
    fn source(&self, artifact: &Artifact) -> String {
        let file = file(artifact);
        match &self.image_url {
            Some(prefix) => format!("{prefix}{}", address(file)),
            None => harmless::path(file).into_owned(),
        }
    }
}

impl<W: Write> RowWriter for Shopify<W> {
    fn write(&mut self, row: RowRecord) -> io::Result<()> {
        let handle = self.columns.handle.map(|handle| cell_text(row.cells.get(handle)).into_owned());
        let handle = handle.filter(|handle| !handle.trim().is_empty());
        if handle.is_none() || handle != self.product.handle {
            self.flush()?;
            self.product = Product { handle, ..Product::default() };
        } else if self.rows.len() >= MOST_ROWS {
            self.flush()?;
        }
        self.rows.push(row);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.flush()?;
        self.table.finish()?.flush()
    }
}

impl Product {
    /// Learns from a row what the product is called, and which places are taken among its pictures.
    fn take(&mut self, row: &RowRecord, columns: &ShopColumns) {
        let title = cell_text(columns.title.and_then(|title| row.cells.get(title)));
        if self.title.is_empty() {
            self.title = title.trim().to_owned();
        }
        if let Ok(place) = cell_text(row.cells.get(columns.position)).trim().parse() {
            self.takes_place(place);
        }
    }

    fn takes_place(&mut self, place: u64) {
        self.has_first |= place == 1;
        self.last = self.last.max(place);
    }

    /// The first place if nobody has it, else the one behind the last.
    fn next_place(&mut self) -> u64 {
        let place = if self.has_first { self.last.saturating_add(1) } else { 1 };
        self.takes_place(place);
        place
    }

    /// Whether a picture is to be shown, which it is once.
    fn shows(&mut self, artifact: &Artifact) -> bool {
        self.shown.insert(file(artifact).to_owned())
    }
}

/// An item with its picture, if it has one.
fn picture(item: &ItemRecord) -> Option<(&ItemRecord, &Artifact)> {
    let artifact = item.artifact.as_ref().filter(|artifact| !artifact.images.is_empty())?;
    (item.state == ItemState::Done).then_some((item, artifact))
}

fn file(artifact: &Artifact) -> &str {
    artifact.images.first().map_or("", |image| &image.file)
}

/// What the model says that the picture shows.
fn caption(artifact: &Artifact) -> Option<String> {
    let caption = one_line(artifact.caption.as_deref()?);
    Some(alt_text(&harmless(&caption))).filter(|caption| !caption.is_empty())
}

/// Text as a shop takes it for a picture: one line, and not too long.
fn alt_text(text: &str) -> String {
    one_line(text).chars().take(LONGEST_ALT_TEXT).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
