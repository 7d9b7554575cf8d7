//! What is told of a run that was. Never says what it made.

use crate::domain::Timestamp;

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
    /// The same, where the job's lock is held or not: a killed run could not write its end.
    pub(in crate::queue) fn with_lock(self, is_held: bool) -> Self {
        Self { lives: self.lives && is_held, ..self }
    }
}
