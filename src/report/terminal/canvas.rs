//! Lines at the foot of a terminal that are drawn again and again. Never asks how wide the terminal is, and leaves
//! nothing behind, however it was resized in between.

use console::measure_text_width;

/// To the first column, and away with everything from there on.
const ERASE: &str = "\r\u{1b}[J";

/// What is drawn now. The cursor rests in the first column of the last line, so that nothing typed there can break it.
#[derive(Debug, Default)]
pub struct Canvas {
    /// The widths of the lines drawn, in columns.
    drawn: Vec<usize>,
}

impl Canvas {
    /// What to write to have these lines instead of those drawn before, on a terminal that is now so many columns wide.
    pub fn draw(&mut self, text: &str, columns: usize) -> String {
        let erased = self.erase(columns);
        self.drawn = text.lines().map(measure_text_width).collect();
        erased + &text.lines().collect::<Vec<_>>().join("\r\n") + "\r"
    }

    /// What to write to have nothing.
    pub fn erase(&mut self, columns: usize) -> String {
        let drawn = std::mem::take(&mut self.drawn);
        let Some((_, above)) = drawn.split_last() else { return String::new() };
        // A terminal that was made narrower has broken the lines that no longer fit.
        match above.iter().map(|width| width.div_ceil(columns.max(1)).max(1)).sum::<usize>() {
            0 => ERASE.to_owned(),
            rows => format!("\u{1b}[{rows}A{ERASE}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_erased_before_anything_was_drawn() {
        let mut canvas = Canvas::default();
        assert_eq!(canvas.erase(80), "");
        assert_eq!(canvas.draw("one", 80), "one\r");
        assert_eq!(canvas.erase(80), ERASE);
        assert_eq!(canvas.erase(80), "");
    }

    #[test]
    fn lines_are_not_padded_and_the_cursor_rests_where_nothing_typed_can_break_them() {
        let mut canvas = Canvas::default();
        canvas.draw("first\nsecond", 80);
        assert_eq!(canvas.draw("first", 80), format!("\u{1b}[1A{ERASE}first\r"));
    }

    #[test]
    fn lines_that_a_narrower_terminal_has_broken_are_erased_whole() {
        let mut canvas = Canvas::default();
        canvas.draw(&format!("\u{1b}[34m{}\u{1b}[0m\nbelow", "━".repeat(90)), 120);
        assert_eq!(canvas.erase(40), format!("\u{1b}[3A{ERASE}"));
    }
}
