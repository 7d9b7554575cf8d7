//! What the terminal shows, as the events so far and the time tell it. Never draws, never asks a clock.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::domain::{Counts, Event, Failure, Held, News, Reach, Timestamp, Usd, projected};
use crate::report::rate::{Ended, Recent};
use crate::report::rest::{Fit, Frame, Purse, Rest, fit};
use crate::report::words::one_line;

/// A run up to its latest event.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// The job's name, fit for a terminal.
    pub job: String,
    /// The job as it stood at the start.
    pub before: Counts,
    /// Items that got their picture in this run.
    pub done: u64,
    /// Items given up in this run.
    pub failed: u64,
    /// When sending goes on, and why it does not now.
    pub pause: Option<Pause>,
    /// Since when a person lets nothing be sent, if so.
    pub paused_since: Option<Timestamp>,
    /// Why nothing more is sent, if so.
    pub halted: bool,
    /// The time: that of the latest event, or what has passed since.
    pub now: Timestamp,
    items: u64,
    in_flight: HashSet<String>,
    waiting: HashSet<String>,
    trouble: String,
    recent: Recent,
    frame: Frame,
    /// When it is to be done.
    pub deadline: Option<Timestamp>,
    held: Held,
    /// What was set aside for attempts that have not ended, by their items.
    reserves: HashMap<String, Usd>,
    is_priced: bool,
}

/// The server asked for patience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Since when nothing is sent.
    pub since: Timestamp,
    /// When sending goes on.
    pub until: Timestamp,
    /// In the server's words, fit for a terminal.
    pub message: String,
}

impl Tally {
    /// Of a run that was told this.
    pub fn within(frame: Frame) -> Self {
        Self { frame, ..Self::default() }
    }

    /// Takes note of an event.
    pub fn take(&mut self, event: &Event) {
        self.now = event.time;
        match &event.news {
            News::RunStarted { counts, items } => self.start(event, counts, *items),
            News::AttemptStarted { item, reserved, .. } => {
                self.set_aside(item, *reserved);
                self.waiting.remove(item);
                self.in_flight.insert(item.clone());
            }
            News::AttemptLanded { item, .. } => drop(self.in_flight.remove(item)),
            News::AttemptEnded { item, outcome, failure, cost, .. } => {
                self.in_flight.remove(item);
                self.pay(item, *cost, failure.as_ref());
                self.end_attempt(item, outcome, failure.as_ref());
            }
            News::Slowed { until, message } => {
                let (until, message) = (*until, one_line(message));
                let since = self.pause.as_ref().map_or(event.time, |pause| pause.since);
                self.pause = Some(Pause { since, until, message });
            }
            News::Paused { since } => self.paused_since = Some(*since),
            News::Resumed { after } => {
                self.paused_since = None;
                self.recent.resumed(*after);
            }
            News::Halted { .. } => self.halted = true,
            News::RunEnded(_) => self.in_flight.clear(),
        }
        self.pass(self.now);
    }

    /// Lets time pass without an event: what was waited for until then is over.
    pub fn pass(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        if self.pause.as_ref().is_some_and(|pause| pause.until <= self.now) {
            self.pause = None;
        }
    }

    /// Items that were tried in vain and wait to be tried again, and what the latest of them met; none while anything
    /// is in flight.
    pub fn waiting(&self) -> Option<(u64, &str)> {
        let idle = self.in_flight.is_empty() && !self.waiting.is_empty();
        idle.then_some((self.waiting.len() as u64, self.trouble.as_str()))
    }

    /// Items of this run: those it was to take, and more only if more ended.
    pub fn items(&self) -> u64 {
        self.items.max(self.ended())
    }

    /// Items that ended in this run, with a picture or without.
    pub fn ended(&self) -> u64 {
        self.done + self.failed
    }

    /// Requests under way.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Pictures a minute, if that can be said: not while nothing comes.
    pub fn pictures_per_minute(&self) -> Option<f64> {
        let comes = self.pause.is_none() && self.paused_since.is_none() || !self.in_flight.is_empty();
        self.recent.pictures_per_minute(self.now).filter(|_| comes)
    }

    /// How long the rest will take, if that can be said: not while a person has to end a pause. One that the server asked
    /// for makes nobody slower who sends again after it.
    pub fn rest(&self) -> Option<Rest> {
        if self.paused_since.is_some() {
            return None;
        }
        let sending = self.pause.as_ref().map_or(self.now, |pause| pause.since);
        self.recent.rest(self.left(), self.frame.requests_a_minute, sending, self.paused())
    }

    /// Whether that is in time, if it has to be and can be said.
    pub fn fit(&self) -> Option<(Fit, Timestamp)> {
        let (rest, deadline) = self.rest().zip(self.deadline)?;
        (self.left() > 0).then(|| (fit(self.left(), rest, self.paused(), self.now, deadline), deadline))
    }

    fn left(&self) -> u64 {
        self.items() - self.ended()
    }

    /// Nothing is sent for so long.
    fn paused(&self) -> Duration {
        self.pause.as_ref().map_or(Duration::ZERO, |pause| pause.until.since(self.now))
    }

    /// Where the money of this run is, where any price is known.
    pub fn held(&self) -> Option<Held> {
        self.is_priced.then_some(self.held)
    }

    /// What the job had cost before, and what both may cost.
    pub fn purse(&self) -> &Purse {
        &self.frame.purse
    }

    /// What the job will have cost when all items of this run have ended, if that can be said.
    pub fn projected(&self) -> Option<Usd> {
        let before = self.frame.purse.before;
        projected(self.held, self.ended(), self.left()).map(|sum| before.settled + before.lost + sum)
    }

    /// About how many items the money does not last for, if it does not.
    pub fn short(&self) -> Option<u64> {
        self.frame.purse.short(self.held, self.ended(), self.left())
    }

    fn start(&mut self, event: &Event, counts: &Counts, items: u64) {
        *self = Self {
            job: one_line(&event.job),
            before: counts.clone(),
            items,
            now: event.time,
            recent: Recent::starting(event.time),
            deadline: self.frame.deadline.at(event.time),
            ..Self::within(self.frame)
        };
    }

    fn end_attempt(&mut self, item: &str, outcome: &str, failure: Option<&Failure>) {
        let how = match outcome {
            "done" => Ended::Done,
            "failed" => Ended::Failed,
            _ => Ended::Again,
        };
        self.recent.note(self.now, how);
        match how {
            Ended::Done => self.done += 1,
            Ended::Failed => self.failed += 1,
            Ended::Again => self.wait_again(item, failure),
        }
    }
}

impl Tally {
    fn set_aside(&mut self, item: &str, reserve: Option<Usd>) {
        let Some(reserve) = reserve else { return };
        self.is_priced = true;
        self.held.reserved += reserve;
        self.reserves.insert(item.to_owned(), reserve);
    }

    fn pay(&mut self, item: &str, cost: Option<Usd>, failure: Option<&Failure>) {
        let reserve = self.reserves.remove(item).unwrap_or_default();
        self.is_priced |= cost.is_some();
        self.held.reserved -= reserve;
        self.held.settled += cost.unwrap_or_default();
        if failure.is_some_and(|failure| failure.reach == Reach::Lost) {
            self.held.lost += reserve;
        }
    }

    fn wait_again(&mut self, item: &str, failure: Option<&Failure>) {
        self.waiting.insert(item.to_owned());
        self.trouble = failure.map(|failure| one_line(&failure.message)).unwrap_or_default();
    }
}

/// The hour and minute of a moment on the wall clock of `zone`: with the date only if that is a day or more away.
pub fn hour(time: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let is_far = time.since(now) >= Duration::from_secs(24 * 60 * 60);
    local(time, zone).strftime(if is_far { "%Y-%m-%d %H:%M" } else { "%H:%M" }).to_string()
}

fn local(time: Timestamp, zone: &TimeZone) -> Zoned {
    let time = jiff::Timestamp::from_millisecond(time.millis()).unwrap_or(jiff::Timestamp::MAX);
    time.to_zoned(zone.clone())
}

/// A moment on the wall clock of `zone` as someone at `now` says it: with the date only if that is another day.
pub fn wall_clock(time: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (time, now) = (local(time, zone), local(now, zone));
    let format = if time.date() == now.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    time.strftime(format).to_string()
}
