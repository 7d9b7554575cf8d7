//! Where the reference images of requests come from: the contract. Never sends one.

use std::fmt;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{self, BoxFuture};

use crate::disk::ListFolder;

/// Has the reference images of requests at hand.
pub trait ReferenceSource: fmt::Debug + Send + Sync {
    /// The file that is sent for a reference, as the item names it. Whatever has to be done for this is done once for all
    /// who ask. Dropping the future gives it up, unless another still wants it.
    fn ready<'a>(&'a self, reference: &'a str) -> BoxFuture<'a, Result<ReadyFile, Unready>>;
}

/// A file of a folder.
#[derive(Debug, Clone)]
pub struct ReadyFile {
    /// The folder, which says what may be opened.
    pub folder: Arc<ListFolder>,
    /// The file as a list in this folder would write it.
    pub written: String,
}

/// Why a reference cannot be sent; nothing has left.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unready {
    /// What is wrong and what to do.
    pub message: String,
    /// Whether no other try would find it otherwise.
    pub for_good: bool,
}

/// Files lie where their list says, and are sent as they are.
impl ReferenceSource for ListFolder {
    fn ready<'a>(&'a self, reference: &'a str) -> BoxFuture<'a, Result<ReadyFile, Unready>> {
        future::ok(ReadyFile { folder: Arc::new(self.clone()), written: reference.to_owned() }).boxed()
    }
}
