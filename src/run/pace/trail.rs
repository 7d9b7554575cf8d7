//! What left in the last minute and was not turned away: our own side of a quota's window. Pure; never asks for the time.

use std::collections::VecDeque;

/// Requests are counted by so many milliseconds.
pub(super) const SLOT: f64 = 100.0;
/// A quota's minute.
pub(super) const MINUTE: f64 = 60_000.0;
/// A request may be turned away so long after it left, and what counts then is the minute before it left.
const KEPT: f64 = MINUTE + 60_000.0;

/// The requests of the last minutes, by the moment they left, in milliseconds.
#[derive(Debug, Default)]
pub(super) struct Trail {
    /// Of the last minute, oldest first.
    recent: VecDeque<Slot>,
    /// Of the minute before, oldest first.
    older: VecDeque<Slot>,
    /// How many are in `recent`.
    in_last_minute: u32,
}

/// Requests that left together.
#[derive(Debug, Clone, Copy)]
struct Slot {
    number: i64,
    requests: u32,
}

impl Trail {
    /// A request leaves.
    pub fn add(&mut self, now: f64) {
        self.advance(now);
        let number = slot(now);
        match self.recent.back_mut() {
            Some(last) if last.number >= number => last.requests += 1,
            _ => self.recent.push_back(Slot { number, requests: 1 }),
        }
        self.in_last_minute += 1;
    }

    /// The request that left then took up no place.
    pub fn take_back(&mut self, sent_at: f64) {
        let number = slot(sent_at);
        let found = self.recent.iter_mut().rev().find(|slot| slot.number <= number && slot.requests > 0);
        if let Some(slot) = found {
            slot.requests -= 1;
            self.in_last_minute -= 1;
        } else if let Some(slot) = self.older.iter_mut().rev().find(|slot| slot.number <= number && slot.requests > 0) {
            slot.requests -= 1;
        }
    }

    /// How many left in the last minute.
    pub fn in_last_minute(&mut self, now: f64) -> u32 {
        self.advance(now);
        self.in_last_minute
    }

    /// When the first of the last minute will be older than that.
    pub fn next_free(&self) -> Option<f64> {
        let oldest = self.recent.iter().find(|slot| slot.requests > 0)?;
        Some((oldest.number + 1) as f64 * SLOT + MINUTE)
    }

    /// How many left in the time from one moment to another, none of them longer than two minutes ago.
    pub fn between(&self, from: f64, to: f64) -> u32 {
        let (from, to) = (slot(from), slot(to));
        let within = self.recent.iter().rev().chain(self.older.iter().rev());
        let within = within.skip_while(|slot| slot.number > to).take_while(|slot| slot.number > from);
        within.map(|slot| slot.requests).sum()
    }

    fn advance(&mut self, now: f64) {
        while let Some(oldest) = self.recent.front().copied().filter(|it| it.number < slot(now - MINUTE)) {
            self.recent.pop_front();
            self.in_last_minute -= oldest.requests;
            self.older.push_back(oldest);
        }
        while self.older.front().is_some_and(|oldest| oldest.number <= slot(now - KEPT)) {
            self.older.pop_front();
        }
    }
}

fn slot(moment: f64) -> i64 {
    (moment / SLOT).floor() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten requests a second for so many seconds.
    fn trail(seconds: u32) -> Trail {
        let mut trail = Trail::default();
        (0..seconds * 10).for_each(|number| trail.add(f64::from(number) * 100.0));
        trail
    }

    #[test]
    fn the_last_minute_moves_along() {
        let mut trail = trail(90);
        assert_eq!(trail.in_last_minute(90_000.0), 600);
        assert_eq!(trail.next_free(), Some(90_100.0), "rather too late than too early");
        assert_eq!(trail.in_last_minute(120_000.0), 300);
        assert_eq!(trail.in_last_minute(200_000.0), 0);
        assert_eq!(trail.next_free(), None);
    }

    #[test]
    fn what_was_turned_away_took_no_place() {
        let mut trail = trail(60);
        for _ in 0..5 {
            trail.take_back(30_000.0);
        }
        assert_eq!(trail.in_last_minute(59_999.0), 595);
        trail.take_back(-1.0);
        assert_eq!(trail.in_last_minute(59_999.0), 595, "nothing left then");
    }

    #[test]
    fn the_minute_before_any_moment_can_be_counted() {
        let trail = trail(100);
        assert_eq!(trail.between(20_000.0 - 1.0, 80_000.0 - 1.0), 600);
        assert_eq!(trail.between(95_000.0 - 1.0, 99_999.0), 50);
    }
}
