//! One attempt: ask the provider, write what comes into staging, have it examined. Never retries, never touches the queue.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tracing::warn;

use super::examine::Examiner;
use super::stop::{Stop, given_up};
use crate::domain::{AttemptId, Failure, FailureKind, ItemId, Receipt, Reply, Request, Sent};
use crate::provider::{AskError, ImageSink, Provider};
use crate::store::{ArtifactStore, Staging};

/// An answer that is whole is looked at for so long after everything was given up; then it is kept unseen. The program
/// ends within two seconds, and it still has to be written down.
const LAST_LOOK: Duration = Duration::from_secs(1);

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
    Failure(Box<Failure>),
    /// Our own fault, before anything was sent: nothing more may be.
    Unsent(String),
    /// Our own fault, and the answer is gone: nothing more may be sent.
    Broken(String),
    /// Nobody waits for the answer any more.
    GivenUp,
}

/// Those who have a hand in every attempt of a run.
#[derive(Clone)]
pub(super) struct Crew {
    pub provider: Arc<dyn Provider>,
    pub store: Arc<dyn ArtifactStore>,
    pub examiner: Arc<Examiner>,
    pub stop: watch::Receiver<Stop>,
}

/// Asks once for what the item wants; the images lie in staging, not yet durable, when it returns a receipt. Pictures that
/// the job does not accept are none.
pub(super) async fn attempt(sent: Sent, item: ItemId, request: Request, crew: Crew) -> Landed {
    Landed { id: sent.attempt, result: ask(sent, &item, &request, &crew).await }
}

async fn ask(sent: Sent, item: &ItemId, request: &Request, crew: &Crew) -> Result<Receipt, Miss> {
    let Crew { provider, store, stop, .. } = crew;
    // A place for the answer first: where it could not be kept, it is not asked for.
    let mut staged = StagedImages(store.stage(sent).map_err(|error| Miss::Unsent(error.to_string()))?);
    let generation = tokio::select! {
        // What is whole by then was paid for.
        biased;
        generation = provider.generate(request, &mut staged) => generation?,
        () = given_up(stop.clone()) => return Err(Miss::GivenUp),
    };
    if let Some(message) = fault(item, request, &generation.reply, &mut *staged.0, crew).await {
        // Staging that is not finished leaves nothing behind.
        let pictures = u8::try_from(staged.0.kept().len()).unwrap_or(u8::MAX);
        return Err(Miss::Failure(Box::new(not_as_asked(message, pictures, generation.reply))));
    }
    Ok(staged.0.finish(generation.reply))
}

/// What the job does not accept about an answer that is whole.
async fn fault(
    item: &ItemId,
    request: &Request,
    reply: &Reply,
    staged: &mut dyn Staging,
    Crew { examiner, stop, .. }: &Crew,
) -> Option<String> {
    let fault = examiner.at_a_glance(request, staged.kept(), reply);
    let picture = staged.kept().first().filter(|_| fault.is_none() && examiner.looks());
    let Some(picture) = picture.cloned() else { return fault };
    let too_late = async {
        given_up(stop.clone()).await;
        sleep(LAST_LOOK).await;
    };
    tokio::select! {
        fault = examiner.fault(item, request, staged.open(0), &picture) => fault,
        () = too_late => {
            warn!("nobody has looked at the picture of {item}, since the run was given up; it is kept");
            None
        }
    }
}

/// A paid answer without a picture worth keeping: it may be right the next time, at the same price.
fn not_as_asked(message: String, pictures: u8, reply: Reply) -> Failure {
    Failure { empty: true, pictures, reply, ..Failure::new(FailureKind::Transient, message) }
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

    fn retain(&mut self, finals: &[usize]) -> io::Result<()> {
        self.0.retain(finals)
    }
}
