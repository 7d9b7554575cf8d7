//! The exit codes, in one place. Scripts depend on them to the letter, so a number never changes
//! its meaning.

use std::io;
use std::process::ExitCode;

use crate::domain::{Ending, Interrupt, Summary};
use crate::job::{HeaderError, JobError, KeyError, ManifestError};
use crate::queue::QueueError;
use crate::store::StoreError;

/// How the program ended, the gravest first: of several, the first decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Code {
    /// Usage, job file or manifest at fault; nothing was sent.
    Usage,
    /// Stopped by SIGINT.
    Interrupted,
    /// Stopped by SIGTERM.
    Terminated,
    /// An error nobody expected.
    Unexpected,
    /// Whoever read our output went away: nothing more to say, and no success.
    Pipe,
    /// Another run of this job is on.
    Held,
    /// Key, permission, account or day quota; every unfinished item is still queued.
    Halted,
    /// A cap on money was reached, with items left.
    Budget,
    /// The deadline was reached, with items left.
    Deadline,
    /// A limit it was given, a pilot nobody approved yet, or a job that is paused, with items left.
    Limit,
    /// Finished, but some items failed.
    SomeFailed,
    /// Complete, or nothing to do.
    Complete,
}

impl Code {
    /// The number the shell sees.
    pub const fn number(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Unexpected | Self::Pipe => 1,
            Self::Usage => 2,
            Self::SomeFailed => 3,
            Self::Halted => 4,
            Self::Limit => 5,
            Self::Budget => 8,
            Self::Deadline => 10,
            Self::Held => 75,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code.number())
    }
}

impl From<Interrupt> for Code {
    fn from(interrupt: Interrupt) -> Self {
        match interrupt {
            Interrupt::Int => Self::Interrupted,
            Interrupt::Term => Self::Terminated,
        }
    }
}

/// The code of a run that ended so. Failed items count even when this run sent nothing.
pub(super) fn of_summary(summary: &Summary) -> Code {
    match &summary.ending {
        Ending::Interrupted(interrupt) => (*interrupt).into(),
        Ending::Broken(_) => Code::Unexpected,
        Ending::Halted(_) => Code::Halted,
        Ending::Budget(_) => Code::Budget,
        Ending::Deadline(_) => Code::Deadline,
        Ending::Limit(_) | Ending::Pilot | Ending::Paused { .. } => Code::Limit,
        Ending::Complete if summary.counts.failed_total() > 0 => Code::SomeFailed,
        Ending::Complete => Code::Complete,
    }
}

/// What the user got wrong, told as one error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct UsageError(pub String);

/// A signal came before anything was sent.
#[derive(Debug, thiserror::Error)]
#[error("stopped before anything was sent")]
pub(super) struct Interrupted(pub Interrupt);

/// The code of an error that ended a command.
pub(super) fn of_error(error: &anyhow::Error) -> Code {
    let usage = error.is::<UsageError>()
        || error.is::<JobError>()
        || error.is::<KeyError>()
        || error.is::<HeaderError>()
        || error.is::<ManifestError>();
    if let Some(Interrupted(interrupt)) = error.downcast_ref() {
        return (*interrupt).into();
    }
    let broken_pipe = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    if let Some(StoreError::Held { .. }) = error.downcast_ref() {
        return Code::Held;
    }
    match error.downcast_ref::<QueueError>() {
        Some(QueueError::Held { .. } | QueueError::Made { .. }) => Code::Held,
        Some(
            QueueError::OtherManifest { .. }
            | QueueError::OtherOutput { .. }
            | QueueError::NoSuchJob { .. }
            | QueueError::NoSuchItem { .. }
            | QueueError::Missing { .. }
            | QueueError::Foreign { .. }
            | QueueError::Newer { .. },
        ) => Code::Usage,
        _ if usage => Code::Usage,
        _ if error.downcast_ref().is_some_and(broken_pipe) => Code::Pipe,
        _ => Code::Unexpected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_codes_the_gravest_decides_in_the_documented_order() {
        let order = [
            Code::Interrupted,
            Code::Terminated,
            Code::Unexpected,
            Code::Held,
            Code::Halted,
            Code::Budget,
            Code::Deadline,
            Code::Limit,
            Code::SomeFailed,
            Code::Complete,
        ];
        assert!(order.is_sorted());
        assert_eq!(order.map(Code::number), [130, 143, 1, 75, 4, 8, 10, 5, 3, 0]);
    }
}
