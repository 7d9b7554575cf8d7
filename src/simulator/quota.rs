//! A quota of requests a minute over a sliding window. Never asks for the time: it is told.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// How long an accepted request takes up a place.
const WINDOW: Duration = Duration::from_secs(60);

/// The requests of the last minute, and how many there may be.
#[derive(Debug)]
pub(super) struct Quota {
    places: NonZeroU32,
    accepted: VecDeque<Instant>,
}

impl Quota {
    /// A quota of `places` accepted requests in any 60 seconds.
    pub fn per_minute(places: NonZeroU32) -> Quota {
        Quota { places, accepted: VecDeque::new() }
    }

    /// Requests a minute.
    pub fn places(&self) -> NonZeroU32 {
        self.places
    }

    /// Takes a place at `now`, or says how long it is until one frees. A refused request takes none.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        while self.accepted.front().is_some_and(|oldest| now.duration_since(*oldest) >= WINDOW) {
            self.accepted.pop_front();
        }
        match self.accepted.front() {
            Some(oldest) if self.accepted.len() >= self.places.get() as usize => {
                Err(WINDOW - now.duration_since(*oldest))
            }
            _ => {
                self.accepted.push_back(now);
                Ok(())
            }
        }
    }

    /// Frees every place.
    pub fn clear(&mut self) {
        self.accepted.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_a_minute() -> Quota {
        Quota::per_minute(NonZeroU32::new(2).unwrap())
    }

    #[test]
    fn a_place_frees_a_minute_after_it_was_taken_and_the_wait_says_so() {
        let (mut quota, start) = (two_a_minute(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(quota.take(after(0)), Ok(()));
        assert_eq!(quota.take(after(10)), Ok(()));
        assert_eq!(quota.take(after(20)), Err(Duration::from_secs(40)));
        assert_eq!(quota.take(after(60)), Ok(()));
        assert_eq!(quota.take(after(60)), Err(Duration::from_secs(10)));
    }

    #[test]
    fn a_refused_request_takes_no_place() {
        let (mut quota, start) = (two_a_minute(), Instant::now());
        for _ in 0..2 {
            assert_eq!(quota.take(start), Ok(()));
        }
        for _ in 0..100 {
            assert!(quota.take(start + Duration::from_secs(59)).is_err());
        }
        assert_eq!(quota.take(start + Duration::from_secs(60)), Ok(()));
    }

    #[test]
    fn clearing_frees_every_place() {
        let (mut quota, start) = (two_a_minute(), Instant::now());
        assert!(quota.take(start).is_ok() && quota.take(start).is_ok() && quota.take(start).is_err());
        quota.clear();
        assert!(quota.take(start).is_ok());
    }
}
