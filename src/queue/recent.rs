//! Attempts of late, as they tell of the server: how long it takes, and how often what goes wrong. Never of what was asked.

use super::AttemptEnd;
use crate::domain::{Timestamp, Usd};

/// One attempt that ended, read for what it tells of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecentAttempt {
    /// When its request left.
    pub sent_at: Timestamp,
    /// When it came back, or was given up.
    pub came_at: Timestamp,
    /// How it ended.
    pub end: AttemptEnd,
    /// The HTTP status, where it gave nothing and there was one.
    pub status: Option<u16>,
    /// What it cost, where that is known.
    pub cost: Option<Usd>,
}
