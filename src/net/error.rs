//! How an exchange with an endpoint fails: before anything was sent, or after. Never holds an address, a key or the
//! password of a proxy.

use std::error::Error;
use std::io;
use std::iter::successors;

use hyper_util::client::legacy;

/// Any cause.
pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// Why there was no whole answer.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// No connection came to be: nothing was sent.
    #[error("no connection")]
    Unreachable(#[source] BoxError),
    /// The request's own body could not be read to its end, so that the server never had a whole request. The body's
    /// error is among the sources.
    #[error("the request could not be sent whole")]
    Body(#[source] BoxError),
    /// The time was up, at whatever point.
    #[error("not whole in the time allowed")]
    Late,
    /// It left, at least in part; then the connection broke, or something else than HTTP came, or the packing of the
    /// answer was at fault.
    #[error("the connection broke")]
    Broken(#[source] BoxError),
}

/// Marks an error of the request's body, wherever HTTP passes it on.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct BodyFailed(#[source] pub BoxError);

impl TransportError {
    /// A request that was given to the client and not answered.
    pub(super) fn unanswered(error: legacy::Error) -> Self {
        match error.is_connect() {
            true => Self::Unreachable(error.into()),
            false => Self::broken(error),
        }
    }

    /// A failure on a connection that had come to be.
    pub(super) fn broken(error: impl Into<BoxError>) -> Self {
        let error = error.into();
        if causes(&*error).any(|cause| cause.is::<BodyFailed>()) {
            return Self::Body(error);
        }
        // The system gives up on a peer that acknowledges nothing: the same to whoever waits.
        let late = causes(&*error).filter_map(|cause| cause.downcast_ref::<io::Error>()).any(timed_out);
        if late { Self::Late } else { Self::Broken(error) }
    }
}

fn timed_out(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |&error| error.source())
}

/// The cause at the bottom, which is the one that helps, without the system's number for it, which helps nobody.
pub fn innermost(error: &(dyn Error + 'static)) -> String {
    let cause = causes(error).last().map(ToString::to_string).unwrap_or_default();
    cause.split(" (os error ").next().unwrap_or_default().to_owned()
}
