//! Unpacks gzip as it arrives, in bounded blocks, however much a small body grows. Pure: never reads from a connection.

use std::io::{self, BufRead, Read};

use bytes::{Buf, Bytes};
use flate2::bufread::MultiGzDecoder;

/// No block of unpacked bytes is larger.
const BLOCK: usize = 32 * 1024;

/// What can be had of a body at the moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unpacked {
    /// The next bytes, some at least.
    Block(Bytes),
    /// None before more is put in.
    Hungry,
    /// None at all: it was whole.
    End,
}

/// A body that is unpacked; it may have several members.
pub(super) struct Gunzip(MultiGzDecoder<Packed>);

impl Gunzip {
    /// A body of which nothing has arrived.
    pub(super) fn new() -> Self {
        Self(MultiGzDecoder::new(Packed { bytes: Bytes::new(), ended: false }))
    }

    /// Puts in what arrived next; no bytes are the end. Only when it is hungry.
    pub(super) fn feed(&mut self, arrived: Option<Bytes>) {
        let packed = self.0.get_mut();
        packed.ended = arrived.is_none();
        packed.bytes = arrived.unwrap_or_default();
    }

    /// What can be had now. An error is one of the packing, or that it was cut.
    pub(super) fn pull(&mut self) -> io::Result<Unpacked> {
        if self.0.get_mut().fill_buf().is_err() {
            return Ok(Unpacked::Hungry);
        }
        let mut block = vec![0; BLOCK];
        match self.0.read(&mut block) {
            Ok(0) => Ok(Unpacked::End),
            Ok(length) => {
                block.truncate(length);
                Ok(Unpacked::Block(block.into()))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Unpacked::Hungry),
            Err(error) => Err(error),
        }
    }
}

/// What has arrived and is not unpacked yet.
struct Packed {
    bytes: Bytes,
    ended: bool,
}

impl BufRead for Packed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.bytes.is_empty() && !self.ended {
            true => Err(io::ErrorKind::WouldBlock.into()),
            false => Ok(&self.bytes),
        }
    }

    fn consume(&mut self, length: usize) {
        self.bytes.advance(length);
        if self.bytes.is_empty() {
            // Let go of the connection's buffer, so that it can be used again.
            self.bytes = Bytes::new();
        }
    }
}

impl Read for Packed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(into)?;
        self.consume(length);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// Unpacks what arrives in pieces of this length.
    fn unpacked(body: &[u8], piece: usize) -> io::Result<Vec<u8>> {
        let (mut gunzip, mut pieces, mut out) = (Gunzip::new(), body.chunks(piece), Vec::new());
        loop {
            match gunzip.pull()? {
                Unpacked::Block(block) => out.extend_from_slice(&block),
                Unpacked::Hungry => gunzip.feed(pieces.next().map(Bytes::copy_from_slice)),
                Unpacked::End => return Ok(out),
            }
        }
    }

    #[test]
    fn a_body_is_the_same_in_whatever_pieces_it_arrives() {
        let text: Vec<u8> = (0..100_000_u32).flat_map(|n| (n % 977).to_be_bytes()).collect();
        for piece in [1, 7, 1_000, usize::MAX] {
            assert!(unpacked(&packed(&text), piece).unwrap() == text, "{piece}");
        }
    }

    #[test]
    fn members_follow_each_other() {
        let body = [packed(b"one "), packed(b""), packed(b"two")].concat();
        for piece in [1, 20, body.len()] {
            assert_eq!(unpacked(&body, piece).unwrap(), b"one two");
        }
    }

    #[test]
    fn what_is_cut_or_damaged_is_an_error_wherever() {
        let whole = packed(b"a picture, in words");
        for length in 0..whole.len() {
            assert!(unpacked(&whole[..length], 5).is_err(), "cut after {length}");
        }
        let damaged = |at: usize| whole.iter().enumerate().map(move |(n, byte)| if n == at { !byte } else { *byte });
        for at in [0, 12, whole.len() - 5, whole.len() - 1] {
            assert!(unpacked(&damaged(at).collect::<Vec<_>>(), 5).is_err(), "damaged at {at}");
        }
        assert!(unpacked(&[&whole[..], b"more"].concat(), 5).is_err(), "what follows is no member");
    }

    #[test]
    fn a_small_body_that_grows_comes_in_bounded_blocks() {
        let mut gunzip = Gunzip::new();
        gunzip.feed(Some(packed(&vec![0; 5_000_000]).into()));
        let mut grown = 0;
        while let Unpacked::Block(block) = gunzip.pull().unwrap() {
            assert!(block.len() <= BLOCK);
            grown += block.len();
        }
        assert_eq!(grown, 5_000_000);
    }
}
