//! Reads an answer as it comes: its images into the sink, the small rest into words. Never judges what came.

#[cfg(test)]
mod differential;
mod escape;
mod lift;
mod opening;
#[cfg(any(test, fuzzing))]
pub mod oracle;
mod place;
mod reader;
mod turns;
mod wire;

use std::io;

use self::lift::MOST_IMAGES;
use self::reader::AnswerReader;
use self::turns::InTurn;
pub(super) use self::turns::Turns;
use super::auth::Key;
use super::error_reply::ErrorReply;
use crate::domain::Reply;
use crate::net::{Response, TransportError};
use crate::provider::ImageSink;

/// No answer may be longer, unpacked: some hundred times a usual one, and room for several of the largest pictures,
/// their drafts and their signatures. It costs no memory; without it a server could fill the disk.
const MOST_BYTES: usize = 256 * 1024 * 1024;
/// No more of an answer is held in memory: all but what its images and the fields that nobody reads are made of. A
/// usual one needs two KiB.
const MOST_REST: usize = 1024 * 1024;

/// What a whole answer held.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The small rest, without the key.
    pub reply: Reply,
    /// Final images that are now in the sink.
    pub kept: usize,
    /// Addresses of final images, where the answer held none itself; none twice.
    pub links: Vec<String>,
    /// Why an image that should be here is not.
    pub missing: Option<String>,
    /// Why the prompt was not even tried.
    pub block_reason: Option<String>,
    /// An error that came with status 200.
    pub error: Option<ErrorReply>,
}

/// Why an answer could not be read.
#[derive(Debug)]
pub(super) enum Unread {
    /// The connection broke, or the time was up, or the packing was at fault.
    Broken(TransportError),
    /// It ended in the middle.
    Cut,
    /// It goes beyond a limit of ours.
    TooMuch(Excess),
    /// It came in full and is not what the protocol says.
    Unreadable(ErrorReply),
    /// An image could not be written down.
    Sink(io::Error),
}

/// What there is too much of in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Excess {
    /// Of all of it.
    #[error("is longer than {} MiB", MOST_BYTES >> 20)]
    Bytes,
    /// Of what has to be held in memory.
    #[error("holds more than {} MiB beside its pictures", MOST_REST >> 20)]
    Rest,
    /// Of pictures, drafts among them.
    #[error("holds more than {MOST_IMAGES} pictures")]
    Images,
}

/// Reads the answer to its end and follows no link. Every final image is kept in `images`; of drafts, and of anything
/// at all if it fails, nothing is left there.
pub(super) async fn read(
    response: Response,
    images: &mut dyn ImageSink,
    key: &Key,
    turns: &Turns,
) -> Result<Answer, Unread> {
    let mut reader = AnswerReader::default();
    let mut response = InTurn::new(response, turns);
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => reader.push(&chunk, images)?,
            Ok(None) => return reader.finish(images, key),
            Err(error) => return reader.give_up(Unread::Broken(error), images),
        }
    }
}
