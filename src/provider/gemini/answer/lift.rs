//! Images on their way out of an answer's JSON into the sink: base64 in, bytes out, and a mark in the JSON for each.
//! Never knows which of them are final, until it is told.

use std::hash::{BuildHasher, RandomState};

use super::{Excess, Unread};
use crate::provider::ImageSink;
use crate::provider::gemini::base64_stream::{Decoder, NotBase64, is_base64};
use crate::provider::gemini::incoming::{Incoming, Unsaved};

/// No more images of one answer are written down, drafts among them: the model makes a few, and every one is a file.
pub(super) const MOST_IMAGES: usize = 64;

/// The images of one answer.
#[derive(Debug)]
pub(super) struct Lifts {
    /// How every mark begins. Part of it is random, and never leaves this process but in the words of an answer: so
    /// no server can write a mark.
    mark: String,
    decoder: Decoder,
    /// The image that is arriving, and whether all of it so far is one.
    arriving: Option<(Incoming, Result<(), Unsaved>)>,
    /// What became of each, by the index in its mark: its number in the sink, or why it is not there.
    lifted: Vec<Result<usize, Unsaved>>,
    kept: usize,
    /// How many were begun in the sink.
    begun: usize,
    finals: Vec<usize>,
}

impl Default for Lifts {
    fn default() -> Self {
        // A tilde makes it no base64, and leaves it whole where addresses are found in words.
        let mark = format!("~{:016x}~", RandomState::new().hash_one(()));
        let decoder = Decoder::default();
        Self { mark, decoder, arriving: None, lifted: Vec::new(), kept: 0, begun: 0, finals: Vec::new() }
    }
}

impl Lifts {
    /// Begins an image, and gives the mark that stands for its base64.
    pub(super) fn begin(&mut self) -> Result<String, Excess> {
        if self.begun == MOST_IMAGES {
            return Err(Excess::Images);
        }
        self.decoder.restart();
        self.arriving = Some((Incoming::default(), Ok(())));
        Ok(self.mark_of(self.lifted.len()))
    }

    /// Takes the next characters of the image's base64, up to the first that is neither that nor, where it is
    /// `spaced`, a space. Says how many it took: they belong to the base64 even if it is wrong.
    pub(super) fn take(&mut self, base64: &[u8], spaced: bool, images: &mut dyn ImageSink) -> Result<usize, Unread> {
        let Some((image, arrived)) = &mut self.arriving else { return Ok(0) };
        let mut taken = 0;
        while taken < base64.len() && arrived.is_ok() {
            if self.decoder.room() == 0 {
                *arrived = unless_sink(image.write(self.decoder.decoded(), images))?;
                self.decoder.clear(base64.len() - taken);
                continue;
            }
            let block = &base64[taken..];
            let block = &block[..block.len().min(self.decoder.room())];
            // Nearly always all of it is base64, which decoding it finds out best.
            if self.decoder.take(block).is_ok() {
                taken += block.len();
                continue;
            }
            let belongs = extent(block, spaced);
            *arrived = piecewise(&mut self.decoder, &block[..belongs]).map_err(Unsaved::from);
            taken += belongs;
            if belongs < block.len() {
                return Ok(taken);
            }
        }
        Ok(taken + extent(&base64[taken..], spaced))
    }

    /// Whether the image that is arriving is known to be none.
    pub(super) fn is_lost(&self) -> bool {
        self.arriving.as_ref().is_some_and(|(_, arrived)| arrived.is_err())
    }

    /// What has arrived is no base64 after all.
    pub(super) fn spoil(&mut self) {
        if let Some((_, arrived)) = &mut self.arriving {
            *arrived = Err(Unsaved::NoImage);
        }
    }

    /// The base64 has ended: what it made is kept in the sink if it is a whole image, and else leaves no trace.
    pub(super) fn end(&mut self, images: &mut dyn ImageSink) -> Result<(), Unread> {
        let Some((mut image, arrived)) = self.arriving.take() else { return Ok(()) };
        let arrived = arrived.and_then(|()| {
            self.decoder.finish()?;
            image.write(self.decoder.decoded(), images)
        });
        self.begun += usize::from(image.is_open());
        let saved = unless_sink(image.end(arrived, images))?;
        self.record(saved);
        Ok(())
    }

    /// What became of the image whose base64, or mark, this is. What is still base64 stood where none was looked for
    /// while the answer came.
    pub(super) fn image(
        &mut self,
        base64: &str,
        images: &mut dyn ImageSink,
    ) -> Result<&Result<usize, Unsaved>, Unread> {
        let index = match self.index(base64) {
            Some(index) => index,
            None if base64.starts_with(&self.mark) => self.record(Err(Unsaved::NoImage)),
            None => self.save(base64, images)?,
        };
        Ok(&self.lifted[index])
    }

    /// This image is a final one.
    pub(super) fn choose(&mut self, number: usize) {
        self.finals.push(number);
    }

    /// The words without any mark: one stands in them only where no image was looked for.
    pub(super) fn unmarked(&self, words: &str) -> String {
        let mut pieces = words.split(self.mark.as_str());
        let first = pieces.next().unwrap_or_default().to_owned();
        pieces.fold(first, |words, piece| words + "…" + piece.split_once('~').map_or(piece, |(_, behind)| behind))
    }

    /// Leaves no trace of images that were not chosen; the others have the order in which they were.
    pub(super) fn settle(&mut self, images: &mut dyn ImageSink) -> Result<(), Unread> {
        images.retain(&self.finals).map_err(Unread::Sink)
    }

    /// Leaves no trace of any image.
    pub(super) fn abandon(&mut self, images: &mut dyn ImageSink) -> Result<(), Unread> {
        self.spoil();
        self.end(images)?;
        images.retain(&[]).map_err(Unread::Sink)
    }

    fn save(&mut self, base64: &str, images: &mut dyn ImageSink) -> Result<usize, Unread> {
        self.begin().map_err(Unread::TooMuch)?;
        for line in base64.split_ascii_whitespace() {
            if self.take(line.as_bytes(), false, images)? < line.len() {
                self.spoil();
            }
        }
        self.end(images)?;
        Ok(self.lifted.len() - 1)
    }

    /// Gives an image its index.
    pub(super) fn record(&mut self, saved: Result<(), Unsaved>) -> usize {
        let kept = usize::from(saved.is_ok());
        self.lifted.push(saved.map(|()| self.kept));
        self.kept += kept;
        self.lifted.len() - 1
    }

    pub(super) fn mark_of(&self, index: usize) -> String {
        format!("{}{index}~", self.mark)
    }

    /// The index of the image whose mark this is. Where more stands behind the mark, the whole was no base64.
    fn index(&self, mark: &str) -> Option<usize> {
        let index = mark.strip_prefix(&self.mark)?.strip_suffix('~')?.parse().ok()?;
        (index < self.lifted.len()).then_some(index)
    }
}

/// An error of the sink is none of the image's.
fn unless_sink(result: Result<(), Unsaved>) -> Result<Result<(), Unsaved>, Unread> {
    match result {
        Err(Unsaved::Sink(error)) => Err(Unread::Sink(error)),
        other => Ok(other),
    }
}

/// How many of the first characters belong to the base64.
fn extent(characters: &[u8], spaced: bool) -> usize {
    let belongs = |character: &u8| is_base64(*character) || spaced && *character == b' ';
    characters.iter().position(|character| !belongs(character)).unwrap_or(characters.len())
}

/// Decodes base64 with spaces in it.
fn piecewise(decoder: &mut Decoder, spaced: &[u8]) -> Result<(), NotBase64> {
    spaced.split(|character| *character == b' ').try_for_each(|piece| decoder.take(piece))
}
