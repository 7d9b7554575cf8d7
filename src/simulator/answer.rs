//! What a good answer is made of: its picture, its caption, its usage. Never lets anything go wrong.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::dice::Dice;
use super::picture::{Drawing, Format, draw, plain};
use super::ratio::AspectRatio;
use super::request::Wish;

/// What a 1K image costs, in output tokens.
pub(super) const IMAGE_TOKENS: usize = 1_120;
/// What a reference image costs, in input tokens.
const REFERENCE_TOKENS: usize = 1_090;
/// What hard thinking costs: a round figure of our own.
const THOUGHT_TOKENS: usize = 400;
/// How many times a small picture goes into one as it should be, in either direction: all sizes are multiples of it.
const SMALL: u32 = 16;
/// Characters of the prompt that a caption repeats.
const CAPTION_LENGTH: usize = 300;

/// One ask of a request, with the chance that belongs to it.
pub(super) struct Ask {
    pub wish: Wish,
    /// 1 for the first ask of this very request.
    pub nth: u64,
    pub seed: u64,
    /// Whether its picture is drawn at a sixteenth of its size.
    pub is_small: bool,
    pub dice: Dice,
}

/// The whole answer with its picture.
pub(super) fn with_picture(ask: &Ask) -> Value {
    let mut parts = captions(ask);
    parts.push(Picture::of(ask).part());
    finished(ask, parts, "STOP", 1)
}

/// The caption as the first part, where one is wanted.
pub(super) fn captions(ask: &Ask) -> Vec<Value> {
    ask.wish.wants_caption.then(|| json!({"text": caption(ask)})).into_iter().collect()
}

/// The document around the parts of an answer that cost so many pictures.
pub(super) fn finished(ask: &Ask, parts: Vec<Value>, reason: &str, pictures: usize) -> Value {
    let candidate = json!({"content": {"role": "model", "parts": parts}, "finishReason": reason, "index": 0});
    document(ask, json!({"candidates": [candidate]}), pictures * IMAGE_TOKENS)
}

/// A picture, drawn and encoded.
pub(super) struct Picture {
    pub format: Format,
    pub bytes: Vec<u8>,
}

impl Picture {
    /// The picture that this ask gets.
    pub fn of(ask: &Ask) -> Picture {
        Picture::another(ask, ask.wish.ratio, "variation")
    }

    /// One of this ratio; another `purpose` gives another picture.
    pub fn another(ask: &Ask, ratio: AspectRatio, purpose: &str) -> Picture {
        let (prompt, note, variation) = (&ask.wish.prompt, &note(ask, ratio), ask.dice.number(purpose));
        let (width, height) = size(ask, ratio);
        let drawing = Drawing { prompt, note, width, height, variation };
        Picture { format: format(ask), bytes: draw(&drawing, format(ask)) }
    }

    /// One of a single grey.
    pub fn plain(ask: &Ask) -> Picture {
        let (width, height) = size(ask, ask.wish.ratio);
        let grey = ask.dice.number("grey").to_le_bytes()[0];
        Picture { format: format(ask), bytes: plain(width, height, grey, format(ask)) }
    }

    /// One of a few pixels.
    pub fn tiny(ask: &Ask) -> Picture {
        let AspectRatio { width, height, .. } = ask.wish.ratio;
        let drawing =
            Drawing { prompt: &ask.wish.prompt, note: "", width: width / SMALL, height: height / SMALL, variation: 0 };
        Picture { format: format(ask), bytes: draw(&drawing, format(ask)) }
    }

    /// As a part of an answer.
    pub fn part(&self) -> Value {
        inline(self.format.mime_type(), STANDARD.encode(&self.bytes))
    }
}

/// Pixels across and down of a picture of this ratio.
fn size(ask: &Ask, ratio: AspectRatio) -> (u32, u32) {
    let part = if ask.is_small { SMALL } else { 1 };
    (ratio.width / part, ratio.height / part)
}

/// A part that says it is an image of this type.
pub(super) fn inline(mime_type: &str, base64: String) -> Value {
    json!({"inlineData": {"mimeType": mime_type, "data": base64}})
}

/// How the pictures of this ask are encoded.
pub(super) fn format(ask: &Ask) -> Format {
    if ask.dice.number("format").is_multiple_of(2) { Format::Jpeg } else { Format::Png }
}

/// Adds what every answer carries to the part that is its own.
pub(super) fn document(ask: &Ask, mut own: Value, image_tokens: usize) -> Value {
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

/// The small line below the prompt.
fn note(ask: &Ask, ratio: AspectRatio) -> String {
    let edited = match ask.wish.references {
        0 => String::new(),
        1 => " · edited from 1 reference".to_owned(),
        several => format!(" · edited from {several} references"),
    };
    format!("simulated · seed {} · ask {} · {}{edited}", ask.seed, ask.nth, ratio.name)
}

fn caption(ask: &Ask) -> String {
    let made = if ask.wish.references > 0 { "An edited stand-in" } else { "A stand-in" };
    format!("{made}, drawn by the simulator, for: {}", excerpt(ask))
}

/// The beginning of the prompt, on one line.
pub(super) fn excerpt(ask: &Ask) -> String {
    let words = ask.wish.prompt.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(CAPTION_LENGTH) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}
