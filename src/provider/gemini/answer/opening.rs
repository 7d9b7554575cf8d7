//! Finds where in words the base64 of an embedded image begins, character by character. Never looks at the base64.
//!
//! It begins behind `data:image/…;base64,` in letters of any size, with at most [`LONGEST`] characters of a media type
//! and its parameters in place of the dots, unless what stands right before it makes it part of a longer word or
//! address. White space belongs to the base64 only where Markdown's `](` stands before, perhaps with white space or
//! `<` between: elsewhere it ends an address.

const START: &[u8] = b"data:image/";
const END: &[u8] = b";base64";
/// No media type is longer, with its parameters, in characters.
pub(super) const LONGEST: usize = 96;

/// What stands before a character.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Before {
    #[default]
    Other,
    /// A character with which a word or an address goes on.
    Word,
    /// `]`
    Square,
    /// `](`, and perhaps white space or `<` behind it.
    Bracket,
}

/// How much of an opening the last characters were.
#[derive(Debug, Default)]
pub(super) struct Opening {
    before: Before,
    /// How many characters of [`START`] the last ones are.
    started: usize,
    /// How many characters stand behind them, and how many of [`END`] the last of these are.
    behind: usize,
    ended: usize,
    /// White space will belong to the base64.
    spaced: bool,
}

impl Opening {
    /// At the start of an address, which is one to its end: white space belongs to the base64 if it begins here.
    pub(super) fn of_address() -> Self {
        Self { before: Before::Bracket, ..Self::default() }
    }

    /// Takes the next character, or any that is not ASCII for those that are not. When base64 begins behind it, says
    /// whether white space belongs to it.
    pub(super) fn step(&mut self, character: u8) -> Option<bool> {
        if self.started == START.len() {
            if character == b',' && self.ended == END.len() {
                let spaced = self.spaced;
                *self = Self::default();
                return Some(spaced);
            }
            if is_media_type(character) && self.behind < LONGEST {
                self.behind += 1;
                self.ended = matching(END, self.ended, character);
                return None;
            }
            (self.started, self.before) = (0, Before::Word);
        }
        let begins = character.eq_ignore_ascii_case(&START[0]) && self.before != Before::Word;
        if begins {
            self.spaced = self.before == Before::Bracket;
        }
        self.started = match matching(START, self.started, character) {
            1 if !begins => 0,
            started => started,
        };
        (self.behind, self.ended) = (0, 0);
        self.before = after(self.before, character);
        None
    }
}

/// How many characters of a pattern, whose first one does not come again in it, the last ones are.
fn matching(pattern: &[u8], before: usize, character: u8) -> usize {
    match pattern.get(before) {
        Some(next) if character.eq_ignore_ascii_case(next) => before + 1,
        _ => usize::from(character.eq_ignore_ascii_case(&pattern[0])),
    }
}

fn after(before: Before, character: u8) -> Before {
    match (before, character) {
        (_, b']') => Before::Square,
        (Before::Square, b'(') => Before::Bracket,
        (Before::Bracket, b'<') => Before::Bracket,
        (Before::Bracket, space) if space.is_ascii_whitespace() => Before::Bracket,
        (_, other) if continues(other) => Before::Word,
        _ => Before::Other,
    }
}

/// Whether a word or an address may go on with what follows this.
pub(super) fn continues(character: u8) -> bool {
    is_media_type(character) || matches!(character, b'&' | b'%' | b'#' | b'?')
}

/// Whether this may stand in a media type or its parameters.
pub(super) fn is_media_type(character: u8) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, b'+' | b'-' | b'.' | b';' | b'=' | b'_' | b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where base64 begins, and whether white space belongs to it.
    fn openings(text: &str) -> Vec<(usize, bool)> {
        let mut opening = Opening::default();
        text.bytes().enumerate().filter_map(|(at, byte)| Some((at + 1, opening.step(byte)?))).collect()
    }

    #[test]
    fn base64_begins_behind_the_head_of_an_embedded_image() {
        for (text, spaced) in [
            ("data:image/png;base64,", false),
            ("so DATA:image/svg+xml;charset=utf-8;BASE64,", false),
            ("![a](data:image/png;base64,", true),
            ("![a]( \n<data:image/png;base64,", true),
            ("dadata (data:image/;;base64,", false),
            ("data:data:imag data:image/png;base64;base64,", false),
        ] {
            assert_eq!(openings(text), [(text.len(), spaced)], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_no_beginning() {
        let long = format!("data:image/{};base64,", "x".repeat(LONGEST));
        for text in
            ["data:image/png,", "data:text/plain;base64,", "data:image/a b;base64,", "xdata:image/a;base64,", &long]
        {
            assert_eq!(openings(text), [], "{text}");
        }
        assert_eq!(openings("https://a/?u=data:image/png;base64,"), []);
        assert_eq!(openings("data:image/png;base64 ,"), []);
    }
}
