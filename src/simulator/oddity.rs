//! 200 answers whose pictures are odd: more than one, drafts, damaged, of another kind than they say. Never errors.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::answer::{self, Ask, Picture, captions, finished, inline};
use super::picture::Format;
use super::ratio::AspectRatio;

/// A finish reason that no documentation names.
const UNKNOWN_REASON: &str = "FINISHED_IN_A_NEW_WAY";
const SVG: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>"#;
const PAGE: &str =
    "<!DOCTYPE html><html><head><title>Expired</title></head><body>This picture has expired.</body></html>";

/// What the model thought on the way, and then its picture.
pub(super) fn drafts(ask: &Ask) -> Value {
    let mut parts = vec![json!({"text": "First the light, then the shape.", "thought": true})];
    parts.extend((0..one_or_another(ask, 1)).map(|number| draft(ask, number)));
    parts.extend(captions(ask));
    parts.push(Picture::of(ask).part());
    finished(ask, parts, "STOP", 1)
}

/// A draft that was never finished.
pub(super) fn interim_only(ask: &Ask) -> Value {
    finished(ask, vec![draft(ask, 0)], "STOP", 0)
}

/// An image part with `thought` behind its data, where a reader that streams learns of it too late.
fn draft(ask: &Ask, number: u64) -> Value {
    let mut part = Picture::another(ask, ask.wish.ratio, &format!("draft {number}")).part();
    part["thought"] = json!(true);
    part
}

/// More pictures than one.
pub(super) fn several(ask: &Ask) -> Value {
    let count = one_or_another(ask, 2);
    let pictures = (0..count).map(|number| Picture::another(ask, ask.wish.ratio, &format!("picture {number}")).part());
    let parts = captions(ask).into_iter().chain(pictures).collect();
    finished(ask, parts, "STOP", count as usize)
}

/// `least`, or one more.
fn one_or_another(ask: &Ask, least: u64) -> u64 {
    least + ask.dice.number("how many") % 2
}

/// A usual answer in the other spelling.
pub(super) fn snake(ask: &Ask) -> Value {
    in_snake_case(answer::with_picture(ask))
}

fn in_snake_case(value: Value) -> Value {
    let name = |camel: String| {
        let letters = camel
            .chars()
            .map(|c| if c.is_ascii_uppercase() { format!("_{}", c.to_ascii_lowercase()) } else { c.into() });
        letters.collect::<String>()
    };
    match value {
        Value::Object(fields) => Value::Object(
            fields.into_iter().map(|(key, value)| (name(key), in_snake_case(value))).collect::<Map<_, _>>(),
        ),
        Value::Array(values) => values.into_iter().map(in_snake_case).collect(),
        other => other,
    }
}

/// A picture, and a reason that says nothing.
pub(super) fn unknown_finish(ask: &Ask) -> Value {
    with_part(ask, Picture::of(ask).part(), UNKNOWN_REASON)
}

/// A square where something wide or tall was asked for, and something wide in place of a square.
pub(super) fn wrong_size(ask: &Ask) -> Value {
    let wide = AspectRatio::named("16:9").unwrap_or(AspectRatio::SQUARE);
    let other = if ask.wish.ratio == AspectRatio::SQUARE { wide } else { AspectRatio::SQUARE };
    with_part(ask, Picture::another(ask, other, "variation").part(), "STOP")
}

/// A picture that shows nothing.
pub(super) fn blank(ask: &Ask) -> Value {
    with_part(ask, Picture::plain(ask).part(), "STOP")
}

/// A picture as small as a stamp.
pub(super) fn tiny(ask: &Ask) -> Value {
    with_part(ask, Picture::tiny(ask).part(), "STOP")
}

/// Said to be what it is not.
pub(super) fn wrong_type(ask: &Ask) -> Value {
    let Picture { format, bytes } = Picture::of(ask);
    let said = if format == Format::Png { Format::Jpeg } else { Format::Png };
    with_part(ask, inline(said.mime_type(), STANDARD.encode(bytes)), "STOP")
}

/// The first half of a picture; its base64 is whole.
pub(super) fn truncated(ask: &Ask) -> Value {
    let Picture { format, bytes } = Picture::of(ask);
    with_part(ask, inline(format.mime_type(), STANDARD.encode(&bytes[..bytes.len() / 2])), "STOP")
}

/// Text in the place of an image.
pub(super) fn not_an_image(ask: &Ask) -> Value {
    let text = if ask.dice.number("text").is_multiple_of(2) { SVG } else { PAGE };
    with_part(ask, inline(Format::Png.mime_type(), STANDARD.encode(text)), "STOP")
}

/// A picture with a character in its middle that is no base64.
pub(super) fn bad_base64(ask: &Ask) -> Value {
    let Picture { format, bytes } = Picture::of(ask);
    let mut base64 = STANDARD.encode(bytes);
    let middle = base64.len() / 2;
    base64.replace_range(middle..=middle, "*");
    with_part(ask, inline(format.mime_type(), base64), "STOP")
}

/// The picture in the text, as chat interfaces write it.
pub(super) fn data_uri(ask: &Ask) -> Value {
    let Picture { format, bytes } = Picture::of(ask);
    let text = format!("![picture](data:{};base64,{})", format.mime_type(), STANDARD.encode(bytes));
    with_part(ask, json!({"text": text}), "STOP")
}

fn with_part(ask: &Ask, part: Value, reason: &str) -> Value {
    let mut parts = captions(ask);
    parts.push(part);
    finished(ask, parts, reason, 1)
}
