//! Characters that nobody sees and that change what is read. Never changes a text.

/// Embeddings, overrides and isolates, which can make a line read as something it is not.
pub const fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}
