//! Single lines of a text file, cut to a terminal, with a mark below the place that is meant. Never holds a file.

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

/// What the names of secrets have in common, in small letters.
const SECRETS: [&str; 8] = ["hooks", "headers", "auth", "key", "token", "secret", "password", "cookie"];

/// Whether a line may hold what is never repeated: an address with a password, or, below this heading of a job file, a
/// header or a key.
fn may_be_secret(line: &str, heading: Option<&str>) -> bool {
    let has_password = |address: &str| {
        let host = address.split(['/', '"', '\'', ' ', ',', ';']).next().unwrap_or_default();
        host.contains('@')
    };
    if line.split("://").skip(1).any(has_password) {
        return true;
    }
    let Some(heading) = heading else { return false };
    let name = line.split('=').next().unwrap_or_default();
    [heading, name].iter().any(|name| SECRETS.iter().any(|secret| name.to_ascii_lowercase().contains(secret)))
}

/// Whether a line below the heading of hooks looks like one and is none: the words of a command, within a list.
fn is_entry(line: &[u8], heading: Option<&str>) -> bool {
    let inside = line.trim_ascii_start().strip_prefix(b"[").unwrap_or_default();
    let quoted = matches!(inside.trim_ascii_start().first(), Some(b'"' | b'\''));
    quoted && heading.is_some_and(|heading| heading.contains("hooks"))
}

/// The lines of these numbers, as far as the file has lines and can be read, and none that may hold a secret.
pub(super) fn excerpts(file: &Path, numbers: &[u64]) -> Vec<Excerpt> {
    let mut heading = file.extension().is_some_and(|extension| extension == "toml").then(String::new);
    let is_file = file.metadata().is_ok_and(|about| about.is_file());
    let Some(file) = is_file.then(|| File::open(file).ok()).flatten() else { return Vec::new() };
    let mut lines = BufReader::new(file);
    if lines.fill_buf().is_ok_and(|start| NO_TEXT.iter().any(|other| start.starts_with(other))) {
        return Vec::new();
    }
    let last = numbers.iter().copied().max().unwrap_or(0);
    let mut found = Vec::new();
    for number in 1..=last {
        let mut line = Vec::new();
        match lines.by_ref().take(LONGEST).read_until(b'\n', &mut line) {
            Ok(read) if read > 0 => {}
            _ => break,
        }
        if !line.ends_with(b"\n") && lines.skip_until(b'\n').is_err() {
            break;
        }
        let is_heading = line.trim_ascii_start().starts_with(b"[") && !is_entry(&line, heading.as_deref());
        if !is_heading && !numbers.contains(&number) {
            continue;
        }
        let text = String::from_utf8_lossy(&line).trim_start_matches('\u{feff}').trim_end().to_owned();
        if let Some(heading) = heading.as_mut().filter(|_| is_heading) {
            heading.clone_from(&text);
        }
        if numbers.contains(&number) && !may_be_secret(&text, heading.as_deref()) {
            found.push(Excerpt { number, text });
        }
    }
    found
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
        // What says that there is more takes room too.
        let room = if characters.len() > SHOWN { SHOWN - 2 } else { SHOWN };
        let end = characters.len().min(start + room);
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
    fn what_may_be_a_secret_is_never_shown() {
        for (line, heading) in [
            ("a,https://me:secret@shop.example/a.png,x", None),
            ("base_url = 'http://me:pw@localhost'", Some("")),
            ("api_key = 'x'", Some("")),
            ("X-Shop = 'x'", Some("[headers]")),
            ("headers.X-Shop = 'x'", Some("")),
            ("Authorization = 'x", Some("[labels]")),
        ] {
            assert!(may_be_secret(line, heading), "{line}");
        }
        for (line, heading) in
            [("a,https://shop.example/@a.png", None), ("key,token", None), ("rpm = 'x'", Some("[price]"))]
        {
            assert!(!may_be_secret(line, heading), "{line}");
        }
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}X{}", "a".repeat(200), "b".repeat(200));
        let [line, mark] = &lines(&text, 201)[..] else { panic!() };
        assert_eq!(line.chars().count(), 8 + SHOWN);
        let at = mark.chars().count() - 1;
        assert_eq!(line.chars().nth(at), Some('X'));
    }
}
