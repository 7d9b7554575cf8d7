//! An endpoint looked at without asking for a picture: the contract. Never costs anything.

use futures::future::BoxFuture;

use crate::domain::Timestamp;

/// Where pictures are asked for, for someone who wants to know beforehand whether that will work.
pub trait Endpoint: Send + Sync {
    /// Asks once what the endpoint offers, with the key, which is free.
    fn look(&self) -> BoxFuture<'_, Looked>;
}

/// What came of a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// What time it is there, if the answer says so.
    pub time: Option<Timestamp>,
    /// What it offers.
    pub offer: Offer,
}

/// What an endpoint offers. Messages tell neither a key nor a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// These models, by their names.
    Models {
        /// Their names.
        names: Vec<String>,
        /// Whether that is all of them.
        is_whole: bool,
    },
    /// It answers, and does not tell its models, in these words.
    Untold(String),
    /// It lets nobody in with this key, or not so.
    Refused(String),
    /// It answers that something is wrong with itself, or that it is busy.
    Failing(String),
    /// No answer came.
    Unreached(String),
}
