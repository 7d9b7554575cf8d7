//! The tables `safety`, `labels` and `extra`, as a job file or a row states them: checked entry by entry. Never knows
//! which of the two it was, nor where in it an entry stands.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::Value;

use crate::domain::{Fields, HarmCategory, HarmThreshold, Safety};

/// An entry that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadEntry {
    /// Its key.
    pub key: String,
    /// What is wrong with it and what to do.
    pub message: String,
}

/// Fields of the request that `extra` may not hold, without `_` and in small letters, and what to do instead.
const NOT_EXTRA: [(&str, &str); 2] = [
    ("contents", "it holds the prompt and the reference images, which rows state as `prompt` and `images`"),
    ("model", "it stands in the address of the request; write it as `model`"),
];

/// What `[safety]` says: a threshold for each category, by the API's own words.
pub fn safety(table: &Fields) -> Result<Safety, Vec<BadEntry>> {
    each(table, |category, threshold| {
        let category = word(category, HarmCategory::ALL, HarmCategory::as_str)?;
        let threshold = threshold.as_str().unwrap_or_default();
        Ok((category, word(threshold, HarmThreshold::ALL, HarmThreshold::as_str)?))
    })
}

/// What `[labels]` says: names and values, both text.
pub fn labels(table: &Fields) -> Result<BTreeMap<String, String>, Vec<BadEntry>> {
    each(table, |name, value| match value {
        Value::String(text) => Ok((name.to_owned(), text.clone())),
        _ => Err(format!("the label `{name}` must be text; put quotes around it")),
    })
}

/// What `[extra]` says: anything but what the program itself must say.
pub fn extra(table: &Fields) -> Result<Fields, Vec<BadEntry>> {
    each(table, |name, value| {
        let plain = name.replace('_', "").to_ascii_lowercase();
        match NOT_EXTRA.iter().find(|(field, _)| *field == plain) {
            Some((_, instead)) => Err(format!("`{name}` cannot be given here: {instead}")),
            None if holds_a_date(value) => Err(format!("`{name}`: JSON knows no dates; put quotes around it")),
            None => Ok((name.to_owned(), value.clone())),
        }
    })
}

/// TOML's dates and times come as a table of this one key.
const DATE: &str = "$__toml_private_datetime";

fn holds_a_date(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.contains_key(DATE) || fields.values().any(holds_a_date),
        Value::Array(values) => values.iter().any(holds_a_date),
        _ => false,
    }
}

/// Every entry as `understand` takes it, or all that it does not take.
fn each<K, V, All: FromIterator<(K, V)>>(
    table: &Fields,
    understand: impl Fn(&str, &Value) -> Result<(K, V), String>,
) -> Result<All, Vec<BadEntry>> {
    let mut bad = Vec::new();
    let entries = table.iter().filter_map(|(key, value)| {
        understand(key, value).map_err(|message| bad.push(BadEntry { key: key.clone(), message })).ok()
    });
    let all = entries.collect();
    if bad.is_empty() { Ok(all) } else { Err(bad) }
}

/// Letters of a word for each that may be wrong in what is taken for a slip. A threshold that merely begins like another
/// must not be suggested for it: `BLOCK_LOW` is nearly the opposite of `BLOCK_NONE`.
const LETTERS_A_SLIP: usize = 5;

/// A word of the API, or else the one that was probably meant.
fn word<T: Copy + FromStr<Err: ToString>>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| {
        let names: Vec<&str> = all.iter().map(|value| name(*value)).collect();
        match nearest(&meant(text, &names), &names) {
            Some(near) => format!("`{text}` is not a word of the API here; did you mean `{near}`?"),
            None => error.to_string(),
        }
    })
}

/// The one word that begins so, or else the one with the fewest letters wrong.
fn nearest<'a>(text: &str, names: &[&'a str]) -> Option<&'a str> {
    let beginning: Vec<&str> = names.iter().copied().filter(|name| name.starts_with(text)).collect();
    if let ([one], false) = (&beginning[..], text.is_empty()) {
        return Some(one);
    }
    let wrong = |name: &&&str| strsim::osa_distance(name, text);
    let near = names.iter().min_by_key(wrong)?;
    (wrong(&near) <= near.len() / LETTERS_A_SLIP).then_some(near)
}

/// The text in the API's manner: capitals, `_` between words, and the beginning that all of these words share.
fn meant(text: &str, names: &[&str]) -> String {
    let capitals = text.trim().to_ascii_uppercase().replace(['-', ' '], "_");
    let beginning = "HARM_CATEGORY_";
    match names.iter().all(|name| name.starts_with(beginning)) && !capitals.starts_with("HARM_") {
        true => format!("{beginning}{capitals}"),
        false => capitals,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn table(value: Value) -> Fields {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn every_safety_setting_is_checked_and_a_slip_finds_its_word() {
        let good = safety(&table(json!({"HARM_CATEGORY_HARASSMENT": "OFF"}))).unwrap();
        assert_eq!(good, Safety::from([(HarmCategory::Harassment, HarmThreshold::Off)]));
        for (category, threshold, words) in [
            ("HARM_CATEGORY_HARASMENT", "OFF", "did you mean `HARM_CATEGORY_HARASSMENT`?"),
            ("harassment", "OFF", "did you mean `HARM_CATEGORY_HARASSMENT`?"),
            ("hate-speech", "OFF", "did you mean `HARM_CATEGORY_HATE_SPEECH`?"),
            ("HARM_CATEGORY_HARASSMENT", "block_none", "did you mean `BLOCK_NONE`?"),
            ("HARM_CATEGORY_HARASSMENT", "BLOCK_LOW", "did you mean `BLOCK_LOW_AND_ABOVE`?"),
            ("HARM_CATEGORY_HARASSMENT", "BLOCK", "`BLOCK` is not a threshold of the API; use BLOCK_LOW_AND_ABOVE,"),
            ("HARM_CATEGORY_HARASSMENT", "BLOCK_HIGH", "`BLOCK_HIGH` is not a threshold of the API; use BLOCK_LOW"),
            ("HARM_CATEGORY_HARASSMENT", "never", "`never` is not a threshold of the API; use BLOCK_LOW_AND_ABOVE,"),
        ] {
            let bad = safety(&table(json!({category: threshold}))).unwrap_err();
            assert!(bad[0].key == category && bad[0].message.contains(words), "{bad:?}");
        }
        assert_eq!(safety(&table(json!({"a": "OFF", "HARM_CATEGORY_JAILBREAK": 3}))).unwrap_err().len(), 2);
    }

    #[test]
    fn extra_takes_everything_but_what_the_program_must_say_itself() {
        let fine = table(json!({"serviceTier": "flex", "generationConfig": {"topP": 0.5}}));
        assert_eq!(extra(&fine).unwrap(), fine);
        for key in ["contents", "Contents", "model"] {
            let bad = extra(&table(json!({key: []}))).unwrap_err();
            assert!(bad[0].message.starts_with(&format!("`{key}` cannot be given here")), "{bad:?}");
        }
    }

    #[test]
    fn labels_are_text() {
        assert_eq!(labels(&table(json!({"shop": "north"}))).unwrap()["shop"], "north");
        assert!(labels(&table(json!({"shop": 7}))).unwrap_err()[0].message.contains("put quotes around it"));
    }
}
