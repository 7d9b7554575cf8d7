//! Who makes pictures: the contract, and one folder for each protocol. Never retries, never touches the store.

mod endpoint;
pub mod gemini;
mod reference;

use std::io;

pub use endpoint::{Endpoint, Looked, Offer};
use futures::future::BoxFuture;
pub use reference::{ReadyFile, ReferenceSource, Unready};

use crate::domain::{Failure, Reply, Request, io_words};

/// Asks a model for a picture, once.
pub trait Provider: Send + Sync {
    /// Sends `request` one time. Each image of the answer is written into `images` as it is decoded; when this
    /// returns a [`Generation`], at least one was kept there. Dropping the future gives the attempt up.
    fn generate<'a>(
        &'a self,
        request: &'a Request,
        images: &'a mut dyn ImageSink,
    ) -> BoxFuture<'a, Result<Generation, AskError>>;
}

/// Where a provider puts image bytes, one image after the other: `begin`, any number of `write`, then `keep` for a
/// image that is whole or `discard` for bytes that are no image. Which of the kept ones are final may be known only at
/// the end of the answer: `retain` says it.
pub trait ImageSink: Send {
    /// A new image begins.
    fn begin(&mut self) -> io::Result<()>;
    /// The next bytes of it.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// It is whole; a final one as long as `retain` does not say otherwise.
    fn keep(&mut self) -> io::Result<()>;
    /// It shall leave no trace.
    fn discard(&mut self) -> io::Result<()>;
    /// Of the images kept so far these are final, in this order, by their number from 0 in the order of `keep`; the
    /// others shall leave no trace.
    fn retain(&mut self, finals: &[usize]) -> io::Result<()>;
}

/// What came back beside the images.
#[derive(Debug, Clone, PartialEq)]
pub struct Generation {
    /// The small rest of the answer.
    pub reply: Reply,
}

/// Why an ask gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The provider's, the item's or nobody's fault: data for the queue.
    #[error("{}", .0.message)]
    Failed(Box<Failure>),
    /// Our own: an image could not be written down. The run has to stop.
    #[error("an image could not be written down: {}", io_words(.0))]
    Sink(#[from] io::Error),
}

impl From<Failure> for AskError {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}
