//! A text as a TOML file writes it, and where in that file each part of it stands. Never understands the text.

use std::fmt;
use std::ops::Range;

use crate::job::fault::{Place, characters};

/// A text of a job file.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    text: String,
    /// As it stands in the file, with its quotes.
    raw: String,
    /// Where `raw` begins.
    start: Place,
}

impl Written {
    /// The text that stands at `span` of `file_text`.
    pub fn new(text: String, file_text: &str, span: Range<usize>) -> Self {
        let raw = file_text.get(span.clone()).unwrap_or_default().to_owned();
        Self { text, raw, start: Place::of_offset(file_text, span.start) }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it begins, quote included.
    pub fn start(&self) -> Place {
        self.start
    }

    /// The byte of the file, counted from where this begins, that gives the byte at `offset` of the text.
    pub fn raw_offset(&self, offset: usize) -> usize {
        raw_offset(&self.raw, offset)
    }

    /// Where the byte at `offset` of the text stands in the file.
    pub fn place(&self, offset: usize) -> Place {
        let before = &self.raw[..self.raw_offset(offset)];
        let line = self.start.line + before.matches('\n').count() as u64;
        let column = match before.rsplit_once('\n') {
            Some((_, last)) => characters(last.as_bytes()) + 1,
            None => self.start.column.unwrap_or(1) + characters(before.as_bytes()),
        };
        Place::new(line, column)
    }

    /// Where a word of a template first stands as a word of its own; the beginning of the text if it does not.
    pub fn place_of_word(&self, word: &str) -> Place {
        find_word(&self.text, word).map_or(self.start, |at| self.place(at))
    }
}

impl fmt::Debug for Written {
    /// Only the text: what a job means does not change when a line of its file moves.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// Where a word stands in a text, inside of the braces of a template if it stands there too.
pub fn find_word(text: &str, word: &str) -> Option<usize> {
    find_in_code(text, word).or_else(|| words(text, word).next())
}

/// Where a word stands inside of the braces of a template.
pub fn find_in_code(text: &str, word: &str) -> Option<usize> {
    let mut words = words(text, word).peekable();
    let mut at = 0;
    while let Some(open) = text[at..].find('{').map(|brace| at + brace) {
        let close = match text.as_bytes().get(open + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            _ => {
                at = open + 1;
                continue;
            }
        };
        let end = text[open..].find(close).map_or(text.len(), |end| open + end);
        while words.next_if(|word| *word < open).is_some() {}
        if let Some(inside) = words.next_if(|word| *word < end) {
            return Some(inside);
        }
        at = end;
    }
    None
}

/// Where a word stands as a word of its own.
fn words(text: &str, word: &str) -> impl Iterator<Item = usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let alone = move |at: &usize| {
        let (before, after) = (&text[..*at], &text[at + word.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    };
    text.match_indices(word).map(|(at, _)| at).filter(alone)
}

/// The byte of `raw`, a string of TOML with its quotes, that gives the byte at `decoded` of its text.
fn raw_offset(raw: &str, decoded: usize) -> usize {
    let quotes = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| raw.starts_with(quotes)).unwrap_or_default();
    let mut at = quotes.len();
    if quotes.len() == 3 {
        at += ["\r\n", "\n"].iter().find(|end| raw[at..].starts_with(**end)).map_or(0, |end| end.len());
    }
    let escapes = quotes.starts_with('"');
    let mut given = 0;
    while let Some(next) = raw[at..].chars().next() {
        let (taken, gives) =
            if escapes && next == '\\' { escape(&raw[at..]) } else { (next.len_utf8(), next.len_utf8()) };
        if given >= decoded && gives > 0 {
            break;
        }
        at += taken;
        given += gives;
    }
    at.min(raw.len())
}

/// The bytes that an escape takes in the file, and those that it gives.
fn escape(raw: &str) -> (usize, usize) {
    let kind = raw[1..].chars().next().unwrap_or_default();
    let digits = match kind {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        // A backslash at the end of a line takes the line break and all blanks after it away.
        kind if kind.is_whitespace() => return (1 + raw[1..].len() - raw[1..].trim_start().len(), 0),
        kind => return (1 + kind.len_utf8(), 1),
    };
    let code = raw.get(2..2 + digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    (2 + digits, code.and_then(char::from_u32).map_or(1, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text after the `=` of a file, and its place in that file.
    fn written(file: &str) -> Written {
        let table: toml::Table = file.parse().unwrap();
        let text = table["a"].as_str().unwrap().to_owned();
        let start = file.find("= ").unwrap() + 2;
        Written::new(text, file, start..file.len())
    }

    #[test]
    fn every_kind_of_string_tells_where_its_parts_stand() {
        for (file, place) in [
            ("a = \"one X\"", Place::new(1, 10)),
            ("a = 'one X'", Place::new(1, 10)),
            (r#"a = "\"\u00e4\\ X""#, Place::new(1, 17)),
            ("a = \"\"\"\none\n  X\"\"\"", Place::new(3, 3)),
            ("a = '''one\r\n\\ X'''", Place::new(2, 3)),
            ("a = \"\"\"\\\n\n   one \\\n   X\"\"\"", Place::new(4, 4)),
        ] {
            let written = written(file);
            let offset = written.text().find('X').unwrap();
            assert_eq!(written.place(offset), place, "{file}");
        }
    }

    #[test]
    fn a_word_is_looked_for_in_the_braces_first() {
        let text = "Title: {{ Titles }} {{ Title }}";
        assert_eq!(find_word(text, "Title"), Some(23));
        assert_eq!(find_word("Title", "Title"), Some(0));
        assert_eq!(find_word("{% if Title %}Title{% endif %}", "Title"), Some(6));
        assert_eq!(find_in_code("{ Title } {{ x }} Title", "Title"), None);
        assert_eq!(find_word("{{ SubTitle }}", "Title"), None);
    }
}
