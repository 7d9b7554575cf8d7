//! The rate that the server's refusals teach: a little below what it last took, growing slowly, then faster, until it
//! refuses again. Pure; never asks for the time.

use super::trail::{MINUTE, Trail};

/// A refusal leaves the rate so much below what was taken in the minute before it.
const BELOW: f64 = 0.025;
/// It leaves it so much lower yet if it came long before the rate was back.
const TOO_HIGH: f64 = 0.05;
/// No refusal leaves less than this share of the rate before it, nor of the most that was ever taken: where a busy server
/// turns requests away by chance, however few there are, it would not help.
const DEEPEST_CUT: f64 = 0.5;
/// How far beyond the last refusal the rate is, when it grew for twice as long as it took to come back to it.
const ABOVE: f64 = 0.08;
/// Any minute holds so much less than what was taken in one: requests take unequal times to arrive.
const MARGIN: f64 = 0.015;
/// A run that is refused in its first minute knows only what was taken so far, from a quota that others may have used
/// before: less than so many say nothing.
const LEAST_AT_FIRST: f64 = 30.0;
/// It takes so long to come back to where the server refused: at first; from then on; and where it refuses what it was
/// expected to. A window that slides answers growth within a minute: faster growth would overrun it by far.
const FIRST_RETURN: f64 = 10_000.0;
const RETURN: f64 = 30_000.0;
const LONGEST_RETURN: f64 = 45_000.0;
/// Small quotas are tried less often, since every try is a request refused.
const REQUESTS_A_RETURN: f64 = 75.0;
/// The server refused what it was expected to if that differs by no more than this share, or by no more than so many.
const EXPECTED: f64 = 0.03;
const EXPECTED_REQUESTS: f64 = 1.5;
/// Requests may leave early by so much together, to make up for late wake-ups.
const LATE: f64 = 200.0;

/// A rate learned by being refused.
#[derive(Debug)]
pub(super) struct Learned {
    /// What the server took in a minute when it last refused.
    ceiling: f64,
    /// How long the rate has grown since, counted only while it is what holds requests back.
    grown: f64,
    /// How long it takes to come back to the ceiling.
    returns_in: f64,
    /// The most that was ever taken in the minute before a refusal.
    most: f64,
    /// No refusal of this episode leaves a lower ceiling.
    least: f64,
    refused_at: f64,
    next_at: f64,
    last_at: f64,
    /// Whether the rate held back the next request.
    is_pressed: bool,
}

impl Learned {
    /// What the first episode teaches, if anything; `is_first_minute` if the run is younger than that.
    pub fn first(refused_at: f64, trail: &Trail, is_first_minute: bool) -> Option<Self> {
        let (least, returns_in) = if is_first_minute { (LEAST_AT_FIRST, FIRST_RETURN) } else { (1.0, RETURN) };
        let taken = taken(trail, refused_at);
        if is_first_minute && taken < LEAST_AT_FIRST {
            return None;
        }
        let ceiling = taken.max(least);
        Some(Self {
            ceiling,
            most: taken,
            grown: 0.0,
            returns_in,
            least,
            refused_at,
            next_at: 0.0,
            last_at: 0.0,
            is_pressed: false,
        })
    }

    /// Another episode began with a request that had left then.
    pub fn refused(&mut self, refused_at: f64, trail: &Trail) {
        let (rate, expected) = (self.rate(), self.ceiling);
        let most = if self.is_back() { rate } else { rate * (1.0 - TOO_HIGH) };
        self.most = self.most.max(taken(trail, refused_at));
        self.least = (rate.max(self.most) * DEEPEST_CUT).max(1.0);
        self.ceiling = taken(trail, refused_at).min(most).max(self.least);
        let is_expected = (self.ceiling - expected).abs() < (EXPECTED * expected).max(EXPECTED_REQUESTS);
        let longest = LONGEST_RETURN.max(REQUESTS_A_RETURN / self.ceiling * MINUTE);
        self.returns_in = if is_expected { (self.returns_in * 2.0).min(longest) } else { RETURN };
        (self.grown, self.refused_at) = (0.0, refused_at);
    }

    /// Another request of the same episode, which had left then: what was taken is less than it seemed. `is_again` if
    /// nothing was taken since the pause: then the quota may be any lower, and it is no busy server that turns one request
    /// away or the other.
    pub fn refused_too(&mut self, sent_at: f64, trail: &Trail, is_again: bool) {
        if is_again {
            (self.most, self.least) = (self.ceiling, self.ceiling * DEEPEST_CUT);
        }
        self.ceiling = taken(trail, sent_at.max(self.refused_at)).max(self.least).min(self.ceiling);
        self.grown = 0.0;
    }

    /// Whether the rate is about where the server last refused more.
    pub fn is_back(&self) -> bool {
        self.grown >= self.returns_in / 2.0
    }

    /// Nothing leaves before then.
    pub fn pause(&mut self, until: f64) {
        self.next_at = self.next_at.max(until);
        self.last_at = until;
    }

    /// Requests a minute. It grows as the cube of time: fast while far below what the server last took, hardly when near
    /// it, and the faster the longer the server takes more than that.
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

    /// A request leaves. Returns for how long the rate has grown by it.
    pub fn leaves(&mut self, now: f64) -> f64 {
        let grows = if self.is_pressed { (now - self.last_at).max(0.0) } else { 0.0 };
        self.grown += grows;
        self.is_pressed = false;
        self.last_at = now;
        self.next_at = self.next_at.max(now - LATE) + MINUTE / self.rate();
        grows
    }

    /// The time until now was no time in which the rate held requests back.
    pub fn resumed(&mut self) {
        self.is_pressed = false;
    }

    /// It did not: nothing was tried that the rate could grow by. The moment it took is past.
    pub fn take_back(&mut self, grew: f64) {
        self.grown = (self.grown - grew).max(0.0);
    }
}

/// How many requests were taken in the minute until then.
fn taken(trail: &Trail, until: f64) -> f64 {
    f64::from(trail.between(until - MINUTE, until))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that refuses beyond so many in a sliding minute, at once, for so many minutes; what it took in each.
    fn taken_by_the_minute(
        learned: &mut Learned,
        trail: &mut Trail,
        from: f64,
        quota: u32,
        minutes: usize,
    ) -> Vec<u32> {
        let mut taken = vec![0; minutes];
        let (mut now, end) = (from, from + minutes as f64 * MINUTE);
        while now < end {
            if let Some(at) = learned.not_before(now, trail) {
                now = at;
                continue;
            }
            if trail.in_last_minute(now) >= quota {
                learned.leaves(now);
                learned.refused(now, trail);
                learned.pause(now + 1000.0);
            } else {
                trail.add(now);
                learned.leaves(now);
                taken[((now - from) / MINUTE) as usize] += 1;
            }
        }
        taken
    }

    /// Refused after 600 in 30 seconds, and told to wait for the other half of the minute.
    fn refused_after_600() -> (Learned, Trail) {
        let mut trail = Trail::default();
        (0..600).for_each(|number| trail.add(f64::from(number) * 50.0));
        let mut learned = Learned::first(30_000.0, &trail, true).unwrap();
        learned.pause(MINUTE);
        (learned, trail)
    }

    #[test]
    fn the_rate_returns_slightly_below_and_is_back_after_a_while() {
        let (learned, _) = refused_after_600();
        assert_eq!((learned.rate() * 10.0).round(), 5850.0);
        let back = Learned { grown: learned.returns_in, ..learned };
        assert_eq!(back.rate(), 600.0);
    }

    #[test]
    fn a_steady_quota_is_used_nearly_in_full() {
        let (mut learned, mut trail) = refused_after_600();
        let taken = taken_by_the_minute(&mut learned, &mut trail, MINUTE, 600, 20);
        assert!(taken.iter().all(|taken| *taken >= 570), "{taken:?}");
    }

    #[test]
    fn a_doubled_quota_is_found_within_minutes_and_a_halved_one_settles_soon() {
        let (mut learned, mut trail) = refused_after_600();
        taken_by_the_minute(&mut learned, &mut trail, MINUTE, 600, 5);
        let doubled = taken_by_the_minute(&mut learned, &mut trail, 6.0 * MINUTE, 1200, 10);
        assert!(doubled[5..].iter().all(|taken| *taken >= 1000), "{doubled:?}");
        let halved = taken_by_the_minute(&mut learned, &mut trail, 16.0 * MINUTE, 600, 6);
        assert!(halved[2..].iter().all(|taken| *taken >= 550), "{halved:?}");
    }

    #[test]
    fn a_refusal_after_a_few_requests_says_nothing_until_a_minute_has_passed() {
        let mut trail = Trail::default();
        (0..20).for_each(|number| trail.add(f64::from(number) * 100.0));
        assert!(Learned::first(2_000.0, &trail, true).is_none());
        assert!(Learned::first(2_000.0, &trail, false).is_some());
    }

    #[test]
    fn it_does_not_grow_while_a_person_lets_nothing_be_sent() {
        let (mut learned, mut trail) = refused_after_600();
        taken_by_the_minute(&mut learned, &mut trail, MINUTE, 600, 5);
        learned.not_before(6.0 * MINUTE, &mut trail);
        let (before, later) = (learned.rate(), 600.0 * MINUTE);
        learned.resumed();
        assert_eq!(learned.not_before(later, &mut trail), None);
        learned.leaves(later);
        assert_eq!(learned.rate(), before);
    }

    #[test]
    fn it_does_not_grow_while_something_else_holds_requests_back() {
        let (mut learned, mut trail) = refused_after_600();
        let before = learned.rate();
        for second in 61..600 {
            let now = f64::from(second) * 1000.0;
            assert_eq!(learned.not_before(now, &mut trail), None);
            trail.add(now);
            learned.leaves(now);
        }
        assert!(learned.rate() < before * 1.01, "{}", learned.rate());
    }
}
