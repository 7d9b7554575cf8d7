//! Whether the caps on money leave room for the next request. Pure: the time, and what requests may cost and did cost,
//! go in. Never counts what others spend: the queue does, and its word is last.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::domain::{Cap, CapKind, CapReached, CapSpan, Caps, Held, ItemId, Timestamp, Usd};

/// How long after it was asked the queue is asked again what other runs still have on their way.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// Longer than an answer and its keeping take: what other runs had on their way for so long, without any change, nobody
/// waits for any more.
const PATIENCE: Duration = Duration::from_secs(600);

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
    /// Requests that left and are not settled: when, and what they may cost.
    open: HashMap<ItemId, (Timestamp, Usd)>,
    /// What counted when other runs last filled a cap, and since when it did.
    awaited: Option<(Held, Timestamp)>,
    /// When the queue is to be asked again what counts.
    ask_at: Option<Timestamp>,
}

/// Whether there is room for one request more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// There is.
    Enough,
    /// There may be when one that left is settled.
    AfterNext,
    /// There may be then: other runs fill a cap with what they have on their way.
    At(Timestamp),
    /// There is none, whatever comes.
    None(CapReached),
}

impl Budget {
    /// These caps, by the days of this time zone.
    pub fn new(caps: Caps, zone: TimeZone) -> Self {
        Self {
            caps,
            zone,
            standing: Vec::new(),
            leaving: Held::default(),
            open: HashMap::new(),
            awaited: None,
            ask_at: None,
        }
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
        self.ask_at = None;
        self.standing.iter_mut().zip(held).for_each(|((_, known), held)| *known = *held);
    }

    /// Whether there is room for a request that may cost so much.
    pub fn room(&mut self, reserve: Usd, now: Timestamp) -> Room {
        self.turn_page(now);
        let leaving = self.leaving.total();
        let full = self.standing.iter().filter(|(cap, held)| held.total() + leaving + reserve > cap.most);
        let full: Vec<(Cap, Held)> = full.copied().collect();
        let Some((_, first)) = full.first() else { return Room::Enough };
        if !self.open.is_empty() || leaving > Usd::ZERO {
            return Room::AfterNext;
        }
        // With nothing of this run's on its way, whatever is set aside belongs to others.
        let is_used_up = |(cap, held): &&(Cap, Held)| held.settled + held.lost + reserve > cap.most;
        match full.iter().find(is_used_up) {
            None if self.awaits(*first, now) => Room::At(*self.ask_at.get_or_insert(now.after(ASK_AGAIN))),
            used_up => {
                let (cap, held) = *used_up.unwrap_or(&full[0]);
                Room::None(CapReached { kind: cap.kind, most: cap.most, held, next: reserve })
            }
        }
    }

    /// Whether what other runs have on their way may still land: what does not change any more has no run.
    fn awaits(&mut self, held: Held, now: Timestamp) -> bool {
        let since = self.awaited.filter(|(known, _)| *known == held).map_or(now, |(_, since)| since);
        self.awaited = Some((held, since));
        now.since(since) < PATIENCE
    }

    /// Whether the queue is to be asked now what counts: other runs had filled a cap.
    pub fn is_asking(&self, now: Timestamp) -> bool {
        self.ask_at.is_some_and(|at| at <= now)
    }

    /// The clock was moved by so many milliseconds.
    pub fn clock_moved(&mut self, by: i64) {
        self.ask_at = self.ask_at.map(|at| at.moved(by));
        self.awaited = self.awaited.map(|(held, since)| (held, since.moved(by)));
    }

    /// A request that may cost so much is let go.
    pub fn let_go(&mut self, reserve: Usd) {
        self.leaving.reserved += reserve;
    }

    /// The item's has left.
    pub fn sent(&mut self, item: &ItemId, reserve: Usd, now: Timestamp) {
        self.open.insert(item.clone(), (now, reserve));
        self.leaving.reserved = (self.leaving.reserved - reserve).max(Usd::ZERO);
        self.of_moment(now).for_each(|held| held.reserved += reserve);
    }

    /// The item's, which had left, is settled, at this cost; without one it is lost. It counts where it counted when it
    /// left.
    pub fn settled(&mut self, item: &ItemId, cost: Option<Usd>) {
        let Some((sent_at, reserve)) = self.open.remove(item) else { return };
        for held in self.of_moment(sent_at) {
            held.reserved = (held.reserved - reserve).max(Usd::ZERO);
            match cost {
                Some(cost) => held.settled += cost,
                None => held.lost += reserve,
            }
        }
    }

    /// What counts against the caps of which a request counts that left at this moment.
    fn of_moment(&mut self, sent_at: Timestamp) -> impl Iterator<Item = &mut Held> {
        self.standing.iter_mut().filter(move |(cap, _)| holds(cap, sent_at)).map(|(_, held)| held)
    }

    /// On a new day nothing counts against that day's cap yet, nor in a new month against that month's.
    fn turn_page(&mut self, now: Timestamp) {
        if !self.standing.is_empty() && self.standing.iter().all(|(cap, _)| holds(cap, now)) {
            return;
        }
        let before = std::mem::take(&mut self.standing);
        let known = |cap: &Cap| before.iter().find(|(one, _)| one == cap).map(|(_, held)| *held);
        let caps = self.caps.given().map(|(kind, most)| Cap { kind, span: span(kind, now, &self.zone), most });
        self.standing = caps.map(|cap| (cap, known(&cap).unwrap_or_default())).collect();
    }
}

/// Whether a request counts against a cap that leaves at this moment.
fn holds(cap: &Cap, sent_at: Timestamp) -> bool {
    match cap.span {
        CapSpan::Job | CapSpan::Run => true,
        CapSpan::Sent { from, to } => (from..to).contains(&sent_at),
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

    fn send(budget: &mut Budget, item: &str, reserve: Usd) {
        assert_eq!(budget.room(reserve, noon()), Room::Enough);
        budget.let_go(reserve);
        budget.sent(&ItemId::new(item), reserve, noon());
    }

    #[test]
    fn requests_leave_as_long_as_all_may_cost_their_reserve() {
        let mut budget = of_job(10);
        for item in ["a", "b", "c"] {
            send(&mut budget, item, cents(3));
        }
        assert_eq!(budget.room(cents(3), noon()), Room::AfterNext);
        assert_eq!(budget.room(cents(1), noon()), Room::Enough, "to the cent");
        budget.settled(&ItemId::new("b"), Some(cents(1)));
        send(&mut budget, "d", cents(3));
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
        send(&mut budget, "a", cents(3));
        budget.settled(&ItemId::new("a"), None);
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
    fn what_others_have_on_their_way_is_waited_for_and_not_without_end() {
        let mut budget = of_job(5);
        let others = Held { settled: cents(1), reserved: cents(3), lost: Usd::ZERO };
        let mut at = noon();
        budget.caps(at);
        budget.counted(&[others]);
        while let Room::At(moment) = budget.room(cents(3), at) {
            assert!(!budget.is_asking(at) && moment > at);
            assert_eq!(budget.room(cents(3), at), Room::At(moment), "however often it is asked");
            at = moment;
            assert!(budget.is_asking(at));
            budget.counted(&[others]);
        }
        assert_eq!(at, noon().after(PATIENCE), "no run has them any more");
        assert!(matches!(budget.room(cents(3), at), Room::None(reached) if reached.held == others));
        budget.counted(&[Held { reserved: cents(2), settled: cents(1), lost: cents(1) }]);
        assert!(matches!(budget.room(cents(3), at), Room::At(_)), "one has landed: others may");
        budget.counted(&[Held { settled: cents(2), ..Held::default() }]);
        assert_eq!(budget.room(cents(3), at), Room::Enough);
    }

    #[test]
    fn where_money_is_used_up_nobody_is_waited_for() {
        let caps = Caps { job: Some(cents(4)), day: Some(cents(3)), ..Caps::default() };
        let mut budget = Budget::new(caps, TimeZone::UTC);
        budget.caps(noon());
        let [others, spent] = [(cents(4), Usd::ZERO), (Usd::ZERO, cents(3))];
        let held = |(reserved, settled)| Held { reserved, settled, lost: Usd::ZERO };
        budget.counted(&[others, spent].map(held));
        assert!(matches!(budget.room(CENT, noon()), Room::None(reached) if reached.kind == CapKind::Day));
    }

    #[test]
    fn what_left_yesterday_counts_as_yesterdays() {
        let caps = Caps { day: Some(cents(2)), month: Some(cents(9)), ..Caps::default() };
        let mut budget = Budget::new(caps, TimeZone::UTC);
        let item = ItemId::new("a");
        budget.caps(noon());
        send(&mut budget, "a", cents(2));
        let tomorrow = at("2026-11-30T00:00:01Z");
        assert_eq!(budget.room(cents(2), tomorrow), Room::Enough);
        budget.settled(&item, Some(cents(2)));
        assert_eq!(budget.room(cents(2), tomorrow), Room::Enough);
        let held: Vec<Held> = budget.standing.iter().map(|(_, held)| *held).collect();
        assert_eq!(held, [Held::default(), Held { settled: cents(2), ..Held::default() }]);
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
