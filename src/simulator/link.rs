//! 200 answers that hold the URL of a picture: the shapes in which gateways send one. Never serves it.

use serde_json::{Value, json};

use super::answer::{self, Ask, captions, finished};

/// Nothing but the URL, or a few words and the URL.
pub(super) fn bare(ask: &Ask, url: &str) -> Value {
    let words = if ask.dice.number("words").is_multiple_of(2) { "" } else { "Here is your picture: " };
    with_part(ask, json!({"text": format!("{words}{url}")}))
}

/// An image as Markdown writes it.
pub(super) fn markdown(ask: &Ask, url: &str) -> Value {
    with_part(ask, json!({"text": format!("![picture]({url})")}))
}

/// The protocol's own way to name a file.
pub(super) fn file_data(ask: &Ask, url: &str) -> Value {
    with_part(ask, json!({"fileData": {"mimeType": answer::format(ask).mime_type(), "fileUri": url}}))
}

fn with_part(ask: &Ask, part: Value) -> Value {
    let mut parts = captions(ask);
    parts.push(part);
    finished(ask, parts, "STOP", 1)
}
