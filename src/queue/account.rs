//! Attempts as an account of them needs them: how each ended, and what it used. Never sums anything up.

use super::AttemptState;
use crate::domain::{FailureKind, Timestamp, Usage, Usd};

/// How an attempt ended, as far as a bill is concerned. In the order in which an account lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttemptEnd {
    /// Answered whole, and the picture is kept.
    Done,
    /// Answered whole, and nothing was kept of it.
    Failed(FailureKind),
    /// It left, and no whole answer came: maybe billed.
    Lost,
    /// Answered whole, which waits in staging; it has not ended yet.
    Received,
    /// It left, and nobody knows yet what comes of it.
    Open,
    /// It never left: free.
    Unsent,
}

impl AttemptEnd {
    /// How an attempt in this state ended, which gave nothing for this cause.
    pub const fn of(state: AttemptState, cause: Option<FailureKind>) -> Self {
        match (state, cause) {
            (AttemptState::Sent, _) => Self::Open,
            (AttemptState::Received, _) => Self::Received,
            (AttemptState::Settled, None) => Self::Done,
            (AttemptState::Settled, Some(kind)) => Self::Failed(kind),
            (AttemptState::Unsent, _) => Self::Unsent,
            (AttemptState::Lost, _) => Self::Lost,
        }
    }

    /// Whether a whole answer came, so that what it used is known.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Done | Self::Failed(_))
    }

    /// The end as the machine output writes it: what failed, by its kind.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed(kind) => kind.as_str(),
            Self::Lost => "lost",
            Self::Received => "received",
            Self::Open => "open",
            Self::Unsent => "unsent",
        }
    }
}

/// One attempt, read for an account.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptEntry<'a> {
    /// The job it belongs to.
    pub job: &'a str,
    /// The model it asked; unknown only of an item that an older program forgot.
    pub model: Option<&'a str>,
    /// When its request left, or was about to.
    pub sent_at: Timestamp,
    /// How it ended.
    pub end: AttemptEnd,
    /// The images that came and are paid, or wait in staging; unknown if it was lost, or is open.
    pub images: Option<u64>,
    /// Tokens as the answer counted them, where it did.
    pub usage: Option<Usage>,
    /// What it cost, where that is known.
    pub cost: Option<Usd>,
    /// What it might have cost, written before it was sent, where a price was known.
    pub reserved: Option<Usd>,
}
