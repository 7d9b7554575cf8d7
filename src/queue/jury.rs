//! A person's word on pictures: said, taken back, and what is sent back to be made again. Never makes pictures, never
//! touches a file.

use std::collections::HashMap;

use super::{CardKey, PictureMark, QueueError};
use crate::domain::{Decision, Timestamp};

/// Who says something, and when.
#[derive(Debug, Clone, Copy)]
pub struct Witness<'a> {
    /// The person, as they call themselves.
    pub person: &'a str,
    /// The present moment.
    pub now: Timestamp,
    /// What they had before their eyes.
    pub saw: Saw<'a>,
}

/// Which picture of an item somebody saw when they decided on it: a run may bring another one at any moment, and what
/// nobody saw is neither approved nor rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saw<'a> {
    /// Whichever it has.
    Whichever,
    /// This one, by BLAKE3 in hexadecimal; or that it has none.
    Picture(Option<&'a str>),
    /// Those that the items had when they were found; what was not found was not seen.
    Found(&'a HashMap<CardKey, PictureMark>),
}

/// Something that is said of items; all else that was said of them stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// Their pictures are approved or rejected; none takes such a decision away. An item without a picture can only be
    /// rejected.
    Decide(Option<Decision>),
    /// This picture, by BLAKE3 in hexadecimal, stands for the product; those of the other items of its row do not any
    /// more. None: this item's does not.
    Favourite(Option<String>),
    /// A note; none takes it away.
    Note(Option<String>),
    /// What stands in place of the model's caption; none gives that back.
    Caption(Option<String>),
}

/// An act that was written down, or taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acted {
    /// What was done: `approve`, `reject`, `clear`, `favourite`, `note`, `caption` or `send_back`.
    pub word: String,
    /// The items whose cards look otherwise now.
    pub items: Vec<CardKey>,
    /// Of those that were sent back and should not be: how many had left to be made again already, so that they stay so.
    pub left: u64,
}

/// What became of an item that should be made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SentBack {
    /// It waits, as its row's next version.
    Queued(Acted),
    /// It is being made at this moment: there is nothing to be sent back yet.
    Running,
    /// The manifest does not list it any more.
    Gone,
    /// Its row was changed since its picture was made, and it waits for that already, or never had a picture.
    Waiting,
}

/// The write side of a review; may be used while a run is on.
pub trait Jury: Send {
    /// Says something of items. What is no item of the job, or what a word has nothing to say to, is left out; where
    /// nothing is left, nothing is written and nothing returned.
    fn say(
        &mut self,
        witness: Witness<'_>,
        job: &str,
        items: &[CardKey],
        word: &Word,
    ) -> Result<Option<Acted>, QueueError>;

    /// Rejects the picture of an item and queues it to be made again with this prompt, whatever its row says; an item that
    /// failed is queued as well. Its picture is kept as an earlier version. All its attempts count as before, and the new
    /// ones are held to the same caps.
    fn send_back(
        &mut self,
        witness: Witness<'_>,
        job: &str,
        item: CardKey,
        prompt: &str,
    ) -> Result<SentBack, QueueError>;

    /// Takes the newest act of a job back that was not taken back before; none if there is none. What was sent back is
    /// taken out of the queue again, unless a request has left for it since.
    fn undo(&mut self, witness: Witness<'_>, job: &str) -> Result<Option<Acted>, QueueError>;
}
