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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// Turn by 90 degrees clockwise, in the order of bytes of Motorola and of Intel.
    const NOTES: [&[u8]; 2] = [
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0",
    ];

    fn look_at(bytes: &[u8]) -> Look {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        look(&mut file, ImageFormat::sniff(bytes).unwrap()).unwrap()
    }

    fn segment(marker: u8, bytes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(bytes.len() + 2).unwrap().to_be_bytes();
        [&[0xFF, marker], &length[..], bytes].concat()
    }

    /// Noted in a segment, behind another, before a frame of 30 by 20 pixels.
    fn jpeg(notes: &[u8]) -> Vec<u8> {
        padded_jpeg(b"", notes)
    }

    fn padded_jpeg(padding: &[u8], notes: &[u8]) -> Vec<u8> {
        let notes = segment(0xE1, &[EXIF, notes].concat());
        let frame = segment(0xC0, b"\x08\0\x14\0\x1E\x03\x01\x22\0\x02\x11\x01\x03\x11\x01");
        [&b"\xFF\xD8"[..], &segment(0xE0, b"JFIF\0"), padding, &notes, &frame, &segment(0xDA, b"")].concat()
    }

    fn chunk(kind: &[u8; 4], bytes: &[u8]) -> Vec<u8> {
        let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        [&length[..], kind, bytes, &[0; 4]].concat()
    }

    fn png(notes: &[u8]) -> Vec<u8> {
        let header = chunk(b"IHDR", b"\0\0\0\x1E\0\0\0\x14\x08\x02\0\0\0");
        let pixels = chunk(b"IDAT", &[7; 999]);
        [&b"\x89PNG\r\n\x1A\n"[..], &header, &pixels, &chunk(b"eXIf", notes), &chunk(b"IEND", b"")].concat()
    }

    fn webp(notes: &[u8]) -> Vec<u8> {
        let chunk = |kind: &[u8; 4], bytes: &[u8]| {
            let length = u32::try_from(bytes.len()).unwrap().to_le_bytes();
            [kind, &length[..], bytes, &vec![0; bytes.len() % 2]].concat()
        };
        let extended = chunk(b"VP8X", b"\x08\0\0\0\x1D\0\0\x13\0\0");
        let chunks = [extended, chunk(b"VP8 ", &[7; 99]), chunk(b"EXIF", &[EXIF, notes].concat())].concat();
        let length = u32::try_from(chunks.len() + 4).unwrap().to_le_bytes();
        [b"RIFF", &length[..], b"WEBP", &chunks].concat()
    }

    #[test]
    fn a_cameras_note_is_found_in_every_format() {
        for notes in NOTES {
            for picture in [jpeg(notes), png(notes), webp(notes)] {
                assert_eq!(look_at(&picture), Look { longer_side: Some(30), is_turned: true });
            }
        }
        assert!(look_at(&padded_jpeg(b"\xFF\xFF", NOTES[0])).is_turned);
        let upright = NOTES[0].iter().map(|byte| if *byte == 6 { 1 } else { *byte }).collect::<Vec<_>>();
        for picture in [jpeg(&upright), png(&upright), webp(b"nothing of use")] {
            assert_eq!(look_at(&picture), Look { longer_side: Some(30), is_turned: false });
        }
    }

    #[test]
    fn what_is_cut_anywhere_is_no_worse_than_unknown() {
        for picture in [jpeg(NOTES[0]), png(NOTES[0]), webp(NOTES[0])] {
            for end in ImageFormat::SNIFF_BYTES..picture.len() {
                look_at(&picture[..end]);
            }
        }
        assert_eq!(look_at(b"\xFF\xD8\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), Look::default());
    }
}
