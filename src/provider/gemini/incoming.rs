//! An image on its way into the sink, from wherever it comes. Never holds more of it than its two ends.

use std::io;

use super::base64_stream::NotBase64;
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

/// An image that begins in the sink only when its first bytes say that it is one.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    format: Option<ImageFormat>,
    /// Begun in the sink, and the sink still takes what it is given.
    open: bool,
    head: Vec<u8>,
    tail: Vec<u8>,
    length: u64,
}

impl Incoming {
    /// Takes the next bytes, however many or few.
    pub(super) fn write(&mut self, block: &[u8], images: &mut dyn ImageSink) -> Result<(), Unsaved> {
        self.length += block.len() as u64;
        self.remember_tail(block);
        if self.format.is_some() {
            return self.pass_on(block, images);
        }
        let withheld = self.head.len();
        let missing = ImageFormat::SNIFF_BYTES - withheld;
        self.head.extend_from_slice(&block[..missing.min(block.len())]);
        if self.head.len() < ImageFormat::SNIFF_BYTES {
            return Ok(());
        }
        self.format = Some(ImageFormat::sniff(&self.head).ok_or(Unsaved::NoImage)?);
        images.begin()?;
        self.open = true;
        // The first block goes on in one piece where it can: large pieces are the cheap ones.
        if withheld > 0 {
            let head = self.head.clone();
            self.pass_on(&head[..withheld], images)?;
        }
        self.pass_on(block, images)
    }

    /// Keeps it if all of it arrived and it is whole by its bytes; else leaves no trace of it.
    pub(super) fn end<E: From<Unsaved>>(self, arrived: Result<(), E>, images: &mut dyn ImageSink) -> Result<(), E> {
        match arrived.and_then(|()| self.whole().map_err(E::from)) {
            Ok(()) => Ok(images.keep().map_err(Unsaved::Sink)?),
            Err(missing) => {
                if self.open {
                    images.discard().map_err(Unsaved::Sink)?;
                }
                Err(missing)
            }
        }
    }

    /// Whether the sink has begun it.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    fn pass_on(&mut self, bytes: &[u8], images: &mut dyn ImageSink) -> Result<(), Unsaved> {
        // A sink that fails is asked nothing more.
        images.write(bytes).inspect_err(|_| self.open = false)?;
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
