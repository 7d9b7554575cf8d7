//! What parsers complain of, in words for those who write job files and manifests. Never knows where the mistake stands.

use super::nearest::nearest;

/// serde_json's complaints, by how they begin, and what they mean.
const JSON: &[(&str, &str)] = &[
    ("EOF while parsing a string", "a text has no closing quote"),
    ("EOF while parsing a list", "a list has no closing `]`"),
    ("EOF while parsing an object", "the object has no closing `}`"),
    ("EOF while parsing a value", "its last value is missing"),
    ("expected `:`", "a `:` is missing between a key and its value"),
    ("expected `,` or `]`", "a comma is missing here, or the `]` of a list"),
    ("expected `,` or `}`", "a comma is missing here, or the `}` of an object"),
    ("expected ident", "only true, false and null stand without quotes"),
    ("expected value", "a value is missing here, or stands without quotes"),
    ("expected `\"`", "a key stands without quotes"),
    ("key must be a string", "a key stands without quotes"),
    ("invalid escape", "a backslash stands alone; write it twice"),
    ("invalid number", "this is not how JSON writes a number"),
    ("number out of range", "this number is too large; write a smaller one"),
    ("control character", "a tab or another control character stands in a text; write it as \\t or \\u0009"),
    ("trailing comma", "a comma stands before a closing bracket; take it away"),
    ("trailing characters", "something stands behind the object"),
    ("lone leading surrogate", "half a character stands here; its \\u escapes come in pairs"),
    ("unexpected end of hex escape", "half a character stands here; its \\u escapes come in pairs"),
    ("invalid unicode code point", "a \\u escape names no character"),
    ("recursion limit exceeded", "lists and objects are nested too deeply; flatten them"),
];

/// The TOML parser's complaints, by how they begin, and what they mean.
const TOML: &[(&str, &str)] = &[
    (
        "string values must be quoted",
        "this value is not understood; text stands in quotes, numbers and true or false without",
    ),
    ("invalid value", "this value is not understood; text stands in quotes, numbers and true or false without"),
    ("duplicate key", "this key stands here twice; keep one"),
    ("key with no value", "a value is missing; write key = value"),
    ("missing value", "a value is missing; write key = value"),
    ("missing assignment", "a value is missing; write key = value"),
    ("invalid key-value pair", "a value is missing; write key = value"),
    ("extra `=`", "one `=` is too many"),
    ("unquoted keys cannot be empty", "a key's name is missing before the `=`"),
    ("invalid unquoted key", "a key's name holds letters, digits, `_` and `-` only"),
    ("missing opening quote", "a quote is missing before this text"),
    ("invalid basic string", "a text has no closing quote, or a backslash stands alone; write it twice"),
    ("invalid literal string", "a text has no closing quote"),
    ("missing escaped value", "a backslash stands alone; write it twice"),
    ("missing comma between array elements", "a comma is missing between two entries of this list"),
    ("extra comma", "one comma is too many"),
    ("unclosed array table", "a heading has no closing `]]`"),
    ("unclosed array", "a list has no closing `]`"),
    ("unclosed inline table", "a table has no closing `}`"),
    ("unclosed table", "a heading has no closing `]`"),
    ("unexpected", "there is more here than a key and its value; write each key on a line of its own"),
];

/// What serde found where something else belongs, by how it names it, and what people call it.
const EXPECTED: &[(&str, &str)] = &[
    ("a nonzero", "a whole number above 0"),
    ("u8", "a whole number"),
    ("u16", "a whole number"),
    ("u32", "a whole number"),
    ("u64", "a whole number"),
    ("i32", "a whole number"),
    ("i64", "a whole number"),
    ("f64", "a number"),
    ("floating point", "a number"),
    ("a string", "text in quotes"),
    ("path string", "text in quotes"),
    ("a boolean", "true or false"),
    ("a sequence", "a list in [ ]"),
    ("a map", "a table"),
    ("struct", "a table"),
];

/// What is wrong with a JSON text, without serde's own "at line 1 column 7": it only knows of one line.
pub fn json(error: &serde_json::Error) -> String {
    let message = error.to_string();
    translated(JSON, message.split(" at line ").next().unwrap_or_default())
}

/// What is wrong with a TOML file, or with a value in it.
pub fn toml(message: &str) -> String {
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(unknown) = unknown_field(&message) {
        return unknown;
    }
    let Some((found, expected)) = wrong_type(&message) else {
        return translated(TOML, &message);
    };
    format!("{} does not belong here; write {}", named(found), translated(EXPECTED, expected))
}

/// A key of a table that the table does not have.
fn unknown_field(message: &str) -> Option<String> {
    let rest = message.strip_prefix("unknown field ")?;
    let mut names = rest.split('`').skip(1).step_by(2);
    let name = names.next()?;
    let known: Vec<&str> = names.collect();
    Some(match nearest(name, &known) {
        Some(near) => format!("unknown key `{name}`; did you mean `{near}`?"),
        None => format!("unknown key `{name}`; the keys are {}", known.join(", ")),
    })
}

/// What stands where what else belongs.
fn wrong_type(message: &str) -> Option<(&str, &str)> {
    let rest = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "))?;
    rest.rsplit_once(", expected ")
}

/// ``integer `0` `` is 0, and `string "x"` the text "x".
fn named(found: &str) -> String {
    match found.split_once(' ') {
        Some(("integer" | "boolean", value)) => value.trim_matches('`').to_owned(),
        Some(("floating", value)) => value.trim_start_matches("point ").trim_matches('`').to_owned(),
        Some(("string", value)) => format!("the text {value}"),
        _ if found == "sequence" => "a list".to_owned(),
        _ if found == "map" => "a table".to_owned(),
        _ => found.to_owned(),
    }
}

fn translated(words: &[(&str, &str)], message: &str) -> String {
    let known = words.iter().find(|(start, _)| message.starts_with(start));
    known.map_or(message, |(_, meaning)| meaning).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_complaint_of_a_json_parser_speaks_of_parsing() {
        let broken = [
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":[1",
            "{\"a\":\"x",
            "{a:1}",
            "{\"a\" 1}",
            "{\"a\":[1 2]}",
            "{\"a\":tru}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":\"\\x\"}",
            "{\"a\":01}",
            "{\"a\":\"\t\"}",
            "{} {}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":1e999}",
        ];
        for text in broken {
            let said = json(&serde_json::from_str::<serde_json::Value>(text).unwrap_err());
            for word in ["EOF", "pars", "ident", "expected", "column", "trailing"] {
                assert!(!said.contains(word), "{text}: {said}");
            }
        }
    }

    #[test]
    fn a_wrong_type_is_told_in_the_words_of_a_job_file() {
        let told = [
            "invalid value: integer `0`, expected a nonzero u32",
            "invalid type: string \"x, expected y\", expected a boolean",
            "invalid type: sequence, expected a string",
            "string values must be quoted, expected literal string",
            "unheard of",
            "unknown field `colums`, expected one of `columns`, `always`",
            "unknown field `x`, expected `columns` or `always`",
        ]
        .map(toml);
        assert_eq!(
            told,
            [
                "0 does not belong here; write a whole number above 0",
                "the text \"x, expected y\" does not belong here; write true or false",
                "a list does not belong here; write text in quotes",
                "this value is not understood; text stands in quotes, numbers and true or false without",
                "unheard of",
                "unknown key `colums`; did you mean `columns`?",
                "unknown key `x`; the keys are columns, always",
            ]
        );
    }
}
