//! What a look at pictures found, kept so that nobody looks twice. Never decodes one, never decides what is found.

use super::{CardKey, QueueError};
use crate::domain::{Artifact, Check, Impression, Item};

/// An item whose picture nobody has looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Unseen {
    /// Its key.
    pub key: CardKey,
    /// What was asked for.
    pub item: Item,
    /// What it has.
    pub artifact: Artifact,
}

/// What a look at an item's picture found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its key.
    pub key: CardKey,
    /// The picture that was looked at: BLAKE3 of the item's first, in hexadecimal.
    pub picture: String,
    /// The checks that it does not pass.
    pub found: Vec<Check>,
    /// The item whose picture is nearly the same.
    pub twin: Option<CardKey>,
}

/// Findings of a job; may be used while a run is on.
pub trait Inspection: Send {
    /// Done items whose picture nobody has looked at, at most so many, the longest waiting first.
    fn unseen(&self, job: &str, most: usize) -> Result<Vec<Unseen>, QueueError>;

    /// The impression of a picture, by BLAKE3 of its bytes in hexadecimal, if anyone noted one.
    fn impression(&self, blake3: &str) -> Result<Option<Impression>, QueueError>;

    /// The impressions of the first pictures that the job's done items have, as far as they are known.
    fn impressions(&self, job: &str) -> Result<Vec<(CardKey, Impression)>, QueueError>;

    /// Notes impressions, each by BLAKE3 of the picture's bytes in hexadecimal, and what was found. A finding of a picture
    /// that its item no longer has is left out.
    fn note(&mut self, job: &str, impressions: &[(String, Impression)], findings: &[Finding])
    -> Result<(), QueueError>;
}
