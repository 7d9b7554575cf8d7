//! A mistake in a file that a person wrote, at its place. Never decides whether the run may go on.

use std::fmt;

use crate::domain::is_direction_mark;

/// A place in a text file, as an editor counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: u64,
    /// The character within the line, from 1; none where the whole line is meant.
    pub column: Option<u64>,
}

impl Place {
    /// The first character of a file.
    pub const START: Self = Self::new(1, 1);

    /// The character `column` of `line`, both from 1.
    pub const fn new(line: u64, column: u64) -> Self {
        Self { line, column: Some(column) }
    }

    /// A whole line.
    pub const fn line(line: u64) -> Self {
        Self { line, column: None }
    }

    /// The place of the byte at `offset` in `text`.
    pub fn of_offset(text: &str, offset: usize) -> Self {
        let before = &text.as_bytes()[..offset.min(text.len())];
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let lines = before.iter().filter(|byte| **byte == b'\n').count();
        Self::new(lines as u64 + 1, characters(&before[line_start..]) + 1)
    }
}

/// How many characters UTF-8 bytes hold; a rough count where they are not UTF-8.
pub fn characters(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| starts_character(**byte)).count() as u64
}

/// Whether this byte begins a character of UTF-8, rather than going on with one.
pub const fn starts_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

/// What is wrong at a place, before anyone says in which file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong and what to do, in one line.
    pub message: String,
}

impl Problem {
    /// This is wrong there.
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into() }
    }

    /// The same, in this file.
    pub fn in_file(self, file: &str) -> Fault {
        Fault { file: file.to_owned(), place: self.place, message: in_one_line(&self.message) }
    }
}

/// The problems of this file, in its order.
pub fn in_order(mut problems: Vec<Problem>, file: &str) -> Vec<Fault> {
    problems.sort_by_key(|problem| problem.place);
    problems.into_iter().map(|problem| problem.in_file(file)).collect()
}

/// The longest message, in characters: a few lines of a terminal.
const LONGEST_MESSAGE: usize = 600;

/// A message may quote whatever a file holds: control characters are spelled out, and of a long one the beginning
/// and the remedy at its end remain.
fn in_one_line(message: &str) -> String {
    let spelled = |c: char| {
        if c.is_control() || is_direction_mark(c) { c.escape_default().to_string() } else { c.to_string() }
    };
    let count = message.chars().count();
    if count <= LONGEST_MESSAGE {
        return message.chars().map(spelled).collect();
    }
    let half = LONGEST_MESSAGE / 2;
    let beginning: String = message.chars().take(half).map(spelled).collect();
    let end: String = message.chars().skip(count - half).map(spelled).collect();
    format!("{beginning} […] {end}")
}

/// A mistake in a job file or a manifest: where, what is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, named as a person standing in the current directory would.
    pub file: String,
    /// Where in the file.
    pub place: Place,
    /// What is wrong and what to do, in one line.
    pub message: String,
}

impl Fault {
    /// `file:line:column`, the form editors and terminals make clickable.
    pub fn location(&self) -> String {
        let column = self.place.column.map_or(String::new(), |column| format!(":{column}"));
        format!("{}:{}{column}", self.file, self.place.line)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location(), self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_and_not_bytes() {
        let text = "a = 1\nü = 2 # x\n";
        let offset = text.find('x').unwrap();
        assert_eq!(Place::of_offset(text, offset), Place::new(2, 9));
        assert_eq!(Place::of_offset(text, 0), Place::START);
        assert_eq!(Place::of_offset(text, 10_000), Place::new(3, 1));
    }
}
