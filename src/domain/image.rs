//! What an image's bytes say it is, and whether its end is there. Never trusts a name or a declared type.

use serde::{Deserialize, Serialize};

/// The largest image in bytes that a request may refer to: 7 MB, the strictest figure documented.
pub const LARGEST_REFERENCE: u64 = 7_000_000;

/// The largest request in bytes, with its references in base64: 20 MB, the older and stricter limit documented.
pub const LARGEST_REQUEST: u64 = 20_000_000;

/// The formats the model reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageFormat {
    /// JPEG, by `FF D8 FF`.
    Jpeg,
    /// PNG, by its eight signature bytes.
    Png,
    /// WebP, by `RIFF....WEBP`.
    Webp,
}

impl ImageFormat {
    /// How many first bytes [`ImageFormat::sniff`] needs to be sure.
    pub const SNIFF_BYTES: usize = 12;

    /// How many last bytes [`ImageFormat::is_complete`] looks at: writers may pad what they wrote.
    pub const TAIL_BYTES: usize = 1024;

    /// The format these first bytes announce, if it is one of ours.
    pub fn sniff(first: &[u8]) -> Option<Self> {
        match first {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
        }
    }

    /// Whether the end of an image is there, by its first [`ImageFormat::SNIFF_BYTES`], its last
    /// [`ImageFormat::TAIL_BYTES`] (fewer if it is shorter) and its length in bytes. What lies between is not judged.
    pub fn is_complete(self, head: &[u8], tail: &[u8], length: u64) -> bool {
        match self {
            Self::Jpeg => ends_with_marker(tail),
            Self::Png => tail.windows(PNG_END.len()).any(|bytes| bytes == PNG_END),
            Self::Webp => riff_length(head).is_some_and(|whole| length >= whole),
        }
    }

    /// The file extension, without a dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }

    /// The media type as HTTP and the Gemini protocol write it.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

/// The chunk `IEND`, empty as it always is, with its length and check sum (PNG, 11.2.5).
const PNG_END: &[u8] = b"\0\0\0\0IEND\xAE\x42\x60\x82";

/// Whether the last thing before any padding is the marker "end of image". Elsewhere in the last bytes it could be
/// that of a thumbnail among the metadata.
fn ends_with_marker(tail: &[u8]) -> bool {
    let padded = |byte: &u8| matches!(byte, 0 | b'\n' | b'\r' | b' ' | 0xFF);
    let padding = tail.iter().rev().take_while(|byte| padded(byte)).count();
    tail[..tail.len() - padding].ends_with(&[0xFF, 0xD9])
}

/// The length that a RIFF file (WebP's container) names for itself, its eight first bytes included.
fn riff_length(head: &[u8]) -> Option<u64> {
    let length = head.get(4..8)?.try_into().ok()?;
    Some(u64::from(u32::from_le_bytes(length)) + 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG_START: &[u8] = b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR";

    fn complete(format: ImageFormat, image: &[u8]) -> bool {
        let head = &image[..image.len().min(ImageFormat::SNIFF_BYTES)];
        let tail = &image[image.len().saturating_sub(ImageFormat::TAIL_BYTES)..];
        format.is_complete(head, tail, image.len() as u64)
    }

    #[test]
    fn a_png_ends_with_its_last_chunk_whatever_is_put_behind_it() {
        let whole = [PNG_START, &[7; 2_000], PNG_END].concat();
        assert!(complete(ImageFormat::Png, &whole));
        assert!(complete(ImageFormat::Png, &[&whole[..], b"\n\0\0 a note"].concat()));
        for cut in [1, 4, 12, 13, 1_500, whole.len()] {
            assert!(!complete(ImageFormat::Png, &whole[..whole.len() - cut]), "cut by {cut}");
        }
    }

    #[test]
    fn a_jpeg_ends_with_its_marker_and_at_most_some_padding() {
        let whole = [&[0xFF, 0xD8, 0xFF][..], &[7; 2_000], &[0xFF, 0xD9]].concat();
        assert!(complete(ImageFormat::Jpeg, &whole));
        for padding in [&b"\0"[..], b"\r\n", &[0; 1_000], &[0xFF; 64]] {
            assert!(complete(ImageFormat::Jpeg, &[&whole[..], padding].concat()), "{padding:?}");
        }
        for cut in [1, 2, 1_500] {
            assert!(!complete(ImageFormat::Jpeg, &whole[..whole.len() - cut]), "cut by {cut}");
        }
        let thumbnail = [&[0xFF, 0xD8, 0xFF][..], &[7; 9], &[0xFF, 0xD9], &[7; 40]].concat();
        assert!(!complete(ImageFormat::Jpeg, &thumbnail), "an end in the middle is none");
        assert!(!complete(ImageFormat::Jpeg, &[&whole[..], &[0; 5_000]].concat()), "zeros without end are no picture");
    }

    #[test]
    fn a_webp_is_as_long_as_it_says() {
        let whole = [&b"RIFF\x20\0\0\0WEBPVP8 "[..], &[7; 24]].concat();
        assert!(complete(ImageFormat::Webp, &whole));
        assert!(complete(ImageFormat::Webp, &[&whole[..], &[0]].concat()));
        assert!(!complete(ImageFormat::Webp, &whole[..whole.len() - 1]));
        assert!(!complete(ImageFormat::Webp, b"RIFF"));
    }

    #[test]
    fn content_decides_the_format() {
        assert_eq!(ImageFormat::sniff(b"\xFF\xD8\xFF\xE0rest"), Some(ImageFormat::Jpeg));
        assert_eq!(ImageFormat::sniff(b"\x89PNG\r\n\x1A\nrest"), Some(ImageFormat::Png));
        assert_eq!(ImageFormat::sniff(b"RIFF\x01\x02\x03\x04WEBPVP8 "), Some(ImageFormat::Webp));
        assert_eq!(ImageFormat::sniff(b"RIFF\x01\x02\x03\x04WAVE"), None);
        assert_eq!(ImageFormat::sniff(b"<html>"), None);
        assert_eq!(ImageFormat::sniff(b""), None);
    }
}
