//! A throttling: every refusal of what had left before the first came, and of what left when the pause was too short, is
//! one. Pure; never asks for the time.

use std::time::Duration;

use super::trail::{SLOT, Trail};

/// The wait after a throttling that names none, doubled each time without an answer in between.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// A server that asks for less means "a little": asked again at once by everybody, it would only say it again.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// No pause of our own making is longer; a server may ask for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// What leaves so soon after a pause, in milliseconds, and is refused, shows that it was too short; besides, a refusal
/// takes its time.
const SOON: f64 = 2_000.0;
/// Where one pause was too short already, so many requests find out whether the next one was.
const PROBES: u32 = 2;

/// The throttling that is on, or the last one.
#[derive(Debug)]
pub(super) struct Episode {
    began_at: f64,
    paused_until: f64,
    pauses: u32,
    /// How long a refusal takes to come, at most.
    refusal: f64,
    /// Whether something was answered that left after the first refusal.
    is_over: bool,
    /// How many left since the pause.
    left: u32,
}

impl Episode {
    /// It begins with a refusal of a request that had left then.
    pub fn new(sent_at: f64, now: f64) -> Self {
        let refusal = now - sent_at;
        Self { began_at: now, paused_until: now, pauses: 0, refusal, is_over: false, left: 0 }
    }

    /// Whether the refusal of a request that had left then belongs to it: it had left before the first was refused, or
    /// nothing that left after the pause was taken.
    pub fn includes(&self, sent_at: f64, trail: &Trail) -> bool {
        let is_soon = !self.is_over && sent_at <= self.paused_until + SOON + self.refusal;
        sent_at <= self.began_at || (is_soon && trail.between(self.paused_until - SLOT, sent_at - SLOT) == 0)
    }

    /// Whether a request of it had left after the pause.
    pub fn is_again(&self, sent_at: f64) -> bool {
        sent_at > self.began_at
    }

    /// Pauses after a refusal, for as long as the server asked for.
    pub fn pause(&mut self, asked: Option<Duration>, sent_at: f64, now: f64) {
        self.refusal = self.refusal.max(now - sent_at);
        // Refusals of requests that were in flight together make no pause longer than the first of them.
        if now >= self.paused_until {
            self.pauses += 1;
            self.left = 0;
        }
        let shortest = if asked.is_some() { SHORTEST_PAUSE } else { FIRST_PAUSE };
        let doubled = shortest.saturating_mul(1 << self.pauses.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
        let pause = asked.unwrap_or_default().max(doubled);
        self.paused_until = self.paused_until.max(now + pause.as_secs_f64() * 1000.0);
    }

    /// A request was answered that had left then.
    pub fn answered(&mut self, sent_at: f64) {
        self.is_over |= sent_at > self.began_at;
    }

    /// Until when nothing leaves.
    pub fn paused_until(&self) -> f64 {
        self.paused_until
    }

    /// When the next request may leave, if that is not now.
    pub fn not_before(&self, now: f64) -> Option<f64> {
        if now < self.paused_until {
            return Some(self.paused_until);
        }
        let known_at = self.paused_until + SOON + self.refusal;
        let probes = !self.is_over && self.pauses > 1 && self.left >= PROBES;
        (probes && now < known_at).then_some(known_at)
    }

    /// A request leaves.
    pub fn leaves(&mut self) {
        self.left = self.left.saturating_add(1);
    }

    /// It did not.
    pub fn take_back(&mut self) {
        self.left = self.left.saturating_sub(1);
    }
}
