//! The documents of a 200 answer in which the model drew nothing. Never says which of them is due.

use serde_json::{Value, json};

use super::answer::{Ask, document, excerpt};

/// The model declined to draw this.
pub(super) fn refused(ask: &Ask) -> Value {
    let message = "Unable to show the generated image. The image was filtered out because it may violate our policies.";
    let candidate = json!({"finishReason": "IMAGE_SAFETY", "finishMessage": message, "index": 0});
    document(ask, json!({"candidates": [candidate]}), 0)
}

/// The prompt was blocked before any model saw it.
pub(super) fn blocked(ask: &Ask) -> Value {
    document(ask, json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}), 0)
}

/// The model tried and made nothing.
pub(super) fn no_image(ask: &Ask) -> Value {
    let message = "Unable to generate the requested image for the provided prompt.";
    let candidate =
        json!({"content": {"role": "model"}, "finishReason": "NO_IMAGE", "finishMessage": message, "index": 0});
    document(ask, json!({"candidates": [candidate]}), 0)
}

/// The model wrote where it should have drawn.
pub(super) fn text_only(ask: &Ask) -> Value {
    let content = json!({"role": "model", "parts": [{"text": format!("I would draw this: {}", excerpt(ask))}]});
    document(ask, json!({"candidates": [{"content": content, "finishReason": "STOP", "index": 0}]}), 0)
}
