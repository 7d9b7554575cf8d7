//! One picture asked for. Never changes its request once something may have been paid for it.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::attempt::AttemptId;
use super::request::Request;

/// An item's name, as the manifest gives it or as the row's request hashes to. Unique within its job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemId(String);

impl ItemId {
    /// The id with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The BLAKE3 hash of a request in its stored form: two requests are the same when their digests are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

/// An attempt, and the hash of what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// The attempt.
    pub attempt: AttemptId,
    /// The hash of its item's request.
    pub digest: Digest,
}

/// One picture asked for, rendered in full.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What the item is called.
    pub id: ItemId,
    /// Where its picture goes: a path below the output folder with `/` between folders, without extension.
    pub name: String,
    /// What will be asked of the model.
    pub request: Request,
    /// The hash of `request`.
    pub digest: Digest,
    /// What its references hold.
    pub sources: Sources,
}

/// The content of an item's references, in the order of its request: the BLAKE3 hash of each in hexadecimal; none where
/// it is not known, as of an address that was not fetched yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sources(pub Vec<Option<String>>);

impl Sources {
    /// Whether both may be the same: what is not known agrees with anything.
    pub fn agree(&self, other: &Self) -> bool {
        let differ =
            |(one, other): (&Option<String>, &Option<String>)| one.is_some() && other.is_some() && one != other;
        !self.0.iter().zip(&other.0).any(differ)
    }

    /// These, with the others where they are not known.
    pub fn completed(&self, others: &Self) -> Self {
        let both = self.0.len().max(others.0.len());
        let at = |sources: &Self, place: usize| sources.0.get(place).cloned().flatten();
        Self((0..both).map(|place| at(self, place).or_else(|| at(others, place))).collect())
    }
}

/// One row of a manifest, as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestRow {
    /// Its line in the file, from 1.
    pub line: u64,
    /// The cells, in the order of the manifest's columns: text for CSV, any JSON value for JSON Lines.
    pub cells: Vec<Value>,
    /// Whether the row names its item itself; without, rows with the same request are one item.
    pub has_id: bool,
}

/// A cell of a manifest as it was written, values of JSON Lines that are no strings as their JSON; a shorter row of JSON
/// Lines has empty ones at its end.
pub fn cell_text(value: Option<&Value>) -> Cow<'_, str> {
    match value {
        None | Some(Value::Null) => "".into(),
        Some(Value::String(text)) => text.into(),
        Some(other) => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(list: &[Option<&str>]) -> Sources {
        Sources(list.iter().map(|source| source.map(str::to_owned)).collect())
    }

    #[test]
    fn what_is_not_known_agrees_with_anything_and_is_completed_by_what_is() {
        let (none, some, all) = (sources(&[]), sources(&[Some("a"), None]), sources(&[Some("a"), Some("b")]));
        for (one, other) in [(&none, &all), (&some, &all), (&all, &all), (&none, &none)] {
            assert!(one.agree(other) && other.agree(one), "{one:?} {other:?}");
            assert_eq!(one.completed(other), *other);
        }
        let other = sources(&[None, Some("c")]);
        assert!(!all.agree(&other) && other.agree(&some));
        assert_eq!(all.completed(&other), all, "what is known stays");
    }
}
