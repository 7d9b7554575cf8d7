//! How columns and texts are spelled in a job file and its templates. Never decides what is said.

use std::fmt::Write as _;

use crate::job::shape::ROW;

/// Words that mean something of their own where a column is named.
const TAKEN: &str = "variant true false none True False None and or not in is if else \
    loop self range dict namespace debug lipsum cycler joiner";

/// A column as templates and conditions name it.
pub fn named(column: &str) -> String {
    if is_a_word(column) { column.to_owned() } else { format!("{ROW}[{}]", word(column)) }
}

/// Whether a column can be named as it is.
pub fn is_a_word(column: &str) -> bool {
    let is_plain = column.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_taken = TAKEN.split_whitespace().any(|taken| taken == column);
    is_plain && column.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && !is_taken
}

/// What stands in a column, after these filters.
pub fn filled(column: &str, filters: &str) -> String {
    format!("{{{{ {}{filters} }}}}", named(column))
}

/// A text in a template.
pub fn word(text: &str) -> String {
    let text =
        text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t");
    format!("'{text}'")
}

/// A text in a job file.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text).replace('\n', "\\n"))
}

/// A text in a job file between three quotes: line ends stay.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\\' | '"' => escaped.extend(['\\', c]),
            '\n' => escaped.push(c),
            c if c.is_control() => _ = write!(escaped, "\\u{:04X}", u32::from(c)),
            c => escaped.push(c),
        }
    }
    escaped
}
