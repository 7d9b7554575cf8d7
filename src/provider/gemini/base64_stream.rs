//! Base64 in blocks, with vector instructions where the processor has them. Never holds a whole image.

use std::sync::LazyLock;

use base64::DecodeSliceError;
use base64::engine::{Engine, GeneralPurposeConfig};

/// What is decoded waits here until there is this much, in bytes: all the memory that decoding takes. It is a multiple
/// of three, so that whole groups fill it, and of 8 KiB, so that the hash behind it can use wide instructions.
const BLOCK: usize = 24 * 1024;
/// And this much where a lot arrives at once, as it does while few requests are in flight: a multiple of 16 KiB, with
/// which the hash is a third quicker.
const LARGE_BLOCK: usize = 48 * 1024;
/// A lot: characters that fill a large block.
const A_LOT: usize = LARGE_BLOCK / 3 * 4;
/// Bytes that are encoded at once: a multiple of three, so that only the last of several blocks is padded. They make
/// 64 KiB of text.
pub(super) const BLOCK_BYTES: usize = 48 * 1024;

/// The standard alphabet; padding is written, and may be missing in what is read.
const CONFIG: GeneralPurposeConfig = base64::engine::general_purpose::PAD_INDIFFERENT;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
type Codec = base64::engine::Simd;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static CODEC: LazyLock<Codec> = LazyLock::new(|| Codec::standard(CONFIG));

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Codec = base64::engine::GeneralPurpose;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static CODEC: LazyLock<Codec> = LazyLock::new(|| Codec::new(&base64::alphabet::STANDARD, CONFIG));

/// These bytes as base64, padded.
pub(super) fn encode(bytes: &[u8]) -> String {
    CODEC.encode(bytes)
}

/// The characters that so many bytes become, padding included.
pub(super) const fn encoded_length(bytes: u64) -> u64 {
    bytes.div_ceil(3) * 4
}

/// The text was no base64.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotBase64;

/// Whether this character may stand in base64, padding included.
pub(super) fn is_base64(character: u8) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, b'+' | b'/' | b'=')
}

/// Decodes what is pushed, in whatever pieces it comes, with or without padding. Its buffer comes with the first piece
/// and stays for the next text.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// Characters that are no whole group of four yet.
    carried: [u8; 3],
    carries: usize,
    /// The last group was padded: nothing may follow.
    padded: bool,
    buffer: Vec<u8>,
    filled: usize,
    /// Bytes of this text that were written down.
    cleared: usize,
}

impl Decoder {
    /// What the buffer holds, or will once it is there.
    fn block(&self) -> usize {
        self.buffer.len().max(BLOCK)
    }

    /// How many characters there is room for; at least one while the buffer is not full.
    pub(super) fn room(&self) -> usize {
        ((self.block() - self.filled) / 3 * 4).saturating_sub(self.carries)
    }

    /// Takes in all of the piece, which may be no longer than there is room; of a piece that is no base64, nothing.
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<(), NotBase64> {
        if self.carries + piece.len() < 4 {
            self.carried[self.carries..][..piece.len()].copy_from_slice(checked(piece)?);
            self.carries += piece.len();
            return Ok(());
        }
        let (mut filled, mut padded, mut rest) = (self.filled, self.padded, piece);
        if self.carries > 0 {
            let (first, behind) = piece.split_at(4 - self.carries);
            let group = self.group(first);
            filled += self.decode(&group, filled, &mut padded)?;
            rest = behind;
        }
        let (groups, carried) = rest.split_at(rest.len() / 4 * 4);
        let carried = checked(carried)?;
        filled += self.decode(groups, filled, &mut padded)?;
        self.carried[..carried.len()].copy_from_slice(carried);
        (self.carries, self.filled, self.padded) = (carried.len(), filled, padded);
        Ok(())
    }

    /// Decodes what was carried to the end of the text, whose last group may be without its padding.
    pub(super) fn finish(&mut self) -> Result<(), NotBase64> {
        let (carried, mut padded) = (self.carried, self.padded);
        self.filled += self.decode(&carried[..self.carries], self.filled, &mut padded)?;
        self.carries = 0;
        Ok(())
    }

    /// What was decoded since the buffer was cleared last.
    pub(super) fn decoded(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// Makes room for the next characters, of which so many are there: what was decoded is written down.
    pub(super) fn clear(&mut self, there: usize) {
        self.cleared += self.filled;
        self.filled = 0;
        // Where a large block would have begun anyway, so that the hash stays in step.
        if there >= A_LOT && self.cleared.is_multiple_of(LARGE_BLOCK) {
            self.buffer.resize(LARGE_BLOCK, 0);
        }
    }

    /// Makes ready for another text.
    pub(super) fn restart(&mut self) {
        (self.carries, self.padded, self.filled, self.cleared) = (0, false, 0, 0);
    }

    /// The carried characters and those that complete their group.
    fn group(&self, first: &[u8]) -> [u8; 4] {
        let mut group = [0; 4];
        group[..self.carries].copy_from_slice(&self.carried[..self.carries]);
        group[self.carries..].copy_from_slice(first);
        group
    }

    /// Decodes whole groups, or the last one, into the buffer from `at` on, and says how many bytes they make.
    fn decode(&mut self, groups: &[u8], at: usize, padded: &mut bool) -> Result<usize, NotBase64> {
        let Some(last) = groups.last() else { return Ok(0) };
        if *padded {
            return Err(NotBase64);
        }
        *padded = *last == b'=';
        self.buffer.resize(self.block(), 0);
        CODEC.decode_slice(groups, &mut self.buffer[at..]).map_err(|_: DecodeSliceError| NotBase64)
    }
}

/// Characters that are not decoded yet, but could be.
fn checked(characters: &[u8]) -> Result<&[u8], NotBase64> {
    if characters.iter().copied().all(is_base64) { Ok(characters) } else { Err(NotBase64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode_in(pieces: &[&str]) -> Result<Vec<u8>, NotBase64> {
        let mut bytes = Vec::new();
        let mut decoder = Decoder::default();
        for mut piece in pieces.iter().map(|piece| piece.as_bytes()) {
            while !piece.is_empty() {
                if decoder.room() == 0 {
                    bytes.extend_from_slice(decoder.decoded());
                    decoder.clear(piece.len());
                }
                let (first, rest) = piece.split_at(piece.len().min(decoder.room()));
                decoder.take(first)?;
                piece = rest;
            }
        }
        decoder.finish()?;
        bytes.extend_from_slice(decoder.decoded());
        Ok(bytes)
    }

    #[test]
    fn what_was_encoded_comes_back_however_it_is_cut() {
        for length in [0, 1, 2, 3, 47, 48, 49, 50_000, 200_001] {
            let bytes: Vec<u8> = (0..length).map(|n: u32| n.wrapping_mul(2_654_435_761) as u8).collect();
            let text = encode(&bytes);
            assert_eq!(encoded_length(bytes.len() as u64), text.len() as u64);
            assert_eq!(decode_in(&[&text]).unwrap(), bytes);
            let unpadded = text.trim_end_matches('=');
            for cut in [0, 1, 5, unpadded.len() / 2] {
                let (first, second) = unpadded.split_at(cut.min(unpadded.len()));
                assert_eq!(decode_in(&[first, second]).unwrap(), bytes, "{length} cut at {cut}");
            }
        }
    }

    #[test]
    fn single_characters_are_taken_as_well_as_many() {
        let text: Vec<String> = "aGVsbG8gd29ybGQ=".chars().map(String::from).collect();
        let pieces: Vec<&str> = text.iter().map(String::as_str).collect();
        assert_eq!(decode_in(&pieces).unwrap(), b"hello world");
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        let after_padding = format!("{}=A", "A".repeat(19));
        let padded_block = format!("{}==", "A".repeat(18));
        for text in ["A", "AA-_", "AAA*", "A===", "AA A", &after_padding, "*", "AAAA*"] {
            assert_eq!(decode_in(&[text]), Err(NotBase64), "{text}");
        }
        assert_eq!(decode_in(&[&padded_block, "AAAA"]), Err(NotBase64));
        assert_eq!(decode_in(&[&padded_block, "A"]), Err(NotBase64));
    }

    #[test]
    fn of_what_is_refused_nothing_is_taken() {
        let mut decoder = Decoder::default();
        decoder.take(b"aGVsb").unwrap();
        assert_eq!(decoder.take(b"G8gd29*bGQ"), Err(NotBase64));
        decoder.take(b"G8=").unwrap();
        decoder.finish().unwrap();
        assert_eq!(decoder.decoded(), b"hello");
    }
}
