//! What all our pages have in common: paper, ink and type, by day and by night. Never a page itself.

/// The style sheet that each page begins with: its colours and faces, by name.
pub const STYLE: &str = include_str!("paper.css");
