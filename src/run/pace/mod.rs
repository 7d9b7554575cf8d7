//! How fast a run may send. Pure: events and the time go in, permits and a not-before come out. Never waits.
//!
//! What holds a request back, in this order: the number in flight ([`concurrency`]), a pause that the server asked for
//! ([`episode`], unless it refused by [`chance`]), the day's own limit ([`day`]), the rate that refusals taught ([`learned`], from [`trail`]), and the
//! limits a minute that a person stated ([`limits`], each a [`gate`]).

mod chance;
mod concurrency;
mod day;
mod episode;
mod gate;
mod learned;
mod limits;
mod trail;

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use super::admission::Permit;
use crate::domain::Timestamp;
use crate::queue::DayLimit;
use chance::{Chance, Refusal};
pub use concurrency::Bounds;
use concurrency::Concurrency;
use day::Day;
pub use day::{UsedUp, quota_day_began};
use episode::Episode;
use learned::Learned;
pub use limits::{Consumed, Limits};
use limits::{Gates, Taken};
use trail::{MINUTE, Trail};

/// After a pause, what was throttled returns spread over so long instead of all at once.
const SPREAD: Duration = Duration::from_secs(1);
/// What is refused by chance waits so long at least, and nobody else does.
const ALONE: Duration = Duration::from_secs(1);

/// One of the runs that keep one pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LaneId(u32);

impl LaneId {
    /// Another one.
    pub fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// What may be sent at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceSettings {
    /// Requests in flight.
    pub concurrency: Bounds,
    /// Requests, images and tokens in a time.
    pub limits: Limits,
}

/// Decides when requests may leave.
#[derive(Debug)]
pub struct Pace {
    concurrency: Concurrency,
    gates: Gates,
    day: Option<Day>,
    trail: Trail,
    episode: Option<Episode>,
    learned: Option<Learned>,
    chance: Chance,
    /// Until when nothing leaves because a server that refuses by chance said so.
    held_until: f64,
    first_at: Option<f64>,
    /// What those took that were permitted and have not left, in their order.
    permitted: VecDeque<(LaneId, Places)>,
    /// By so many milliseconds the clock was moved: within, the time only passes.
    moved: i64,
}

/// A request that left: what must be known of it when it comes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ticket {
    sent_at: f64,
    in_flight: u32,
    /// The so-manieth of the run.
    number: u64,
    places: Places,
}

/// What follows from a throttling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// When the item that was throttled may come again.
    pub again_at: Timestamp,
    /// Whether the whole run waits as well.
    pub pauses: bool,
}

/// What a request took by being permitted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Places {
    at: f64,
    /// When the day ends in which it counts.
    day: Timestamp,
    taken: Taken,
    /// For how long the learned rate grew.
    grew: f64,
}

impl Pace {
    /// As fast as the server allows, within these.
    pub fn new(settings: &PaceSettings, now: Timestamp) -> Self {
        let limits = &settings.limits;
        Self {
            concurrency: Concurrency::new(settings.concurrency),
            gates: Gates::new(limits, now.millis() as f64),
            day: limits.requests_a_day.map(|limit| Day::new(limit.get(), limits.sent_today, now)),
            trail: Trail::default(),
            episode: None,
            learned: None,
            chance: Chance::default(),
            held_until: 0.0,
            first_at: None,
            permitted: VecDeque::new(),
            moved: 0,
        }
    }

    /// How many requests may be in flight now.
    pub fn concurrency(&self) -> usize {
        self.concurrency.width()
    }

    /// Whether the day's own limit is used up; until then [`Permit::At`] says when the next day begins.
    pub fn used_up(&mut self, now: Timestamp) -> Option<UsedUp> {
        self.day.as_mut()?.used_up(now)
    }

    /// The day's own limit, if it is time to count again how many of all jobs have left.
    pub fn day_to_count(&mut self, now: Timestamp) -> Option<DayLimit> {
        let in_flight = self.concurrency() as u64;
        self.day.as_mut()?.due_count(in_flight, now)
    }

    /// So many of all jobs have left today, and nothing is about to.
    pub fn counted_today(&mut self, sent: u64, now: Timestamp) {
        self.day.iter_mut().for_each(|day| day.counted(sent, now));
    }

    /// Whatever was permitted to this run and did not leave gives its places back.
    pub fn take_back_unsent(&mut self, lane: LaneId, now: Timestamp) {
        let (unsent, others) = mem::take(&mut self.permitted).into_iter().partition(|(of, _)| *of == lane);
        self.permitted = others;
        let unsent: Vec<Places> = unsent.into_iter().map(|(_, places)| places).collect();
        let Some(first) = unsent.first() else { return };
        let steady = self.steady(now);
        self.gates.take_back(unsent.iter().map(|places| places.taken), first.at, steady);
        for places in &unsent {
            self.take_back(places.at, places);
            self.episode.iter_mut().for_each(Episode::take_back);
            self.learned.iter_mut().for_each(|learned| learned.take_back(places.grew));
        }
    }

    /// Other limits hold from now on.
    pub fn limit(&mut self, limits: &Limits, now: Timestamp) {
        self.gates.limit(limits, self.steady(now));
        let before = self.day.take();
        self.day = limits.requests_a_day.map(|limit| match before {
            Some(day) => day.of(limit.get()),
            None => Day::new(limit.get(), limits.sent_today, now),
        });
    }

    /// The number in flight may be chosen between these.
    pub fn widen(&mut self, bounds: Bounds) {
        self.concurrency.widen(bounds);
    }

    /// A run is over: whatever was permitted to it leaves no more.
    pub fn leave(&mut self, lane: LaneId) {
        self.permitted.retain(|(of, _)| *of != lane);
    }

    /// Asks for one request of this run to leave while so many are in flight; so many of its tokens are known beforehand.
    pub fn admit(&mut self, lane: LaneId, in_flight: usize, known_tokens: u64, now: Timestamp) -> Permit {
        if !self.concurrency.has_place(in_flight) {
            return Permit::AfterNext;
        }
        let steady = self.steady(now);
        if let Some(at) = self.episode.as_ref().and_then(|episode| episode.not_before(steady)) {
            return self.at(at, now);
        }
        if steady < self.held_until {
            return self.at(self.held_until, now);
        }
        if let Some(used_up) = self.used_up(now) {
            return Permit::At(used_up.renewed_at);
        }
        if let Some(at) = self.learned.as_mut().and_then(|learned| learned.not_before(steady, &mut self.trail)) {
            return self.at(at, now);
        }
        match self.gates.take(known_tokens, steady) {
            Ok(taken) => self.leaves(lane, taken, steady),
            Err(at) => return self.at(at, now),
        }
        Permit::Granted
    }

    fn leaves(&mut self, lane: LaneId, taken: Taken, at: f64) {
        self.trail.add(at);
        self.episode.iter_mut().for_each(Episode::leaves);
        let day = self.day.as_mut().map(Day::leaves).unwrap_or_default();
        let grew = self.learned.as_mut().map_or(0.0, |learned| learned.leaves(at));
        self.permitted.push_back((lane, Places { at, day, taken, grew }));
    }

    /// The first of those that were permitted to this run has left while so many others were in flight.
    pub fn sent(&mut self, lane: LaneId, in_flight: usize, now: Timestamp) -> Ticket {
        let first = self.permitted.iter().position(|(of, _)| *of == lane);
        let places = first.and_then(|first| self.permitted.remove(first)).map(|(_, places)| places).unwrap_or_default();
        let sent_at = self.steady(now);
        self.first_at.get_or_insert(sent_at);
        let is_below = !self.learned.as_ref().is_some_and(Learned::is_back);
        let number = self.chance.leaves(is_below);
        let in_flight = u32::try_from(in_flight).unwrap_or(u32::MAX).saturating_add(1);
        Ticket { sent_at, in_flight, number, places }
    }

    /// A whole answer came, be it a refusal to draw: the server is not overrun.
    pub fn answered(&mut self, ticket: Ticket, consumed: &Consumed, now: Timestamp) {
        let latency = Duration::from_secs_f64((self.steady(now) - ticket.sent_at).max(0.0) / 1000.0);
        self.concurrency.answered(ticket.in_flight, latency);
        self.gates.settle(ticket.places.taken, consumed);
        self.episode.iter_mut().for_each(|episode| episode.answered(ticket.sent_at));
    }

    /// No answer of use came, and nobody was too fast. What never left takes up no place.
    pub fn failed(&mut self, ticket: Ticket, has_left: bool) {
        self.concurrency.failed();
        self.gates.give_back(ticket.places.taken);
        if !has_left {
            self.take_back(ticket.sent_at, &ticket.places);
        }
    }

    /// The server said "too fast". Unless that was by chance and it names no wait, the whole run pauses. `jitter` lies in
    /// 0..1.
    pub fn throttled(&mut self, ticket: Ticket, asked: Option<Duration>, jitter: f64, now: Timestamp) -> Throttled {
        self.take_back(ticket.sent_at, &ticket.places);
        self.gates.give_back(ticket.places.taken);
        let (sent_at, steady) = (ticket.sent_at, self.steady(now));
        let spread = SPREAD.mul_f64(jitter);
        let known = self.episode.as_ref().filter(|episode| episode.includes(sent_at, &self.trail));
        if let Some(is_again) = known.map(|episode| episode.is_again(sent_at)) {
            self.learned.iter_mut().for_each(|learned| learned.refused_too(sent_at, &self.trail, is_again));
        } else if self.is_by_chance(ticket, asked, steady) {
            return self.hold(asked, spread, now);
        } else {
            self.begin_episode(ticket, steady);
        }
        self.chance.was_quota();
        let episode = self.episode.get_or_insert(Episode::new(sent_at, steady));
        episode.pause(asked, sent_at, steady);
        let until = episode.paused_until();
        self.learned.iter_mut().for_each(|learned| learned.pause(until));
        Throttled { again_at: self.wall(until).after(spread), pauses: true }
    }

    fn is_by_chance(&mut self, Ticket { number, .. }: Ticket, asked: Option<Duration>, now: f64) -> bool {
        let is_expected = self.learned.as_ref().is_some_and(Learned::is_back);
        !self.chance.explains(Refusal { number, asked, is_expected }, now)
    }

    /// Obeys a server that refused by chance: the run pauses if it says so, and the item comes again when that is over.
    fn hold(&mut self, asked: Option<Duration>, spread: Duration, now: Timestamp) -> Throttled {
        let steady = self.steady(now);
        if let Some(asked) = asked {
            self.held_until = self.held_until.max(steady + asked.as_secs_f64() * 1000.0);
            let until = self.held_until;
            self.learned.iter_mut().for_each(|learned| learned.pause(until));
        }
        let until = self.held_until.max(steady + ALONE.as_secs_f64() * 1000.0);
        Throttled { again_at: self.wall(until).after(spread), pauses: asked.is_some() }
    }

    fn begin_episode(&mut self, Ticket { sent_at, in_flight, .. }: Ticket, now: f64) {
        self.concurrency.refused(in_flight);
        match &mut self.learned {
            Some(learned) => learned.refused(sent_at, &self.trail),
            None => {
                let is_first_minute = self.first_at.is_none_or(|first| sent_at - first < MINUTE);
                self.learned = Learned::first(sent_at, &self.trail, is_first_minute);
            }
        }
        self.episode = Some(Episode::new(sent_at, now));
    }

    fn take_back(&mut self, left_at: f64, places: &Places) {
        self.trail.take_back(left_at);
        self.day.iter_mut().for_each(|day| day.take_back(places.day));
    }

    /// A person let nothing be sent for a while: nothing was tried in that time.
    pub fn resumed(&mut self) {
        self.learned.iter_mut().for_each(Learned::resumed);
    }

    /// The clock was moved by so many milliseconds: whoever waits does so as long as before.
    pub fn clock_moved(&mut self, by: i64, now: Timestamp) {
        self.moved = self.moved.saturating_add(by);
        self.day.iter_mut().for_each(|day| day.clock_moved(now));
    }

    /// The time in milliseconds, on a clock that is never moved.
    fn steady(&self, now: Timestamp) -> f64 {
        now.moved(self.moved.saturating_neg()).millis() as f64
    }

    fn wall(&self, steady: f64) -> Timestamp {
        Timestamp::from_millis(steady.ceil() as i64).moved(self.moved)
    }

    /// What a timer can wait for: shorter waits would spin.
    fn at(&self, steady: f64, now: Timestamp) -> Permit {
        Permit::At(self.wall(steady).max(now.after(TICK)))
    }
}

const TICK: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests;
