//! What an account allows, and whether its server is there, as the runs of this process find out that use it: together,
//! each in a lane of its own. Never waits, never knows a key.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::admission::{Flights, Permit, Rules};
use super::outage::{Outage, Sign, Verdict};
use super::pace::{Bounds, Consumed, LaneId, Limits, Pace, PaceSettings, Throttled, Ticket, UsedUp};
use crate::domain::{Failure, ItemId, Reach, Timestamp};
use crate::queue::DayLimit;

/// What lets go of a lane may be in another: it asks again after so long, and whoever asks first waits so long for it.
const POLL: Duration = Duration::from_millis(50);

/// An account at a provider. Clones are the same account; it remembers nothing when no run uses it any more.
#[derive(Debug, Clone, Default)]
pub struct Account(Arc<Mutex<Option<Shared>>>);

/// What the runs share.
#[derive(Debug)]
struct Shared {
    pace: Pace,
    outage: Outage,
    limits: Limits,
    lanes: BTreeMap<LaneId, Traffic>,
    last: LaneId,
    /// By so many milliseconds the clock was moved.
    moved: i64,
}

/// What the others know of a run.
#[derive(Debug, Clone, Copy)]
struct Traffic {
    /// What it was told to keep to.
    limits: Limits,
    bounds: Bounds,
    under_way: usize,
    /// When it asks again, having been held back.
    asks_at: Option<Timestamp>,
}

impl Traffic {
    fn is_held_back(&self, now: Timestamp) -> bool {
        self.asks_at.is_some_and(|at| at <= now.after(POLL) && now <= at.after(POLL))
    }
}

impl Shared {
    fn new(rules: &Rules, now: Timestamp) -> Self {
        let (limits, bounds) = (rules.limits, rules.concurrency);
        Self {
            pace: Pace::new(&PaceSettings { concurrency: bounds, limits }, now),
            outage: Outage::new(rules.outage, bounds.highest.get()),
            limits,
            lanes: BTreeMap::new(),
            last: LaneId::default(),
            moved: 0,
        }
    }

    /// One run more uses the account.
    fn join(&mut self, rules: &Rules, now: Timestamp) -> LaneId {
        let (limits, bounds) = (rules.limits, rules.concurrency);
        self.last = self.last.next();
        self.lanes.insert(self.last, Traffic { limits, bounds, under_way: 0, asks_at: None });
        self.agree(now);
        self.last
    }

    /// A run is over.
    fn leave(&mut self, lane: LaneId, now: Timestamp) {
        self.outage.leave(lane);
        self.pace.leave(lane);
        self.lanes.remove(&lane);
        self.agree(now);
    }

    /// Of the limits of all who are there the lowest hold; each run keeps to its own number in flight, and all together
    /// to the highest.
    fn agree(&mut self, now: Timestamp) {
        let lanes = || self.lanes.values();
        let Some(limits) = lanes().map(|lane| lane.limits).reduce(|one, other| one.and(&other)) else { return };
        let Some(bounds) = lanes().map(|lane| lane.bounds).reduce(Bounds::or) else { return };
        if !limits.are_as(&self.limits) {
            self.pace.limit(&limits, now);
        }
        self.limits = limits;
        self.pace.widen(bounds);
    }

    /// Those in flight together with the other runs'.
    fn all(&self, lane: LaneId, own: usize) -> usize {
        own + self.lanes.iter().filter(|(id, _)| **id != lane).map(|(_, other)| other.under_way).sum::<usize>()
    }

    /// Whether another run that has less under way than this one was held back, and is about to ask again.
    fn gives_way(&self, lane: LaneId, own: usize, now: Timestamp) -> bool {
        let others = self.lanes.iter().filter(|(id, _)| **id != lane);
        others.into_iter().any(|(_, other)| other.under_way < own && other.is_held_back(now))
    }

    /// Takes note of what a run has under way, and of when it asks again.
    fn note(&mut self, lane: LaneId, note: impl FnOnce(&mut Traffic)) {
        if let Some(own) = self.lanes.get_mut(&lane) {
            note(own);
        }
    }

    /// Where several use the account, what is waited for may come back in another's lane.
    fn wait(&self, permit: Permit, now: Timestamp) -> Permit {
        match permit {
            Permit::AfterNext if self.lanes.len() > 1 => Permit::At(now.after(POLL)),
            permit => permit,
        }
    }
}

/// One run's use of an account.
#[derive(Debug)]
pub(super) struct Lane {
    account: Account,
    id: LaneId,
    /// Requests in flight at most, whatever the others do.
    highest: usize,
    /// Of the requests under way.
    tickets: HashMap<ItemId, Ticket>,
    /// By so many milliseconds the clock was moved, as far as this run has seen.
    moved: i64,
    /// The last moment it was told.
    now: Timestamp,
}

impl Lane {
    /// A lane for a run that keeps to these rules.
    pub fn of(account: &Account, rules: &Rules, now: Timestamp) -> Self {
        let mut shared = account.lock();
        let shared = shared.get_or_insert_with(|| Shared::new(rules, now));
        let (id, moved) = (shared.join(rules, now), shared.moved);
        let highest = rules.concurrency.highest.get();
        Self { account: account.clone(), id, highest, tickets: HashMap::new(), moved, now }
    }

    fn shared<T>(&self, act: impl FnOnce(&mut Shared) -> T) -> T {
        // A lane keeps what is shared alive until it is dropped.
        act(self.account.lock().as_mut().expect("there as long as a lane is"))
    }

    /// How many requests of this run may be in flight now.
    pub fn concurrency(&self) -> usize {
        self.shared(|shared| shared.pace.concurrency()).min(self.highest)
    }

    /// What was let go and did not leave is let go no more.
    pub fn take_back_unsent(&mut self, now: Timestamp) {
        self.now = now;
        self.shared(|shared| shared.pace.take_back_unsent(self.id, now));
    }

    /// See [`Pace::used_up`].
    pub fn used_up(&mut self, now: Timestamp) -> Option<UsedUp> {
        self.shared(|shared| shared.pace.used_up(now))
    }

    /// See [`Pace::day_to_count`].
    pub fn day_to_count(&mut self, now: Timestamp) -> Option<DayLimit> {
        self.shared(|shared| shared.pace.day_to_count(now))
    }

    /// So many of all jobs have left today, and nothing of this run is about to.
    pub fn counted_today(&mut self, sent: u64, now: Timestamp) {
        self.take_back_unsent(now);
        self.shared(|shared| shared.pace.counted_today(sent, now));
    }

    /// Whether there is somebody to ask.
    pub fn is_there(&mut self, flights: Flights, now: Timestamp) -> Permit {
        self.shared(|shared| {
            let under_way = shared.all(self.id, flights.under_way);
            let permit = shared.outage.permit(Flights { under_way, ..flights }, now);
            shared.wait(permit, now)
        })
    }

    /// Whether it is time for one request more.
    pub fn admit(&mut self, flights: Flights, known_tokens: u64, now: Timestamp) -> Permit {
        let own = flights.under_way + flights.leaving;
        if own >= self.highest {
            return Permit::AfterNext;
        }
        self.shared(|shared| {
            let permit = match shared.gives_way(self.id, own, now) {
                true => Permit::AfterNext,
                false => shared.pace.admit(self.id, shared.all(self.id, own), known_tokens, now),
            };
            let permit = shared.wait(permit, now);
            let asks_at = if let Permit::At(moment) = permit { Some(moment) } else { None };
            shared.note(self.id, |own| (own.under_way, own.asks_at) = (flights.under_way, asks_at));
            permit
        })
    }

    /// The item's request has left while so many others of this run were under way.
    pub fn sent(&mut self, item: &ItemId, under_way: usize, now: Timestamp) {
        let ticket = self.shared(|shared| {
            shared.note(self.id, |own| own.under_way = under_way + 1);
            shared.outage.sent(&(self.id, item.clone()));
            shared.pace.sent(self.id, shared.all(self.id, under_way), now)
        });
        self.tickets.insert(item.clone(), ticket);
    }

    /// The item's answer came, with a picture.
    pub fn answered(&mut self, item: &ItemId, consumed: &Consumed, now: Timestamp) {
        self.landed(item, Sign::Answered, None, 0.0, now);
        if let Some(ticket) = self.tickets.remove(item) {
            self.shared(|shared| shared.pace.answered(ticket, consumed, now));
        }
    }

    /// What the item's attempt that failed says of the server.
    pub fn landed(
        &mut self,
        item: &ItemId,
        sign: Sign,
        asked: Option<Duration>,
        jitter: f64,
        now: Timestamp,
    ) -> Verdict {
        self.shared(|shared| {
            shared.note(self.id, |own| own.under_way = own.under_way.saturating_sub(1));
            shared.outage.ended(&(self.id, item.clone()), sign, asked, jitter, now)
        })
    }

    /// Whether the item's request is the one that asks whether somebody is there.
    pub fn is_probe(&self, item: &ItemId) -> bool {
        self.shared(|shared| shared.outage.is_probe(&(self.id, item.clone())))
    }

    /// An answer without a picture, which is not throttled either: `was_answered` if it is as good as any for the pace.
    pub fn failed(&mut self, item: &ItemId, failure: &Failure, was_answered: bool, now: Timestamp) {
        let Some(ticket) = self.tickets.remove(item) else { return };
        self.shared(|shared| match was_answered {
            true => {
                let consumed = Consumed::by(failure.pictures.into(), failure.reply.usage);
                shared.pace.answered(ticket, &consumed, now);
            }
            false => shared.pace.failed(ticket, failure.reach != Reach::Unsent),
        });
    }

    /// The server said that the item's request came too fast; nothing, where none of it is under way.
    pub fn throttled(
        &mut self,
        item: &ItemId,
        asked: Option<Duration>,
        jitter: f64,
        now: Timestamp,
    ) -> Option<Throttled> {
        let ticket = self.tickets.remove(item)?;
        Some(self.shared(|shared| shared.pace.throttled(ticket, asked, jitter, now)))
    }

    /// A person let nothing of this run be sent for so long, until now. Where others went on, the time was no other.
    pub fn resumed(&mut self, after: Duration, now: Timestamp) {
        self.shared(|shared| {
            if shared.lanes.len() == 1 {
                shared.pace.resumed();
                shared.outage.resumed(after, now);
            }
        });
    }

    /// The clock was moved by so many milliseconds; each run finds out by itself, and the first tells the account.
    pub fn clock_moved(&mut self, by: i64, now: Timestamp) {
        self.moved = self.moved.saturating_add(by);
        let moved = self.moved;
        self.shared(|shared| {
            let by = moved.saturating_sub(shared.moved);
            shared.moved = moved;
            if by != 0 {
                shared.pace.clock_moved(by, now);
                shared.outage.clock_moved(by);
            }
        });
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let mut account = self.account.lock();
        let Some(shared) = account.as_mut() else { return };
        shared.leave(self.id, self.now);
        if shared.lanes.is_empty() {
            *account = None;
        }
    }
}

impl Account {
    fn lock(&self) -> MutexGuard<'_, Option<Shared>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
