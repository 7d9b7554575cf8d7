//! Single lines of a text file, cut to a terminal, with a mark below the place that is meant. Never holds a file, never
//! shows a line of a job file that may hold a secret.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use console::measure_text_width;

use crate::job::fault::Place;
use crate::report::words::one_line;

/// Columns of a line that are shown, and how many of them stand before the place that is meant where there are more.
const SHOWN: usize = 72;
const BEFORE: usize = 40;

/// The longest line that is looked at, in bytes.
const LONGEST: u64 = 1 << 20;

/// One line of a file.
pub(super) struct Excerpt {
    /// Its number, from 1.
    pub number: u64,
    text: String,
}

/// How a workbook and a compressed list begin: their rows are no lines of theirs.
const NO_TEXT: [&[u8]; 2] = [b"PK", b"\x1F\x8B"];

/// What a line of a job file, or the name of its table, holds that says of a key or a header: its value is nobody's
/// business, also when it stands in the wrong place.
const SECRET: [&str; 6] = ["header", "key", "token", "secret", "auth", "password"];

/// The lines of these numbers, as far as the file has lines and can be read.
pub(super) fn excerpts(file: &Path, numbers: &[u64]) -> Vec<Excerpt> {
    let is_file = file.metadata().is_ok_and(|about| about.is_file());
    let is_job = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    let Some(file) = is_file.then(|| File::open(file).ok()).flatten() else { return Vec::new() };
    let mut lines = BufReader::new(file);
    if lines.fill_buf().is_ok_and(|start| NO_TEXT.iter().any(|other| start.starts_with(other))) {
        return Vec::new();
    }
    let last = numbers.iter().copied().max().unwrap_or(0);
    let mut found = Vec::new();
    let mut table = String::new();
    for number in 1..=last {
        let mut line = Vec::new();
        match lines.by_ref().take(LONGEST).read_until(b'\n', &mut line) {
            Ok(read) if read > 0 => {}
            _ => break,
        }
        if !line.ends_with(b"\n") && lines.skip_until(b'\n').is_err() {
            break;
        }
        let text = String::from_utf8_lossy(&line).trim_start_matches('\u{feff}').trim_end().to_owned();
        if is_job && text.trim_start().starts_with('[') {
            table.clone_from(&text);
        }
        if numbers.contains(&number) && !(is_job && may_be_secret(&table, &text)) {
            found.push(Excerpt { number, text });
        }
    }
    found
}

fn may_be_secret(table: &str, line: &str) -> bool {
    let says = |text: &str| SECRET.iter().any(|word| text.to_ascii_lowercase().contains(word));
    says(table) || says(line)
}

impl Excerpt {
    /// The line, and below it a mark at the place; nothing where the line does not reach so far.
    pub(super) fn lines(&self, place: Place) -> Vec<String> {
        let characters: Vec<char> = self.text.chars().collect();
        let Some(at) = place.column.and_then(|column| usize::try_from(column).ok()?.checked_sub(1)) else {
            return Vec::new();
        };
        if at > characters.len() || characters.is_empty() {
            return Vec::new();
        }
        let start = if characters.len() > SHOWN { at.saturating_sub(BEFORE) } else { 0 };
        let end = characters.len().min(start + SHOWN);
        let shown = |range: &[char]| one_line_as_it_is(&range.iter().collect::<String>());
        let (before, after) = (if start > 0 { "…" } else { "" }, if end < characters.len() { "…" } else { "" });
        let gutter = format!("{:>5}", self.number);
        let indent = measure_text_width(&format!("{before}{}", shown(&characters[start..at])));
        vec![
            format!("{gutter} | {before}{}{after}", shown(&characters[start..end])),
            format!("{:>5} | {}^", "", " ".repeat(indent)),
        ]
    }
}

/// A text that commands no terminal, each of whose characters stays one.
fn one_line_as_it_is(text: &str) -> String {
    let harmless = |c: char| if c.is_control() || one_line(&c.to_string()).is_empty() && c != ' ' { ' ' } else { c };
    text.chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, column: u64) -> Vec<String> {
        Excerpt { number: 7, text: text.to_owned() }.lines(Place::new(7, column))
    }

    #[test]
    fn the_mark_stands_below_the_place() {
        assert_eq!(lines("id,aspect_ratio", 4), ["    7 | id,aspect_ratio", "      |    ^"]);
        assert_eq!(lines("日本,x", 4), ["    7 | 日本,x", "      |      ^"]);
        assert_eq!(lines("a\tb\u{1b}[31m", 3), ["    7 | a b [31m", "      |   ^"]);
        assert_eq!(lines("short", 9), [""; 0]);
    }

    #[test]
    fn lines_that_may_hold_a_secret_are_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let (job, list) = (folder.path().join("a.toml"), folder.path().join("a.csv"));
        let text = "concurency = 3\napi_key = 'sk-1'\n[headers]\nX-Any = 's3cret\n[template]\nprompt = '{{'\n";
        std::fs::write(&job, text).unwrap();
        std::fs::write(&list, text).unwrap();
        let shown = |file| excerpts(file, &[1, 2, 3, 4, 6]).iter().map(|line| line.number).collect::<Vec<_>>();
        assert_eq!(shown(&job), [1, 6]);
        assert_eq!(shown(&list), [1, 2, 3, 4, 6]);
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}X{}", "a".repeat(200), "b".repeat(200));
        let [line, mark] = &lines(&text, 201)[..] else { panic!() };
        assert_eq!(line.chars().count(), 8 + 1 + SHOWN + 1);
        let at = mark.chars().count() - 1;
        assert_eq!(line.chars().nth(at), Some('X'));
    }
}
