//! Whether the next request may leave, and what follows from each that came back: outages, pace, money and retries in one
//! hand, which the forecast of a night plays as a run does. Pure: events, the time and chance go in, permits and
//! outcomes come out. Never waits, never writes anything down.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::account::{Account, Lane};
use super::budget::{Budget, Room};
use super::deadline::DeadlineWatch;
use super::images::Images;
use super::outage::{OutageSettings, Sign, Verdict};
use super::pace::{Bounds, Consumed, Limits, Throttled, UsedUp};
use crate::domain::{
    Cap, Caps, Deadline, Ending, Failure, FailureKind, Held, ItemId, Outcome, Reach, RetryPolicy, Timestamp, Tries, Usd,
};
use crate::queue::DayLimit;

/// What a run keeps to while it sends.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Requests in flight.
    pub concurrency: Bounds,
    /// What the account allows, as far as it was stated.
    pub limits: Limits,
    /// When to try again.
    pub policy: RetryPolicy,
    /// How long a server that is gone is waited for.
    pub outage: OutageSettings,
    /// The most that may be spent.
    pub caps: Caps,
    /// The time zone of days and months.
    pub zone: TimeZone,
    /// When to be done.
    pub deadline: Deadline,
    /// Images at most.
    pub max_images: Option<u64>,
}

/// Requests that count against what may be in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flights {
    /// Those that left and did not come back.
    pub under_way: usize,
    /// Those that leave together with the next one.
    pub leaving: usize,
}

impl Flights {
    /// Whether nothing will come back.
    fn are_none(self) -> bool {
        self.under_way + self.leaving == 0
    }
}

/// Whether the next request may leave.
// One is looked at for each request, and none is kept.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq)]
pub enum Permit {
    /// Now; its place is taken by asking.
    Granted,
    /// When an answer in flight has come back.
    AfterNext,
    /// Not before this moment.
    At(Timestamp),
    /// Never: the run comes to this end.
    Over(Ending),
}

/// What follows from an attempt that gave nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Aftermath {
    /// What becomes of its item.
    pub outcome: Outcome,
    /// Until when the whole run waits, and why, where that is news.
    pub slowed: Option<(Timestamp, String)>,
    /// Why nothing more is to be sent, in a failure that says it.
    pub halted: Option<Failure>,
}

/// A pause that ends so much later than the one last told of is told again.
const NEWS: Duration = Duration::from_secs(1);

/// Admits requests to the server, one after the other.
#[derive(Debug)]
pub struct Admission {
    lane: Lane,
    budget: Budget,
    policy: RetryPolicy,
    deadline: DeadlineWatch,
    images: Images,
    zone: TimeZone,
    /// The end of the pause last told of.
    slowed_until: Timestamp,
}

impl Admission {
    /// Nothing was sent yet in a run that starts now, and that shares this account with whoever else uses it.
    pub fn new(rules: &Rules, account: &Account, now: Timestamp) -> Self {
        Self {
            lane: Lane::of(account, rules, now),
            budget: Budget::new(rules.caps, rules.zone.clone()),
            policy: rules.policy,
            deadline: DeadlineWatch::new(rules.deadline, now),
            images: Images::new(rules.max_images),
            zone: rules.zone.clone(),
            slowed_until: Timestamp::default(),
        }
    }

    /// How many requests may be in flight now.
    pub fn concurrency(&self) -> usize {
        self.lane.concurrency()
    }

    /// Comes before the first of those that leave together: what was let go before and did not leave is let go no more.
    /// Returns the caps on money as they count now.
    pub fn begin_turn(&mut self, now: Timestamp) -> Vec<Cap> {
        self.lane.take_back_unsent(now);
        self.budget.caps(now)
    }

    /// The day's own limit, if it is time to count again how many requests of all jobs have left.
    pub fn day_to_count(&mut self, now: Timestamp) -> Option<DayLimit> {
        self.lane.day_to_count(now)
    }

    /// What counts against it, as the queue knows it, when those that leave together have left.
    pub fn counted_today(&mut self, sent: u64, now: Timestamp) {
        self.lane.counted_today(sent, now);
    }

    /// What counts against each cap, as the queue knows it.
    pub fn counted(&mut self, held: &[Held]) {
        self.budget.counted(held);
    }

    /// Asks for one request more to leave, which may cost so much, and of whose tokens so many are known.
    pub fn permit(&mut self, flights: Flights, reserve: Usd, known_tokens: u64, now: Timestamp) -> Permit {
        if let Some(ending) = self.over(now, now) {
            return Permit::Over(ending);
        }
        let permit = match self.room(flights, reserve, now) {
            Permit::Granted => self.pace(flights, known_tokens, now),
            wait => wait,
        };
        match permit {
            // With nothing in flight, nothing can let it leave sooner.
            Permit::At(moment) if flights.are_none() => self.over(moment, now).map_or(Permit::At(moment), Permit::Over),
            Permit::Granted => {
                self.budget.let_go(reserve);
                Permit::Granted
            }
            wait => wait,
        }
    }

    /// Whether there is somebody to ask, and images and money are left for one request more.
    fn room(&mut self, flights: Flights, reserve: Usd, now: Timestamp) -> Permit {
        match (self.images.permit(flights), self.lane.is_there(flights, now)) {
            (Permit::Granted, Permit::Granted) => match self.budget.room(reserve, now) {
                Room::Enough => Permit::Granted,
                Room::AfterNext => Permit::AfterNext,
                Room::At(moment) => Permit::At(moment),
                Room::None(reached) => Permit::Over(Ending::Budget(reached)),
            },
            (Permit::Granted, wait) | (wait, _) => wait,
        }
    }

    /// Whether it is time for one request more. Where the day's requests are used up, none will come of itself, unless
    /// the run was given longer than the day.
    fn pace(&mut self, flights: Flights, known_tokens: u64, now: Timestamp) -> Permit {
        let permit = self.lane.admit(flights, known_tokens, now);
        match (permit, self.lane.used_up(now)) {
            (Permit::Granted, _) => Permit::Granted,
            (_, Some(used_up)) if self.deadline.outlasts(used_up.renewed_at, now) => Permit::At(used_up.renewed_at),
            // What is throttled did not count.
            (_, Some(_)) if !flights.are_none() => Permit::AfterNext,
            (_, Some(used_up)) => Permit::Over(self.day_over(used_up, now)),
            (wait, None) => wait,
        }
    }

    fn day_over(&self, used_up: UsedUp, now: Timestamp) -> Ending {
        let failure = Failure::new(FailureKind::Fatal, used_up.told(&self.zone));
        Ending::Halted(Failure { retry_after: Some(used_up.renewed_at.since(now)), ..failure })
    }

    /// How a run ends with items left and nothing in flight that comes to this end: several things it was given may be
    /// used up by now, and the first by the order of the exit codes counts. The next request would cost so much.
    pub fn foremost(&mut self, ending: Ending, reserve: Usd, now: Timestamp) -> Ending {
        if !matches!(ending, Ending::Budget(_) | Ending::Deadline(_) | Ending::Limit(_)) {
            return ending;
        }
        self.used_up(reserve, now).unwrap_or(ending)
    }

    /// How a run ends that has nothing in flight, if a request that would cost so much cannot leave any more: the first
    /// by the order of the exit codes.
    pub fn used_up(&mut self, reserve: Usd, now: Timestamp) -> Option<Ending> {
        let used_up = self.lane.used_up(now);
        if let Some(used_up) = used_up.filter(|used_up| !self.deadline.outlasts(used_up.renewed_at, now)) {
            return Some(self.day_over(used_up, now));
        }
        match self.budget.room(reserve, now) {
            Room::None(reached) => Some(Ending::Budget(reached)),
            _ => self.deadline.over(now, now),
        }
    }

    /// Whether the queue is to be asked now what counts against the caps: other runs had filled one with what they have
    /// on their way.
    pub fn awaits_others(&self, now: Timestamp) -> bool {
        self.budget.is_asking(now)
    }

    /// The item's request, which left, is settled, at this cost; without one it is lost.
    pub fn settled(&mut self, item: &ItemId, cost: Option<Usd>) {
        self.budget.settled(item, cost);
    }

    /// How the run ends, if nothing can leave before `earliest`; none while something may.
    pub fn over(&mut self, earliest: Timestamp, now: Timestamp) -> Option<Ending> {
        self.deadline.over(earliest.max(now), now).or_else(|| self.images.over())
    }

    /// Until when the run waits for the quota's next day, and why, where that is news: with nothing in flight, for what
    /// is throttled did not count.
    pub fn slowed_by_day(&mut self, flights: Flights, now: Timestamp) -> Option<(Timestamp, String)> {
        let used_up = self.lane.used_up(now).filter(|_| flights.are_none())?;
        let is_news = used_up.renewed_at > self.slowed_until.after(NEWS);
        self.slowed_until = self.slowed_until.max(used_up.renewed_at);
        is_news.then(|| (used_up.renewed_at, used_up.why(&self.zone)))
    }

    /// The item's request has left, which may cost so much, while so many others were under way.
    pub fn sent(&mut self, item: &ItemId, under_way: usize, reserve: Usd, now: Timestamp) {
        self.budget.sent(item, reserve, now);
        self.deadline.sent(item, now);
        self.lane.sent(item, under_way, now);
    }

    /// The item's answer came, with a picture, and took this of the limits.
    pub fn answered(&mut self, item: &ItemId, consumed: &Consumed, now: Timestamp) {
        self.deadline.landed(item, true, now);
        self.images.came(consumed.images as u64);
        self.lane.answered(item, consumed, now);
    }

    /// The item's attempt gave nothing. `tries` are those before it, `jitter` lies in 0..1.
    pub fn failed(&mut self, item: &ItemId, tries: Tries, failure: Failure, jitter: f64, now: Timestamp) -> Aftermath {
        // Who is turned away at the door has not waited for an answer.
        let waited = !failure.absent && failure.reach != Reach::Unsent && failure.kind != FailureKind::Throttled;
        self.deadline.landed(item, waited, now);
        self.images.came(failure.pictures.into());
        let is_lost_probe = self.lane.is_probe(item) && failure.reach == Reach::Lost;
        let verdict = match self.lane.landed(item, Sign::of(&failure), failure.retry_after, jitter, now) {
            // It may have been billed: an outage must not buy it without end.
            Verdict::Lasting(_) if is_lost_probe => Verdict::Present,
            verdict => verdict,
        };
        if failure.kind != FailureKind::Throttled {
            // An answer without a picture is as good as any for the pace; of what gave none, nothing is learned.
            let was_answered = Sign::of(&failure) == Sign::Answered && failure.kind != FailureKind::Fatal;
            self.lane.failed(item, &failure, was_answered, now);
        }
        let (mut slowed, mut halted) = (None, None);
        let resume_at = match failure.kind {
            FailureKind::Throttled => Some(self.slow_down(item, &failure, jitter, now, &mut slowed)),
            FailureKind::Transient if failure.absent || failure.reach == Reach::Lost => match verdict {
                Verdict::Present => None,
                Verdict::Begun(until) => {
                    slowed = Some((until, gone(&failure)));
                    Some(until)
                }
                Verdict::Lasting(until) => Some(until),
                Verdict::GivenUp(lasted) => {
                    halted = Some(Failure { message: given_up(&failure, lasted), ..failure.clone() });
                    Some(now)
                }
            },
            FailureKind::Fatal => {
                halted = Some(failure.clone());
                None
            }
            _ => None,
        };
        Aftermath { outcome: self.policy.decide(failure, tries, jitter, now, resume_at), slowed, halted }
    }

    /// An answer is gone through no fault of the server: billed, as far as anyone knows, and given back uncounted, or
    /// held for a person.
    pub fn lost(&self, why: String, now: Timestamp) -> Outcome {
        let failure = Failure { reach: Reach::Lost, ..Failure::new(FailureKind::Transient, why) };
        self.policy.after_loss(failure, now)
    }

    /// A person let nothing be sent for so long, until now: that says nothing of the server.
    pub fn resumed(&mut self, after: Duration, now: Timestamp) {
        self.lane.resumed(after, now);
    }

    /// The clock was moved by so many milliseconds, to where it is now: whatever waits does so as long as before.
    pub fn clock_moved(&mut self, by: i64, now: Timestamp) {
        self.lane.clock_moved(by, now);
        self.deadline.clock_moved(by);
        self.budget.clock_moved(by);
        self.slowed_until = self.slowed_until.moved(by);
    }

    /// When a throttled item may come again; many requests in flight are throttled together, and told once.
    fn slow_down(
        &mut self,
        item: &ItemId,
        failure: &Failure,
        jitter: f64,
        now: Timestamp,
        slowed: &mut Option<(Timestamp, String)>,
    ) -> Timestamp {
        let throttled = self.lane.throttled(item, failure.retry_after, jitter, now);
        let Some(Throttled { again_at, pauses }) = throttled else { return now };
        if pauses && again_at > self.slowed_until.after(NEWS) {
            *slowed = Some((again_at, failure.message.clone()));
        }
        if pauses {
            self.slowed_until = self.slowed_until.max(again_at);
        }
        again_at
    }
}

fn gone(failure: &Failure) -> String {
    format!(
        "{}; it is so for everybody, so one request at a time asks whether the server is back, and the run goes on by \
         itself with the first answer",
        failure.message
    )
}

fn given_up(failure: &Failure, lasted: Duration) -> String {
    let minutes = lasted.as_secs() / 60;
    let (number, unit) = if minutes < 120 { (minutes, "minutes") } else { (minutes / 60, "hours") };
    format!(
        "nobody has answered for {number} {unit}: check the base URL and the network, then run the same command again; \
         every unfinished item is still queued ({})",
        failure.message
    )
}

#[cfg(test)]
mod tests;
