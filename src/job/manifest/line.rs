//! One line of JSON Lines: its object as it stands, and where each value of it stands. Never knows a column.

use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::job::fault::{Place, Problem, characters};
use crate::job::plain;

/// One line of the file.
pub struct Line<'a> {
    /// Its number in the file, from 1.
    pub number: u64,
    /// Its text, without the line break.
    pub text: &'a str,
    /// The byte whose place was asked for last, and the characters before it: the next one mostly stands behind it.
    last: Cell<(usize, u64)>,
}

impl<'a> Line<'a> {
    /// The line of this number and text.
    pub fn new(number: u64, text: &'a str) -> Self {
        Self { number, text, last: Cell::new((0, 0)) }
    }

    /// Whether it holds more than so many values: each takes many times the memory that it takes in the file.
    pub fn holds_more_than(&self, values: usize) -> bool {
        let (mut count, mut in_text, mut escaped) = (0, false, false);
        for byte in self.text.bytes() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = in_text,
                b'"' => in_text = !in_text,
                b',' | b'[' | b'{' if !in_text => count += 1,
                _ => (),
            }
        }
        count > values
    }

    /// The place of a value that was read from this very line.
    pub fn place_of(&self, value: &RawValue) -> Place {
        self.place(value.get().as_ptr() as usize - self.text.as_ptr() as usize)
    }

    /// What is wrong with a line that holds no object.
    pub fn not_an_object(&self, error: &serde_json::Error) -> Problem {
        if error.is_data() {
            let blank = self.text.len() - self.text.trim_start().len();
            let message = "this line is not an object; write one a line, like {\"prompt\": \"…\"}";
            return Problem::new(self.place(blank), message);
        }
        let message = format!("this is not JSON: {}; write one whole object a line", plain::json(error));
        let mut at = error.column().saturating_sub(1);
        // The parser names the byte before it or the control character itself, by how it came there.
        if error.to_string().starts_with("control character") {
            let from = self.text.get(at..).and_then(|rest| rest.find(char::is_control));
            at += from.unwrap_or(0);
        }
        Problem::new(self.place(at), message)
    }

    /// The place of the byte at `offset`.
    fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.text.len());
        let (from, counted) = Some(self.last.get()).filter(|(last, _)| *last <= offset).unwrap_or_default();
        let before = counted + characters(&self.text.as_bytes()[from..offset]);
        self.last.set((offset, before));
        Place::new(self.number, before + 1)
    }
}

/// An object's keys and values as they stand, also those that stand twice.
pub struct Object<'a>(pub Vec<(String, &'a RawValue)>);

impl<'a> Object<'a> {
    /// The value of a key; nothing if it is null.
    pub fn get(&self, key: &str) -> Option<&'a RawValue> {
        let (_, value) = self.0.iter().find(|(name, _)| name == key)?;
        (value.get() != "null").then_some(value)
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Object(entries))
    }
}
