//! HTTP headers that a job adds to its requests, and fetching those that the environment holds. Never shows a value.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;

use super::tables::BadEntry;
use crate::domain::Fields;

/// Headers that the program writes itself, because they carry the key or frame the message.
const OURS: [&str; 15] = [
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "accept-encoding",
    "x-goog-api-key",
];

/// Those of them that a hook's request has: what frames the message.
const OURS_TO_HOOKS: [&str; 10] = [
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers by their names in small letters.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Headers(BTreeMap<String, HeaderText>);

/// Where a header's value is.
#[derive(Clone, PartialEq, Eq)]
enum HeaderText {
    /// In the job file.
    Written(String),
    /// In the environment variable of this name.
    Env(String),
}

/// Why a header has no value. Names the place, never what was found there.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// The variable is not there.
    #[error("the header `{header}` takes its value from the environment variable {variable}, which is not set; set it")]
    NoVariable {
        /// The header.
        header: String,
        /// The variable.
        variable: String,
    },
    /// The variable holds what no header can carry.
    #[error("the header `{header}`: what the environment variable {variable} holds {NOT_A_VALUE}")]
    NotAValue {
        /// The header.
        header: String,
        /// The variable.
        variable: String,
    },
}

const NOT_A_VALUE: &str = "is not one line of ASCII characters; write some";

impl Headers {
    /// What `[headers]` says: names and values. A value `$NAME` means the environment variable of that name; `$$`
    /// stands for a `$` at the beginning.
    pub(super) fn of(table: &Fields) -> Result<Self, Vec<BadEntry>> {
        Self::beside(&OURS, table)
    }

    /// The same for the address of a hook, to which the key never goes: who may come in is said by headers there.
    pub(super) fn of_hook(table: &Fields) -> Result<Self, Vec<BadEntry>> {
        Self::beside(&OURS_TO_HOOKS, table)
    }

    /// The headers of this table, if none has one of these names.
    fn beside(ours: &[&str], table: &Fields) -> Result<Self, Vec<BadEntry>> {
        let mut headers = BTreeMap::new();
        let mut bad = Vec::new();
        for (key, value) in table {
            let name = key.to_ascii_lowercase();
            match wrong_with_name(&name, ours).map_or_else(|| text(value.as_str()), Err) {
                Ok(_) if headers.contains_key(&name) => {
                    bad.push(BadEntry { key: key.clone(), message: "this header stands here twice; keep one".into() })
                }
                Ok(text) => drop(headers.insert(name, text)),
                Err(message) => bad.push(BadEntry { key: key.clone(), message }),
            }
        }
        if bad.is_empty() { Ok(Self(headers)) } else { Err(bad) }
    }

    /// The headers with their values, those of the environment fetched now.
    pub fn read(&self) -> Result<Vec<(String, SecretString)>, HeaderError> {
        self.0.iter().map(|(name, text)| Ok((name.clone(), value(name, text)?))).collect()
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn wrong_with_name(name: &str, ours: &[&str]) -> Option<String> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(is_token) {
        return Some("this is not the name of a header; write one like X-Team".to_owned());
    }
    ours.contains(&name).then(|| {
        let place = match name {
            "authorization" | "x-goog-api-key" => "; the key comes from api_key_env, api_key_file or api_key_command",
            _ => "; take it out",
        };
        format!("the header `{name}` is the program's own{place}")
    })
}

fn text(value: Option<&str>) -> Result<HeaderText, String> {
    let Some(text) = value else {
        return Err("a header's value must be text; put quotes around it".to_owned());
    };
    match named(text)? {
        Some(Named::Text(rest)) => written(rest),
        Some(Named::Variable(variable)) => Ok(HeaderText::Env(variable.to_owned())),
        None => written(text),
    }
}

/// What a text means that begins with a `$`.
pub(super) enum Named<'a> {
    /// The environment variable of this name.
    Variable(&'a str),
    /// This text, since its `$` was written twice.
    Text(&'a str),
}

/// Where a text begins with a `$`, what it means.
pub(super) fn named(text: &str) -> Result<Option<Named<'_>>, String> {
    match text.strip_prefix('$') {
        Some(rest) if rest.starts_with('$') => Ok(Some(Named::Text(rest))),
        Some(variable) if is_variable(variable) => Ok(Some(Named::Variable(variable))),
        Some(_) => Err("behind `$` belongs the name of an environment variable; `$$` stands for a `$`".to_owned()),
        None => Ok(None),
    }
}

fn written(text: &str) -> Result<HeaderText, String> {
    if is_value(text) { Ok(HeaderText::Written(text.to_owned())) } else { Err(format!("the value {NOT_A_VALUE}")) }
}

fn value(header: &str, text: &HeaderText) -> Result<SecretString, HeaderError> {
    let (header, variable) = match text {
        HeaderText::Written(text) => return Ok(text.as_str().into()),
        HeaderText::Env(variable) => (header.to_owned(), variable.clone()),
    };
    match std::env::var_os(&variable).map(|value| value.into_string()) {
        None => Err(HeaderError::NoVariable { header, variable }),
        Some(Ok(value)) if is_value(value.trim()) => Ok(value.trim().into()),
        Some(_) => Err(HeaderError::NotAValue { header, variable }),
    }
}

fn is_variable(name: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && name.chars().all(letters)
}

fn is_value(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::{Value, json};

    use super::*;

    fn headers(value: Value) -> Result<Headers, Vec<BadEntry>> {
        Headers::of(value.as_object().unwrap())
    }

    #[test]
    fn a_value_is_written_or_comes_from_the_environment() {
        let some = headers(json!({"X-Team": "north", "x-name": "$CARGO_PKG_NAME", "x-price": "$$5"})).unwrap();
        let read = some.read().unwrap();
        let shown: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
        assert_eq!(shown, [("x-name", "overnight"), ("x-price", "$5"), ("x-team", "north")]);
        assert_eq!(format!("{some:?}"), r#"{"x-name", "x-price", "x-team"}"#, "no value is shown");
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let error = headers(json!({"x-a": "$OVERNIGHT_NOT_SET"})).unwrap().read().unwrap_err().to_string();
        assert!(error.contains("`x-a`") && error.contains("OVERNIGHT_NOT_SET"), "{error}");
    }

    #[test]
    fn headers_that_carry_the_key_or_frame_the_message_are_refused() {
        for name in OURS.iter().map(|name| name.to_uppercase()).chain(["two words".into(), "".into(), "a:b".into()]) {
            let bad = headers(json!({&name: "s3cret"})).unwrap_err();
            assert!(bad[0].key == name && !bad[0].message.contains("s3cret"), "{bad:?}");
        }
        for value in [json!(7), json!(""), json!("s3cret\nx"), json!("$s3cret-x"), json!("$")] {
            let bad = headers(json!({"x-a": value})).unwrap_err();
            assert!(!bad[0].message.contains("s3cret"), "{bad:?}");
        }
        assert_eq!(headers(json!({"x-a": "1", "X-A": "2"})).unwrap_err().len(), 1, "one name in two spellings");
    }
}
