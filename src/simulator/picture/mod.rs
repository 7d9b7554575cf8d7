//! Draws a picture that shows what it was asked for: a studio scene above the prompt in plain letters. Never random:
//! the same drawing gives the same bytes.

mod colour;
mod encode;
mod lettering;
mod scene;
mod wares;

use tiny_skia::{Color, Pixmap};

pub use encode::Format;

/// What to draw.
#[derive(Debug, Clone, Copy)]
pub struct Drawing<'a> {
    /// Decides colours and shape, and is written below the scene in full, as far as it fits.
    pub prompt: &'a str,
    /// A small line below the prompt. Without prompt and note the scene fills the picture.
    pub note: &'a str,
    /// Pixels across, at least 1.
    pub width: u32,
    /// Pixels down, at least 1.
    pub height: u32,
    /// Tells pictures of one prompt apart.
    pub variation: u64,
}

/// Draws and encodes. Takes some ten milliseconds for a million pixels: not for a thread that others wait for.
///
/// # Panics
/// When a side is 0 pixels, or so many that no memory holds the picture.
pub fn draw(drawing: &Drawing, format: Format) -> Vec<u8> {
    let mut canvas =
        Pixmap::new(drawing.width, drawing.height).expect("the sides of a picture are checked by the caller");
    let band = lettering::Band::of(drawing);
    scene::paint(&mut canvas, drawing.height - band.height(), drawing);
    band.write(&mut canvas);
    format.encode(&canvas)
}

/// Encodes a picture of one grey all over.
///
/// # Panics
/// As [`draw`].
pub fn plain(width: u32, height: u32, grey: u8, format: Format) -> Vec<u8> {
    let mut canvas = Pixmap::new(width, height).expect("the sides of a picture are checked by the caller");
    canvas.fill(Color::from_rgba8(grey, grey, grey, u8::MAX));
    format.encode(&canvas)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_size_and_any_prompt_can_be_drawn() {
        let long = "Ελληνικά 漢字 🙂 and many more words ".repeat(200);
        for (width, height) in [(1, 1), (8, 8), (2_000, 3), (3, 2_000), (300, 200)] {
            for prompt in ["", "a cup", long.as_str()] {
                for format in [Format::Jpeg, Format::Png] {
                    let bytes = draw(&Drawing { prompt, note: "a note", width, height, variation: 9 }, format);
                    let size = imagesize::blob_size(&bytes).unwrap();
                    assert_eq!((size.width, size.height), (width as usize, height as usize));
                }
            }
        }
    }

    #[test]
    fn the_same_drawing_gives_the_same_bytes_and_its_variation_another_picture() {
        let drawn =
            |variation| draw(&Drawing { prompt: "a cup", note: "", width: 200, height: 200, variation }, Format::Png);
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(0xFFFF));
    }
}
