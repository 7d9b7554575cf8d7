//! How long requests took, in buckets. Never keeps a single length.

use std::time::Duration;

/// The upper ends of the buckets: a refusal comes at once, a picture within seconds, one from a busy server in minutes.
const ENDS: [Duration; 16] = {
    let mut ends = [Duration::ZERO; 16];
    let millis = [
        500, 1_000, 2_000, 3_000, 5_000, 7_500, 10_000, 15_000, 20_000, 30_000, 45_000, 60_000, 90_000, 120_000,
        180_000, 300_000,
    ];
    let mut place = 0;
    while place < ends.len() {
        ends[place] = Duration::from_millis(millis[place]);
        place += 1;
    }
    ends
};

/// Lengths of time, counted.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Histogram {
    /// By bucket; those that are longer than all stand only in the count.
    buckets: [u64; ENDS.len()],
    count: u64,
    sum: Duration,
}

impl Histogram {
    /// One more.
    pub fn observe(&mut self, length: Duration) {
        if let Some(bucket) = ENDS.iter().position(|end| length <= *end) {
            self.buckets[bucket] += 1;
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(length);
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All of them together.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// The upper end of each bucket, and how many are not longer.
    pub fn up_to(&self) -> impl Iterator<Item = (Duration, u64)> {
        let counts = self.buckets.iter().scan(0, |all, bucket| {
            *all += bucket;
            Some(*all)
        });
        ENDS.into_iter().zip(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_counts_in_its_bucket_and_in_all_above() {
        let mut histogram = Histogram::default();
        for millis in [500, 501, 299_999, 300_001] {
            histogram.observe(Duration::from_millis(millis));
        }
        let counts: Vec<u64> = histogram.up_to().map(|(_, count)| count).collect();
        assert_eq!((counts[0], counts[1], counts[14], counts[15]), (1, 2, 2, 3));
        assert_eq!((histogram.count(), histogram.sum()), (4, Duration::from_millis(601_001)));
        assert!(histogram.up_to().map(|(end, _)| end).is_sorted());
    }
}
