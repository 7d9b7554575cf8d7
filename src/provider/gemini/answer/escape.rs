//! A backslash and what it stands for, though a border of pieces may fall inside. Never judges it: what is not plain
//! ASCII is handed on as it was written.

/// The escape that is being read, if one is.
#[derive(Debug, Default)]
pub(super) struct Escape {
    raw: [u8; 6],
    length: usize,
}

impl Escape {
    /// Whether a backslash has come and the rest of the escape has not.
    pub(super) fn is_open(&self) -> bool {
        self.length > 0
    }

    /// Takes the next byte, the first being the backslash. Like serde, it takes four bytes behind `\u`, whatever they
    /// are. Gives the escape as it was written once it is whole.
    pub(super) fn take(&mut self, byte: u8) -> Option<[u8; 6]> {
        self.raw[self.length] = byte;
        self.length += 1;
        let whole = match self.length {
            0 | 1 => false,
            6 => true,
            _ => self.raw[1] != b'u',
        };
        whole.then(|| {
            self.raw[self.length..].fill(0);
            self.length = 0;
            self.raw
        })
    }

    /// What came of an escape that the end of the text cut off.
    pub(super) fn rest(&self) -> &[u8] {
        &self.raw[..self.length]
    }
}

/// How an escape was written, without what only fills it up.
pub(super) fn written(raw: &[u8; 6]) -> &[u8] {
    if raw[1] == b'u' { raw } else { &raw[..2] }
}

/// The ASCII character that it stands for; none for any other character and for an escape that is none.
pub(super) fn ascii(raw: &[u8; 6]) -> Option<u8> {
    match raw[1] {
        plain @ (b'"' | b'\\' | b'/') => Some(plain),
        b'b' => Some(0x08),
        b'f' => Some(0x0C),
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b't' => Some(b'\t'),
        b'u' => {
            let digit = |byte: &u8| char::from(*byte).to_digit(16);
            let code = raw[2..].iter().try_fold(0, |code, byte| Some(code * 16 + digit(byte)?))?;
            u8::try_from(code).ok().filter(u8::is_ascii)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, Option<u8>)> {
        let mut escape = Escape::default();
        let raw = text.bytes().find_map(|byte| escape.take(byte))?;
        Some((String::from_utf8_lossy(written(&raw)).into_owned(), ascii(&raw)))
    }

    #[test]
    fn what_stands_for_ascii_is_known_and_the_rest_is_as_written() {
        for (text, character) in [(r"\/", b'/'), (r"\n", b'\n'), (r"\u003d", b'='), (r"\u004A", b'J'), (r#"\""#, b'"')]
        {
            assert_eq!(read(text), Some((text.to_owned(), Some(character))));
        }
        for text in [r"\x", r"\u00e4", r"\ud83d", r"\u00zz", r#"\u","a"#, r"\u+041"] {
            assert_eq!(read(text), Some((text.to_owned(), None)), "{text}");
        }
        assert_eq!(read(r"\u00"), None);
    }
}
