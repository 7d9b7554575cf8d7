//! How large a picture is and which way up, by what stands in front of its pixels or behind them. Never decodes one.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use image::metadata::Orientation;

use crate::domain::ImageFormat;

/// A camera's notes are no longer, in bytes: those of a JPEG cannot be.
const MOST_NOTES: u64 = 64 * 1024;
/// What the notes of a JPEG begin with, and at times those of others.
const EXIF: &[u8] = b"Exif\0\0";

/// A picture from outside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// Pixels of the longer side, where they can be told.
    pub longer_side: Option<u32>,
    /// Whether it is to be turned before it is looked at, by its camera's notes (EXIF).
    pub is_turned: bool,
}

/// Looks at a picture of this format, wherever the file was read to before. What is broken is no worse than unknown.
pub fn look(file: &mut File, format: ImageFormat) -> io::Result<Look> {
    let mut file = BufReader::new(file);
    file.rewind()?;
    let size = imagesize::reader_size(&mut file).ok();
    let longer_side = size.and_then(|size| u32::try_from(size.width.max(size.height)).ok());
    file.rewind()?;
    let notes = match format {
        ImageFormat::Jpeg => in_jpeg(&mut file),
        ImageFormat::Png => in_png(&mut file),
        ImageFormat::Webp => in_webp(&mut file),
    };
    let notes = match notes {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
        notes => notes?,
    };
    let orientation = notes.and_then(|notes| Orientation::from_exif_chunk(notes.strip_prefix(EXIF).unwrap_or(&notes)));
    let is_turned = orientation.is_some_and(|orientation| orientation != Orientation::NoTransforms);
    Ok(Look { longer_side, is_turned })
}

/// The notes of a JPEG: in a segment of its own, somewhere before the pixels (EXIF 2.32, 4.7).
fn in_jpeg(file: &mut (impl Read + Seek)) -> io::Result<Option<Vec<u8>>> {
    skip(file, 2)?;
    loop {
        let [lead, marker, high, low] = take(file)?;
        let length = u64::from(u16::from_be_bytes([high, low])).saturating_sub(2);
        match (lead, marker) {
            (0xFF, 0xE1) => {
                let segment = bytes(file, length)?;
                if segment.starts_with(EXIF) {
                    return Ok(Some(segment));
                }
            }
            // The pixels begin, or this is no JPEG any more.
            (0xFF, 0xDA | 0xD9) | (..0xFF, _) => return Ok(None),
            // Padding before a marker.
            (_, 0xFF) => back(file, 3)?,
            _ => skip(file, length)?,
        }
    }
}

/// The notes of a PNG: a chunk before or behind the pixels (PNG, 11.3.4.5).
fn in_png(file: &mut (impl Read + Seek)) -> io::Result<Option<Vec<u8>>> {
    skip(file, 8)?;
    loop {
        let length = u64::from(u32::from_be_bytes(take(file)?));
        match &take::<4>(file)? {
            b"eXIf" => return bytes(file, length).map(Some),
            b"IEND" => return Ok(None),
            _ => skip(file, length + 4)?,
        }
    }
}

/// The notes of a WebP: a chunk behind the pixels.
fn in_webp(file: &mut (impl Read + Seek)) -> io::Result<Option<Vec<u8>>> {
    skip(file, 12)?;
    loop {
        let kind: [u8; 4] = take(file)?;
        let length = u64::from(u32::from_le_bytes(take(file)?));
        match &kind {
            b"EXIF" => return bytes(file, length).map(Some),
            _ => skip(file, length + length % 2)?,
        }
    }
}

fn take<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut taken = [0; N];
    file.read_exact(&mut taken).map(|()| taken)
}

fn bytes(file: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(length.min(MOST_NOTES)).read_to_end(&mut bytes).map(|_| bytes)
}

/// Goes on; beyond the end there is nothing to be read.
fn skip(file: &mut impl Seek, bytes: u64) -> io::Result<()> {
    file.seek_relative(i64::try_from(bytes).unwrap_or(i64::MAX))
}

fn back(file: &mut impl Seek, bytes: i64) -> io::Result<()> {
    file.seek_relative(-bytes)
}
