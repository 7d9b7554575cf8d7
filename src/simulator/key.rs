//! The ways in which a key may come, and whether one came so. Never keeps a key.

use std::str::FromStr;

use axum::extract::Query;
use axum::http::{HeaderMap, Uri};
use serde::Deserialize;
use thiserror::Error;

use super::error::ApiError;

/// The one key that is not valid; any other is.
const INVALID_KEY: &str = "invalid";

/// How a key has to come. Services differ: some take one way only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeyWay {
    /// In any of these ways.
    #[default]
    Any,
    /// As `x-goog-api-key`.
    Header,
    /// As `?key=`.
    Query,
    /// As `Authorization: Bearer`.
    Bearer,
}

/// Not the name of a way.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is no way for a key; there are any, header, query and bearer")]
pub struct KeyWayError(String);

impl FromStr for KeyWay {
    type Err = KeyWayError;

    fn from_str(name: &str) -> Result<KeyWay, KeyWayError> {
        match name {
            "any" => Ok(KeyWay::Any),
            "header" => Ok(KeyWay::Header),
            "query" => Ok(KeyWay::Query),
            "bearer" => Ok(KeyWay::Bearer),
            _ => Err(KeyWayError(name.to_owned())),
        }
    }
}

impl KeyWay {
    /// Refuses what comes without a valid key. One that comes in another way counts as none.
    pub(super) fn check(self, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
        let taken = |(way, key)| (self == KeyWay::Any || self == way).then_some(key);
        match keys(uri, headers).into_iter().find_map(taken).as_deref() {
            None => Err(ApiError::missing_key(self.wording())),
            Some(INVALID_KEY) => Err(ApiError::invalid_key()),
            Some(_) => Ok(()),
        }
    }

    fn wording(self) -> &'static str {
        match self {
            KeyWay::Any => "?key=, x-goog-api-key or Authorization: Bearer",
            KeyWay::Header => "x-goog-api-key",
            KeyWay::Query => "?key=",
            KeyWay::Bearer => "Authorization: Bearer",
        }
    }
}

/// The key in the address, if there.
#[derive(Deserialize)]
struct KeyQuery {
    key: Option<String>,
}

/// The keys of a request, each with its way.
pub(super) fn keys(uri: &Uri, headers: &HeaderMap) -> Vec<(KeyWay, String)> {
    let query = Query::<KeyQuery>::try_from_uri(uri).ok().and_then(|query| query.0.key);
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let ways =
        [(KeyWay::Query, query.as_deref()), (KeyWay::Header, header("x-goog-api-key")), (KeyWay::Bearer, bearer)];
    let keys = ways.into_iter().filter_map(|(way, key)| Some((way, key?.trim().to_owned())));
    keys.filter(|(_, key)| !key.is_empty()).collect()
}
