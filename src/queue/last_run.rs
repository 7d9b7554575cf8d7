//! The newest run of a job, read: what a scheduler goes on from. Never decides what follows.

use crate::domain::Timestamp;

/// The newest run of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// When it began.
    pub started_at: Timestamp,
    /// The start of the job's schedule that it was for, if it was for one.
    pub scheduled_for: Option<Timestamp>,
    /// How it ended, by the ending's name; none where it goes on, or was killed.
    pub ending: Option<String>,
    /// Whether it goes on.
    pub lives: bool,
}
