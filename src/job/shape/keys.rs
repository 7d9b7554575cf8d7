//! The keys of a job file that shape rows, read with the place of each. Never looks at a manifest.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::condition::Condition;
use super::depth::too_long;
use super::matrix::{Axis, MOST};
use super::written::Written;
use super::{Shaping, Template};
use crate::job::fault::Place;
use crate::job::nearest::nearest;

/// Their names.
pub const SHAPING_KEYS: [&str; 5] = ["where", "fill_down", "ignore", "template", "matrix"];

/// What is wrong, and where in the file.
type Wrong = (Range<usize>, String);

type Value<'text> = Spanned<DeValue<'text>>;

const A_LIST_OF_COLUMNS: &str = "write a list of columns, like [\"Vendor\"]";

/// What is known of the columns that a job may speak for.
pub struct Known {
    /// Those that a template may give.
    pub columns: &'static [&'static str],
    /// What is wrong with a text in a column, if no row can have it there.
    pub wrong_with: fn(&str, &str) -> Option<String>,
}

/// Reads one of the keys into `shaping`; `text` is the file's. Returns all that is wrong with it.
pub fn read(key: &str, value: &Value<'_>, text: &str, known: &Known, shaping: &mut Shaping) -> Vec<Wrong> {
    let read = match key {
        "where" => condition(value, text).map(|written| shaping.condition = Some(written)),
        "fill_down" => names(key, value, text).map(|names| shaping.fill_down = names),
        "ignore" => names(key, value, text).map(|names| shaping.ignore = names),
        "template" => templates(value, text, known).map(|templates| shaping.templates = templates),
        _ => matrix(value, known).map(|axes| shaping.matrix = axes),
    };
    read.err().unwrap_or_default()
}

fn condition(value: &Value<'_>, text: &str) -> Result<Written, Vec<Wrong>> {
    let Some(expression) = written(value, text) else {
        return Err(vec![(value.span(), "`where`: write an expression in quotes, like \"Title != ''\"".to_owned())]);
    };
    match Condition::parse(expression.text()) {
        Ok(_) => Ok(expression),
        Err(error) => {
            let at = value.span().start + expression.raw_offset(error.at);
            Err(vec![(at..at, format!("`where`: {}", error.message))])
        }
    }
}

fn names(key: &str, value: &Value<'_>, text: &str) -> Result<Vec<(String, Place)>, Vec<Wrong>> {
    let wrong = |at: Range<usize>| vec![(at, format!("`{key}`: {A_LIST_OF_COLUMNS}"))];
    let list = value.get_ref().as_array().ok_or_else(|| wrong(value.span()))?;
    let named = list.iter().map(|entry| {
        let name = entry.get_ref().as_str().ok_or_else(|| wrong(entry.span()))?;
        Ok((name.to_owned(), Place::of_offset(text, entry.span().start)))
    });
    named.collect()
}

fn templates(value: &Value<'_>, text: &str, known: &Known) -> Result<Vec<Template>, Vec<Wrong>> {
    let Some(table) = value.get_ref().as_table() else {
        let message = "`template`: write a table, like [template] and below it prompt = \"{{ Title }} on oak\"";
        return Err(vec![(value.span(), message.to_owned())]);
    };
    let (mut templates, mut wrong) = (Vec::new(), Vec::new());
    for (key, value) in as_written(table) {
        match template(key, value, text, known) {
            Ok(template) => templates.push(template),
            Err(one) => wrong.push(one),
        }
    }
    if wrong.is_empty() { Ok(templates) } else { Err(wrong) }
}

/// A table's entries in the order in which they were written, which TOML does not keep.
fn as_written<'a, 'text>(table: &'a DeTable<'text>) -> Vec<(&'a Spanned<DeString<'text>>, &'a Value<'text>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn template(key: &Spanned<DeString<'_>>, value: &Value<'_>, text: &str, known: &Known) -> Result<Template, Wrong> {
    let name: &str = key.get_ref();
    let columns = known.columns;
    let Some(column) = columns.iter().copied().find(|column| *column == name) else {
        let message = match nearest(name, columns) {
            Some(near) => format!("`template`: no column `{name}` is read; did you mean `{near}`?"),
            None => format!("`template`: no column `{name}` is read; those that are: {}", columns.join(", ")),
        };
        return Err((key.span(), message));
    };
    let texts = match value.get_ref() {
        DeValue::Array(list) if column == "images" => list.iter().map(|entry| written(entry, text)).collect(),
        _ => written(value, text).map(|written| vec![written]),
    };
    let texts = texts.ok_or_else(|| {
        let list = if column == "images" { ", or a list of such texts" } else { "" };
        (value.span(), format!("`template.{column}`: write text in quotes{list}, like \"{{{{ Handle }}}}.jpg\""))
    })?;
    // What names no cell stands in every row.
    let constant = |written: &&Written| !written.text().contains('{');
    let wrong = texts.iter().filter(constant).find_map(|written| (known.wrong_with)(column, written.text()));
    match wrong.or_else(|| texts.iter().find_map(|written| too_long(written.text()))) {
        Some(message) => Err((value.span(), format!("`template.{column}`: {message}"))),
        None => Ok(Template { column, texts }),
    }
}

/// A text, or a number or a truth as text: `variants = 3` is as good as `variants = "3"`.
fn written(value: &Value<'_>, text: &str) -> Option<Written> {
    Some(Written::new(plain(value.get_ref())?, text, value.span()))
}

fn plain(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn matrix(value: &Value<'_>, known: &Known) -> Result<Vec<Axis>, Vec<Wrong>> {
    let example = "like background = [\"white\", \"oak\"]";
    let Some(table) = value.get_ref().as_table() else {
        return Err(vec![(value.span(), format!("`matrix`: write a table of lists, {example}"))]);
    };
    let (mut axes, mut wrong) = (Vec::new(), Vec::new());
    for (key, value) in as_written(table) {
        match axis(key.get_ref(), value, example, known) {
            Ok(axis) => axes.push(axis),
            Err(one) => wrong.push(one),
        }
    }
    let combinations = axes.iter().try_fold(1_usize, |all, axis| all.checked_mul(axis.values.len()));
    if combinations.is_none_or(|all| all > MOST) {
        wrong.push((value.span(), format!("`matrix`: more than {MOST} combinations; take some values out")));
    }
    if wrong.is_empty() { Ok(axes) } else { Err(wrong) }
}

fn axis(name: &str, value: &Value<'_>, example: &str, known: &Known) -> Result<Axis, Wrong> {
    let not_a_list = || (value.span(), format!("`matrix.{name}`: write a list of values, {example}"));
    let list = value.get_ref().as_array().filter(|list| !list.is_empty()).ok_or_else(not_a_list)?;
    let values = list.iter().map(|entry| plain(entry.get_ref()).ok_or_else(not_a_list));
    let values: Vec<String> = values.collect::<Result<_, _>>()?;
    if matches!(name, "row" | "variant") {
        return Err((value.span(), format!("`matrix.{name}`: `{name}` has a meaning of its own; write another name")));
    }
    let faulty = |(entry, text): (&Value<'_>, &String)| Some((entry.span(), (known.wrong_with)(name, text)?));
    if let Some((at, message)) = list.iter().zip(&values).find_map(faulty) {
        return Err((at, format!("`matrix.{name}`: {message}")));
    }
    Axis::new(name.to_owned(), values).map_err(|(number, message)| {
        (list.get(number).map_or(value.span(), Spanned::span), format!("`matrix.{name}`: {message}"))
    })
}
