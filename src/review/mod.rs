//! The page on which a person looks at a job's pictures, chooses, and sends back what shall be made again: served on
//! loopback, for one browser. Never asks a model for anything, never changes a picture, and never stands in the way of a
//! run.
//!
//! What is shown is written by the server (`page/`), from what the queue's `Gallery` finds; the page's script fetches
//! parts of it and puts them in their places. What a person says goes to the queue's `Jury`.

mod asked;
mod door;
mod live;
mod lookout;
mod page;
mod pictures;
mod said;
mod server;
mod table;
mod thumbnails;

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::Clock;
use crate::disk::ListFolder;
use crate::queue::{Gallery, Inspection, Jury, Ledger, QueueError};
use crate::store::Shelf;

pub use server::Review;

/// Who looks and speaks at the queue for a review.
pub struct Offices {
    /// What is shown.
    pub gallery: Box<dyn Gallery>,
    /// What is said.
    pub jury: Box<dyn Jury>,
    /// What checks found.
    pub inspection: Box<dyn Inspection>,
    /// An item's whole story.
    pub ledger: Box<dyn Ledger>,
}

/// Finds the picture that was fetched from an address, if one was.
pub type Fetched = Box<dyn Fn(&str) -> Option<File> + Send + Sync>;

/// Where pictures lie.
pub struct Places {
    /// The job's output folder.
    pub output: ListFolder,
    /// What lies there.
    pub shelf: Box<dyn Shelf>,
    /// The folder that the manifest's references start from.
    pub references: ListFolder,
    /// What was fetched from addresses.
    pub fetched: Fetched,
    /// The workspace's hidden folder, for what can be made again.
    pub hidden: PathBuf,
}

/// A review to be held.
pub struct Settings {
    /// The job's name.
    pub job: String,
    /// Who reviews, unless they say otherwise on the page.
    pub person: String,
    /// Whether a simulator made the pictures.
    pub rehearsal: bool,
    /// Where to listen: on loopback.
    pub address: SocketAddr,
    /// The database's side.
    pub offices: Offices,
    /// The disk's.
    pub places: Places,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Why a review cannot go on, or something asked of it cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// The database says no.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// There is nowhere to listen.
    #[error("cannot listen on {address}: {}; choose another port with --port", crate::domain::io_words(.source))]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers, and without them nobody can be kept out")]
    NoSecret,
    /// The page asked in a word that nobody knows.
    #[error("nobody knows what `{0}` means here; go back to the whole table")]
    Unknown(String),
    /// What was found is no longer remembered.
    #[error("what was found then is forgotten; look again")]
    Forgotten,
    /// There is no such item.
    #[error("there is no such item in this job")]
    NoSuchItem,
    /// What was sent is not to be understood.
    #[error("{0}")]
    Malformed(&'static str),
}
