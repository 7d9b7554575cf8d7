//! The names of a manifest's columns. Never knows what they mean.

use std::collections::HashMap;

/// Columns in their order, found by name.
#[derive(Debug, Default)]
pub struct Columns {
    names: Vec<String>,
    places: HashMap<String, usize>,
}

impl Columns {
    /// No manifest has more: as many as the widest spreadsheet.
    pub const MOST: usize = 16_384;

    /// The names in their order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Where the column of this name stands, from 0; of two with one name, the first.
    pub fn get(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// Adds a column at the end, and gives its place.
    pub fn push(&mut self, name: String) -> usize {
        let place = self.names.len();
        self.places.entry(name.clone()).or_insert(place);
        self.names.push(name);
        place
    }
}
