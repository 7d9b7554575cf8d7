//! Brings pictures that an answer only names into the sink, trying again while there is hope: they are paid for.
//! Never asks for a new one.

use std::io;
use std::time::{Duration, Instant};

use tracing::debug;

use super::answer::Answer;
use super::auth::Key;
use super::incoming::{Incoming, Unsaved};
use super::words;
use crate::net::{Cause, FetchError, Fetcher, Limits};
use crate::provider::ImageSink;

/// No more addresses of one answer are followed: the model makes a few pictures at once, and a text may hold anything.
const MOST_LINKS: usize = 8;

/// How pictures are fetched that an answer only names.
#[derive(Debug, Clone)]
pub struct FetchSettings {
    /// For each try.
    pub limits: Limits,
    /// The waits between tries: one try more than there are waits.
    pub waits: Vec<Duration>,
}

impl Default for FetchSettings {
    /// Five tries in twenty seconds: a picture may be named a little before it can be had.
    fn default() -> Self {
        Self { limits: Limits::default(), waits: [250, 1_000, 4_000, 15_000].map(Duration::from_millis).to_vec() }
    }
}

/// Follows the links of answers.
#[derive(Debug)]
pub(super) struct Follower<'a> {
    pub fetcher: &'a Fetcher,
    pub waits: &'a [Duration],
    /// When the attempt began, and how long it may take in all.
    pub began: Instant,
    pub within: Duration,
    pub key: &'a Key,
}

/// Why a picture could not be had.
#[derive(Debug, thiserror::Error)]
enum Missed {
    #[error("{0}")]
    Fetch(#[from] FetchError),
    #[error("{host}: what came was {unsaved}")]
    Picture { host: String, unsaved: Unsaved },
    /// As in an answer that quotes what it was asked with.
    #[error("its address: it holds the key, which is sent to nobody")]
    Key,
    #[error(transparent)]
    Sink(#[from] Unsaved),
}

impl Follower<'_> {
    /// Fetches every picture that the answer names. One that cannot be had is told in the answer.
    pub(super) async fn follow(&self, answer: &mut Answer, images: &mut dyn ImageSink) -> io::Result<()> {
        for link in answer.links.iter().take(MOST_LINKS) {
            match self.fetch(link, images).await {
                (_, Ok(())) => answer.kept += 1,
                (_, Err(Missed::Sink(Unsaved::Sink(error)))) => return Err(error),
                (tries, Err(missed)) => {
                    let message = self.key.redact(&told(&missed, tries));
                    answer.missing = Some(words::short(&message));
                }
            }
        }
        Ok(())
    }

    /// Tries until it works or cannot work any more, and counts the tries.
    async fn fetch(&self, link: &str, images: &mut dyn ImageSink) -> (usize, Result<(), Missed>) {
        if self.key.redact(link) != link {
            return (0, Err(Missed::Key));
        }
        let mut waits = self.waits.iter();
        loop {
            let result = self.fetch_once(link, images).await;
            let tries = self.waits.len() - waits.len() + 1;
            let again = result.as_ref().is_err_and(Missed::may_pass);
            match waits.next().filter(|wait| again && **wait < self.left()) {
                Some(wait) => {
                    if let Err(missed) = &result {
                        let reason = self.key.redact(&missed.to_string());
                        debug!(tries, ?wait, reason, "the picture is fetched again");
                    }
                    tokio::time::sleep(*wait).await;
                }
                None => return (tries, result),
            }
        }
    }

    async fn fetch_once(&self, link: &str, images: &mut dyn ImageSink) -> Result<(), Missed> {
        let mut body = self.fetcher.get(link, self.left()).await?;
        let host = body.host().to_owned();
        let mut image = Incoming::default();
        let arrived = async {
            while let Some(chunk) = body.chunk().await? {
                image.write(&chunk, images)?;
            }
            Ok::<_, Missed>(())
        };
        let arrived = arrived.await;
        image.end(arrived, images).map_err(|missed| missed.at(host))
    }

    fn left(&self) -> Duration {
        self.within.saturating_sub(self.began.elapsed())
    }
}

impl Missed {
    /// Whether the next try may go better.
    fn may_pass(&self) -> bool {
        match self {
            Self::Fetch(error) => !matches!(error.cause, Cause::Refused(_) | Cause::Redirects | Cause::TooLarge(_)),
            Self::Picture { .. } => true,
            Self::Key | Self::Sink(_) => false,
        }
    }

    /// Our own trouble has no host.
    fn at(self, host: String) -> Self {
        match self {
            Self::Sink(unsaved @ (Unsaved::NoImage | Unsaved::Cut { .. })) => Self::Picture { host, unsaved },
            other => other,
        }
    }
}

fn told(missed: &Missed, tries: usize) -> String {
    let why = match missed {
        Missed::Fetch(FetchError { cause: Cause::Status(403 | 404 | 410), .. }) => {
            ": the address has expired or was never right"
        }
        _ => "",
    };
    let tried = if tries > 1 { format!(" (tried {tries} times)") } else { String::new() };
    format!("the picture could not be fetched from {missed}{why}{tried}")
}
