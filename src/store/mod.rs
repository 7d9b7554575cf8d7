//! Where pictures are kept: the contract, all or nothing under a final name. Never knows who made them.

mod attic;
pub mod local;
mod shelf;

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

pub use attic::{Attic, Clearing, Earlier, LeftOver};
pub use shelf::{FolderId, Found, KeptFile, Presence, Shelf};

use crate::domain::{Artifact, Receipt, Received, Reply, Room, Sent, StagedImage, io_words};

/// Keeps pictures. An answer goes through three steps, each durable before the next is begun: written into a
/// [`Staging`], synced with others in a group, published under its final names with others in a group.
/// All methods may block on the disk.
pub trait ArtifactStore: Send + Sync {
    /// Opens a place for the images of one attempt.
    fn stage(&self, sent: Sent) -> Result<Box<dyn Staging>, StoreError>;

    /// Makes staged images durable: what succeeded survives a power cut. One result for each, in their order. What
    /// failed must not be tried again: a system tells of a write that was lost once, and of the next sync that it went
    /// well.
    fn sync(&self, images: &[&StagedImage]) -> Vec<Result<(), StoreError>>;

    /// Puts received answers under their final names, durably. One result for each, in their order: one that fails
    /// holds up no other. Repeating it is harmless: what already stands there with the right bytes is taken as
    /// published. A picture that stood there before moves to `.versions`.
    fn publish(&self, publications: &[Publication]) -> Vec<Result<Published, StoreError>>;

    /// The answers of these attempts that lie in staging whole, by their hashes: decoded to their end by a process that
    /// died, or whose database failed, before they were recorded. They are durable when this returns.
    fn recover(&self, attempts: &[Sent]) -> Result<Vec<Received>, StoreError>;

    /// Removes what dead attempts of this workspace left in staging, all but the images of `received`. Fails where a
    /// whole answer lies there that is none of these: it is paid, and its database is another than this.
    fn sweep(&self, received: &[&StagedImage]) -> Result<(), StoreError>;

    /// The room left where pictures are kept.
    fn room(&self) -> Result<Room, StoreError>;
}

/// The images of one attempt as they arrive. Dropped before `finish`, it leaves nothing behind.
pub trait Staging: Send {
    /// A new image begins.
    fn begin(&mut self) -> io::Result<()>;
    /// The next bytes of it.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// It is whole. Its bytes must be an image by content.
    fn keep(&mut self) -> io::Result<()>;
    /// It shall leave no trace.
    fn discard(&mut self) -> io::Result<()>;
    /// Of the images kept so far these stay, in this order, by their number from 0 in the order they were kept; the
    /// others leave no trace.
    fn retain(&mut self, finals: &[usize]) -> io::Result<()>;
    /// The images that were kept so far, in order.
    fn kept(&self) -> &[StagedImage];
    /// One of these, by its place among them, to be looked at before the answer is finished.
    fn open(&self, place: usize) -> io::Result<File>;
    /// The answer is whole: what was kept, in order, stays in staging from now on, and what was said beside it is written
    /// down there, so that whoever comes next can go on from it without this process or its database.
    fn finish(self: Box<Self>, reply: Reply) -> Receipt;
}

/// A received answer on its way to its final names.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// The item's name: a path below the output folder, without extension.
    pub name: String,
    /// What was received.
    pub receipt: Receipt,
    /// What the item had before: where that stands still, under this or another name, it moves to `.versions`.
    pub earlier: Option<Artifact>,
}

/// What became of a publication.
#[derive(Debug, Clone, PartialEq)]
pub enum Published {
    /// It stands under its final names.
    Kept(Artifact),
    /// Its staged bytes are gone and its final name does not hold them: someone removed them.
    Vanished {
        /// The file that is missing.
        staged: String,
    },
}

/// The store cannot go on. What waits in staging, durably, is not lost by it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The file system said no.
    #[error("cannot {action} {}: {}; put that right and run the same command again: what was received waits in staging", path.display(), io_words(.source))]
    Io {
        /// What was tried, as a verb: "create", "sync".
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The output folder itself cannot be made.
    #[error("the output folder {} cannot be made: {}; choose another with --output", path.display(), io_words(.source))]
    Output {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The output folder is not there, and something may wait in it.
    #[error(
        "the folder {} is gone, and pictures that were paid lie or wait in it; mount it or put it back; to go on \
         without them, make an empty folder there",
        folder.display()
    )]
    Gone {
        /// The output folder, or the staging in it.
        folder: PathBuf,
    },
    /// The output folder, or the staging in it, is no longer where it was.
    #[error(
        "{} was moved or removed while it was in use; put it back, then run the same command again: what was received \
         waits in it",
        staging.display()
    )]
    Moved {
        /// The staging folder.
        staging: PathBuf,
    },
    /// Whole answers lie in staging that belong to no attempt.
    #[error(
        "{} whole answers lie in {} that this database knows nothing of: an older copy of it was brought back, or \
         another copy uses the same folder; put the newer one back, or move these files away to go on without them",
        answers, staging.display()
    )]
    Unknown {
        /// How many.
        answers: usize,
        /// The staging folder.
        staging: PathBuf,
    },
    /// Another run, with another database, writes into the same folder.
    #[error("another run writes pictures of this job into {}; wait for it, or choose another folder with --output", output.display())]
    Held {
        /// The output folder.
        output: PathBuf,
    },
    /// A folder below the output folder leads out of it.
    #[error("{} is a link to {}, outside the output folder; remove the link, or choose another name for the item", link.display(), target.display())]
    Outside {
        /// The link.
        link: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A name cannot be used for files.
    #[error("`{name}` cannot be used as a file's name: {why}; choose another name")]
    Name {
        /// The name of an item or of a job.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
}
