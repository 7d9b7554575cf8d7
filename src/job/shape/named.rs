//! The filters and tests that a template names, and where each stands, be it where no row ever leads. Never understands
//! more of it than its strings and its words.

use minijinja::{Environment, ErrorKind, Value};

use super::wrong;

/// What a template asks the engine for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Filter,
    Test,
}

/// One of them.
struct Named<'a> {
    at: usize,
    kind: Kind,
    name: &'a str,
}

/// The filters and tests of a template that an engine does not know: the byte where each stands, and what to do.
pub fn unknown_in_template(engine: &Environment<'_>, text: &str) -> Vec<(usize, String)> {
    unknown(engine, &in_template(text))
}

/// Those of an expression.
pub fn unknown_in_expression(engine: &Environment<'_>, text: &str) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    in_code(text, 0, None, &mut named);
    unknown(engine, &named)
}

fn unknown(engine: &Environment<'_>, named: &[Named<'_>]) -> Vec<(usize, String)> {
    let lacks = |named: &Named<'_>| {
        let (sign, lack) = match named.kind {
            Kind::Filter => ("|", ErrorKind::UnknownFilter),
            Kind::Test => (" is ", ErrorKind::UnknownTest),
        };
        // Whatever else is wrong, such as arguments that are missing here, is no matter of the name.
        let expression = format!("''{sign}{}", named.name);
        let error = engine.compile_expression(&expression).ok()?.eval(Value::UNDEFINED).err()?;
        (error.kind() == lack).then(|| (named.at, wrong::words(&error, &[])))
    };
    named.iter().filter_map(lacks).collect()
}

fn in_template(text: &str) -> Vec<Named<'_>> {
    let mut named = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('{').map(|brace| at + brace) {
        at = match text.as_bytes().get(open + 1) {
            Some(b'{') => in_code(text, open + 2, Some("}}"), &mut named),
            Some(b'%') if is_raw(&text[open + 2..]) => behind(text, open, "endraw"),
            Some(b'%') => in_code(text, open + 2, Some("%}"), &mut named),
            Some(b'#') => behind(text, open, "#}"),
            _ => open + 1,
        };
    }
    named
}

fn is_raw(tag: &str) -> bool {
    word(tag.trim_start_matches(['-', '+', ' '])) == "raw"
}

/// The byte behind the next `end`, or the last.
fn behind(text: &str, at: usize, end: &str) -> usize {
    text[at..].find(end).map_or(text.len(), |found| at + found + end.len())
}

/// Reads code up to its closing braces, if it has some; returns where it ends.
fn in_code<'a>(text: &'a str, start: usize, close: Option<&str>, named: &mut Vec<Named<'a>>) -> usize {
    let mut at = start;
    let mut before = "";
    while let Some(next) = text[at..].chars().next() {
        if let Some(close) = close.filter(|close| text[at..].starts_with(*close)) {
            return at + close.len();
        }
        match next {
            '"' | '\'' => at = behind_string(text, at, next),
            c if is_part(c) => {
                let name = word(&text[at..]);
                match before {
                    "|" => named.push(Named { at, kind: Kind::Filter, name }),
                    "is" if name != "not" => named.push(Named { at, kind: Kind::Test, name }),
                    _ => {}
                }
                if !(before == "is" && name == "not") {
                    before = name;
                }
                at += name.len();
                continue;
            }
            c => at += c.len_utf8(),
        }
        if !next.is_whitespace() {
            before = if next == '|' { "|" } else { "" };
        }
    }
    at
}

/// The byte behind a string that begins at `at`.
fn behind_string(text: &str, at: usize, quote: char) -> usize {
    let mut escaped = false;
    let inside = &text[at + 1..];
    let end = inside.char_indices().find(|(_, c)| {
        let ends = !escaped && *c == quote;
        escaped = !escaped && *c == '\\';
        ends
    });
    end.map_or(text.len(), |(end, _)| at + 1 + end + 1)
}

fn word(text: &str) -> &str {
    &text[..text.find(|c| !is_part(c)).unwrap_or(text.len())]
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_and_tests_are_found_wherever_they_stand_and_nothing_else_is() {
        let text = "a | b {{ x|lower | upper(y | trim) }} {# z | no #}{% if a is not defined and b is even %}{{ 'x | no' }}\
                    {% raw %}{{ x | no }}{% endraw %}{{ \"\\\" | no\" ~ w | last }}";
        let found: Vec<&str> = in_template(text).iter().map(|named| named.name).collect();
        assert_eq!(found, ["lower", "upper", "trim", "defined", "even", "last"]);
        for (text, names) in [("a | b", 1), ("a == 'is | x' and b is number", 1), ("\u{e4} |", 0), ("'open | x", 0)] {
            let mut named = Vec::new();
            assert_eq!(in_code(text, 0, None, &mut named), text.len());
            assert_eq!(named.len(), names, "{text}");
        }
        for text in ["{{", "{%", "{", "{{ '", "{{ 'a\\", "{% raw", "{# x", "{{ a |", "{{ a is"] {
            assert!(in_template(text).is_empty(), "{text}");
        }
    }
}
