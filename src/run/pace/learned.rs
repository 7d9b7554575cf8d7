//! The rate that the server's refusals teach: a little below what it last took, growing slowly, then faster, until it
//! refuses again. Pure; never asks for the time.

use super::trail::{MINUTE, Trail};

/// A refusal leaves this share of what was accepted in the minute before it.
const BELOW: f64 = 0.025;
/// Growth beyond the last refusal, after as long again as it took to come back to it.
const ABOVE: f64 = 0.08;
/// Any minute holds so much less than what was accepted in one: requests take unequal times to arrive.
const MARGIN: f64 = 0.015;
/// No refusal leaves less than this share of the rate before it.
const DEEPEST_CUT: f64 = 0.5;
/// A run that was refused in its first minute knows only what was accepted so far: it goes on with so many a minute at
/// least.
const LEAST_AT_FIRST: f64 = 30.0;
/// The rate comes back to where it was refused within so long at first, and each time the refusal came where it was
/// expected in twice that, up to so long or so many requests.
const SHORTEST_RETURN: f64 = 20_000.0;
const LONGEST_RETURN: f64 = 60_000.0;
const REQUESTS_A_RETURN: f64 = 75.0;
/// The rate was known if what was measured differs by no more than this share.
const EXPECTED: f64 = 0.15;
/// Requests leave early by so much together, to make up for late wake-ups.
const LATE: f64 = 200.0;
/// Two refusals closer than this say little of the rate between them.
const COMPARABLE: f64 = 5_000.0;

/// A rate learned by being refused.
#[derive(Debug)]
pub(super) struct Learned {
    /// What the server took in a minute when it last refused.
    ceiling: f64,
    /// How long the rate has grown since, counted only while it is what holds requests back.
    grown: f64,
    /// How long it takes to come back to the ceiling.
    returns_in: f64,
    /// Before this episode.
    before: Option<(f64, f64)>,
    /// When the first request of this episode that was refused had left.
    refused_at: f64,
    /// When the pause after it ended.
    resumed_at: f64,
    next_at: f64,
    last_at: f64,
    is_pressed: bool,
}

impl Learned {
    /// What the first episode teaches: the server took so much in the minute before; `is_first_minute` if the run is
    /// younger than that.
    pub fn first(refused_at: f64, trail: &Trail, is_first_minute: bool) -> Self {
        let least = if is_first_minute { LEAST_AT_FIRST } else { 1.0 };
        Self {
            ceiling: taken(trail, refused_at).max(least),
            grown: 0.0,
            returns_in: SHORTEST_RETURN,
            before: None,
            refused_at,
            resumed_at: refused_at,
            next_at: 0.0,
            last_at: 0.0,
            is_pressed: false,
        }
    }

    /// Another episode began with a request that had left then.
    pub fn refused(&mut self, refused_at: f64, trail: &Trail) {
        let (rate, ceiling) = (self.rate(), self.ceiling);
        let mut measured = taken(trail, refused_at);
        let since = refused_at - self.refused_at;
        if since < MINUTE && refused_at - self.resumed_at > COMPARABLE {
            // From one refusal to the next: a bucket that was full at first shows its refill alone.
            measured = measured.min(f64::from(trail.between(self.refused_at, refused_at)) / since * MINUTE);
        }
        self.ceiling = measured.clamp(rate * DEEPEST_CUT, rate).max(1.0);
        let expected = (self.ceiling / ceiling - 1.0).abs() < EXPECTED;
        let longest = LONGEST_RETURN.max(REQUESTS_A_RETURN / self.ceiling * MINUTE);
        self.returns_in = if expected { (self.returns_in * 2.0).min(longest) } else { SHORTEST_RETURN };
        self.before = Some((rate, ceiling));
        (self.grown, self.refused_at) = (0.0, refused_at);
    }

    /// Another request of the same episode, which had left then: what was accepted is less than it seemed.
    pub fn refused_too(&mut self, sent_at: f64, trail: &Trail) {
        let least = self.before.map_or(LEAST_AT_FIRST, |(rate, _)| rate * DEEPEST_CUT);
        self.ceiling = taken(trail, sent_at.max(self.refused_at)).max(least).min(self.ceiling);
        self.grown = 0.0;
    }

    /// Nothing leaves before then.
    pub fn pause(&mut self, until: f64) {
        self.resumed_at = until;
        self.next_at = self.next_at.max(until);
        self.last_at = until;
    }

    /// Requests a minute.
    pub fn rate(&self) -> f64 {
        let beyond = self.grown / self.returns_in - 1.0;
        let share = if beyond < 0.0 { BELOW } else { ABOVE };
        self.ceiling * (1.0 + share * beyond.powi(3))
    }

    /// When the next request may leave, if that is not now.
    pub fn not_before(&mut self, now: f64, trail: &mut Trail) -> Option<f64> {
        let most = self.rate().max(self.ceiling * (1.0 - MARGIN));
        let is_full = f64::from(trail.in_last_minute(now)) >= most;
        let free_at = if is_full { trail.next_free().unwrap_or(now) } else { now };
        let at = free_at.max(self.next_at);
        self.is_pressed |= at > now;
        (at > now).then_some(at)
    }

    /// A request leaves.
    pub fn leaves(&mut self, now: f64) {
        if self.is_pressed {
            self.grown += (now - self.last_at).max(0.0);
        }
        self.is_pressed = false;
        self.last_at = now;
        self.next_at = self.next_at.max(now - LATE) + MINUTE / self.rate();
    }
}

fn taken(trail: &Trail, until: f64) -> f64 {
    f64::from(trail.between(until - MINUTE, until))
}
