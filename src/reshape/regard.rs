//! A look at a picture from far away: its impression, and a small picture of it, of one decoding. Never decides what it
//! means.

use std::fs::File;
use std::io::Seek;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::rows::reduced;
use super::{ReshapeError, decoder, profile};
use crate::domain::{ImageFormat, Impression};

/// The pixels of a picture that is looked at may take so many bytes: 67 million of three colours. More is sent or drawn by
/// nobody, and several are looked at at a time.
const MOST_MEMORY: u64 = 192 << 20;

/// JPEG quality of small pictures, of 100: what it loses no eye sees at their size.
const QUALITY: u8 = 80;
/// A colour profile is kept in a small picture up to so many bytes: sRGB's own has some 3,000, a printer's a million.
const LARGEST_PROFILE: usize = 4_096;

/// What a picture looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regarded {
    /// From far away.
    pub impression: Impression,
    /// In small: a JPEG, upright, on white where the picture lets light through.
    pub thumbnail: Vec<u8>,
}

/// The impression of a picture of this format, wherever the file was read to before. Takes a processor for some
/// milliseconds.
pub fn impression(file: File, format: ImageFormat) -> Result<Impression, ReshapeError> {
    Ok(Sight::of(file, format)?.impression())
}

/// The same, and the picture in small: of so many pixels on its longer side at most, and never larger than it is.
pub fn regard(file: File, format: ImageFormat, side: u32) -> Result<Regarded, ReshapeError> {
    let sight = Sight::of(file, format)?;
    Ok(Regarded { impression: sight.impression(), thumbnail: sight.thumbnail(side)? })
}

/// A decoded picture, not yet turned.
struct Sight {
    picture: DynamicImage,
    orientation: Orientation,
    profile: Option<Vec<u8>>,
}

impl Sight {
    fn of(mut file: File, format: ImageFormat) -> Result<Self, ReshapeError> {
        file.rewind()?;
        let mut decoder = decoder(file, format).map_err(to_look_at)?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let profile = profile(&mut decoder).filter(|profile| profile.len() <= LARGEST_PROFILE);
        if decoder.total_bytes() > MOST_MEMORY {
            return Err(ReshapeError::TooLargeToLookAt);
        }
        let picture = DynamicImage::from_decoder(decoder).map_err(ReshapeError::from).map_err(to_look_at)?;
        match picture.width().min(picture.height()) {
            0 => Err(ReshapeError::Broken("it has no pixels".to_owned())),
            _ => Ok(Self { picture, orientation, profile }),
        }
    }

    /// Reduced to so many pixels and turned: what is small is turned quickly.
    fn reduced(&self, width: u32, height: u32) -> RgbImage {
        let mut picture = DynamicImage::from(reduced(&self.picture, width, height));
        picture.apply_orientation(self.orientation);
        picture.into_rgb8()
    }

    fn is_on_its_side(&self) -> bool {
        use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
        matches!(self.orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
    }

    fn impression(&self) -> Impression {
        const PARTS: u32 = Impression::PARTS as u32;
        let (mut width, mut height) = (self.picture.width(), self.picture.height());
        if self.is_on_its_side() {
            (width, height) = (height, width);
        }
        let parts = self.reduced(PARTS, PARTS);
        let (parts, _) = parts.as_chunks();
        Impression::of(width, height, parts)
    }

    fn thumbnail(&self, side: u32) -> Result<Vec<u8>, ReshapeError> {
        let (width, height) = (self.picture.width(), self.picture.height());
        let longer = width.max(height);
        let side = side.clamp(1, longer);
        // Below 16 bits by what a decoder takes.
        let scaled =
            |pixels: u32| ((u64::from(pixels) * u64::from(side) + u64::from(longer) / 2) / u64::from(longer)).max(1);
        let small = self.reduced(scaled(width) as u32, scaled(height) as u32);
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, QUALITY);
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        if let Some(profile) = &self.profile {
            // Without it, it shows nearly the same colours.
            let _ = encoder.add_icc_profile(profile);
        }
        let side = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
        let (width, height) = (side(small.width()), side(small.height()));
        let encoded = encoder.encode(&small, width, height, ColorType::Rgb);
        encoded.map_err(|error| ReshapeError::Broken(error.to_string()))?;
        Ok(bytes)
    }
}

fn to_look_at(error: ReshapeError) -> ReshapeError {
    if let ReshapeError::TooLarge = error { ReshapeError::TooLargeToLookAt } else { error }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use image::codecs::jpeg::JpegEncoder;
    use image::{ImageEncoder, Luma, Rgb, Rgba};

    use super::*;

    /// Turn by 90 degrees clockwise.
    const ON_ITS_SIDE: &[u8] = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn looked_at(bytes: &[u8], side: u32) -> (Impression, RgbImage) {
        let seen = regard(file(bytes), ImageFormat::sniff(bytes).unwrap(), side).unwrap();
        assert_eq!(seen.impression, impression(file(bytes), ImageFormat::sniff(bytes).unwrap()).unwrap());
        (seen.impression, image::load_from_memory(&seen.thumbnail).unwrap().into_rgb8())
    }

    fn written(picture: impl Into<DynamicImage>, format: image::ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn jpeg(picture: &RgbImage, quality: u8, notes: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
        encoder.set_exif_metadata(notes.to_vec()).unwrap();
        picture.write_with_encoder(encoder).unwrap();
        bytes
    }

    /// Red at the left, blue at the right.
    fn halves(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) })
    }

    fn is_near(found: Rgb<u8>, wanted: [u8; 3]) -> bool {
        found.0.iter().zip(wanted).all(|(found, wanted)| found.abs_diff(wanted) < 12)
    }

    #[test]
    fn a_small_picture_shows_what_the_large_one_does() {
        for bytes in [jpeg(&halves(600, 400), 90, b""), written(halves(600, 400), image::ImageFormat::WebP)] {
            let (impression, small) = looked_at(&bytes, 300);
            assert_eq!((impression.width, impression.height), (600, 400));
            assert_eq!(small.dimensions(), (300, 200));
            assert!(is_near(*small.get_pixel(40, 100), [220, 20, 20]));
            assert!(is_near(*small.get_pixel(260, 100), [20, 20, 220]));
        }
    }

    #[test]
    fn sides_that_no_whole_number_divides_are_reduced_evenly() {
        let even = RgbImage::from_pixel(211, 97, Rgb([130, 140, 150]));
        let (impression, small) = looked_at(&written(even, image::ImageFormat::Png), 100);
        assert_eq!(small.dimensions(), (100, 46));
        assert!(small.pixels().all(|pixel| is_near(*pixel, [130, 140, 150])));
        assert!(impression.is_blank && impression.grid.chunks(3).all(|place| place == [130, 140, 150]));
    }

    #[test]
    fn nothing_is_made_larger_than_it_is() {
        for (width, height) in [(1, 1), (40, 9), (3, 700)] {
            let (impression, small) = looked_at(&written(halves(width, height), image::ImageFormat::Png), 320);
            assert_eq!((impression.width, impression.height), (width, height));
            assert!(small.width() <= width && small.height() <= height.min(320), "{:?}", small.dimensions());
        }
    }

    #[test]
    fn a_picture_on_its_side_is_looked_at_upright() {
        let (impression, small) = looked_at(&jpeg(&halves(600, 400), 90, ON_ITS_SIDE), 300);
        assert_eq!((impression.width, impression.height), (400, 600));
        assert_eq!(small.dimensions(), (200, 300));
        assert!(is_near(*small.get_pixel(100, 40), [220, 20, 20]), "its left became its top");
        assert_eq!(impression.grid[..3], impression.grid[21..24], "a row has one colour");
        assert_ne!(impression.grid[..3], impression.grid[189..]);
    }

    #[test]
    fn what_lets_light_through_is_looked_at_on_white() {
        let clear = image::RgbaImage::from_pixel(300, 300, Rgba([9, 9, 9, 0]));
        let (impression, small) = looked_at(&written(clear, image::ImageFormat::Png), 64);
        assert!(impression.is_blank && impression.grid.iter().all(|value| *value == 255));
        assert!(small.pixels().all(|pixel| is_near(*pixel, [255; 3])));
        let half = image::GrayAlphaImage::from_pixel(300, 300, image::LumaA([0, 128]));
        assert!(looked_at(&written(half, image::ImageFormat::Png), 64).0.grid.iter().all(|value| *value == 127));
    }

    #[test]
    fn grey_pictures_of_8_and_16_bits_look_the_same() {
        let grey = image::GrayImage::from_fn(200, 200, |x, y| Luma([(x + y / 2) as u8 / 2 + 40]));
        let fine = image::ImageBuffer::<Luma<u16>, _>::from_fn(200, 200, |x, y| {
            Luma([u16::from(grey.get_pixel(x, y).0[0]) * 257])
        });
        let of = |picture: DynamicImage| looked_at(&written(picture, image::ImageFormat::Png), 100);
        assert_eq!(of(grey.clone().into()).0, of(fine.into()).0);
    }

    #[test]
    fn what_cannot_be_looked_at_says_why() {
        let whole = written(halves(600, 400), image::ImageFormat::Png);
        let broken = impression(file(&whole[..whole.len() / 2]), ImageFormat::Png);
        assert!(matches!(broken, Err(ReshapeError::Broken(_))), "{broken:?}");
        assert!(impression(file(b"<svg/>"), ImageFormat::Jpeg).is_err());
        // It says of itself that it has 16,000 by 16,000 pixels, and has next to none.
        let mut vast = whole.clone();
        vast[16..24].copy_from_slice(&[0, 0, 0x3E, 0x80, 0, 0, 0x3E, 0x80]);
        let crc = crc32(&vast[12..29]);
        vast[29..33].copy_from_slice(&crc.to_be_bytes());
        assert!(matches!(regard(file(&vast), ImageFormat::Png, 320), Err(ReshapeError::TooLargeToLookAt)));
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum()
    }
}
