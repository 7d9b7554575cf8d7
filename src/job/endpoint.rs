//! The address of a Gemini-compatible server. Never holds a key.

use std::str::FromStr;

use url::{Host, Url};

use crate::domain::Auth;

/// The gateway whose page describes the model; it documents the key in the query.
const GATEWAY: &str = "www.anyfast.ai";

/// Where requests go: http or https, a host, maybe a port and a path; no query, fragment or user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// An address that cannot be one of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not the address of a server: {why}; write one like https://{GATEWAY} or http://127.0.0.1:8080/gemini")]
pub struct BadUrl {
    /// What is wrong. The address itself is not repeated: someone may have put a key into it.
    why: String,
}

impl BaseUrl {
    /// The address, without a `/` at its end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The address in its parts.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether it is on this machine, so that nothing leaves it.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// How a key travels there unless somebody says otherwise.
    pub fn usual_auth(&self) -> Auth {
        if self.0.host_str() == Some(GATEWAY) { Auth::Query } else { Auth::Header }
    }
}

impl Default for BaseUrl {
    fn default() -> Self {
        Self(Url::parse(&format!("https://{GATEWAY}")).expect("a constant address"))
    }
}

impl FromStr for BaseUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let bad = |why: &str| Err(BadUrl { why: why.to_owned() });
        let url = match Url::parse(text.trim()) {
            Ok(url) => url,
            Err(url::ParseError::RelativeUrlWithoutBase) => return bad("it does not begin with http:// or https://"),
            Err(error) => return bad(&error.to_string()),
        };
        match url {
            _ if !matches!(url.scheme(), "http" | "https") => bad("it does not begin with http:// or https://"),
            _ if url.host_str().is_none_or(str::is_empty) => bad("it names no host"),
            _ if !url.username().is_empty() || url.password().is_some() => bad("it holds a user name or password"),
            _ if url.query().is_some() => bad("it holds a query (`?…`), and a key belongs elsewhere"),
            _ if url.fragment().is_some() => bad("it holds a fragment (`#…`)"),
            _ => Ok(Self(url)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_hold_a_port_and_a_path() {
        for (text, kept) in [
            ("https://www.anyfast.ai", "https://www.anyfast.ai"),
            ("https://www.anyfast.ai/", "https://www.anyfast.ai"),
            ("http://127.0.0.1:8080/gemini/", "http://127.0.0.1:8080/gemini"),
            ("http://[::1]:9", "http://[::1]:9"),
        ] {
            assert_eq!(text.parse::<BaseUrl>().unwrap().as_str(), kept);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_repeated() {
        for text in [
            "",
            "www.anyfast.ai",
            "localhost:8080",
            "ftp://a.b",
            "file:///etc",
            "https://",
            "https://u:secret@a.b",
            "https://a.b?key=secret",
            "https://a.b#secret",
        ] {
            let message = text.parse::<BaseUrl>().unwrap_err().to_string();
            assert!(!message.contains("secret") && message.contains("write one like"), "{text}: {message}");
        }
    }

    #[test]
    fn only_the_gateway_takes_the_key_in_the_query() {
        assert_eq!(BaseUrl::default().usual_auth(), Auth::Query);
        for text in ["https://anyfast.ai", "http://www.anyfast.ai.example", "http://127.0.0.1:1/www.anyfast.ai"] {
            assert_eq!(text.parse::<BaseUrl>().unwrap().usual_auth(), Auth::Header, "{text}");
        }
    }
}
