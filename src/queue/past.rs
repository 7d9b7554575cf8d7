//! What is told of a run that was. Never says what it made.

use crate::domain::Timestamp;

/// How a run ended that never began to work: something was at fault.
pub const NOT_RUN: &str = "not run";

/// How one ended that was asked to stop before it began to work. Nothing was at fault: what it was for is still to be done.
pub const STOPPED_EARLY: &str = "stopped early";

/// A run, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRun {
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended; of one that was killed, when the next one found that.
    pub ended_at: Option<Timestamp>,
    /// The start of the job's schedule that it was for, if it was for one.
    pub scheduled_for: Option<Timestamp>,
    /// How it ended, by the ending's name; none where it goes on, or was killed.
    pub ending: Option<String>,
    /// Whether it goes on.
    pub lives: bool,
}

impl PastRun {
    /// Whether it is over and did not come to its end: it was killed or stopped, at work or before.
    pub fn was_cut_off(&self) -> bool {
        !self.lives && is_cut_off(self.ending.as_deref())
    }

    /// The same, where the job's lock is held or not: a killed run could not write its end.
    pub(in crate::queue) fn with_lock(self, is_held: bool) -> Self {
        Self { lives: self.lives && is_held, ..self }
    }
}

/// Whether a run that is over was killed or stopped, by what is written down of its end.
pub(in crate::queue) fn is_cut_off(ending: Option<&str>) -> bool {
    matches!(ending, None | Some("died" | "interrupted" | STOPPED_EARLY))
}
