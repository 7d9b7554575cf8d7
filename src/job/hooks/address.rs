//! The address of a hook. Never shown whole: that of a webhook is its password.

use std::fmt;

use url::Url;

use super::super::headers::{Named, named};

/// Where a hook's address is written.
#[derive(Clone, PartialEq, Eq)]
pub struct HookAddress(Place);

#[derive(Clone, PartialEq, Eq)]
enum Place {
    /// In the job file.
    Written(Url),
    /// In the environment variable of this name.
    Env(String),
}

/// Why a hook has no address. Names the place, never what was found there.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// The variable is not there.
    #[error("its address is in the environment variable {0}, which is not set; set it")]
    NoVariable(String),
    /// The variable holds something else.
    #[error("what the environment variable {0} holds is not an address: {1}")]
    NotAnAddress(String, &'static str),
}

impl HookAddress {
    /// The address that this says; `$NAME` means the environment variable of that name.
    pub(super) fn of(text: &str) -> Result<Self, String> {
        if let Some(variable) = named(text)? {
            return match variable {
                Named::Variable(name) => Ok(Self(Place::Env(name.to_owned()))),
                Named::Text(_) => Err(format!("this is not an address: {BEGINNING}")),
            };
        }
        parsed(text).map(|url| Self(Place::Written(url))).map_err(|why| format!("this is not an address: {why}"))
    }

    /// Whether a text is meant as an address, right or wrong: so begins no command, and none is a variable alone.
    pub(super) fn is_meant(text: &str) -> bool {
        if matches!(named(text), Ok(Some(Named::Variable(_)))) {
            return true;
        }
        let first = text.split_whitespace().next().unwrap_or_default();
        first.split_once("://").is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric()))
    }

    /// The address, fetched now if the environment holds it.
    pub fn read(&self) -> Result<Url, AddressError> {
        let variable = match &self.0 {
            Place::Written(url) => return Ok(url.clone()),
            Place::Env(variable) => variable,
        };
        let found = std::env::var_os(variable).ok_or_else(|| AddressError::NoVariable(variable.clone()))?;
        parsed(&found.to_string_lossy()).map_err(|why| AddressError::NotAnAddress(variable.clone(), why))
    }
}

impl fmt::Debug for HookAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookAddress(..)")
    }
}

const BEGINNING: &str = "it does not begin with http:// or https://";

fn parsed(text: &str) -> Result<Url, &'static str> {
    let text = text.trim();
    if text.contains(char::is_whitespace) {
        return Err("it holds a blank");
    }
    match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => Err(BEGINNING),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Err("it holds a user name or password; write them as a header, like { url = \"https://…\", headers = { \
                 Authorization = \"$NAME\" } }")
        }
        Ok(url) if url.fragment().is_some() => Err("it holds a fragment (`#…`), which no server would see"),
        Ok(url) => Ok(url),
        Err(url::ParseError::RelativeUrlWithoutBase) => Err(BEGINNING),
        Err(_) => Err("it is not written as one; write it like https://hooks.example.com/path"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_or_comes_from_the_environment_and_is_never_shown() {
        let address = HookAddress::of("https://hooks.example.com/s3cret?token=s3cret").unwrap();
        assert_eq!(address.read().unwrap().as_str(), "https://hooks.example.com/s3cret?token=s3cret");
        assert_eq!(format!("{address:?}"), "HookAddress(..)");
        let error = HookAddress::of("$OVERNIGHT_NOT_SET").unwrap().read().unwrap_err().to_string();
        assert!(error.contains("OVERNIGHT_NOT_SET, which is not set"), "{error}");
        let error = HookAddress::of("$CARGO_PKG_NAME").unwrap().read().unwrap_err().to_string();
        assert!(error.contains("CARGO_PKG_NAME") && error.contains(BEGINNING), "{error}");
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_repeated() {
        for text in [
            "",
            "s3cret",
            "ftp://s3cret",
            "https://",
            "https://a:s3cret@b",
            "https://a/s3cret#x",
            "https://a/s3cret x",
            "$s3cret-x",
            "$$s3cret",
        ] {
            let error = HookAddress::of(text).unwrap_err();
            assert!(!error.contains("s3cret") && !error.is_empty(), "{text}: {error}");
        }
    }

    #[test]
    fn a_line_that_begins_with_a_scheme_is_meant_as_an_address() {
        for (text, meant) in [
            ("https://a.b/c", true),
            ("HTTPS://a.b", true),
            ("htps://a.b", true),
            ("curl https://a.b", false),
            ("notify-send done", false),
            ("./tell.sh", false),
            ("A=x://y tell", false),
        ] {
            assert_eq!(HookAddress::is_meant(text), meant, "{text}");
        }
    }
}
