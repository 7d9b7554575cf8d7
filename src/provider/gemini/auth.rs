//! How the key travels, and how it and the values of a job's headers are kept out of everything people read. Never
//! prints them.

use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue, InvalidHeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::redact::without;
use super::words::{on_one_line, visible};
use crate::domain::Auth;

/// What stands where a key was.
const REDACTED: &str = "[key]";
/// What stands where the value of a header was.
const REDACTED_HEADER: &str = "[header]";
/// A header's value is hidden from so many bytes on: whatever is shorter is no secret, and hiding each "1" that a
/// server writes would leave nothing to read.
const SHORTEST_SECRET: usize = 6;

/// The key and its way. Without a key nothing is sent, which a simulator accepts.
#[derive(Debug)]
pub(super) struct Key {
    auth: Auth,
    secret: Option<SecretString>,
    /// What else is hidden where people read.
    hidden: Vec<SecretString>,
}

impl Key {
    /// A key that can travel that way; an empty one counts as none.
    pub(super) fn new(auth: Auth, secret: Option<SecretString>) -> Result<Self, InvalidHeaderValue> {
        let secret = secret.filter(|secret| !secret.expose_secret().is_empty());
        let key = Self { auth, secret, hidden: Vec::new() };
        key.header().map(|_| key)
    }

    /// The same key, which hides these values too.
    pub(super) fn hiding(mut self, values: impl IntoIterator<Item = SecretString>) -> Self {
        let secrets = values.into_iter().filter(|value| value.expose_secret().len() >= SHORTEST_SECRET);
        self.hidden = secrets.collect();
        // The longest first: a value that is part of another must not leave the rest of it behind.
        self.hidden.sort_by_key(|value| std::cmp::Reverse(value.expose_secret().len()));
        self
    }

    /// The header that carries the key, marked so that no log prints it; none when it travels otherwise.
    pub(super) fn header(&self) -> Result<Option<(HeaderName, HeaderValue)>, InvalidHeaderValue> {
        let Some(secret) = &self.secret else { return Ok(None) };
        let (name, text) = match self.auth {
            Auth::Query => return Ok(None),
            Auth::Header => (HeaderName::from_static("x-goog-api-key"), secret.expose_secret().to_owned()),
            Auth::Bearer => (AUTHORIZATION, format!("Bearer {}", secret.expose_secret())),
        };
        let mut value = HeaderValue::from_str(&text)?;
        value.set_sensitive(true);
        Ok(Some((name, value)))
    }

    /// Writes the key into the address, where that is its way. Such an address must never be printed.
    pub(super) fn write_into(&self, url: &mut Url) {
        if let (Auth::Query, Some(secret)) = (self.auth, &self.secret) {
            url.query_pairs_mut().append_pair("key", secret.expose_secret());
        }
    }

    /// `text` without the key and the hidden values: servers echo what they were sent, at times as an address, as
    /// JSON or as base64 writes it. A text that would show them only once it is made fit for people comes back so.
    pub(super) fn redact(&self, text: &str) -> String {
        let hidden = self.hide(text);
        for shown in [on_one_line(&hidden), visible(&hidden)] {
            let harmless = if shown == hidden { shown.clone() } else { self.hide(&shown) };
            if harmless != shown {
                return harmless;
            }
        }
        hidden
    }

    fn hide(&self, text: &str) -> String {
        let text = match &self.secret {
            Some(secret) => without(text, secret.expose_secret(), REDACTED),
            None => text.to_owned(),
        };
        self.hidden.iter().fold(text, |text, value| without(&text, value.expose_secret(), REDACTED_HEADER))
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::short;
    use super::*;

    fn key(text: &str, auth: Auth) -> Key {
        Key::new(auth, Some(text.into())).unwrap()
    }

    #[test]
    fn a_key_is_redacted_as_it_is_and_as_addresses_and_json_write_it() {
        let key = key("se/cret+1=", Auth::Query);
        assert_eq!(
            key.redact(r"bad se/cret+1= at /?key=se%2Fcret%2B1%3D&x and se\/cret+1="),
            "bad [key] at /?key=[key]&x and [key]"
        );
        assert!(!format!("{key:?}").contains("cret+1"));
    }

    #[test]
    fn the_values_of_headers_are_hidden_too_but_for_the_shortest() {
        let values = ["pass word", "pass word 2", "1"].map(Into::into);
        let key = key("secret", Auth::Header).hiding(values);
        assert_eq!(key.redact("1 of pass word 2, pass+word and secret"), "1 of [header], [header] and [key]");
        assert!(!format!("{key:?}").contains("pass"));
    }

    #[test]
    fn a_key_that_is_laced_with_what_nobody_sees_is_not_put_together_again() {
        let key = key("secret", Auth::Header).hiding(["pass word".into()]);
        for (text, shown) in [
            ("bad\u{200e} se\u{202e}cr\u{feff}et", "bad [key]"),
            ("bad s\u{1}ecret", "bad [key]"),
            ("no pass\u{1b} \tword", "no [header]"),
            ("no pass\u{2066}+word,\nsecret", "no [header], [key]"),
        ] {
            assert_eq!(short(&key.redact(text)), shown);
        }
        for harmless in ["a caption\n\nin \u{200f}two parts", " secre\nt"] {
            assert_eq!(key.redact(harmless), harmless);
        }
        assert_eq!(key.redact("two\nlines: secret"), "two\nlines: [key]");
    }

    #[test]
    fn no_key_is_no_header_and_redacts_nothing() {
        for secret in [None, Some("".into())] {
            let key = Key::new(Auth::Header, secret).unwrap();
            assert!(key.header().unwrap().is_none());
            assert_eq!(key.redact("text"), "text");
        }
    }

    #[test]
    fn a_header_that_carries_the_key_does_not_print_it() {
        for auth in [Auth::Header, Auth::Bearer] {
            let (_, value) = key("secret", auth).header().unwrap().unwrap();
            assert!(!format!("{value:?}").contains("secret"));
        }
    }

    #[test]
    fn a_key_with_a_line_break_is_refused_at_once() {
        assert!(Key::new(Auth::Bearer, Some("two\nlines".into())).is_err());
    }
}
