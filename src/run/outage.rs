//! Whether anybody is there to answer: a server that is gone is the run's trouble and no item's. Pure: what the attempts
//! brought and the time go in, permits and verdicts come out. Never waits.

use std::collections::HashSet;
use std::time::Duration;

use super::admission::Permit;
use crate::domain::{Failure, ItemId, Reach, Timestamp};

/// How an outage is sat out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutageSettings {
    /// From one probe to the next, at first.
    pub shortest_wait: Duration,
    /// From one probe to the next, however long the outage lasts.
    pub longest_wait: Duration,
    /// After so long a run gives up.
    pub patience: Duration,
    /// After so long a run gives up to which nobody ever answered: rather than gone, the server was never there.
    pub patience_at_start: Duration,
}

impl Default for OutageSettings {
    fn default() -> Self {
        Self {
            shortest_wait: Duration::from_secs(3),
            longest_wait: Duration::from_secs(60),
            patience: Duration::from_secs(6 * 60 * 60),
            patience_at_start: Duration::from_secs(15 * 60),
        }
    }
}

/// So many items in a row are enough that could not even be sent, or that failed before anything was ever answered: with
/// any two of them something else may be wrong.
const FEW: usize = 3;
/// So many items in a row to which the server said that it fails, when as many are in flight and others were answered
/// before: a few such items may be at fault themselves.
const MANY: usize = 8;
/// The next probe waits for this share of the time that the outage has lasted.
const SHARE: u32 = 10;
/// A wait is shorter by a random part of this share, so that many programs do not ask at the same time.
const SPREAD: f64 = 0.25;

/// What an attempt that ended says of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// It is there: it answered something of use, were it a refusal.
    Answered,
    /// No connection came to be.
    Unreached,
    /// It says itself that it fails.
    Failing,
    /// The fault lay elsewhere, or the answer never came.
    Nothing,
}

impl Sign {
    /// Of an attempt that failed.
    pub fn of(failure: &Failure) -> Self {
        match (failure.absent, failure.reach) {
            (true, Reach::Unsent) => Self::Unreached,
            (true, _) => Self::Failing,
            (false, Reach::Answered) => Self::Answered,
            (false, _) => Self::Nothing,
        }
    }
}

/// What follows for whoever failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Somebody is there, as far as anyone knows: the failure is the item's.
    Present,
    /// It is an outage since this very attempt; the next probe leaves then.
    Begun(Timestamp),
    /// It is still one.
    Lasting(Timestamp),
    /// It has lasted for so long, which is longer than anybody wants to wait.
    GivenUp(Duration),
}

/// Watches for outages, and says when the next probe may leave.
#[derive(Debug)]
pub(super) struct Outage {
    settings: OutageSettings,
    /// So many items in a row to which the server fails are too many for each to be at fault itself.
    many: usize,
    /// Whether this run ever had an answer.
    was_answered: bool,
    /// Items that found nobody there since the last answer, and since when.
    row: HashSet<ItemId>,
    row_since: Timestamp,
    episode: Option<Episode>,
}

/// An outage that is on.
#[derive(Debug)]
struct Episode {
    next_probe: Timestamp,
    /// The item whose request is on its way to see whether somebody is there.
    probe: Option<ItemId>,
}

impl Outage {
    /// None yet, in a run with so many requests in flight.
    pub fn new(settings: OutageSettings, concurrency: usize) -> Self {
        let many = concurrency.clamp(FEW, MANY);
        let row_since = Timestamp::default();
        Self { settings, many, was_answered: false, row: HashSet::new(), row_since, episode: None }
    }

    /// Whether a request may leave while so many others are about to.
    pub fn permit(&self, leaving: usize, now: Timestamp) -> Permit {
        match &self.episode {
            None => Permit::Granted,
            Some(episode) if leaving > 0 || episode.probe.is_some() => Permit::AfterNext,
            Some(episode) if now < episode.next_probe => Permit::At(episode.next_probe),
            Some(_) => Permit::Granted,
        }
    }

    /// The item's request has left.
    pub fn sent(&mut self, item: &ItemId) {
        if let Some(episode) = &mut self.episode {
            episode.probe = Some(item.clone());
        }
    }

    /// Whether the item's request is the one that asks whether somebody is there.
    pub fn is_probe(&self, item: &ItemId) -> bool {
        self.episode.as_ref().is_some_and(|episode| episode.probe.as_ref() == Some(item))
    }

    /// The item's attempt ended. The server may have `asked` for a wait; `jitter` lies in 0..1.
    pub fn ended(
        &mut self,
        item: &ItemId,
        sign: Sign,
        asked: Option<Duration>,
        jitter: f64,
        now: Timestamp,
    ) -> Verdict {
        match sign {
            Sign::Answered => self.somebody_is_there(),
            Sign::Unreached | Sign::Failing => self.nobody_is_there(item, now),
            Sign::Nothing => {}
        }
        let begins = self.episode.is_none() && self.is_enough(sign);
        if begins {
            self.episode = Some(Episode { next_probe: now, probe: Some(item.clone()) });
        }
        self.judge(item, begins, asked, jitter, now)
    }

    fn somebody_is_there(&mut self) {
        self.was_answered = true;
        self.row.clear();
        self.episode = None;
    }

    fn nobody_is_there(&mut self, item: &ItemId, now: Timestamp) {
        if self.row.is_empty() {
            self.row_since = now;
        }
        // It need not grow beyond what decides.
        if self.row.len() < self.many {
            self.row.insert(item.clone());
        }
    }

    fn is_enough(&self, sign: Sign) -> bool {
        match sign {
            Sign::Unreached => self.row.len() >= FEW,
            Sign::Failing if !self.was_answered => self.row.len() >= FEW,
            Sign::Failing => self.row.len() >= self.many,
            Sign::Answered | Sign::Nothing => false,
        }
    }

    fn judge(&mut self, item: &ItemId, begins: bool, asked: Option<Duration>, jitter: f64, now: Timestamp) -> Verdict {
        let lasted = now.since(self.row_since);
        let (wait, patience) = (self.wait(lasted, jitter).max(asked.unwrap_or_default()), self.patience());
        let Some(episode) = &mut self.episode else { return Verdict::Present };
        if episode.probe.as_ref() == Some(item) {
            episode.probe = None;
            episode.next_probe = now.after(wait);
        }
        match begins {
            true => Verdict::Begun(episode.next_probe),
            false if lasted >= patience => Verdict::GivenUp(lasted),
            false => Verdict::Lasting(episode.next_probe),
        }
    }

    fn wait(&self, lasted: Duration, jitter: f64) -> Duration {
        let wait = (lasted / SHARE).clamp(self.settings.shortest_wait, self.settings.longest_wait);
        wait.mul_f64(1.0 - SPREAD * jitter)
    }

    fn patience(&self) -> Duration {
        if self.was_answered { self.settings.patience } else { self.settings.patience_at_start }
    }

    /// The clock was moved by so many milliseconds.
    pub fn clock_moved(&mut self, by: i64) {
        self.row_since = self.row_since.moved(by);
        if let Some(episode) = &mut self.episode {
            episode.next_probe = episode.next_probe.moved(by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);
    const SETTINGS: OutageSettings = OutageSettings {
        shortest_wait: Duration::from_secs(3),
        longest_wait: Duration::from_secs(60),
        patience: Duration::from_secs(6 * 3600),
        patience_at_start: Duration::from_secs(900),
    };

    fn after(seconds: u64) -> Timestamp {
        START.after(Duration::from_secs(seconds))
    }

    fn item(number: usize) -> ItemId {
        ItemId::new(format!("item-{number}"))
    }

    fn end(outage: &mut Outage, number: usize, sign: Sign, now: Timestamp) -> Verdict {
        outage.ended(&item(number), sign, None, 0.0, now)
    }

    /// An outage since [`START`], after an answer where `answered`.
    fn begun(answered: bool) -> Outage {
        let mut outage = Outage::new(SETTINGS, 4);
        if answered {
            end(&mut outage, 99, Sign::Answered, START);
        }
        for number in 0..3 {
            end(&mut outage, number, Sign::Unreached, START);
        }
        outage
    }

    /// Sends probes as soon as they may leave, until so many seconds after the start; the seconds at which they left.
    fn probes(outage: &mut Outage, until: u64) -> Vec<u64> {
        let mut sent = Vec::new();
        let mut now = START;
        loop {
            match outage.permit(0, now) {
                Permit::At(moment) if moment <= after(until) => now = moment,
                Permit::At(_) => return sent,
                Permit::AfterNext => panic!("nothing is in flight"),
                Permit::Granted => {
                    outage.sent(&item(sent.len() % 2));
                    assert_eq!(outage.permit(0, now), Permit::AfterNext, "one at a time");
                    assert!(matches!(end(outage, sent.len() % 2, Sign::Failing, now), Verdict::Lasting(_)));
                    sent.push(now.since(START).as_secs());
                }
            }
        }
    }

    #[test]
    fn three_items_that_reach_nobody_or_as_many_to_whom_it_fails_as_are_in_flight_make_an_outage() {
        for (sign, concurrency, answered, enough) in [
            (Sign::Unreached, 1, true, 3),
            (Sign::Unreached, 64, true, 3),
            (Sign::Failing, 1, true, 3),
            (Sign::Failing, 5, true, 5),
            (Sign::Failing, 64, true, 8),
            (Sign::Failing, 64, false, 3),
        ] {
            let mut outage = Outage::new(SETTINGS, concurrency);
            if answered {
                end(&mut outage, 99, Sign::Answered, START);
            }
            for number in 1..enough {
                assert_eq!(end(&mut outage, number, sign, START), Verdict::Present, "{sign:?} {number}");
                assert_eq!(outage.permit(9, START), Permit::Granted);
            }
            assert_eq!(end(&mut outage, enough, sign, START), Verdict::Begun(after(3)), "{sign:?} {concurrency}");
            assert_eq!(outage.permit(0, START), Permit::At(after(3)));
        }
    }

    #[test]
    fn one_or_two_items_make_no_outage_however_often_they_fail() {
        let mut outage = Outage::new(SETTINGS, 1);
        for second in 0..100 {
            for number in 0..2 {
                assert_eq!(end(&mut outage, number, Sign::Unreached, after(second)), Verdict::Present);
            }
        }
    }

    #[test]
    fn an_answer_in_between_ends_the_row_and_what_says_nothing_of_the_server_does_not() {
        let mut outage = Outage::new(SETTINGS, 3);
        for number in 0..100 {
            let sign = if number % 3 == 2 { Sign::Answered } else { Sign::Failing };
            assert_eq!(end(&mut outage, number, sign, START), Verdict::Present);
        }
        let mut outage = Outage::new(SETTINGS, 3);
        for (number, sign) in [(0, Sign::Failing), (1, Sign::Nothing), (2, Sign::Failing), (3, Sign::Nothing)] {
            assert_eq!(end(&mut outage, number, sign, START), Verdict::Present);
        }
        assert!(matches!(end(&mut outage, 4, Sign::Failing, START), Verdict::Begun(_)));
    }

    #[test]
    fn probes_leave_one_at_a_time_a_few_seconds_apart_growing_to_a_minute() {
        let mut outage = begun(true);
        let sent = probes(&mut outage, 3600);
        let waits: Vec<u64> = sent.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(&waits[..8], [3; 8]);
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1] + 1), "{waits:?}");
        assert_eq!((waits.iter().max(), *waits.last().unwrap()), (Some(&60), 60));
        let in_ten_minutes = sent.iter().filter(|second| **second <= 600).count();
        assert!((30..60).contains(&in_ten_minutes), "{in_ten_minutes}");
    }

    #[test]
    fn chance_makes_a_wait_shorter_and_a_server_makes_it_longer() {
        let mut outage = begun(true);
        let mut wait = |asked, jitter| {
            outage.sent(&item(0));
            let now = after(600);
            match outage.ended(&item(0), Sign::Failing, asked, jitter, now) {
                Verdict::Lasting(until) => until.since(now).as_secs(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!((wait(None, 0.0), wait(None, 1.0)), (60, 45));
        assert_eq!(wait(Some(Duration::from_secs(120)), 0.5), 120);
    }

    #[test]
    fn what_was_in_flight_already_neither_is_the_probe_nor_puts_it_off() {
        let mut outage = begun(true);
        assert_eq!(end(&mut outage, 7, Sign::Unreached, after(2)), Verdict::Lasting(after(3)));
        assert_eq!(end(&mut outage, 8, Sign::Nothing, after(2)), Verdict::Lasting(after(3)));
        assert_eq!(outage.permit(0, after(3)), Permit::Granted);
        assert_eq!(outage.permit(1, after(3)), Permit::AfterNext, "another is about to leave");
    }

    #[test]
    fn the_first_answer_ends_it_and_the_next_outage_begins_anew() {
        let mut outage = begun(true);
        outage.sent(&item(0));
        assert_eq!(end(&mut outage, 0, Sign::Answered, after(30)), Verdict::Present);
        assert_eq!(outage.permit(5, after(30)), Permit::Granted);
        for (number, expected) in [(1, Verdict::Present), (2, Verdict::Present), (3, Verdict::Begun(after(4003)))] {
            assert_eq!(end(&mut outage, number, Sign::Unreached, after(4000)), expected);
        }
    }

    #[test]
    fn patience_ends_after_hours_and_after_minutes_where_nobody_ever_answered() {
        for (answered, patience) in [(true, 6 * 3600), (false, 900)] {
            let mut outage = begun(answered);
            assert!(matches!(end(&mut outage, 1, Sign::Unreached, after(patience - 1)), Verdict::Lasting(_)));
            let lasted = Duration::from_secs(patience);
            assert_eq!(end(&mut outage, 1, Sign::Unreached, after(patience)), Verdict::GivenUp(lasted));
        }
    }

    #[test]
    fn a_clock_that_is_moved_neither_ends_an_outage_nor_makes_it_last() {
        for hours in [-5, 5] {
            let by = hours * 3_600_000;
            let mut outage = begun(false);
            outage.clock_moved(by);
            assert_eq!(outage.permit(0, START.moved(by)), Permit::At(after(3).moved(by)));
            let verdict = end(&mut outage, 1, Sign::Unreached, after(9).moved(by));
            assert!(matches!(verdict, Verdict::Lasting(_)), "{verdict:?}");
        }
    }
}
