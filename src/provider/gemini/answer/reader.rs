//! Reads an answer piece by piece. Images' base64 goes to the sink as it comes; what nobody reads is dropped; the
//! small rest is gathered, still JSON, for serde. Never judges the JSON: whatever could make it wrong is gathered too,
//! byte for byte and in its place, so serde finds in the rest what it would have found in the whole.

use memchr::memchr2;

use super::escape::{self, Escape};
use super::lift::Lifts;
use super::opening::Opening;
use super::place::{Care, Place};
use super::wire::Wire;
use super::{Answer, Excess, MOST_BYTES, MOST_REST, Unread};
use crate::provider::ImageSink;
use crate::provider::gemini::auth::Key;
use crate::provider::gemini::error_reply::ErrorReply;

/// Stands for the characters of a string that nobody reads.
const DROPPED: u8 = b'.';

/// What the reader is in the middle of.
#[derive(Debug, Clone, Copy)]
enum Within {
    /// Brackets, commas, numbers: whatever is no string.
    Structure,
    /// A string that is kept.
    Kept,
    /// A key, whose quote stands here in the rest.
    Key(usize),
    /// A string that nobody reads.
    Dropped,
    /// A string that is base64.
    Data,
    /// A string of words.
    Text,
    /// Base64 in a string of words, with white space in it or without.
    Embedded(bool),
}

/// An answer that is arriving. It takes memory with its first bytes: the rest, and one block of decoded bytes.
#[derive(Debug)]
pub(super) struct AnswerReader {
    length: usize,
    rest: Vec<u8>,
    place: Place,
    within: Within,
    escape: Escape,
    opening: Opening,
    lifts: Lifts,
}

impl Default for AnswerReader {
    fn default() -> Self {
        Self {
            length: 0,
            rest: Vec::new(),
            place: Place::default(),
            within: Within::Structure,
            escape: Escape::default(),
            opening: Opening::default(),
            lifts: Lifts::default(),
        }
    }
}

impl AnswerReader {
    /// Takes the next bytes, however many or few. After a failure nothing is left in the sink, and nothing more may
    /// be pushed.
    pub(super) fn push(&mut self, bytes: &[u8], images: &mut dyn ImageSink) -> Result<(), Unread> {
        let taken = self.take(bytes, images);
        taken.or_else(|unread| self.give_up(unread, images))
    }

    /// The answer has ended: what it held. After a failure nothing is left in the sink.
    pub(super) fn finish(mut self, images: &mut dyn ImageSink, key: &Key) -> Result<Answer, Unread> {
        let answer = self.read(images, key);
        answer.or_else(|unread| self.give_up(unread, images))
    }

    /// Leaves nothing in the sink, and passes on why. A sink that has failed is asked nothing more.
    pub(super) fn give_up<T>(&mut self, why: Unread, images: &mut dyn ImageSink) -> Result<T, Unread> {
        if !matches!(why, Unread::Sink(_)) {
            self.lifts.abandon(images)?;
        }
        Err(why)
    }

    fn read(&mut self, images: &mut dyn ImageSink, key: &Key) -> Result<Answer, Unread> {
        // An escape, like a string, may be cut off: serde says so.
        self.rest.extend_from_slice(self.escape.rest());
        let wire: Wire = serde_json::from_slice(&self.rest).map_err(|error| unread(&self.rest, &error, key))?;
        let answer = wire.unpack(&mut self.lifts, images, key)?;
        self.lifts.settle(images)?;
        Ok(answer)
    }

    fn take(&mut self, mut bytes: &[u8], images: &mut dyn ImageSink) -> Result<(), Unread> {
        self.length += bytes.len();
        if self.length > MOST_BYTES {
            return Err(Unread::TooMuch(Excess::Bytes));
        }
        while let Some(first) = bytes.first() {
            let taken = match self.within {
                _ if self.escape.is_open() => self.escaped(*first, images)?,
                Within::Structure => self.structure(bytes)?,
                _ => self.string(bytes, images)?,
            };
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    /// Takes what stands outside strings, up to the quote that begins one.
    fn structure(&mut self, bytes: &[u8]) -> Result<usize, Unread> {
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == b'"' {
                self.keep(&bytes[..=at])?;
                self.begin_string()?;
                return Ok(at + 1);
            }
            self.place.pass(*byte);
        }
        self.keep(bytes)?;
        Ok(bytes.len())
    }

    fn begin_string(&mut self) -> Result<(), Unread> {
        self.within = match self.place.care() {
            Care::Keep => Within::Kept,
            Care::Key => Within::Key(self.rest.len() - 1),
            Care::Drop => Within::Dropped,
            Care::Data => {
                self.begin_image()?;
                Within::Data
            }
            Care::Text => {
                self.opening = Opening::default();
                Within::Text
            }
            Care::Address => {
                self.opening = Opening::of_address();
                Within::Text
            }
        };
        Ok(())
    }

    /// Takes some of a string: what is plain, or the quote that ends it, or the backslash that begins an escape.
    fn string(&mut self, bytes: &[u8], images: &mut dyn ImageSink) -> Result<usize, Unread> {
        let plain = memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len());
        if plain > 0 {
            return self.plain(&bytes[..plain], images);
        }
        match bytes[0] {
            b'"' => self.end_string(images)?,
            backslash => {
                self.escape.take(backslash);
            }
        }
        Ok(1)
    }

    /// Takes some of what stands in a string without escapes; none where this only shows what it is.
    fn plain(&mut self, bytes: &[u8], images: &mut dyn ImageSink) -> Result<usize, Unread> {
        match self.within {
            Within::Structure | Within::Kept | Within::Key(_) => self.keep(bytes)?,
            Within::Dropped => self.drop_plain(bytes)?,
            Within::Text => return self.text(bytes),
            Within::Data => {
                let taken = self.lifts.take(bytes, true, images)?;
                if taken < bytes.len() || self.lifts.is_lost() {
                    self.lose_image(images)?;
                }
                return Ok(taken);
            }
            Within::Embedded(spaced) => {
                let taken = self.lifts.take(bytes, spaced, images)?;
                if taken < bytes.len() {
                    self.end_embedded(images)?;
                }
                return Ok(taken);
            }
        }
        Ok(bytes.len())
    }

    /// Takes words, up to where base64 begins.
    fn text(&mut self, bytes: &[u8]) -> Result<usize, Unread> {
        for (at, byte) in bytes.iter().enumerate() {
            if let Some(spaced) = self.opening.step(*byte) {
                self.keep(&bytes[..=at])?;
                self.begin_image()?;
                self.within = Within::Embedded(spaced);
                return Ok(at + 1);
            }
        }
        self.keep(bytes)?;
        Ok(bytes.len())
    }

    /// Takes the next byte of an escape, and once it is whole, what it stands for.
    fn escaped(&mut self, byte: u8, images: &mut dyn ImageSink) -> Result<usize, Unread> {
        let Some(raw) = self.escape.take(byte) else { return Ok(1) };
        let character = escape::ascii(&raw);
        if let (Within::Data | Within::Embedded(_), Some(character)) = (self.within, character)
            && self.base64(character, images)?
        {
            return Ok(1);
        }
        match self.within {
            Within::Data => self.lose_image(images)?,
            Within::Embedded(_) => self.end_embedded(images)?,
            _ => {}
        }
        if let (Within::Dropped, Some(_)) = (self.within, character) {
            self.drop_plain(b" ")?;
            return Ok(1);
        }
        self.keep(escape::written(&raw))?;
        // Beyond ASCII any character is as good as another.
        if let (Within::Text, Some(spaced)) = (self.within, self.opening.step(character.unwrap_or(u8::MAX))) {
            self.begin_image()?;
            self.within = Within::Embedded(spaced);
        }
        Ok(1)
    }

    /// Whether an escaped character belongs to base64, which then takes it.
    fn base64(&mut self, character: u8, images: &mut dyn ImageSink) -> Result<bool, Unread> {
        let spaced = matches!(self.within, Within::Data | Within::Embedded(true));
        if spaced && character.is_ascii_whitespace() {
            return Ok(true);
        }
        Ok(self.lifts.take(&[character], false, images)? == 1)
    }

    fn end_string(&mut self, images: &mut dyn ImageSink) -> Result<(), Unread> {
        self.keep(b"\"")?;
        match self.within {
            Within::Key(start) => self.name(start),
            Within::Data | Within::Embedded(_) => self.lifts.end(images)?,
            _ => {}
        }
        self.within = Within::Structure;
        Ok(())
    }

    /// Tells the place the key that begins here in the rest.
    fn name(&mut self, start: usize) {
        let quoted = &self.rest[start..];
        let plain = &quoted[1..quoted.len() - 1];
        if !plain.contains(&b'\\') {
            return self.place.name(plain);
        }
        // A key that cannot be read has no meaning, and serde will say so.
        let key: String = serde_json::from_slice(quoted).unwrap_or_default();
        self.place.name(key.as_bytes());
    }

    fn begin_image(&mut self) -> Result<(), Unread> {
        let mark = self.lifts.begin().map_err(Unread::TooMuch)?;
        self.keep(mark.as_bytes())
    }

    /// The string that was to be base64 is none: nobody reads what is left of it.
    fn lose_image(&mut self, images: &mut dyn ImageSink) -> Result<(), Unread> {
        self.lifts.spoil();
        self.lifts.end(images)?;
        self.within = Within::Dropped;
        Ok(())
    }

    /// The words go on.
    fn end_embedded(&mut self, images: &mut dyn ImageSink) -> Result<(), Unread> {
        self.lifts.end(images)?;
        self.within = Within::Text;
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), Unread> {
        if self.rest.len() + bytes.len() > MOST_REST {
            return Err(Unread::TooMuch(Excess::Rest));
        }
        self.rest.extend_from_slice(bytes);
        Ok(())
    }

    /// Keeps of characters that nobody reads those that could make a string wrong, control characters and what is not
    /// ASCII, and one character for all between them.
    fn drop_plain(&mut self, bytes: &[u8]) -> Result<(), Unread> {
        // A loop without an early end, which the compiler can turn into vector instructions.
        let odd = bytes.iter().fold(false, |odd, byte| odd | !is_plain(*byte));
        if !odd {
            return self.keep_dropped();
        }
        for piece in bytes.chunk_by(|one, next| is_plain(*one) == is_plain(*next)) {
            match is_plain(piece[0]) {
                true => self.keep_dropped()?,
                false => self.keep(piece)?,
            }
        }
        Ok(())
    }

    fn keep_dropped(&mut self) -> Result<(), Unread> {
        if self.rest.last() == Some(&DROPPED) { Ok(()) } else { self.keep(&[DROPPED]) }
    }
}

/// Whether a string is right with this character wherever it stands.
fn is_plain(byte: u8) -> bool {
    (b' '..0x80).contains(&byte)
}

/// Why serde could not read an answer, of which this is the rest.
pub(super) fn unread(rest: &[u8], error: &serde_json::Error, key: &Key) -> Unread {
    if error.is_eof() && !rest.trim_ascii().is_empty() {
        return Unread::Cut;
    }
    Unread::Unreadable(ErrorReply::of_body(&String::from_utf8_lossy(rest), None, key))
}

#[cfg(test)]
mod tests {
    use super::super::oracle::Collected;
    use super::*;

    /// A part with a whole PNG.
    const IMAGE: &str = r#"{"inlineData":{"data":"iVBORw0KGgoAAAAASUVORK5CYII="}},"#;
    const START: &str = r#"{"candidates":[{"content":{"parts":["#;

    /// What stops an answer of these pieces; nothing of it is left.
    fn excess<'a>(mut reader: AnswerReader, pieces: impl IntoIterator<Item = &'a str>) -> Option<Excess> {
        let mut images = Collected::default();
        let stopped = pieces.into_iter().find_map(|piece| reader.push(piece.as_bytes(), &mut images).err());
        assert!(stopped.is_none() || images.open.is_none() && images.kept.is_empty());
        match stopped? {
            Unread::TooMuch(excess) => Some(excess),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_answer_ends_at_the_limits_and_leaves_nothing() {
        let images = |count| [START].into_iter().chain(std::iter::repeat_n(IMAGE, count));
        assert_eq!(excess(AnswerReader::default(), images(64)), None);
        assert_eq!(excess(AnswerReader::default(), images(65)), Some(Excess::Images));
        let long = AnswerReader { length: MOST_BYTES - START.len() - 2 * IMAGE.len(), ..AnswerReader::default() };
        assert_eq!(excess(long, images(3)), Some(Excess::Bytes));
        let words = "A sunset. ".repeat(MOST_REST / 20);
        let text = [START, IMAGE, r#"{"text":""#, &words, &words];
        assert_eq!(excess(AnswerReader::default(), text[..4].iter().copied()), None);
        assert_eq!(excess(AnswerReader::default(), text), Some(Excess::Rest));
    }

    #[test]
    fn what_nobody_reads_takes_no_memory() {
        let mut reader = AnswerReader::default();
        let signature = "c2lnbmF0dXJl".repeat(100_000);
        for piece in [START, IMAGE, r#"{"thoughtSignature":""#, &signature, &signature] {
            reader.push(piece.as_bytes(), &mut Collected::default()).unwrap_or_default();
        }
        assert!(reader.rest.capacity() < 1_000, "{}", reader.rest.capacity());
    }
}
