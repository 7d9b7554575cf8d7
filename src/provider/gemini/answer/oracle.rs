//! What an answer holds, found out the plain way: all of it collected, serde over the whole, base64 decoded by another
//! engine. The reader is held against it by tests and by fuzzing. Never part of the program.

use std::borrow::Cow;
use std::io;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, PAD_INDIFFERENT};
use serde_json::Value;

use super::lift::Lifts;
use super::opening::{LONGEST, continues, is_media_type};
use super::reader::{AnswerReader, unread};
use super::wire::{Part, Wire};
use super::{Answer, Unread};
use crate::domain::{Auth, ImageFormat};
use crate::provider::ImageSink;
use crate::provider::gemini::auth::Key;
use crate::provider::gemini::incoming::Unsaved;

/// What a reading came to, in words that can be compared, and the images that were left in the sink.
type Reading = (String, Vec<Vec<u8>>);

/// Panics unless the reader, given the body in these pieces, comes to what it comes to in one, and to what the plain
/// way comes to. Bodies beyond the limits of the reader are only read.
pub fn compare<'a>(body: &'a [u8], pieces: impl IntoIterator<Item = &'a [u8]>) {
    let key = Key::new(Auth::Header, Some("s3cr3t".into())).unwrap();
    let in_pieces = streamed(pieces, &key, body);
    assert_eq!(in_pieces, streamed([body], &key, body), "{}", String::from_utf8_lossy(body));
    if in_pieces.0.starts_with("Err(TooMuch") || stands_by_position(body) {
        return;
    }
    assert_eq!(in_pieces, collected(body, &key), "{}", String::from_utf8_lossy(body));
}

fn streamed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, key: &Key, body: &[u8]) -> Reading {
    let mut images = Collected::default();
    let mut reader = AnswerReader::default();
    let pushed = pieces.into_iter().try_for_each(|piece| reader.push(piece, &mut images));
    let answer = pushed.and_then(|()| reader.finish(&mut images, key));
    images.told(answer, body)
}

fn collected(body: &[u8], key: &Key) -> Reading {
    let mut images = Collected::default();
    let answer = collect(body, key, &mut images);
    if answer.is_err() {
        images.retain(&[]).unwrap();
    }
    images.told(answer, body)
}

fn collect(body: &[u8], key: &Key, images: &mut Collected) -> Result<Answer, Unread> {
    let mut wire: Wire = serde_json::from_slice(body).map_err(|error| unread(body, &error, key))?;
    let mut lifts = Lifts::default();
    let candidates = wire.candidates.iter_mut().flatten();
    let contents = candidates.filter_map(|candidate| candidate.content.as_mut());
    for part in contents.flat_map(|content| content.parts.iter_mut().flatten()) {
        lift_part(part, &mut lifts, images);
    }
    let answer = wire.unpack(&mut lifts, images, key)?;
    lifts.settle(images)?;
    Ok(answer)
}

fn lift_part(part: &mut Part<'_>, lifts: &mut Lifts, images: &mut Collected) {
    if let Some(text) = &mut part.text.0 {
        *text = Cow::Owned(lift_text(text, false, lifts, images));
    }
    if let Some(data) = part.inline_data.as_mut().and_then(|blob| blob.data.0.as_mut()) {
        *data = Cow::Owned(lift(data, lifts, images));
    }
    if let Some(address) = part.file_data.as_mut().and_then(|file| file.file_uri.0.as_mut()) {
        *address = Cow::Owned(lift_text(address, true, lifts, images));
    }
}

/// The mark for this base64, with its image in the sink if it is one.
fn lift(base64: &str, lifts: &mut Lifts, images: &mut Collected) -> String {
    let dense: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let image = GeneralPurpose::new(&STANDARD, PAD_INDIFFERENT).decode(dense).map_err(|_| Unsaved::NoImage);
    let saved = image.and_then(|image| {
        let head = &image[..image.len().min(ImageFormat::SNIFF_BYTES)];
        let format = ImageFormat::sniff(head).filter(|_| head.len() == ImageFormat::SNIFF_BYTES);
        let (format, length) = (format.ok_or(Unsaved::NoImage)?, image.len() as u64);
        let tail = &image[image.len().saturating_sub(ImageFormat::TAIL_BYTES)..];
        if !format.is_complete(head, tail, length) {
            return Err(Unsaved::Cut { format, length });
        }
        images.kept.push(image);
        Ok(())
    });
    let index = lifts.record(saved);
    lifts.mark_of(index)
}

/// The words with marks in place of the base64 of embedded images, by the rules that `opening.rs` states.
fn lift_text(text: &str, address: bool, lifts: &mut Lifts, images: &mut Collected) -> String {
    let (mut lifted, mut from) = (String::new(), 0);
    while let Some((start, spaced)) = (from..text.len()).find_map(|at| opening(text, at, from, address)) {
        let belongs =
            |c: char| c.is_ascii_alphanumeric() || ['+', '/', '='].contains(&c) || spaced && c.is_ascii_whitespace();
        let end = text[start..].find(|c| !belongs(c)).map_or(text.len(), |length| start + length);
        lifted.push_str(&text[from..start]);
        lifted.push_str(&lift(&text[start..end], lifts, images));
        from = end;
    }
    lifted + &text[from..]
}

/// Where the base64 of an embedded image begins whose address begins here, and whether white space belongs to it.
fn opening(text: &str, at: usize, from: usize, address: bool) -> Option<(usize, bool)> {
    let rest = text.get(at..)?;
    let media = rest.get(..11).filter(|start| start.eq_ignore_ascii_case("data:image/")).and(rest.get(11..))?;
    let length = media.bytes().take_while(|byte| is_media_type(*byte)).count();
    let declared = media[..length].to_ascii_lowercase();
    let before = &text[from..at];
    let in_word = before.bytes().last().is_some_and(continues);
    if length > LONGEST || !declared.ends_with(";base64") || !media[length..].starts_with(',') || in_word {
        return None;
    }
    let before = before.trim_end_matches(|c: char| c.is_ascii_whitespace() || c == '<');
    let whole = address && from == 0 && before.is_empty();
    Some((at + 11 + length + 1, whole || before.ends_with("](")))
}

/// Whether the answer has an array in place of an object on the way to its images. Serde reads its fields by their
/// position, and so does this program, but without looking for images as they come: the rules differ in small things.
fn stands_by_position(body: &[u8]) -> bool {
    let Ok(answer) = serde_json::from_str::<Value>(&String::from_utf8_lossy(body)) else { return false };
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let either = |part: &Value, names: [&str; 2]| names.iter().any(|name| part[name].is_array());
    let odd_part = |part: &Value| {
        part.is_array() || either(part, ["inlineData", "inline_data"]) || either(part, ["fileData", "file_data"])
    };
    let odd_content = |content: &Value| content.is_array() || items(&content["parts"]).iter().any(odd_part);
    let odd_candidate = |candidate: &Value| candidate.is_array() || odd_content(&candidate["content"]);
    answer.is_array() || items(&answer["candidates"]).iter().any(odd_candidate)
}

/// A sink in memory, strict about the order of what it is told.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) open: Option<Vec<u8>>,
    pub(super) kept: Vec<Vec<u8>>,
}

impl Collected {
    fn told(self, answer: Result<Answer, Unread>, body: &[u8]) -> Reading {
        assert!(self.open.is_none(), "an image was neither kept nor discarded");
        let told = answer.map_err(|unread| match unread {
            Unread::Unreadable(mut error) => {
                // Words that are no JSON are told as they are, which is without what was lifted.
                if serde_json::from_str::<Value>(&String::from_utf8_lossy(body)).is_err() {
                    error.message.clear();
                }
                Unread::Unreadable(error)
            }
            other => other,
        });
        (format!("{told:?}"), self.kept)
    }
}

impl ImageSink for Collected {
    fn begin(&mut self) -> io::Result<()> {
        assert!(self.open.replace(Vec::new()).is_none());
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.open.as_mut().unwrap().extend_from_slice(bytes);
        Ok(())
    }

    fn keep(&mut self) -> io::Result<()> {
        self.kept.push(self.open.take().unwrap());
        Ok(())
    }

    fn discard(&mut self) -> io::Result<()> {
        self.open.take().unwrap();
        Ok(())
    }

    fn retain(&mut self, finals: &[usize]) -> io::Result<()> {
        self.kept = finals.iter().map(|number| std::mem::take(&mut self.kept[*number])).collect();
        Ok(())
    }
}
