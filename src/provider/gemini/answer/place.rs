//! Where in an answer its reader stands, by brackets, commas and keys alone. Mirrors the types of `wire.rs`; never
//! judges the JSON, which serde does in the end.

/// What is done with a string's contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// They are kept as they stand.
    Keep,
    /// They are the name of a field, and kept.
    Key,
    /// Nobody reads them: they are dropped, however many they are.
    Drop,
    /// They are the base64 of an image.
    Data,
    /// They are words, which may hold images.
    Text,
    /// They are an address, which may hold an image.
    Address,
}

/// An object or an array in which images may be, and what stands around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Outside,
    Answer,
    Candidates,
    Candidate,
    Content,
    Parts,
    Part,
    Blob,
    File,
}

/// What a value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    /// A string with these contents; what is not a string is kept, or dropped with all its strings.
    Plain(Care),
    /// What images may be in.
    Nested(Level),
}

/// A place in an answer.
#[derive(Debug)]
pub(super) struct Place {
    level: Level,
    /// What comes next, but for a key.
    next: Value,
    /// A key comes next.
    key: bool,
    /// How deep it is in a value that holds no images, and what becomes of the strings there.
    aside: (usize, Care),
}

impl Default for Place {
    fn default() -> Self {
        Self { level: Level::Outside, next: Value::Nested(Level::Answer), key: false, aside: (0, Care::Keep) }
    }
}

impl Place {
    /// What is done with a string that begins here.
    pub(super) fn care(&self) -> Care {
        match (self.aside, self.next) {
            ((1.., care), _) => care,
            _ if self.key => Care::Key,
            (_, Value::Plain(care)) => care,
            (_, Value::Nested(_)) => Care::Keep,
        }
    }

    /// A key has ended: the next value is that of this field.
    pub(super) fn name(&mut self, key: &[u8]) {
        self.next = self.level.field(key);
    }

    /// Takes a character outside strings.
    pub(super) fn pass(&mut self, character: u8) {
        match character {
            b'{' | b'[' => self.open(character),
            b'}' | b']' => self.close(),
            b',' if self.aside.0 == 0 => self.expect_next(),
            b':' if self.aside.0 == 0 => self.key = false,
            _ => {}
        }
    }

    fn open(&mut self, bracket: u8) {
        match self.next {
            _ if self.aside.0 > 0 => self.aside.0 += 1,
            Value::Nested(level) if level.bracket() == bracket => {
                self.level = level;
                self.expect_next();
            }
            Value::Plain(Care::Drop) => self.aside = (1, Care::Drop),
            _ => self.aside = (1, Care::Keep),
        }
    }

    fn close(&mut self) {
        if self.aside.0 > 0 {
            self.aside.0 -= 1;
            return;
        }
        self.level = self.level.around();
        // Until a comma says that more comes, nothing is expected.
        (self.next, self.key) = (Value::Plain(Care::Keep), false);
    }

    fn expect_next(&mut self) {
        self.key = self.level.bracket() == b'{';
        self.next = match self.level {
            Level::Candidates => Value::Nested(Level::Candidate),
            Level::Parts => Value::Nested(Level::Part),
            _ => Value::Plain(Care::Keep),
        };
    }
}

impl Level {
    /// What the types make of this field, in either casing. At the top, what is unknown may be part of an error.
    fn field(self, key: &[u8]) -> Value {
        use Value::{Nested, Plain};
        match (self, key) {
            (Self::Answer, b"candidates") => Nested(Self::Candidates),
            (Self::Candidate, b"content") => Nested(Self::Content),
            (Self::Content, b"parts") => Nested(Self::Parts),
            (Self::Part, b"inlineData" | b"inline_data") => Nested(Self::Blob),
            (Self::Part, b"fileData" | b"file_data") => Nested(Self::File),
            (Self::Part, b"text") => Plain(Care::Text),
            (Self::Blob, b"data") => Plain(Care::Data),
            (Self::File, b"fileUri" | b"file_uri") => Plain(Care::Address),
            (Self::Answer, _) | (Self::Part, b"thought") => Plain(Care::Keep),
            (Self::Candidate, b"finishReason" | b"finish_reason" | b"finishMessage" | b"finish_message") => {
                Plain(Care::Keep)
            }
            _ => Plain(Care::Drop),
        }
    }

    fn bracket(self) -> u8 {
        match self {
            Self::Candidates | Self::Parts => b'[',
            Self::Outside => 0,
            _ => b'{',
        }
    }

    fn around(self) -> Self {
        match self {
            Self::Outside | Self::Answer => Self::Outside,
            Self::Candidates => Self::Answer,
            Self::Candidate => Self::Candidates,
            Self::Content => Self::Candidate,
            Self::Parts => Self::Content,
            Self::Part => Self::Parts,
            Self::Blob | Self::File => Self::Part,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The strings of a text without escapes, and what is done with each.
    fn cares(json: &str) -> Vec<(&str, Care)> {
        let (mut place, mut cares) = (Place::default(), Vec::new());
        for (index, piece) in json.split('"').enumerate() {
            if index % 2 == 0 {
                piece.bytes().for_each(|byte| place.pass(byte));
                continue;
            }
            cares.push((piece, place.care()));
            if place.care() == Care::Key {
                place.name(piece.as_bytes());
            }
        }
        cares.retain(|(_, care)| *care != Care::Key);
        cares
    }

    #[test]
    fn every_string_is_known_by_where_it_stands() {
        let json = r#"{"a":"kept","candidates":[{"x":["1",{"data":"2"}],"content":{"role":"3","parts":[
            {"text":"words","thought":"yes","thoughtSignature":"4","inlineData":{"mimeType":"5","data":"image"}},
            {"inline_data":{"data":"image"}},{"fileData":{"fileUri":"at","data":"6"},"text":["odd"]},"odd"]},
            "finishReason":"why"}],"data":"kept"}"#;
        let expected = [
            ("kept", Care::Keep),
            ("1", Care::Drop),
            ("data", Care::Drop),
            ("2", Care::Drop),
            ("3", Care::Drop),
            ("words", Care::Text),
            ("yes", Care::Keep),
            ("4", Care::Drop),
            ("5", Care::Drop),
            ("image", Care::Data),
            ("image", Care::Data),
            ("at", Care::Address),
            ("6", Care::Drop),
            ("odd", Care::Keep),
            ("odd", Care::Keep),
            ("why", Care::Keep),
            ("kept", Care::Keep),
        ];
        assert_eq!(cares(json), expected);
    }

    #[test]
    fn what_stands_in_the_place_of_another_kind_is_kept() {
        for json in [r#"["a",{"candidates":"b"}]"#, r#"{"candidates":{"content":"a"},"b":"c"}"#] {
            assert!(cares(json).iter().all(|(_, care)| *care == Care::Keep), "{json}");
        }
        let behind = cares(r#"{}{"candidates":[{"x":"a"}]}"#);
        assert_eq!(behind[2], ("a", Care::Keep), "behind the end");
    }
}
