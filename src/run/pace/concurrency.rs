//! How many requests may be in flight: it begins low, and grows for as long as that brings more answers. Pure; never asks
//! for the time.

use std::num::NonZeroUsize;
use std::time::Duration;

/// Between which numbers of requests in flight the pace chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Never fewer.
    pub lowest: NonZeroUsize,
    /// Never more.
    pub highest: NonZeroUsize,
}

impl Bounds {
    /// Always so many.
    pub const fn fixed(number: NonZeroUsize) -> Self {
        Self { lowest: number, highest: number }
    }

    /// The lower of both lowest, and the higher of both highest.
    pub fn or(self, other: Self) -> Self {
        Self { lowest: self.lowest.min(other.lowest), highest: self.highest.max(other.highest) }
    }
}

/// A run that may choose begins with so many.
const FIRST: usize = 4;
/// What an epoch holds at least, whatever is in flight: fewer answers say nothing of how long they take.
const FEWEST: u32 = 8;
/// And so many once the number hardly changes any more, so that chance does not make it grow.
const MANY: u32 = 64;
/// Growing pays if it brings at least this share of the answers that it would with latency unchanged.
const WORTH: f64 = 0.5;
/// Below this growth two epochs cannot be compared.
const COMPARABLE: f64 = 1.15;
/// Growth at a time, once it is no longer by one an answer.
const STEP: f64 = 1.25;
/// What is left at least when the server says that it is too much.
const DEEPEST_CUT: f64 = 0.7;
/// Room above what the answers need at the latency they had when the server was not busy.
const ROOM: f64 = 1.15;
/// Epochs from one try of more to the next, at first and at most.
const SHORTEST_REST: u32 = 4;
const LONGEST_REST: u32 = 32;

/// The number of requests in flight, and what was seen of it.
#[derive(Debug)]
pub(super) struct Concurrency {
    bounds: Bounds,
    width: usize,
    /// Whether this number is what held back the last request.
    is_pressed: bool,
    phase: Phase,
    epoch: Epoch,
    /// The last whole epoch.
    last: Option<Epoch>,
    /// The shortest mean latency of an epoch, in milliseconds.
    base: f64,
    rest: u32,
}

/// What the number does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    /// Grows by one an answer.
    Growing,
    /// Rests for so many epochs.
    Resting(u32),
    /// Tries more than `before`; answers of requests that left earlier are not compared.
    Trying { before: usize, begun: bool },
}

/// As many answers as were in flight, while this number held requests back.
#[derive(Debug, Clone, Copy, Default)]
struct Epoch {
    /// It ends with so many answers at least: as many as may be in flight when it begins.
    whole: u32,
    answers: u32,
    failures: u32,
    in_flight: f64,
    latency: f64,
}

impl Epoch {
    fn mean_in_flight(&self) -> f64 {
        self.in_flight / f64::from(self.answers)
    }

    fn mean_latency(&self) -> f64 {
        self.latency / f64::from(self.answers)
    }

    /// Answers a millisecond, by Little's law.
    fn throughput(&self) -> f64 {
        self.mean_in_flight() / self.mean_latency().max(1.0)
    }

    /// Whether more in flight brought more answers than `before`; unknown if it was not more.
    fn paid(&self, before: &Self) -> Option<bool> {
        let more = self.mean_in_flight() / before.mean_in_flight();
        let gain = self.throughput() / before.throughput();
        (more >= COMPARABLE).then_some((gain - 1.0) / (more - 1.0) >= WORTH)
    }
}

impl Concurrency {
    pub fn new(bounds: Bounds) -> Self {
        let (lowest, highest) = (bounds.lowest.get(), bounds.highest.get().max(bounds.lowest.get()));
        let width = FIRST.clamp(lowest, highest);
        Self {
            bounds,
            width,
            is_pressed: false,
            phase: Phase::Growing,
            epoch: Epoch::default(),
            last: None,
            base: f64::INFINITY,
            rest: SHORTEST_REST,
        }
    }

    /// It is chosen between these from now on.
    pub fn widen(&mut self, bounds: Bounds) {
        self.bounds = bounds;
        self.width = self.width.clamp(bounds.lowest.get(), bounds.highest.get().max(bounds.lowest.get()));
    }

    /// How many may be in flight now.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether one more may join so many.
    pub fn has_place(&mut self, in_flight: usize) -> bool {
        self.is_pressed = in_flight >= self.width;
        !self.is_pressed
    }

    /// A request was answered that had left as one of so many. What was not held back by this number says nothing of it.
    pub fn answered(&mut self, in_flight: u32, latency: Duration) {
        if !self.is_pressed {
            return;
        }
        if self.epoch.answers == 0 {
            self.epoch.whole = u32::try_from(self.width).unwrap_or(u32::MAX);
        }
        self.epoch.answers += 1;
        self.epoch.in_flight += f64::from(in_flight);
        self.epoch.latency += latency.as_secs_f64() * 1000.0;
        if self.phase == Phase::Growing {
            self.set(self.width + 1);
        }
        let fewest = if self.phase == Phase::Growing { FEWEST } else { MANY };
        if self.epoch.answers >= fewest.max(self.epoch.whole) {
            self.end_epoch();
        }
    }

    /// A request failed through nobody's fault: no time to grow.
    pub fn failed(&mut self) {
        self.epoch.failures += 1;
    }

    /// The server said that so many are too many: no time to grow.
    pub fn refused(&mut self, in_flight: u32) {
        if self.is_pressed {
            let fewer = (in_flight as usize).saturating_sub(1);
            self.set(fewer.max((self.width as f64 * DEEPEST_CUT) as usize).min(self.width));
            self.rest = (self.rest * 2).min(LONGEST_REST);
        }
        // What the rate holds back does not press this number; where it was still finding out, it goes on doing so.
        if self.phase != Phase::Growing {
            self.phase = Phase::Resting(self.rest);
        }
        (self.epoch, self.last) = (Epoch::default(), None);
    }

    fn set(&mut self, width: usize) {
        self.width = width.clamp(self.bounds.lowest.get(), self.bounds.highest.get().max(self.bounds.lowest.get()));
    }

    fn end_epoch(&mut self) {
        let epoch = std::mem::take(&mut self.epoch);
        if epoch.failures > epoch.answers {
            return;
        }
        self.base = self.base.min(epoch.mean_latency());
        let paid = self.last.as_ref().map(|last| epoch.paid(last));
        match self.phase {
            Phase::Growing => self.grown(&epoch, paid),
            Phase::Resting(0) if self.width < self.bounds.highest.get() => {
                self.last = Some(epoch);
                self.phase = Phase::Trying { before: self.width, begun: false };
                self.set((self.width as f64 * STEP).ceil() as usize);
            }
            Phase::Resting(epochs) => self.phase = Phase::Resting(epochs.saturating_sub(1)),
            Phase::Trying { before, begun: false } => self.phase = Phase::Trying { before, begun: true },
            Phase::Trying { before, begun: true } => self.tried(before, paid.flatten()),
        }
    }

    fn grown(&mut self, epoch: &Epoch, paid: Option<Option<bool>>) {
        let is_enough = match paid {
            None | Some(Some(true)) => false,
            Some(Some(false)) => {
                self.set((epoch.throughput() * self.base * ROOM).ceil() as usize);
                true
            }
            // It grew no more: the bound is reached.
            Some(None) => true,
        };
        self.last = Some(*epoch);
        if is_enough {
            self.phase = Phase::Resting(self.rest);
            self.last = None;
        }
    }

    fn tried(&mut self, before: usize, paid: Option<bool>) {
        self.last = None;
        let is_at_bound = self.width == self.bounds.highest.get();
        if !paid.unwrap_or(is_at_bound) {
            self.set(before);
            self.rest = (self.rest * 2).min(LONGEST_REST);
            self.phase = Phase::Resting(self.rest);
        } else {
            self.rest = SHORTEST_REST;
            self.phase = Phase::Resting(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(lowest: usize, highest: usize) -> Bounds {
        Bounds { lowest: NonZeroUsize::new(lowest).unwrap(), highest: NonZeroUsize::new(highest).unwrap() }
    }

    /// So many answers of a server whose latency rises beyond so many in flight; the most that were in flight at last.
    fn after(concurrency: &mut Concurrency, answers: u32, capacity: f64) -> usize {
        for _ in 0..answers {
            let width = concurrency.width();
            assert!(!concurrency.has_place(width));
            let slower = (width as f64 / capacity).max(1.0);
            concurrency.answered(u32::try_from(width).unwrap(), Duration::from_secs(2).mul_f64(slower));
        }
        concurrency.width()
    }

    #[test]
    fn it_begins_low_and_grows_by_one_an_answer_up_to_the_bound() {
        let mut concurrency = Concurrency::new(bounds(1, 64));
        assert_eq!(concurrency.width(), 4);
        assert_eq!(after(&mut concurrency, 12, 1000.0), 16);
        assert_eq!(after(&mut concurrency, 1000, 1000.0), 64);
    }

    #[test]
    fn a_fixed_number_stays() {
        let mut concurrency = Concurrency::new(bounds(7, 7));
        assert_eq!(after(&mut concurrency, 100, 1.0), 7);
        concurrency.refused(2);
        assert_eq!(concurrency.width(), 7);
    }

    #[test]
    fn it_does_not_run_to_the_bound_where_more_in_flight_bring_no_more_answers() {
        for capacity in [6.0, 10.0, 20.0, 30.0] {
            let mut concurrency = Concurrency::new(bounds(1, 64));
            let width = after(&mut concurrency, 5000, capacity) as f64;
            assert!((capacity * 0.9..capacity * 1.7).contains(&width), "{width} for {capacity}");
        }
    }

    #[test]
    fn nothing_is_learned_from_answers_that_this_number_did_not_hold_back() {
        let mut concurrency = Concurrency::new(bounds(1, 64));
        for _ in 0..100 {
            assert!(concurrency.has_place(1));
            concurrency.answered(1, Duration::from_secs(2));
        }
        assert_eq!(concurrency.width(), 4);
    }

    #[test]
    fn a_cut_is_made_up_for_while_that_helps() {
        let mut concurrency = Concurrency::new(bounds(1, 64));
        after(&mut concurrency, 1000, 1000.0);
        concurrency.refused(45);
        assert_eq!(concurrency.width(), 44);
        assert_eq!(after(&mut concurrency, 1000, 1000.0), 64);
    }

    #[test]
    fn failures_hold_it_where_it_is() {
        let mut concurrency = Concurrency::new(bounds(1, 64));
        after(&mut concurrency, 100, 1000.0);
        let width = concurrency.width();
        (0..500).for_each(|_| concurrency.failed());
        assert_eq!(concurrency.width(), width);
    }
}
