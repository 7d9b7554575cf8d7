//! The names of a manifest's columns, and where they stand. Never knows what they mean.

use std::collections::HashMap;
use std::sync::Arc;

use crate::job::fault::Place;
use crate::job::nearest::nearest;

/// Columns in their order, found by name.
#[derive(Debug, Default)]
pub struct Columns {
    names: Vec<String>,
    places: Vec<Place>,
    numbers: Arc<HashMap<String, usize>>,
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

    /// The number of each column by its name.
    pub fn numbers(&self) -> &Arc<HashMap<String, usize>> {
        &self.numbers
    }

    /// That no column of this manifest has this name, and which one may be meant.
    pub fn lack(&self, name: &str, manifest: &str) -> String {
        let names: Vec<&str> = self.names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        let plain = |name: &str| name.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "");
        let same = names.iter().copied().find(|known| plain(known) == plain(name));
        match same.or_else(|| nearest(name, &names)) {
            Some(near) => format!("{manifest} has no column `{name}`; did you mean `{near}`?"),
            None => format!("{manifest} has no column `{name}`; it has {}", names.join(", ")),
        }
    }

    /// Adds a column at the end, and gives its number.
    pub fn push(&mut self, name: String, place: Place) -> usize {
        let number = self.names.len();
        Arc::make_mut(&mut self.numbers).entry(name.clone()).or_insert(number);
        self.names.push(name);
        self.places.push(place);
        number
    }
}
