//! A table that a Shopify shop takes back, with the pictures as images of its products. Never changes a cell but those
//! for pictures, and never holds more than the rows of one product.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Write};
use std::mem;

use super::super::address::address;
use super::super::harmless::{self, harmless};
use super::super::results::{Results, own_names};
use super::super::said::Said;
use super::super::table::Table;
use super::RowWriter;
use super::chosen::{Outgoing, is_favourite};
use super::shopify_columns::ShopColumns;
use crate::domain::{Artifact, cell_text};
use crate::queue::{ItemRecord, RowRecord};

/// Shopify takes no longer description of a picture, in characters.
const LONGEST_ALT_TEXT: usize = 512;

/// Of a product with more rows than this, pictures that need rows of their own stand among its rows.
const MOST_ROWS: usize = 10_000;

/// Writes the table, a product at a time.
///
/// - Every row of the manifest comes back in its order. The first picture of a row stands in it; those that it has
///   besides follow the product's rows, in rows that hold nothing else but the handle.
/// - A row without a picture keeps its image cells. Rows that share an item show its picture once in a product.
/// - Where favourites come first, a product's first place is its first favourite's, whatever the manifest says of places,
///   unless a row without a picture keeps it.
pub(super) struct Shopify<W: Write> {
    table: Table<W>,
    columns: ShopColumns,
    image_url: Option<String>,
    favourites_first: bool,
    product: Product,
    rows: Vec<Outgoing>,
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
    /// The picture to which the first place belongs.
    favourite: Option<String>,
}

/// A picture that found no room in its row.
struct Further<'a> {
    picture: Pictured<'a>,
    title: String,
}

/// An item with its picture, and what was said of it.
#[derive(Clone, Copy)]
struct Pictured<'a> {
    item: &'a ItemRecord,
    artifact: &'a Artifact,
    said: Option<&'a Said>,
}

impl<W: Write> Shopify<W> {
    /// Begins the table with its header. `columns` are the manifest's.
    pub(super) fn new(
        columns: &[String],
        verdicts: bool,
        image_url: Option<String>,
        favourites_first: bool,
        to: W,
    ) -> io::Result<Self> {
        let mut names = own_names(columns, verdicts);
        let columns = ShopColumns::of(&mut names);
        let table = Table::new(names, verdicts, to)?;
        Ok(Self { table, columns, image_url, favourites_first, product: Product::default(), rows: Vec::new() })
    }

    /// The rows of the product that were read so far.
    fn flush(&mut self) -> io::Result<()> {
        let rows = mem::take(&mut self.rows);
        if self.favourites_first {
            self.product.choose_first(&rows, &self.columns);
        }
        rows.iter().for_each(|row| self.product.take(row, &self.columns));
        let mut further = Vec::new();
        for row in &rows {
            self.row(row, &mut further)?;
        }
        further.into_iter().try_for_each(|picture| self.further(&picture))
    }

    /// A row of the manifest, with its first picture; those beyond it are put aside.
    fn row<'a>(&mut self, outgoing: &'a Outgoing, further: &mut Vec<Further<'a>>) -> io::Result<()> {
        let row = &outgoing.row;
        let mut cells = (0..self.columns.count).map(|column| cell_text(row.cells.get(column))).collect::<Vec<_>>();
        let title = Some(self.columns.title.map_or("", |title| cells[title].as_ref()).trim());
        let title = title.filter(|title| !title.is_empty()).unwrap_or(&self.product.title).to_owned();
        let mut pictures = pictures(outgoing).filter(|picture| self.product.shows(picture.artifact));
        let first = pictures.next();
        further.extend(pictures.map(|picture| Further { picture, title: title.clone() }));
        if let Some(Pictured { item, artifact, .. }) = first {
            cells[self.columns.source] = self.source(artifact).into();
            if let Some(place) = self.product.place(artifact, &cells[self.columns.position]) {
                cells[self.columns.position] = place.to_string().into();
            }
            let stands = cells[self.columns.alt_text].trim();
            if let Some(text) = caption(item).or_else(|| stands.is_empty().then(|| alt_text(&title))) {
                cells[self.columns.alt_text] = text.into();
            }
        }
        let told = first.map(|picture| (picture.item, picture.said)).or(outgoing.items().next());
        let (item, said) = told.map_or((None, None), |(item, said)| (Some(item), said));
        self.table.line(cells, &item.map(Results::from).unwrap_or_default(), said)
    }

    /// A row that holds one more picture of the product, and nothing else.
    fn further(&mut self, Further { picture, title }: &Further<'_>) -> io::Result<()> {
        let Pictured { item, artifact, said } = *picture;
        let mut cells = vec![Cow::from(""); self.columns.count];
        if let Some(handle) = self.columns.handle {
            cells[handle] = self.product.handle.clone().unwrap_or_default().into();
        }
        cells[self.columns.source] = self.source(artifact).into();
        cells[self.columns.position] = self.product.next_place().to_string().into();
        cells[self.columns.alt_text] = caption(item).unwrap_or_else(|| alt_text(title)).into();
        self.table.line(cells, &item.into(), said)
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
    fn write(&mut self, outgoing: Outgoing) -> io::Result<()> {
        let handle = self.columns.handle.map(|handle| cell_text(outgoing.row.cells.get(handle)).into_owned());
        let handle = handle.filter(|handle| !handle.trim().is_empty());
        if handle.is_none() || handle != self.product.handle {
            self.flush()?;
            self.product = Product { handle, ..Product::default() };
        } else if self.rows.len() >= MOST_ROWS {
            self.flush()?;
        }
        self.rows.push(outgoing);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.flush()?;
        self.table.finish()?.flush()
    }
}

impl Product {
    /// Finds the picture that stands for the product, and takes the first place for it.
    fn choose_first(&mut self, rows: &[Outgoing], columns: &ShopColumns) {
        if self.has_first
            || rows.iter().any(|outgoing| pictures(outgoing).next().is_none() && is_first(outgoing, columns))
        {
            return;
        }
        let favourite = rows.iter().flat_map(pictures).find(|picture| is_favourite(picture.item));
        self.favourite = favourite.map(|picture| file(picture.artifact).to_owned());
        self.has_first = self.favourite.is_some();
    }

    /// Learns from a row what the product is called, and which places are taken among its pictures.
    fn take(&mut self, outgoing: &Outgoing, columns: &ShopColumns) {
        let row = &outgoing.row;
        let title = cell_text(columns.title.and_then(|title| row.cells.get(title)));
        if self.title.is_empty() {
            self.title = title.trim().to_owned();
        }
        if let Some(place) = place_of(row, columns) {
            self.takes_place(place);
        }
    }

    /// The place for a picture in a row that has this one, if it is to be another.
    fn place(&mut self, artifact: &Artifact, stands: &str) -> Option<u64> {
        let is_first = stands.trim() == "1";
        match &self.favourite {
            Some(favourite) if favourite == file(artifact) => (!is_first).then_some(1),
            Some(_) if is_first => Some(self.next_place()),
            _ => stands.trim().is_empty().then(|| self.next_place()),
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

/// The items of a row that have a picture.
fn pictures(outgoing: &Outgoing) -> impl Iterator<Item = Pictured<'_>> {
    outgoing.items().filter_map(|(item, said)| {
        let artifact = item.artifact.as_ref().filter(|artifact| !artifact.images.is_empty())?;
        Some(Pictured { item, artifact, said })
    })
}

/// The place among the product's pictures that a row says.
fn place_of(row: &RowRecord, columns: &ShopColumns) -> Option<u64> {
    cell_text(row.cells.get(columns.position)).trim().parse().ok()
}

fn is_first(outgoing: &Outgoing, columns: &ShopColumns) -> bool {
    place_of(&outgoing.row, columns) == Some(1)
}

fn file(artifact: &Artifact) -> &str {
    artifact.images.first().map_or("", |image| &image.file)
}

/// What the picture shows, as a person or else the model says.
fn caption(item: &ItemRecord) -> Option<String> {
    let caption = one_line(item.caption()?);
    Some(alt_text(&harmless(&caption))).filter(|caption| !caption.is_empty())
}

/// Text as a shop takes it for a picture: one line, and not too long.
fn alt_text(text: &str) -> String {
    one_line(text).chars().take(LONGEST_ALT_TEXT).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
