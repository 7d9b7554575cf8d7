//! What the body of an HTTP error comes to, for who attacks it. Never part of the program.

use super::auth::Key;
use super::classify;
use super::error_reply::ErrorReply;
use crate::domain::{Auth, Failure};

/// The failure of a reply with this status and body, where the key is `key`.
pub fn failure(status: u16, body: &[u8], key: &str) -> Failure {
    let key = Key::new(Auth::Query, Some(key.into())).expect("the key can be written into a header");
    let body = String::from_utf8_lossy(body);
    classify::http_error(status, &ErrorReply::of_body(&body, None, &key))
}
