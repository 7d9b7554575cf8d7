//! An image on its way into the sink, from wherever it comes. Never holds more of it than its two ends.

use std::io;

use super::base64_stream::{Decoder, NotBase64};
use crate::domain::ImageFormat;
use crate::provider::ImageSink;

/// Why an image is not in the sink.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsaved {
    /// By its bytes it is none.
    #[error("no image by its bytes")]
    NoImage,
    /// Its end is missing.
    #[error("cut off: {length} bytes of {} without their end", format.media_type())]
    Cut {
        /// What its first bytes say.
        format: ImageFormat,
        /// How many there are.
        length: u64,
    },
    /// The sink would not take it.
    #[error(transparent)]
    Sink(#[from] io::Error),
}

impl From<NotBase64> for Unsaved {
    fn from(_: NotBase64) -> Self {
        Self::NoImage
    }
}

/// Decodes an image into the sink, where it is kept, or leaves no trace of it.
pub(super) fn save(base64: &str, images: &mut dyn ImageSink) -> Result<(), Unsaved> {
    let mut image = Incoming::new(images);
    let mut decoder = Decoder::default();
    let decoded = decoder
        .push(base64.as_bytes(), |block| image.write(block))
        .and_then(|()| decoder.finish(|block| image.write(block)));
    image.end(decoded)
}

/// An image that begins in the sink only when its first bytes say that it is one.
pub(super) struct Incoming<'a> {
    images: &'a mut dyn ImageSink,
    format: Option<ImageFormat>,
    /// Begun in the sink, and the sink still takes what it is given.
    open: bool,
    head: Vec<u8>,
    tail: Vec<u8>,
    length: u64,
}

impl<'a> Incoming<'a> {
    pub(super) fn new(images: &'a mut dyn ImageSink) -> Self {
        Self { images, format: None, open: false, head: Vec::new(), tail: Vec::new(), length: 0 }
    }

    /// Takes the next bytes, however many or few.
    pub(super) fn write(&mut self, block: &[u8]) -> Result<(), Unsaved> {
        let missing = ImageFormat::SNIFF_BYTES - self.head.len();
        let (first, rest) = block.split_at(missing.min(block.len()));
        self.head.extend_from_slice(first);
        self.length += block.len() as u64;
        self.remember_tail(block);
        if self.head.len() < ImageFormat::SNIFF_BYTES {
            return Ok(());
        }
        if self.format.is_none() {
            self.format = Some(ImageFormat::sniff(&self.head).ok_or(Unsaved::NoImage)?);
            self.images.begin()?;
            self.open = true;
            self.pass_on(&self.head.clone())?;
        }
        self.pass_on(rest)
    }

    /// Keeps it if all of it arrived and it is whole by its bytes; else leaves no trace of it.
    pub(super) fn end<E: From<Unsaved>>(self, arrived: Result<(), E>) -> Result<(), E> {
        match arrived.and_then(|()| self.whole().map_err(E::from)) {
            Ok(()) => Ok(self.images.keep().map_err(Unsaved::Sink)?),
            Err(missing) => {
                if self.open {
                    self.images.discard().map_err(Unsaved::Sink)?;
                }
                Err(missing)
            }
        }
    }

    fn pass_on(&mut self, bytes: &[u8]) -> Result<(), Unsaved> {
        // A sink that fails is asked nothing more.
        self.images.write(bytes).inspect_err(|_| self.open = false)?;
        Ok(())
    }

    fn remember_tail(&mut self, block: &[u8]) {
        let last = &block[block.len().saturating_sub(ImageFormat::TAIL_BYTES)..];
        let excess = (self.tail.len() + last.len()).saturating_sub(ImageFormat::TAIL_BYTES);
        self.tail.drain(..excess);
        self.tail.extend_from_slice(last);
    }

    fn whole(&self) -> Result<(), Unsaved> {
        let format = self.format.ok_or(Unsaved::NoImage)?;
        match format.is_complete(&self.head, &self.tail, self.length) {
            true => Ok(()),
            false => Err(Unsaved::Cut { format, length: self.length }),
        }
    }
}
