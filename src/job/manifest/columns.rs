//! The names of a manifest's columns, and where they stand. Never knows what they mean.

use std::collections::HashMap;

use crate::job::fault::Place;

/// Columns in their order, found by name.
#[derive(Debug, Default)]
pub struct Columns {
    names: Vec<String>,
    places: Vec<Place>,
    numbers: HashMap<String, usize>,
}

impl Columns {
    /// No manifest has more: as many as the widest spreadsheet.
    pub const MOST: usize = 16_384;

    /// The names in their order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The names in their order, and where each stands first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Place)> {
        self.names.iter().map(String::as_str).zip(self.places.iter().copied())
    }

    /// The number of the column of this name, from 0; of two with one name, the first.
    pub fn get(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// Adds a column at the end, and gives its number.
    pub fn push(&mut self, name: String, place: Place) -> usize {
        let number = self.names.len();
        self.numbers.entry(name.clone()).or_insert(number);
        self.names.push(name);
        self.places.push(place);
        number
    }
}
