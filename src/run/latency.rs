//! How long answers take: the recent ones, and those that are awaited. Pure: requests and answers and the time go in, a
//! length of time comes out. Never waits.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::{ItemId, Timestamp};

/// So many answers are remembered: enough for one in a hundred to show, few enough to follow a server that changes.
const KEPT: usize = 256;
/// Sorted at most so often.
const LOOK: Duration = Duration::from_millis(500);
/// The next answers may take a little longer than those before them; after few, a good deal longer.
const MARGIN: f64 = 1.1;

/// Watches how long answers take.
#[derive(Debug, Default)]
pub(super) struct Latencies {
    recent: Vec<Duration>,
    /// Where in `recent` the next one goes once it is full.
    oldest: usize,
    /// The longest of all.
    longest: Duration,
    awaited: HashMap<ItemId, Timestamp>,
    /// What was last seen, and when.
    looked: Option<(Timestamp, Seen)>,
}

/// How long answers take, as far as it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Seen {
    /// 95 of 100 take no longer.
    pub most: Duration,
    /// 99 of 100 take no longer.
    pub nearly_all: Duration,
}

impl Latencies {
    /// The item's request has left.
    pub fn sent(&mut self, item: &ItemId, now: Timestamp) {
        self.awaited.insert(item.clone(), now);
    }

    /// The item's request came back; `counts` if that says how long an answer takes. A server that turns requests away
    /// at the door does it at once.
    pub fn landed(&mut self, item: &ItemId, counts: bool, now: Timestamp) {
        let Some(sent) = self.awaited.remove(item).filter(|_| counts) else { return };
        let took = now.since(sent);
        self.longest = self.longest.max(took);
        if self.recent.len() < KEPT {
            self.recent.push(took);
        } else {
            self.recent[self.oldest] = took;
            self.oldest = (self.oldest + 1) % KEPT;
        }
    }

    /// How long answers take; none before the first. What is looked at is at most half a second old.
    pub fn seen(&mut self, now: Timestamp) -> Option<Seen> {
        if self.recent.is_empty() {
            return None;
        }
        match self.looked {
            Some((then, seen)) if then <= now && now.since(then) < LOOK => Some(seen),
            _ => {
                let seen = self.look(now);
                self.looked = Some((now, seen));
                Some(seen)
            }
        }
    }

    /// A length that is surely longer than what [`Latencies::seen`] tells, and costs little; none before the first
    /// answer.
    pub fn at_most(&self, now: Timestamp) -> Option<Duration> {
        let longest = self.longest.max(self.longest_awaited(now));
        (!self.recent.is_empty()).then(|| longest.mul_f64(MARGIN + 1.0))
    }

    /// The longest that any request has been awaited.
    pub fn longest_awaited(&self, now: Timestamp) -> Duration {
        self.awaited.values().min().map(|sent| now.since(*sent)).unwrap_or_default()
    }

    /// What is awaited for longer than nearly all answers took counts as an answer that takes as long: so a server
    /// that becomes slow is noticed before it has answered.
    fn look(&self, now: Timestamp) -> Seen {
        let mut sorted = self.recent.clone();
        sorted.sort_unstable();
        let usual = share(&sorted, 0.99);
        let mut awaited: Vec<_> =
            self.awaited.values().map(|sent| now.since(*sent)).filter(|age| *age > usual).collect();
        awaited.sort_unstable();
        sorted.append(&mut awaited);
        let margin = MARGIN + 1.0 / sorted.len() as f64;
        Seen { most: share(&sorted, 0.95).mul_f64(margin), nearly_all: share(&sorted, 0.99).mul_f64(margin) }
    }

    /// The clock was moved by so many milliseconds.
    pub fn clock_moved(&mut self, by: i64) {
        self.looked = None;
        for sent in self.awaited.values_mut() {
            *sent = sent.moved(by);
        }
    }
}

/// The length that this share of the sorted ones does not exceed.
fn share(sorted: &[Duration], share: f64) -> Duration {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    fn after(millis: u64) -> Timestamp {
        START.after(Duration::from_millis(millis))
    }

    fn item(number: u64) -> ItemId {
        ItemId::new(format!("item-{number}"))
    }

    /// After answers that took so many milliseconds, all sent at the start.
    fn taken(lengths: impl Iterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::default();
        for (number, length) in lengths.enumerate() {
            latencies.sent(&item(number as u64), START);
            latencies.landed(&item(number as u64), true, after(length));
        }
        latencies
    }

    #[test]
    fn nothing_is_known_before_the_first_answer_that_counts() {
        let mut latencies = Latencies::default();
        latencies.sent(&item(1), START);
        latencies.landed(&item(1), false, after(5));
        latencies.sent(&item(2), START);
        assert_eq!((latencies.seen(after(900)), latencies.longest_awaited(after(900)).as_millis()), (None, 900));
    }

    #[test]
    fn after_few_answers_the_longest_counts_with_a_wide_margin_and_after_many_nearly_all_with_a_small_one() {
        let seen = taken([1_000].into_iter()).seen(after(0)).unwrap();
        assert_eq!(seen.nearly_all.as_millis(), 2_100);
        let seen = taken(1..=200).seen(after(0)).unwrap();
        assert_eq!((seen.most.as_millis(), seen.nearly_all.as_millis()), (209, 218));
    }

    #[test]
    fn only_recent_answers_count() {
        let lengths = (0..KEPT as u64).map(|_| 9_000).chain((0..KEPT as u64).map(|_| 100));
        let seen = taken(lengths).seen(after(0)).unwrap();
        assert!(seen.nearly_all < Duration::from_millis(120), "{seen:?}");
    }

    #[test]
    fn a_server_that_becomes_slow_is_noticed_by_what_is_awaited() {
        let mut latencies = taken((0..200).map(|_| 100));
        (500..520).for_each(|number| latencies.sent(&item(number), after(1_000)));
        assert!(latencies.seen(after(1_050)).unwrap().nearly_all < Duration::from_millis(120));
        assert!(latencies.seen(after(9_000)).unwrap().nearly_all >= Duration::from_millis(8_000));
    }

    #[test]
    fn a_clock_that_is_moved_makes_no_answer_longer() {
        let mut latencies = taken((0..200).map(|_| 100));
        (500..520).for_each(|number| latencies.sent(&item(number), START));
        latencies.clock_moved(3_600_000);
        assert!(latencies.seen(after(50).moved(3_600_000)).unwrap().nearly_all < Duration::from_millis(120));
    }
}
