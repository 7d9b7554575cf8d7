//! Text that a spreadsheet takes for nothing but text. Never changes a plain number.

use std::borrow::Cow;

/// Text for a cell: where a spreadsheet would see a formula begin it gets a `'`, and control characters, which no
/// spreadsheet can hold and a terminal would obey, become `�`.
///
/// A formula can also begin inside of a cell: many spreadsheets separate at `;` or tabs whatever the file says, and what
/// is in quotes then falls apart into lines. There a sign with a space behind it is left alone: it begins a list.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    let text = without_controls(text);
    let mut safe = String::new();
    for (number, part) in text.split_inclusive([';', '\t', '\n', '\r']).enumerate() {
        let begins_formula = match number {
            0 => is_live(&text),
            _ => is_live(part) && !is_of_a_list(part),
        };
        if begins_formula {
            safe.push('\'');
        }
        safe.push_str(part);
    }
    if safe.len() == text.len() { text } else { safe.into() }
}

/// A path for a cell: what would begin a formula begins in the current folder instead, and stays the same path.
pub(super) fn path(path: &str) -> Cow<'_, str> {
    if is_live(path) { format!("./{path}").into() } else { path.into() }
}

/// Whether this is taken for a formula, spaces before it or not. A tab or a line end at the start hides what follows.
fn is_live(text: &str) -> bool {
    let inner = text.trim_start_matches(is_trimmed);
    let begins = inner.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    (begins || text.starts_with(['\t', '\r'])) && !is_number(text) && !is_dash(text)
}

/// What stands in a cell for nothing.
fn is_dash(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'-')
}

/// White space, and what takes no room.
fn is_trimmed(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{fffd}')
}

/// `- milk` and the like.
fn is_of_a_list(part: &str) -> bool {
    let mut inner = part.trim_start_matches(is_trimmed).chars();
    matches!(inner.next(), Some('-' | '+')) && inner.next().is_none_or(char::is_whitespace)
}

/// A whole number or a fraction, with or without a sign and an exponent.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(whole) && is_digits(fraction) && is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
}

fn without_controls(text: &str) -> Cow<'_, str> {
    let is_kept = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    if text.chars().all(is_kept) {
        return text.into();
    }
    text.chars().map(|c| if is_kept(c) { c } else { '\u{fffd}' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_a_formula_gets_a_quote() {
        for text in [
            "=SUM(A1)",
            "+1+1",
            "-cmd|' /C calc'!A0",
            "@SUM(A1)",
            "\ttab",
            "\rreturn",
            "＝1+1",
            "＋1",
            "－x",
            "＠x",
            " =1",
            "\u{a0}=1",
            "\u{200b}=1",
            "\u{feff}=1",
            "--5",
            "+49 30 1234",
            "-1.5.2",
            "-5\n",
            "-e5",
            "=5",
        ] {
            assert_eq!(harmless(text), format!("'{text}"), "{text:?}");
        }
        assert_eq!(harmless("\n=1"), "'\n'=1");
        assert_eq!(harmless("\u{1b}=1"), "'\u{fffd}=1");
    }

    #[test]
    fn a_plain_number_and_plain_words_stay_as_they_are() {
        let stay = [
            "-",
            "--",
            "-5",
            "+49301234",
            "-1.5e3",
            "-1,5",
            "1e-9",
            "",
            "a=b",
            "red-blue",
            "a+b@c",
            " padded ",
            "x\n- milk\n- eggs",
        ];
        stay.into_iter().for_each(|text| assert_eq!(harmless(text), text));
    }

    #[test]
    fn a_formula_behind_what_some_spreadsheets_split_at_gets_a_quote_too() {
        assert_eq!(harmless("a.png;=1+1; -x\n=2\t@y"), "a.png;'=1+1;' -x\n'=2\t'@y");
        assert_eq!(harmless("a;-5;b"), "a;'-5;b", "safe, if not needed");
    }

    #[test]
    fn control_characters_are_told_and_not_kept() {
        assert_eq!(harmless("a\u{0}b\u{1b}[31mc\u{9b}d\te\nf"), "a�b�[31mc�d\te\nf");
    }

    #[test]
    fn a_path_stays_the_same_path() {
        assert_eq!((path("-x/=1.jpg"), path("a/=1.jpg")), ("./-x/=1.jpg".into(), "a/=1.jpg".into()));
    }
}
