//! The band below the scene: the prompt in letters as large as fit, and a small note. Never draws the scene.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, RasterizedChar, get_raster, get_raster_width};
use tiny_skia::Pixmap;

use super::Drawing;

/// A size of letters: a size of the font, drawn this many times as large.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Size {
    raster: RasterHeight,
    scale: usize,
    /// The largest share of the picture that a prompt in this size may take.
    most_of_height: f32,
}

/// Sizes to try for the prompt, the largest first: few words are written large, many still in full.
const SIZES: [Size; 6] = [
    Size::new(RasterHeight::Size32, 2, 0.12),
    Size::new(RasterHeight::Size24, 2, 0.16),
    Size::new(RasterHeight::Size32, 1, 0.22),
    Size::new(RasterHeight::Size24, 1, 0.26),
    Size::new(RasterHeight::Size20, 1, 0.30),
    Size::new(RasterHeight::Size16, 1, 0.34),
];
const NOTE_SIZE: Size = Size::new(RasterHeight::Size16, 1, 0.0);

impl Size {
    const fn new(raster: RasterHeight, scale: usize, most_of_height: f32) -> Size {
        Size { raster, scale, most_of_height }
    }

    /// Pixels from one letter to the next.
    fn advance(self) -> usize {
        get_raster_width(FontWeight::Regular, self.raster) * self.scale
    }

    /// Pixels from one line to the next: lines a little apart are read more easily.
    fn line_height(self) -> usize {
        self.raster.val() * self.scale * 9 / 8
    }

    /// Letters in a line of so many pixels.
    fn columns(self, across: usize) -> usize {
        (across / self.advance()).max(1)
    }
}

/// Warm paper and ink, legible for everyone.
const PAPER: [u8; 3] = [250, 248, 244];
const INK: [u8; 3] = [34, 36, 42];
const FADED_INK: [u8; 3] = [118, 116, 112];
const STANDS_FOR_UNKNOWN: char = '\u{FFFD}';

/// The band, laid out.
pub(super) struct Band {
    lines: Vec<String>,
    size: Size,
    note: Option<String>,
    margin: usize,
    height: u32,
}

impl Band {
    /// Lays out what `drawing` says, in the largest letters that show all of it.
    pub fn of(drawing: &Drawing) -> Band {
        let margin = (drawing.width / 26) as usize;
        let across = (drawing.width as usize).saturating_sub(2 * margin);
        let (size, lines) = fit(&plain(drawing.prompt), across, drawing.height);
        let note = plain(drawing.note);
        let note = (!note.is_empty()).then(|| wrap(&note, NOTE_SIZE.columns(across)).swap_remove(0));
        let mut band = Band { lines, size, note, margin, height: 0 };
        band.height = (band.padded_height() as u32).min(drawing.height);
        band
    }

    /// Pixels from the top of the band to the bottom of the picture; 0 when there is nothing to write.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Fills the band and writes into it.
    pub fn write(&self, canvas: &mut Pixmap) {
        let top = (canvas.height() - self.height) as usize;
        let row = [PAPER[0], PAPER[1], PAPER[2], 255].repeat(canvas.width() as usize);
        canvas.data_mut().chunks_exact_mut(row.len()).skip(top).for_each(|pixels| pixels.copy_from_slice(&row));
        let mut y = top + self.margin * 2 / 3;
        for line in &self.lines {
            write_line(canvas, line, self.size, (self.margin, y), INK);
            y += self.size.line_height();
        }
        if let Some(note) = &self.note {
            write_line(canvas, note, NOTE_SIZE, (self.margin, y + self.margin / 4), FADED_INK);
        }
    }

    fn padded_height(&self) -> usize {
        if self.lines.is_empty() && self.note.is_none() {
            return 0;
        }
        let note = self.note.as_ref().map_or(0, |_| NOTE_SIZE.line_height() + self.margin / 4);
        self.lines.len() * self.size.line_height() + note + self.margin * 4 / 3
    }
}

/// The largest size at which the text takes its share of the picture; at the smallest, what does not fit is left out.
fn fit(text: &str, across: usize, picture_height: u32) -> (Size, Vec<String>) {
    let rows = |size: Size| (picture_height as f32 * size.most_of_height) as usize / size.line_height();
    for size in SIZES {
        let lines = wrap(text, size.columns(across));
        if lines.len() <= rows(size) {
            return (size, lines);
        }
    }
    let smallest = SIZES[SIZES.len() - 1];
    let mut lines = wrap(text, smallest.columns(across));
    lines.truncate(rows(smallest).max(1));
    if let Some(last) = lines.last_mut() {
        let keep = last.chars().count().min(smallest.columns(across).saturating_sub(3));
        *last = last.chars().take(keep).chain("...".chars()).collect();
    }
    (smallest, lines)
}

/// Breaks a text between words, and within a word that is longer than a line.
fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut room = 0;
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        for (index, piece) in letters.chunks(columns).enumerate() {
            let needed = piece.len() + 1;
            match lines.last_mut() {
                Some(line) if index == 0 && needed <= room => {
                    line.push(' ');
                    line.extend(piece);
                    room -= needed;
                }
                _ => {
                    lines.push(piece.iter().collect());
                    room = columns - piece.len();
                }
            }
        }
    }
    lines
}

/// The text in letters that the font has; typographic signs become their plain relatives.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '‘' | '’' | '‚' => plain.push('\''),
            '“' | '”' | '„' => plain.push('"'),
            '‐' | '‑' | '–' | '—' | '−' => plain.push('-'),
            '…' => plain.push_str("..."),
            '€' => plain.push_str("EUR"),
            '\u{200B}'..='\u{200F}' | '\u{300}'..='\u{36F}' | '\u{FE00}'..='\u{FE0F}' => {}
            letter => plain.push(letter),
        }
    }
    plain
}

fn write_line(canvas: &mut Pixmap, line: &str, size: Size, (left, top): (usize, usize), ink: [u8; 3]) {
    for (index, letter) in line.chars().enumerate() {
        let known = |letter| get_raster(letter, FontWeight::Regular, size.raster);
        if let Some(glyph) = [letter, STANDS_FOR_UNKNOWN, '?'].into_iter().find_map(known) {
            write_letter(canvas, &glyph, size.scale, (left + index * size.advance(), top), ink);
        }
    }
}

/// Draws one letter; what lies beyond the canvas is left out.
fn write_letter(canvas: &mut Pixmap, glyph: &RasterizedChar, scale: usize, (left, top): (usize, usize), ink: [u8; 3]) {
    let (width, height) = (canvas.width() as usize, canvas.height() as usize);
    let pixels = canvas.data_mut();
    for y in 0..(glyph.height() * scale).min(height.saturating_sub(top)) {
        for x in 0..(glyph.width() * scale).min(width.saturating_sub(left)) {
            let strength = if scale == 1 { glyph.pixel(x, y).unwrap_or(0) } else { enlarged(glyph, scale, x, y) };
            let start = ((top + y) * width + left + x) * 4;
            blend(&mut pixels[start..start + 3], ink, strength);
        }
    }
}

/// How strongly an enlarged letter covers a pixel: between its four nearest neighbours, so that edges stay soft.
fn enlarged(glyph: &RasterizedChar, scale: usize, x: usize, y: usize) -> u8 {
    // In units of half an enlarged pixel, centre to centre.
    let unit = 2 * scale;
    let (across, down) = (2 * x + 1 + scale, 2 * y + 1 + scale);
    let (column, row) = (across / unit, down / unit);
    let (right, below) = (across % unit, down % unit);
    let at = |column: usize, row: usize| {
        let place = column.checked_sub(1).zip(row.checked_sub(1));
        place.and_then(|(column, row)| glyph.pixel(column, row)).map_or(0, usize::from)
    };
    let upper = at(column, row) * (unit - right) + at(column + 1, row) * right;
    let lower = at(column, row + 1) * (unit - right) + at(column + 1, row + 1) * right;
    ((upper * (unit - below) + lower * below) / (unit * unit)) as u8
}

/// Lays `ink` over the pixel, as strongly as the letter covers it.
fn blend(pixel: &mut [u8], ink: [u8; 3], strength: u8) {
    if strength == 0 {
        return;
    }
    let strength = u32::from(strength);
    for (part, ink) in pixel.iter_mut().zip(ink) {
        *part = ((u32::from(*part) * (255 - strength) + u32::from(ink) * strength) / 255) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_within_words_that_are_longer_than_a_line() {
        assert_eq!(wrap("a blue cup on oak", 6), ["a blue", "cup on", "oak"]);
        assert_eq!(wrap("unbelievable cup", 5), ["unbel", "ievab", "le", "cup"]);
        assert!(wrap(" \n ", 5).is_empty());
    }

    #[test]
    fn a_short_prompt_is_written_large_and_a_long_one_in_full_or_with_an_ellipsis() {
        assert_eq!(fit("a cup", 900, 1_000).0, SIZES[0]);
        let (size, lines) = fit(&"many words ".repeat(60), 900, 1_000);
        assert!(size != SIZES[0] && !lines.last().unwrap().ends_with("..."));
        let (size, lines) = fit(&"many words ".repeat(900), 900, 1_000);
        assert!(size == SIZES[5] && lines.last().unwrap().ends_with("..."));
        assert!(lines.len() * size.line_height() <= 340);
    }

    #[test]
    fn western_letters_are_drawn_and_typographic_signs_have_relatives() {
        let text = plain("Größe — “café”… naïve Łódź Åre 5€");
        for letter in text.chars() {
            assert!(get_raster(letter, FontWeight::Regular, RasterHeight::Size16).is_some(), "{letter:?}");
        }
        assert_eq!(plain("“a” – b…"), "\"a\" - b...");
    }
}
