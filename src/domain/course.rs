//! How a run went, or would go, over time: what was sent, throttled, done and paid, slice by slice. Plain data that stays
//! small however long it lasts. Never asks a clock.

use std::time::Duration;

use serde::Serialize;

use super::money::Usd;
use super::time::Timestamp;

/// The first slices are so long.
const FIRST_STEP: Duration = Duration::from_secs(1);
/// With more slices than that, each two become one that is twice as long: enough for any screen.
const MOST_SLICES: usize = 256;

/// What happened in one stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Slice {
    /// Requests that left.
    pub sent: u64,
    /// Answers that said "too fast".
    pub throttled: u64,
    /// Attempts that gave nothing for any other reason.
    pub missed: u64,
    /// Items that got their picture.
    pub done: u64,
    /// What was paid, where a price is known.
    pub cost: Usd,
}

impl Slice {
    /// Adds what happened in another.
    pub fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.throttled += other.throttled;
        self.missed += other.missed;
        self.done += other.done;
        self.cost += other.cost;
    }
}

/// A run over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    start: Timestamp,
    step: Duration,
    slices: Vec<Slice>,
}

impl Course {
    /// Nothing has happened yet.
    pub fn starting(start: Timestamp) -> Self {
        Self { start, step: FIRST_STEP, slices: Vec::new() }
    }

    /// The slice of a moment, to note there what happened. What was before the start, by a clock that was set back,
    /// belongs to the first.
    pub fn at(&mut self, moment: Timestamp) -> &mut Slice {
        let place = loop {
            let place = moment.since(self.start).as_millis() / self.step.as_millis();
            match usize::try_from(place) {
                Ok(place) if place < MOST_SLICES => break place,
                _ => self.coarsen(),
            }
        };
        if self.slices.len() <= place {
            self.slices.resize(place + 1, Slice::default());
        }
        &mut self.slices[place]
    }

    fn coarsen(&mut self) {
        self.step = self.step.saturating_mul(2);
        self.slices = joined(&self.slices, 2);
    }

    /// When it began.
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    /// How long a slice is.
    pub const fn step(&self) -> Duration {
        self.step
    }

    /// How long all slices are together.
    pub fn length(&self) -> Duration {
        self.step.saturating_mul(u32::try_from(self.slices.len()).unwrap_or(u32::MAX))
    }

    /// The slices, in order of time.
    pub fn slices(&self) -> &[Slice] {
        &self.slices
    }

    /// Everything together.
    pub fn total(&self) -> Slice {
        joined(&self.slices, self.slices.len().max(1)).first().copied().unwrap_or_default()
    }

    /// What was sent in the fullest minute, as far as the slices tell it.
    pub fn fullest_minute(&self) -> u64 {
        let minute = Duration::from_secs(60).as_millis();
        let slices = usize::try_from(minute.div_ceil(self.step.as_millis())).unwrap_or(usize::MAX);
        let sent: Vec<u64> = self.slices.iter().map(|slice| slice.sent).collect();
        let within = |sent: &[u64]| sent.iter().sum::<u64>();
        let most = sent.windows(slices.min(sent.len()).max(1)).map(within).max().unwrap_or_default();
        // A slice may be longer than a minute.
        let share = minute as f64 / (self.step.as_millis() as f64 * slices as f64);
        if slices == 1 { (most as f64 * share).round() as u64 } else { most }
    }

    /// The same in so many slices at most, all equally long, and their length.
    pub fn in_at_most(&self, most: usize) -> (Vec<Slice>, Duration) {
        let group = self.slices.len().div_ceil(most.max(1)).max(1);
        let step = self.step.saturating_mul(u32::try_from(group).unwrap_or(u32::MAX));
        (joined(&self.slices, group), step)
    }
}

/// Each `group` slices as one.
fn joined(slices: &[Slice], group: usize) -> Vec<Slice> {
    let join = |slices: &[Slice]| {
        slices.iter().fold(Slice::default(), |mut sum, slice| {
            sum.add(slice);
            sum
        })
    };
    slices.chunks(group).map(join).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    #[test]
    fn a_long_night_is_told_in_few_slices_and_nothing_of_it_is_lost() {
        let mut course = Course::starting(START);
        let seconds = 10 * 3600;
        for second in 0..seconds {
            let slice = course.at(START.after(Duration::from_secs(second)));
            slice.sent += 2;
            slice.cost += Usd::from_nanos(3);
        }
        assert!((128..=256).contains(&course.slices().len()) && course.step() == Duration::from_secs(256));
        let (total, expected) = (course.total(), Usd::from_nanos(3 * seconds as i64));
        assert_eq!((total.sent, total.cost), (2 * seconds, expected));
        let (few, step) = course.in_at_most(48);
        assert!(few.len() <= 48 && step * 48 >= Duration::from_secs(seconds));
        assert_eq!(few.iter().map(|slice| slice.sent).sum::<u64>(), 2 * seconds);
    }

    #[test]
    fn what_happens_late_or_before_the_start_finds_its_slice() {
        let mut course = Course::starting(START);
        course.at(START.after(Duration::from_secs(86_400))).done += 1;
        course.at(START.moved(-5_000)).done += 1;
        assert_eq!(course.slices().first().map(|slice| slice.done), Some(1));
        assert_eq!(course.total().done, 2);
        assert_eq!(Course::starting(START).total(), Slice::default());
    }
}
