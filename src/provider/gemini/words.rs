//! What servers and models say, made fit for one line. Never interprets it.

use crate::domain::is_direction_mark;

/// Characters of a server's words in a message.
const LONGEST: usize = 300;

/// The words on one line, without control characters, cut after 300 characters.
pub(super) fn short(text: &str) -> String {
    let line = on_one_line(text);
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// The words on one line, without control characters and what nobody sees.
pub(super) fn on_one_line(text: &str) -> String {
    let seen = text.chars().filter(|c| !is_direction_mark(*c));
    let clean: String = seen.map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words as a table shows them: without what nobody sees.
pub(super) fn visible(text: &str) -> String {
    let is_seen = |c: &char| !is_direction_mark(*c) && (!c.is_control() || matches!(c, '\t' | '\n' | '\r'));
    text.chars().filter(is_seen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_take_one_line_and_no_terminal_is_commanded() {
        assert_eq!(short(" two\r\nlines\t\u{202e}and\u{1b}[31m "), "two lines and [31m");
        let long = short(&"ä ".repeat(400));
        assert!(long.ends_with("ä…") && long.chars().count() <= LONGEST + 1, "{long}");
    }
}
