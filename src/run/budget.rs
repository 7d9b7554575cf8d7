//! Whether the caps on money leave room for the next request. Pure: the time, and what requests may cost and did cost,
//! go in. Never counts what others spend: the queue does, and its word is last.

use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::domain::{Cap, CapKind, CapReached, CapSpan, Caps, Held, Timestamp, Usd};

/// Keeps what may be billed below every cap.
#[derive(Debug)]
pub struct Budget {
    caps: Caps,
    /// The time zone of days and months.
    zone: TimeZone,
    /// The caps as they count, with what counts against each.
    standing: Vec<(Cap, Held)>,
    /// What those may cost that were let go and have not left.
    leaving: Held,
    /// Requests that left and are not settled.
    open: usize,
}

/// Whether there is room for one request more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// There is.
    Enough,
    /// There may be when one that left is settled.
    AfterNext,
    /// There is none, whatever comes.
    None(CapReached),
}

impl Budget {
    /// These caps, by the days of this time zone.
    pub fn new(caps: Caps, zone: TimeZone) -> Self {
        Self { caps, zone, standing: Vec::new(), leaving: Held::default(), open: 0 }
    }

    /// The caps as they count now. Whatever was let go before and did not leave is let go no more.
    pub fn caps(&mut self, now: Timestamp) -> Vec<Cap> {
        self.leaving = Held::default();
        self.turn_page(now);
        self.standing.iter().map(|(cap, _)| *cap).collect()
    }

    /// What counts against each of the caps that were asked for last.
    pub fn counted(&mut self, held: &[Held]) {
        self.leaving = Held::default();
        self.standing.iter_mut().zip(held).for_each(|((_, known), held)| *known = *held);
    }

    /// Whether there is room for a request that may cost so much.
    pub fn room(&mut self, reserve: Usd, now: Timestamp) -> Room {
        self.turn_page(now);
        let leaving = self.leaving.total();
        let is_full = |(cap, held): &&(Cap, Held)| held.total() + leaving + reserve > cap.most;
        match self.standing.iter().find(is_full) {
            None => Room::Enough,
            Some(_) if self.open > 0 || leaving > Usd::ZERO => Room::AfterNext,
            Some((cap, held)) => Room::None(CapReached { kind: cap.kind, most: cap.most, held: *held, next: reserve }),
        }
    }

    /// A request that may cost so much is let go.
    pub fn let_go(&mut self, reserve: Usd) {
        self.leaving.reserved += reserve;
    }

    /// It has left.
    pub fn sent(&mut self, reserve: Usd) {
        self.open += 1;
        self.leaving.reserved = (self.leaving.reserved - reserve).max(Usd::ZERO);
        self.standing.iter_mut().for_each(|(_, held)| held.reserved += reserve);
    }

    /// One that left is settled, at this cost; without one it is lost.
    pub fn settled(&mut self, reserve: Usd, cost: Option<Usd>) {
        self.open = self.open.saturating_sub(1);
        for (_, held) in &mut self.standing {
            held.reserved = (held.reserved - reserve).max(Usd::ZERO);
            match cost {
                Some(cost) => held.settled += cost,
                None => held.lost += reserve,
            }
        }
    }

    /// On a new day nothing counts against that day's cap yet, nor in a new month against that month's.
    fn turn_page(&mut self, now: Timestamp) {
        let holds = |(cap, _): &(Cap, Held)| match cap.span {
            CapSpan::Job | CapSpan::Run => true,
            CapSpan::Sent { from, to } => (from..to).contains(&now),
        };
        if !self.standing.is_empty() && self.standing.iter().all(holds) {
            return;
        }
        let before = std::mem::take(&mut self.standing);
        let known = |cap: &Cap| before.iter().find(|(one, _)| one == cap).map(|(_, held)| *held);
        let caps = self.caps.given().map(|(kind, most)| Cap { kind, span: span(kind, now, &self.zone), most });
        self.standing = caps.map(|cap| (cap, known(&cap).unwrap_or_default())).collect();
    }
}

/// Which attempts count against a cap at this moment.
fn span(kind: CapKind, now: Timestamp, zone: &TimeZone) -> CapSpan {
    let moment = jiff::Timestamp::from_millisecond(now.millis()).unwrap_or(jiff::Timestamp::MAX).to_zoned(zone.clone());
    let today = moment.date();
    let (first, next) = match kind {
        CapKind::Job => return CapSpan::Job,
        CapKind::Run => return CapSpan::Run,
        CapKind::Day => (today, today.tomorrow()),
        CapKind::Month => (today.first_of_month(), today.last_of_month().tomorrow()),
    };
    let begins = |day: jiff::civil::Date| day.to_zoned(zone.clone()).ok().map(|day| millis(&day));
    let end = next.ok().and_then(begins);
    let everything = Timestamp::from_millis(i64::MAX);
    CapSpan::Sent { from: begins(first).unwrap_or_default(), to: end.unwrap_or(everything) }
}

fn millis(moment: &Zoned) -> Timestamp {
    Timestamp::from_millis(moment.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CENT: Usd = Usd::from_nanos(10_000_000);

    fn at(moment: &str) -> Timestamp {
        Timestamp::from_millis(moment.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn cents(number: u64) -> Usd {
        CENT.times(number)
    }

    fn noon() -> Timestamp {
        at("2026-11-29T12:00:00Z")
    }

    fn of_job(most: u64) -> Budget {
        Budget::new(Caps { job: Some(cents(most)), ..Caps::default() }, TimeZone::UTC)
    }

    fn send(budget: &mut Budget, reserve: Usd) {
        assert_eq!(budget.room(reserve, noon()), Room::Enough);
        budget.let_go(reserve);
        budget.sent(reserve);
    }

    #[test]
    fn requests_leave_as_long_as_all_may_cost_their_reserve() {
        let mut budget = of_job(10);
        for _ in 0..3 {
            send(&mut budget, cents(3));
        }
        assert_eq!(budget.room(cents(3), noon()), Room::AfterNext);
        assert_eq!(budget.room(cents(1), noon()), Room::Enough, "to the cent");
        budget.settled(cents(3), Some(cents(1)));
        send(&mut budget, cents(3));
        assert_eq!(budget.room(cents(1), noon()), Room::AfterNext);
    }

    #[test]
    fn what_was_let_go_together_takes_its_room_at_once() {
        let mut budget = of_job(5);
        budget.let_go(cents(3));
        assert_eq!(budget.room(cents(3), noon()), Room::AfterNext);
        budget.caps(noon());
        assert_eq!(budget.room(cents(3), noon()), Room::Enough, "it did not leave");
    }

    #[test]
    fn lost_requests_keep_their_room_and_the_end_says_so() {
        let mut budget = of_job(5);
        send(&mut budget, cents(3));
        budget.settled(cents(3), None);
        let held = Held { lost: cents(3), ..Held::default() };
        let reached = CapReached { kind: CapKind::Job, most: cents(5), held, next: cents(3) };
        assert_eq!(budget.room(cents(3), noon()), Room::None(reached));
    }

    #[test]
    fn the_word_of_the_queue_is_last() {
        let mut budget = of_job(5);
        assert_eq!(budget.caps(noon()).len(), 1);
        budget.counted(&[Held { settled: cents(4), ..Held::default() }]);
        assert!(matches!(budget.room(cents(3), noon()), Room::None(CapReached { kind: CapKind::Job, .. })));
    }

    #[test]
    fn days_and_months_begin_at_midnight_where_the_person_lives() {
        let caps = Caps { day: Some(CENT), month: Some(cents(9)), ..Caps::default() };
        let mut budget = Budget::new(caps, TimeZone::get("Asia/Kolkata").unwrap());
        let spans: Vec<CapSpan> = budget.caps(at("2026-10-31T18:29:00Z")).iter().map(|cap| cap.span).collect();
        let sent = |from, to| CapSpan::Sent { from: at(from), to: at(to) };
        let day = sent("2026-10-30T18:30:00Z", "2026-10-31T18:30:00Z");
        assert_eq!(spans, [day, sent("2026-09-30T18:30:00Z", "2026-10-31T18:30:00Z")]);
        budget.counted(&[Held { settled: CENT, ..Held::default() }, Held { settled: cents(8), ..Held::default() }]);
        let room = |budget: &mut Budget, moment| budget.room(CENT, at(moment));
        assert!(
            matches!(room(&mut budget, "2026-10-31T18:29:59Z"), Room::None(reached) if reached.kind == CapKind::Day)
        );
        assert_eq!(room(&mut budget, "2026-10-31T18:30:00Z"), Room::Enough);
    }

    #[test]
    fn a_new_day_leaves_the_month_as_it_is() {
        let caps = Caps { day: Some(CENT), month: Some(cents(2)), ..Caps::default() };
        let mut budget = Budget::new(caps, TimeZone::UTC);
        budget.caps(noon());
        budget.counted(&[Held::default(), Held { settled: cents(2), ..Held::default() }]);
        let tomorrow = budget.room(CENT, at("2026-11-30T00:00:00Z"));
        assert!(matches!(tomorrow, Room::None(reached) if reached.kind == CapKind::Month));
    }

    #[test]
    fn without_a_cap_there_is_always_room() {
        let mut budget = Budget::new(Caps::default(), TimeZone::UTC);
        assert_eq!((budget.caps(noon()), budget.room(cents(99), noon())), (vec![], Room::Enough));
    }
}
