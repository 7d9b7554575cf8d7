//! One attempt: ask the provider, write what comes into staging. Never retries, never touches the queue.

use std::io;
use std::sync::Arc;

use crate::domain::{AttemptId, Failure, Receipt, Request};
use crate::provider::{AskError, ImageSink, Provider};
use crate::store::{ArtifactStore, Staging};

/// An attempt that came back, one way or the other.
#[derive(Debug)]
pub(super) struct Landed {
    /// Which.
    pub id: AttemptId,
    /// What it brought.
    pub result: Result<Receipt, Miss>,
}

/// Why an attempt brought nothing.
#[derive(Debug)]
pub(super) enum Miss {
    /// Data for the queue.
    Failure(Failure),
    /// Our own fault, before anything was sent: nothing more may be.
    Unsent(String),
    /// Our own fault, and the answer is gone: nothing more may be sent.
    Broken(String),
}

/// Asks once for what the item wants; the images lie in staging, not yet durable, when it returns a receipt.
pub(super) async fn attempt(
    id: AttemptId,
    request: Request,
    provider: Arc<dyn Provider>,
    store: Arc<dyn ArtifactStore>,
) -> Landed {
    Landed { id, result: ask(id, &request, &*provider, &*store).await }
}

async fn ask(
    id: AttemptId,
    request: &Request,
    provider: &dyn Provider,
    store: &dyn ArtifactStore,
) -> Result<Receipt, Miss> {
    // A place for the answer first: where it could not be kept, it is not asked for.
    let mut staged = StagedImages(store.stage(id).map_err(|error| Miss::Unsent(error.to_string()))?);
    let generation = provider.generate(request, &mut staged).await?;
    Ok(Receipt { images: staged.0.finish(), reply: generation.reply })
}

impl From<AskError> for Miss {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Failed(failure) => Self::Failure(failure),
            AskError::Sink(_) => Self::Broken(error.to_string()),
        }
    }
}

/// Joins what the provider writes into to the store's staging, so that neither knows the other.
struct StagedImages(Box<dyn Staging>);

impl ImageSink for StagedImages {
    fn begin(&mut self) -> io::Result<()> {
        self.0.begin()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write(bytes)
    }

    fn keep(&mut self) -> io::Result<()> {
        self.0.keep()
    }

    fn discard(&mut self) -> io::Result<()> {
        self.0.discard()
    }
}
