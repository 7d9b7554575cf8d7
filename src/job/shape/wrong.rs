//! What the template engine complains of, in a person's words. Never guesses a place.

use std::collections::{BTreeSet, HashSet};

use minijinja::{Error, ErrorKind};

use super::row_view::{ROW, VARIANT};
use crate::job::nearest::nearest;

/// What the engine itself gives to every template.
const FUNCTIONS: [&str; 4] = ["range", "dict", "namespace", "debug"];

/// The filters a person may have meant.
const FILTERS: [&str; 28] = [
    "striptags",
    "truncate",
    "lower",
    "upper",
    "title",
    "capitalize",
    "slug",
    "default",
    "trim",
    "replace",
    "first",
    "last",
    "join",
    "length",
    "int",
    "float",
    "round",
    "split",
    "lines",
    "sort",
    "unique",
    "reverse",
    "list",
    "abs",
    "min",
    "max",
    "sum",
    "select",
];

/// How the engine says that a text is no number.
const NO_NUMBER: [&str; 3] = ["invalid float literal", "invalid digit", "cannot parse"];

/// The names among those of a template that rows are asked for.
pub fn asked(names: &HashSet<String>) -> BTreeSet<String> {
    let others = [&FUNCTIONS[..], &[ROW, VARIANT]].concat();
    names.iter().filter(|name| !others.contains(&name.as_str())).cloned().collect()
}

/// Whether a template is at fault, whatever a row holds.
pub fn is_the_templates(error: &Error) -> bool {
    use ErrorKind::{OutOfFuel, TemplateNotFound, UnknownFilter, UnknownFunction, UnknownMethod, UnknownTest};
    let kinds = [UnknownFilter, UnknownTest, UnknownFunction, UnknownMethod, TemplateNotFound, OutOfFuel];
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<Error>());
    kinds.contains(&error.kind()) || cause.is_some_and(is_the_templates)
}

/// The mistake in a piece that an error of the template which includes it comes from.
pub fn in_piece(error: &Error) -> Option<&Error> {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<Error>());
    cause.filter(|_| error.kind() == ErrorKind::BadInclude)
}

/// What went wrong, and what to do; `pieces` are those that can be included.
pub fn words(error: &Error, pieces: &[&str]) -> String {
    if let Some(cause) = in_piece(error) {
        return format!("{} of `{}`", words(cause, pieces), cause.name().unwrap_or_default());
    }
    let detail = error.detail().unwrap_or_default();
    match error.kind() {
        ErrorKind::SyntaxError => format!("this is not understood: {}", plain(detail)),
        ErrorKind::UnknownFilter => unknown("filter", detail, &FILTERS),
        ErrorKind::UnknownTest => unknown("test", detail, &["defined", "even", "odd", "in", "string", "number"]),
        ErrorKind::UnknownFunction => unknown("function", detail, &FUNCTIONS),
        ErrorKind::TemplateNotFound => no_piece(detail, pieces),
        ErrorKind::UndefinedError => {
            "there is nothing of this name inside a cell; a column whose header holds dots or blanks is written \
             row[\"…\"]"
                .to_owned()
        }
        ErrorKind::OutOfFuel => "this takes too much work for one row; look for a loop that is too long".to_owned(),
        kind if detail.is_empty() => kind.to_string(),
        _ if NO_NUMBER.iter().any(|words| detail.contains(words)) => {
            "what stands here is no number; correct the cell, or leave such rows out with `where`".to_owned()
        }
        _ => detail.to_owned(),
    }
}

fn unknown(what: &str, detail: &str, known: &[&str]) -> String {
    // "filter lowercase is unknown"
    let name = detail.split_whitespace().nth(1).unwrap_or_default();
    match nearest(name, known) {
        Some(near) => format!("there is no {what} `{name}`; did you mean `{near}`?"),
        None => format!("there is no {what} `{name}`; there are {}", known.join(", ")),
    }
}

/// `tried to include non-existing template "style.txt"`
fn no_piece(detail: &str, pieces: &[&str]) -> String {
    let name = detail.split(['"', '\'']).nth(1).unwrap_or_default();
    let remedy = match (nearest(name, pieces), pieces) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => "put it into the folder `partials` beside the job file".to_owned(),
        (None, pieces) => format!("the folder `partials` beside the job file has {}", pieces.join(", ")),
    };
    format!("there is no piece `{name}` to include; {remedy}")
}

/// "unexpected end of input, expected expression"
fn plain(detail: &str) -> String {
    let words = [
        (
            "unexpected input after expression",
            "something stands behind the expression; compare with `==`, and join with `and` or `or`",
        ),
        ("end of input", "the end"),
        ("end of template", "the end"),
        ("end of variable block", "`}}`"),
        ("end of block", "`%}`, or a tag such as `{% endif %}`,"),
        ("`=`", "a single `=`"),
    ];
    let detail = words.iter().fold(detail.to_owned(), |detail, (its, ours)| detail.replace(its, ours));
    match detail.strip_prefix("unexpected ").and_then(|rest| rest.split_once(", expected ")) {
        Some((found, expected)) => format!("{found} stands where {expected} belongs"),
        None => detail,
    }
}
