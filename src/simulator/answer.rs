//! The documents of a 200 answer, with a picture or without. Never says which of them is due.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::dice::Dice;
use super::picture::{Drawing, Format, draw};
use super::request::Wish;

/// What a 1K image costs, in output tokens.
const IMAGE_TOKENS: usize = 1_120;
/// What a reference image costs, in input tokens.
const REFERENCE_TOKENS: usize = 1_090;
/// What hard thinking costs: a round figure of our own.
const THOUGHT_TOKENS: usize = 400;
/// Characters of the prompt that a caption repeats.
const CAPTION_LENGTH: usize = 300;

/// One ask of a request, with the chance that belongs to it.
pub(super) struct Ask {
    pub wish: Wish,
    /// 1 for the first ask of this very request.
    pub nth: u64,
    pub seed: u64,
    pub dice: Dice,
}

/// The whole answer with its picture, as compact JSON.
pub(super) fn with_picture(ask: &Ask) -> Vec<u8> {
    let format = if ask.dice.number("format").is_multiple_of(2) { Format::Jpeg } else { Format::Png };
    let picture = draw(&drawing(ask, &note(ask)), format);
    let mut parts = Vec::new();
    if ask.wish.wants_caption {
        parts.push(json!({"text": caption(ask)}));
    }
    // The picture is the bulk: it is encoded once, into the string that the document then owns.
    parts.push(json!({"inlineData": {"mimeType": format.mime_type(), "data": STANDARD.encode(picture)}}));
    let content = json!({"role": "model", "parts": parts});
    let candidate = json!({"content": content, "finishReason": "STOP", "index": 0});
    document(ask, json!({"candidates": [candidate]}), IMAGE_TOKENS).to_string().into_bytes()
}

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

/// Adds what every answer carries to the part that is its own.
fn document(ask: &Ask, mut own: Value, image_tokens: usize) -> Value {
    own["usageMetadata"] = usage(ask, image_tokens);
    own["modelVersion"] = json!(ask.wish.model);
    own["responseId"] = json!(format!("{:016x}", ask.dice.number("response id")));
    own
}

fn usage(ask: &Ask, image_tokens: usize) -> Value {
    let text_in = tokens(&ask.wish.prompt);
    let images_in = ask.wish.references * REFERENCE_TOKENS;
    let text_out = if image_tokens > 0 && ask.wish.wants_caption { tokens(&caption(ask)) } else { 0 };
    let thoughts = if ask.wish.thinks_hard { THOUGHT_TOKENS } else { 0 };
    let detail = |modality, count| json!({"modality": modality, "tokenCount": count});
    let mut details = vec![detail("TEXT", text_in)];
    if images_in > 0 {
        details.push(detail("IMAGE", images_in));
    }
    let mut usage = json!({
        "promptTokenCount": text_in + images_in,
        "totalTokenCount": text_in + images_in + image_tokens + text_out + thoughts,
        "promptTokensDetails": details,
    });
    if image_tokens > 0 {
        usage["candidatesTokenCount"] = json!(image_tokens + text_out);
        usage["candidatesTokensDetails"] = json!([detail("IMAGE", image_tokens)]);
    }
    if thoughts > 0 {
        usage["thoughtsTokenCount"] = json!(thoughts);
    }
    usage
}

/// About four characters make a token.
fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(4)
}

fn drawing<'a>(ask: &'a Ask, note: &'a str) -> Drawing<'a> {
    let (width, height) = (ask.wish.ratio.width, ask.wish.ratio.height);
    Drawing { prompt: &ask.wish.prompt, note, width, height, variation: ask.dice.number("variation") }
}

/// The small line below the prompt.
fn note(ask: &Ask) -> String {
    let edited = match ask.wish.references {
        0 => String::new(),
        1 => " · edited from 1 reference".to_owned(),
        several => format!(" · edited from {several} references"),
    };
    format!("simulated · seed {} · ask {} · {}{edited}", ask.seed, ask.nth, ask.wish.ratio.name)
}

fn caption(ask: &Ask) -> String {
    let made = if ask.wish.references > 0 { "An edited stand-in" } else { "A stand-in" };
    format!("{made}, drawn by the simulator, for: {}", excerpt(ask))
}

fn excerpt(ask: &Ask) -> String {
    let words = ask.wish.prompt.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(CAPTION_LENGTH) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}
