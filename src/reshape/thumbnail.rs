//! A picture in small. Never larger than it is.

use std::fs::File;

use image::{DynamicImage, ImageDecoder};

use super::{ReshapeError, decoder};
use crate::domain::ImageFormat;

/// A picture in small.
pub fn thumbnail(file: File, format: ImageFormat, side: u32) -> Result<Vec<u8>, ReshapeError> {
    let mut decoder = decoder(file, format)?;
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder)?;
    if picture.width().max(picture.height()) > side {
        picture = picture.thumbnail(side, side);
    }
    picture.apply_orientation(orientation);
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 80).encode_image(&picture.into_rgb8())?;
    Ok(bytes)
}
