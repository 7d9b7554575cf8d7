//! Until when a run sends: early enough that what is sent comes back in time. Pure: requests and answers and the time
//! go in, a yes or an end comes out. Never waits.

use std::time::Duration;

use super::latency::Latencies;
use crate::domain::{Deadline, Ending, ItemId, Timestamp};

/// An answer takes so long, as long as none was seen: the usual model takes seconds.
const FIRST_GUESS: Duration = Duration::from_secs(20);
/// But a run that is given little time still begins: no guess is longer than this share of it.
const GUESS_SHARE: u32 = 3;
/// For the one answer in a hundred that takes longest, no more than this share of the whole time is given up.
const TAIL_SHARE: u32 = 25;

/// Watches the time that a run was given.
#[derive(Debug)]
pub(super) struct DeadlineWatch {
    deadline: Deadline,
    started: Timestamp,
    latencies: Latencies,
}

impl DeadlineWatch {
    /// For a run that starts now.
    pub fn new(deadline: Deadline, now: Timestamp) -> Self {
        Self { deadline, started: now, latencies: Latencies::default() }
    }

    /// How the run ends, if nothing can leave before `earliest` (which is now for what could leave at once): that is
    /// too late to be back in time.
    pub fn over(&mut self, earliest: Timestamp, now: Timestamp) -> Option<Ending> {
        let (at, flag) = self.at()?;
        // Most of a night it is far away, and nobody has to look closely.
        let is_far = self.latencies.at_most(now).is_some_and(|most| earliest.after(most) <= at);
        let is_over = !is_far && (earliest >= at || earliest.after(self.answer_takes(at, now)) > at);
        is_over.then_some(Ending::Deadline(flag))
    }

    /// Whether something that leaves then would be back in time for an end that there is.
    pub fn outlasts(&mut self, moment: Timestamp, now: Timestamp) -> bool {
        self.at().is_some() && self.over(moment, now).is_none()
    }

    /// The item's request has left.
    pub fn sent(&mut self, item: &ItemId, now: Timestamp) {
        if self.at().is_some() {
            self.latencies.sent(item, now);
        }
    }

    /// The item's request came back; `counts` if that says how long an answer takes.
    pub fn landed(&mut self, item: &ItemId, counts: bool, now: Timestamp) {
        self.latencies.landed(item, counts, now);
    }

    /// The clock was moved by so many milliseconds: the run began as long ago as before, and has as long left, unless it
    /// was told a time of day.
    pub fn clock_moved(&mut self, by: i64) {
        self.started = self.started.moved(by);
        self.latencies.clock_moved(by);
    }

    fn at(&self) -> Option<(Timestamp, &'static str)> {
        self.deadline.first(self.started)
    }

    /// How long what is sent now is away, at most.
    fn answer_takes(&mut self, at: Timestamp, now: Timestamp) -> Duration {
        let whole = at.since(self.started);
        match self.latencies.seen(now) {
            Some(seen) => seen.nearly_all.min(seen.most.max(whole / TAIL_SHARE)),
            None => FIRST_GUESS.min(whole / GUESS_SHARE).max(self.latencies.longest_awaited(now)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn after(length: u64) -> Timestamp {
        START.after(seconds(length))
    }

    fn item(number: u64) -> ItemId {
        ItemId::new(format!("item-{number}"))
    }

    fn of_length(length: u64) -> DeadlineWatch {
        DeadlineWatch::new(Deadline { until: None, max_duration: Some(seconds(length)) }, START)
    }

    /// The second from which on nothing leaves any more.
    fn last(deadline: &mut DeadlineWatch) -> u64 {
        (0..100_000).find(|second| deadline.over(after(*second), after(*second)).is_some()).expect("an end")
    }

    #[test]
    fn without_a_deadline_there_is_none() {
        let mut deadline = DeadlineWatch::new(Deadline::default(), START);
        assert_eq!(deadline.over(Timestamp::from_millis(i64::MAX), START), None);
    }

    #[test]
    fn the_earlier_of_both_ends_the_run_under_its_name() {
        for (until, length, flag) in [(500, 900, "--until"), (900, 500, "--max-duration")] {
            let settings = Deadline { until: Some(after(until)), max_duration: Some(seconds(length)) };
            let mut deadline = DeadlineWatch::new(settings, START);
            assert_eq!(deadline.over(after(400), after(400)), None);
            assert_eq!(deadline.over(after(499), after(499)), Some(Ending::Deadline(flag)));
        }
    }

    #[test]
    fn before_the_first_answer_there_is_a_guess_that_lets_a_short_run_begin() {
        assert_eq!((last(&mut of_length(600)), last(&mut of_length(9))), (581, 7));
        let mut past = DeadlineWatch::new(Deadline { until: Some(START), max_duration: None }, START);
        assert_eq!(past.over(START, START), Some(Ending::Deadline("--until")), "a moment that is over already");
    }

    #[test]
    fn what_cannot_leave_in_time_ends_the_run_at_once() {
        let mut deadline = of_length(600);
        assert_eq!(deadline.over(after(500), START), None);
        assert_eq!(deadline.over(after(590), START), Some(Ending::Deadline("--max-duration")));
    }

    #[test]
    fn a_clock_that_is_moved_brings_the_time_of_day_nearer_and_not_the_end_of_a_length() {
        let hour = 3_600_000;
        let mut length = of_length(600);
        length.clock_moved(hour);
        assert_eq!(length.over(after(500).moved(hour), after(500).moved(hour)), None);
        assert!(length.over(after(590).moved(hour), after(590).moved(hour)).is_some());
        let mut until = DeadlineWatch::new(Deadline { until: Some(after(600)), max_duration: None }, START);
        until.clock_moved(hour);
        assert!(until.over(START.moved(hour), START.moved(hour)).is_some());
    }

    /// What came of a night that was played through.
    struct Played {
        sent: u64,
        late: u64,
        last_sent: Duration,
    }

    /// Sixteen at a time until the deadline, in virtual time: spread latencies, failures at the door that are tried
    /// again later, answers that come only as a time-out.
    fn play(seed: u64, length: u64, usual: f64, hangs: f64) -> Played {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut deadline = of_length(length);
        let (mut now, mut played) = (START, Played { sent: 0, late: 0, last_sent: Duration::ZERO });
        // More than can be sent in the time.
        let items = (length as f64 * 16.0 / usual) as u64;
        let mut queue: BTreeSet<(Timestamp, u64)> = (0..items).map(|number| (START, number)).collect();
        let mut flights = BTreeMap::new();
        loop {
            while let Some(&(due, number)) = queue.first().filter(|_| flights.len() < 16) {
                if due > now || deadline.over(now, now).is_some() {
                    break;
                }
                queue.pop_first();
                deadline.sent(&item(number), now);
                (played.sent, played.last_sent) = (played.sent + 1, now.since(START));
                let (took, fails) = match chance.f64() {
                    draw if draw < hangs => (60.0, false),
                    draw if draw < 0.10 => (0.05, true),
                    // From half of what is usual to four times that, most of them near it.
                    _ => (usual * (0.5 + 3.5 * chance.f64().powi(3)), false),
                };
                flights.insert((now.after(Duration::from_secs_f64(took)), number), fails);
            }
            let Some(((landed, number), fails)) = flights.pop_first() else { return played };
            now = landed;
            played.late += u64::from(now > after(length));
            deadline.landed(&item(number), !fails, now);
            if fails {
                queue.insert((now.after(seconds(1 + chance.u64(0..30))), number));
            }
        }
    }

    #[test]
    fn at_most_one_in_a_hundred_comes_back_late_and_the_time_before_is_used() {
        for (length, usual, hangs) in [(3_600, 5.0, 0.003), (900, 2.0, 0.0), (7_200, 20.0, 0.01), (600, 3.0, 0.005)] {
            for seed in 0..20 {
                let played = play(seed, length, usual, hangs);
                let late = played.late as f64 / played.sent as f64;
                let used = played.last_sent.as_secs_f64() / length as f64;
                assert!(late <= 0.01 && used >= 0.95, "seed {seed} of {length} s: {late} late, {used} used");
            }
        }
    }
}
