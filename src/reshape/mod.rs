//! The pixels of pictures: brought into the shape in which they are sent, upright and not larger than wanted; and looked at
//! from far away. Never changes a file, and never takes more memory for one than is set here.

mod look;
mod regard;
mod rows;

use std::fs::File;
use std::io::{self, BufReader, Seek};

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageError, ImageReader, Limits};

use crate::domain::{ImageFormat, LARGEST_REFERENCE, io_words};

pub use look::{Look, look};
pub use regard::{Regarded, impression, regard};

/// The largest file that is reduced, in bytes: more than any camera's.
pub const LARGEST_ORIGINAL: u64 = 100_000_000;

/// Pixels of a side that are decoded at most, and bytes that they may take.
const LONGEST_SIDE: u32 = 16_384;
const MOST_MEMORY: u64 = 512 << 20;

/// JPEG quality, of 100: what it loses no model sees.
const QUALITY: u8 = 92;

/// What a job wants of its reference images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shape {
    /// Turned as their cameras noted.
    pub rotate: bool,
    /// No more pixels than this on the longer side.
    pub reduce_to: Option<u32>,
}

/// A picture in its new shape.
#[derive(Debug)]
pub struct Reshaped {
    /// How it is written.
    pub format: ImageFormat,
    /// The whole file.
    pub bytes: Vec<u8>,
}

/// Why a picture cannot be brought into shape.
#[derive(Debug, thiserror::Error)]
pub enum ReshapeError {
    /// Its pixels cannot be read.
    #[error("its pixels cannot be read ({0}); save it anew with another program")]
    Broken(String),
    /// It would take more memory than any picture should.
    #[error("it is too large to be reduced here: {LONGEST_SIDE} pixels a side are the most; reduce it beforehand")]
    TooLarge,
    /// The same of one that is only looked at.
    #[error("it is too large to be looked at here: it has more pixels than any camera's")]
    TooLargeToLookAt,
    /// It is still larger than a request takes.
    #[error("it has more than 7 MB even after it was reduced; set a smaller `reduce_to` in [references]")]
    StillTooLarge,
    /// The file cannot be read.
    #[error("it cannot be read: {}", io_words(.0))]
    Io(#[from] io::Error),
}

impl Shape {
    /// Whether any picture is touched at all.
    pub fn is_any(&self) -> bool {
        self.rotate || self.reduce_to.is_some()
    }

    /// Whether a picture that looks so, in a file of so many bytes, has to be written anew.
    pub fn changes(&self, look: &Look, bytes: u64) -> bool {
        let is_larger = |most: u32| bytes > LARGEST_REFERENCE || look.longer_side.is_some_and(|side| side > most);
        self.rotate && look.is_turned || self.reduce_to.is_some_and(is_larger)
    }

    /// The largest file that can be sent in the end, in bytes.
    pub fn largest_original(&self) -> u64 {
        if self.reduce_to.is_some() { LARGEST_ORIGINAL } else { LARGEST_REFERENCE }
    }
}

/// Reads a picture and writes it anew: always upright, since its camera's note is not written with it. What lets light
/// through becomes a PNG, all else a JPEG. Takes a processor and much memory for a while.
pub fn reshape(mut file: File, format: ImageFormat, shape: Shape) -> Result<Reshaped, ReshapeError> {
    file.rewind()?;
    let mut decoder = decoder(file, format)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = profile(&mut decoder);
    if decoder.total_bytes() > MOST_MEMORY {
        return Err(ReshapeError::TooLarge);
    }
    let mut picture = DynamicImage::from_decoder(decoder)?;
    if let Some(side) = shape.reduce_to.filter(|side| picture.width().max(picture.height()) > *side) {
        picture = picture.resize(side, side, FilterType::Lanczos3);
    }
    picture.apply_orientation(orientation);
    let (format, bytes) = encode(picture, profile)?;
    match bytes.len() as u64 > LARGEST_REFERENCE {
        true => Err(ReshapeError::StillTooLarge),
        false => Ok(Reshaped { format, bytes }),
    }
}

fn decoder(file: File, format: ImageFormat) -> Result<impl ImageDecoder, ReshapeError> {
    let format = match format {
        ImageFormat::Jpeg => image::ImageFormat::Jpeg,
        ImageFormat::Png => image::ImageFormat::Png,
        ImageFormat::Webp => image::ImageFormat::WebP,
    };
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(LONGEST_SIDE), Some(LONGEST_SIDE));
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::with_format(BufReader::new(file), format);
    reader.limits(limits);
    Ok(reader.into_decoder()?)
}

fn encode(picture: DynamicImage, profile: Option<Vec<u8>>) -> Result<(ImageFormat, Vec<u8>), ReshapeError> {
    let picture = match picture.color().has_alpha() {
        true => DynamicImage::from(picture.into_rgba8()),
        false => DynamicImage::from(picture.into_rgb8()),
    };
    let is_clear = picture.as_rgba8().is_some_and(|picture| picture.pixels().any(|pixel| pixel.0[3] < u8::MAX));
    let mut bytes = Vec::new();
    if is_clear {
        write(picture, PngEncoder::new(&mut bytes), profile)?;
        return Ok((ImageFormat::Png, bytes));
    }
    let picture = DynamicImage::from(picture.into_rgb8());
    write(picture, JpegEncoder::new_with_quality(&mut bytes, QUALITY), profile)?;
    Ok((ImageFormat::Jpeg, bytes))
}

fn write(picture: DynamicImage, mut encoder: impl ImageEncoder, profile: Option<Vec<u8>>) -> Result<(), ImageError> {
    if let Some(profile) = profile {
        // A format that takes none shows nearly the same colours without it.
        let _ = encoder.set_icc_profile(profile);
    }
    picture.write_with_encoder(encoder)
}

/// What its colours mean, if that is a profile of red, green and blue (ICC.1, 7.2: the colour space stands at byte 16), as
/// what is written.
fn profile(decoder: &mut impl ImageDecoder) -> Option<Vec<u8>> {
    decoder.icc_profile().ok().flatten().filter(|profile| profile.get(16..20) == Some(b"RGB "))
}

impl From<ImageError> for ReshapeError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::IoError(error) if error.kind() != io::ErrorKind::UnexpectedEof => Self::Io(error),
            ImageError::IoError(_) => Self::Broken("its end is missing".to_owned()),
            ImageError::Limits(_) => Self::TooLarge,
            error => Self::Broken(error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")),
        }
    }
}
