//! Base64 in blocks, with vector instructions where the processor has them. Never holds a whole image.

use std::sync::LazyLock;

use base64::DecodeSliceError;
use base64::engine::{Engine, GeneralPurposeConfig};

/// Characters coded at once: four of them make three bytes, so this gives 48 KiB.
const BLOCK: usize = 64 * 1024;
/// Bytes that become such a block: a multiple of three, so that only the last of several blocks is padded.
pub(super) const BLOCK_BYTES: usize = BLOCK / 4 * 3;
/// No fewer characters are decoded before the end comes: 12 bytes, enough to know an image by.
const LEAST: usize = 16;

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

/// Decodes what is pushed, in whatever pieces it comes, with or without padding, over any white space.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    pending: Vec<u8>,
    decoded: Vec<u8>,
    padded: bool,
}

impl Decoder {
    /// Takes the next characters and hands on what they decode to, block by block.
    pub(super) fn push<E: From<NotBase64>>(
        &mut self,
        base64: &[u8],
        mut write: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for piece in base64.chunks(BLOCK) {
            self.take(piece);
            let whole = self.pending.len() / 4 * 4;
            if whole >= LEAST {
                self.decode(whole, &mut write)?;
            }
        }
        Ok(())
    }

    /// Appends without white space. Most pieces have none, and that is found out by a loop without an early end,
    /// which the compiler can turn into vector instructions.
    fn take(&mut self, piece: &[u8]) {
        let spaced = piece.iter().fold(false, |spaced, byte| spaced | (*byte <= b' '));
        match spaced {
            true => self.pending.extend(piece.iter().filter(|byte| !byte.is_ascii_whitespace())),
            false => self.pending.extend_from_slice(piece),
        }
    }

    /// Hands on what is left.
    pub(super) fn finish<E: From<NotBase64>>(mut self, write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        match self.pending.len() {
            0 => Ok(()),
            rest => self.decode(rest, write),
        }
    }

    fn decode<E: From<NotBase64>>(
        &mut self,
        count: usize,
        mut write: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.padded {
            return Err(NotBase64.into());
        }
        self.padded = self.pending[count - 1] == b'=';
        self.decoded.resize(base64::decoded_len_estimate(count), 0);
        let written =
            CODEC.decode_slice(&self.pending[..count], &mut self.decoded).map_err(|_: DecodeSliceError| NotBase64)?;
        self.pending.drain(..count);
        write(&self.decoded[..written])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode_in(pieces: &[&str]) -> Result<Vec<u8>, NotBase64> {
        let mut bytes = Vec::new();
        let mut decoder = Decoder::default();
        for piece in pieces {
            decoder.push(piece.as_bytes(), |block| {
                bytes.extend_from_slice(block);
                Ok::<_, NotBase64>(())
            })?;
        }
        decoder.finish(|block| {
            bytes.extend_from_slice(block);
            Ok::<_, NotBase64>(())
        })?;
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
    fn white_space_is_skipped_wherever_it_stands() {
        assert_eq!(decode_in(&["aGVs\r\nbG8g", " \t", "d29y\nbG Q=", "\n"]).unwrap(), b"hello world");
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        let after_padding = format!("{}=A", "A".repeat(19));
        let padded_block = format!("{}==", "A".repeat(18));
        for text in ["A", "AA-_", "AAA*", "A===", &after_padding] {
            assert_eq!(decode_in(&[text]), Err(NotBase64), "{text}");
        }
        assert_eq!(decode_in(&[&padded_block, "AAAA"]), Err(NotBase64));
    }
}
