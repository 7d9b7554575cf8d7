//! Real pictures, small, as cameras and shops make them. Never the same on both sides: left is red, right is blue.

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageEncoder, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

/// The notes of a camera that was held on its side: turn by 90 degrees clockwise (EXIF orientation 6).
const ON_ITS_SIDE: &[u8] = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

fn halves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) })
}

/// A JPEG of this size.
pub fn photo(width: u32, height: u32) -> Vec<u8> {
    encoded(&halves(width, height), None)
}

/// The same, lying on its side by its camera's notes.
pub fn on_its_side(width: u32, height: u32) -> Vec<u8> {
    encoded(&halves(width, height), Some(ON_ITS_SIDE))
}

fn encoded(picture: &RgbImage, notes: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
    if let Some(notes) = notes {
        encoder.set_exif_metadata(notes.to_vec()).unwrap();
    }
    picture.write_with_encoder(encoder).unwrap();
    bytes
}

/// A PNG of this size whose left half lets light through.
pub fn cut_out(width: u32, height: u32) -> Vec<u8> {
    let picture = RgbaImage::from_fn(width, height, |x, _| Rgba([20, 20, 220, if x < width / 2 { 0 } else { 255 }]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// The picture in these bytes, whatever its format.
pub fn decoded(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory(bytes).unwrap()
}
