//! Pixels into files. Never draws.

use jpeg_encoder::{ColorType, Encoder};
use tiny_skia::Pixmap;

/// JPEG quality, of 100: high enough that small letters stay crisp.
const JPEG_QUALITY: u8 = 88;

/// How a picture is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// image/jpeg
    Jpeg,
    /// image/png
    Png,
}

impl Format {
    /// As the protocol names it.
    pub fn mime_type(self) -> &'static str {
        match self {
            Format::Jpeg => "image/jpeg",
            Format::Png => "image/png",
        }
    }

    /// As file names end, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Jpeg => "jpg",
            Format::Png => "png",
        }
    }

    pub(super) fn encode(self, canvas: &Pixmap) -> Vec<u8> {
        match self {
            Format::Jpeg => jpeg(canvas),
            Format::Png => png(canvas),
        }
    }
}

fn jpeg(canvas: &Pixmap) -> Vec<u8> {
    let mut bytes = Vec::new();
    let side = |pixels: u32| u16::try_from(pixels).expect("a JPEG has at most 65,535 pixels a side");
    Encoder::new(&mut bytes, JPEG_QUALITY)
        .encode(canvas.data(), side(canvas.width()), side(canvas.height()), ColorType::Rgba)
        .expect("writing to memory does not fail");
    bytes
}

fn png(canvas: &Pixmap) -> Vec<u8> {
    let (pixels, _) = canvas.data().as_chunks::<4>();
    let mut opaque = vec![0; pixels.len() * 3];
    let (places, _) = opaque.as_chunks_mut::<3>();
    for ([red, green, blue, _alpha], place) in pixels.iter().zip(places) {
        *place = [*red, *green, *blue];
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, canvas.width(), canvas.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().expect("writing to memory does not fail");
    writer.write_image_data(&opaque).expect("the canvas holds as many pixels as its header says");
    writer.finish().expect("writing to memory does not fail");
    bytes
}
