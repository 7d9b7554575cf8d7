//! Plays a night: the clock jumps from one event to the next. Never waits, never decides: the run's own admission does.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::dice::Dice;
use super::server::{Answer, Server, ServerModel};
use crate::domain::{Course, Ending, Failure, FailureKind, Held, ItemId, Outcome, Reach, Timestamp, Tries, Usd};
use crate::run::{Account, Admission, Consumed, Flights, Permit, Rules};

/// What is played.
#[derive(Debug, Clone)]
pub struct Night {
    /// Items to make.
    pub items: u64,
    /// What the run keeps to.
    pub rules: Rules,
    /// What they cost.
    pub fare: Fare,
    /// What counts against each of the caps at the start, in the order in which they are given.
    pub held: Vec<Held>,
    /// Who makes them.
    pub server: ServerModel,
    /// Of all that chance decides.
    pub seed: u64,
    /// When it begins.
    pub start: Timestamp,
    /// It is broken off after so long.
    pub longest: Duration,
}

/// What a request costs; nothing where no price is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fare {
    /// What it may cost: set aside before it leaves.
    pub reserve: Usd,
    /// What an answer with a picture costs.
    pub cost: Usd,
}

/// How the night went.
#[derive(Debug, Clone)]
pub struct Played {
    /// Over time.
    pub course: Course,
    /// The same by the minute.
    pub minutes: Vec<Minute>,
    /// When the last answer came.
    pub end: Timestamp,
    /// Requests that left.
    pub requests: u64,
    /// Of these, those that the server said came too fast.
    pub throttled: u64,
    /// Attempts that failed otherwise and were made again.
    pub retried: u64,
    /// Items that got their picture.
    pub done: u64,
    /// Items given up.
    pub failed: u64,
    /// Why it ended with items left, if a failure was the reason.
    pub halted: Option<Failure>,
    /// What it cost, and may have cost.
    pub held: Held,
    /// How it ended with items left, if money, time, images or the day's requests were used up that it was given.
    pub over: Option<Ending>,
}

/// A minute of the night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Minute {
    /// Requests that left.
    pub sent: u64,
    /// Requests that the server took on when they arrived.
    pub accepted: u64,
    /// Requests it did not.
    pub throttled: u64,
    /// Pictures that came.
    pub done: u64,
    /// The most that were under way at once.
    pub most_at_once: usize,
}

/// Plays the night through.
pub fn play(night: &Night) -> Played {
    let mut player = Player::new(night);
    player.send();
    while let Some(Reverse((at, event))) = player.events.pop() {
        if at > night.longest.as_millis() as u64 {
            break;
        }
        player.now = at;
        player.happens(event);
        player.send();
    }
    player.end()
}

/// What comes to pass at a moment; in this order, where several do at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The item's request reaches the server.
    Arrives(u32),
    /// The item's answer is here.
    Lands(u32),
    /// It is time to ask for a permit again.
    Wakes,
}

/// An item's state.
#[derive(Debug, Clone)]
struct Item {
    id: ItemId,
    tries: Tries,
    answer: Option<Box<Failure>>,
    is_work: bool,
}

struct Player {
    start: Timestamp,
    /// Milliseconds since the start.
    now: u64,
    events: BinaryHeap<Reverse<(u64, Event)>>,
    admission: Admission,
    server: Server,
    dice: Dice,
    fare: Fare,
    items: Vec<Item>,
    /// The first item that was never sent for.
    fresh: usize,
    /// Items that wait for their moment.
    due: BinaryHeap<Reverse<(u64, u32)>>,
    wakes_at: Option<u64>,
    under_way: usize,
    is_stopping: bool,
    played: Played,
}

impl Player {
    fn new(night: &Night) -> Self {
        let item = |number: u64| Item {
            id: ItemId::new(number.to_string()),
            tries: Tries::default(),
            answer: None,
            is_work: false,
        };
        let played = Played {
            course: Course::starting(night.start),
            minutes: vec![],
            end: night.start,
            requests: 0,
            throttled: 0,
            retried: 0,
            done: 0,
            failed: 0,
            halted: None,
            held: Held::default(),
            over: None,
        };
        let mut admission = Admission::new(&night.rules, &Account::default(), night.start);
        admission.begin_turn(night.start);
        admission.counted(&night.held);
        Self {
            start: night.start,
            now: 0,
            events: BinaryHeap::new(),
            admission,
            server: Server::new(&night.server),
            dice: Dice::new(night.seed),
            fare: night.fare,
            items: (0..night.items.min(u32::MAX.into())).map(item).collect(),
            fresh: 0,
            due: BinaryHeap::new(),
            wakes_at: None,
            under_way: 0,
            is_stopping: false,
            played,
        }
    }

    fn moment(&self) -> Timestamp {
        self.start.after(Duration::from_millis(self.now))
    }

    fn minute(&mut self) -> &mut Minute {
        let number = (self.now / 60_000) as usize;
        if self.played.minutes.len() <= number {
            self.played.minutes.resize(number + 1, Minute::default());
        }
        &mut self.played.minutes[number]
    }

    /// Sends whatever may leave now, and sets a timer for what may not yet.
    fn send(&mut self) {
        while !self.is_stopping {
            let waiting = self.due.peek().map(|Reverse((due, _))| *due);
            if waiting.is_none_or(|due| due > self.now) && self.fresh == self.items.len() {
                waiting.into_iter().for_each(|due| self.wake_at(due));
                return;
            }
            let (flights, now) = (Flights { under_way: self.under_way, leaving: 0 }, self.moment());
            match self.admission.permit(flights, self.fare.reserve, 0, now) {
                Permit::Granted => self.leave(),
                Permit::AfterNext => return,
                Permit::Over(ending) => {
                    self.played.over = Some(ending);
                    self.is_stopping = true;
                }
                Permit::At(moment) => return self.wake_at(moment.since(self.start).as_millis() as u64),
            }
        }
    }

    fn wake_at(&mut self, at: u64) {
        if self.wakes_at.is_none_or(|earlier| at < earlier) {
            self.wakes_at = Some(at);
            self.events.push(Reverse((at, Event::Wakes)));
        }
    }

    fn leave(&mut self) {
        let number = match self.due.peek() {
            Some(Reverse((due, number))) if *due <= self.now => {
                let number = *number;
                self.due.pop();
                number
            }
            _ => {
                self.fresh += 1;
                (self.fresh - 1) as u32
            }
        };
        let now = self.moment();
        self.admission.sent(&self.items[number as usize].id, self.under_way, self.fare.reserve, now);
        self.played.held.reserved += self.fare.reserve;
        self.under_way += 1;
        let way = self.server.way(&mut self.dice);
        self.events.push(Reverse((self.now + way as u64, Event::Arrives(number))));
        let under_way = self.under_way;
        let minute = self.minute();
        minute.sent += 1;
        minute.most_at_once = minute.most_at_once.max(under_way);
        self.played.course.at(now).sent += 1;
        self.played.requests += 1;
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Arrives(number) => self.arrives(number),
            Event::Lands(number) => self.lands(number),
            Event::Wakes => self.wakes_at = self.wakes_at.filter(|at| *at > self.now),
        }
    }

    fn arrives(&mut self, number: u32) {
        let Answer { after, result, is_work } = self.server.ask(self.now as f64, &mut self.dice);
        let failure = result.err();
        let is_throttled = failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Throttled);
        let minute = self.minute();
        match is_throttled {
            true => minute.throttled += 1,
            false => minute.accepted += 1,
        }
        let item = &mut self.items[number as usize];
        (item.answer, item.is_work) = (failure.map(Box::new), is_work);
        self.events.push(Reverse((self.now + after as u64, Event::Lands(number))));
    }

    fn lands(&mut self, number: u32) {
        self.under_way -= 1;
        let now = self.moment();
        self.played.end = now;
        let item = &mut self.items[number as usize];
        if item.is_work {
            self.server.done();
        }
        let answer = item.answer.take();
        self.pays(number, answer.as_deref());
        let item = &self.items[number as usize];
        let Some(failure) = answer else {
            self.admission.answered(&item.id, &Consumed::by(1, None), now);
            self.played.done += 1;
            let slice = self.played.course.at(now);
            (slice.done, slice.cost) = (slice.done + 1, slice.cost + self.fare.cost);
            self.minute().done += 1;
            return;
        };
        self.fails(number, *failure, now);
    }

    /// A picture is paid, a failure is not, and of what was lost nobody knows.
    fn pays(&mut self, number: u32, failure: Option<&Failure>) {
        let (Fare { reserve, cost }, held) = (self.fare, &mut self.played.held);
        held.reserved -= reserve;
        let cost = match failure {
            None => Some(cost),
            Some(failure) => (failure.reach != Reach::Lost).then_some(Usd::ZERO),
        };
        match cost {
            Some(cost) => held.settled += cost,
            None => held.lost += reserve,
        }
        self.admission.settled(&self.items[number as usize].id, cost);
    }

    fn fails(&mut self, number: u32, failure: Failure, now: Timestamp) {
        let item = &mut self.items[number as usize];
        let (is_throttled, is_empty) = (failure.kind == FailureKind::Throttled, failure.empty);
        let jitter = self.dice.share();
        let aftermath = self.admission.failed(&item.id, item.tries, failure, jitter, now);
        item.tries.made += 1;
        item.tries.empty += u32::from(is_empty);
        let slice = self.played.course.at(now);
        match is_throttled {
            true => (self.played.throttled, slice.throttled) = (self.played.throttled + 1, slice.throttled + 1),
            false => slice.missed += 1,
        }
        match aftermath.outcome {
            Outcome::Retry { due_at, .. } => {
                item.tries.counted += 1;
                self.played.retried += 1;
                self.due.push(Reverse((due_at.since(self.start).as_millis() as u64, number)));
            }
            Outcome::Returned { due_at, .. } => {
                self.played.retried += u64::from(!is_throttled);
                self.due.push(Reverse((due_at.since(self.start).as_millis() as u64, number)));
            }
            Outcome::Failed(_) | Outcome::Done(_) => self.played.failed += 1,
        }
        if let Some(halted) = aftermath.halted {
            self.is_stopping = true;
            self.played.halted.get_or_insert(halted);
        }
    }

    fn end(self) -> Played {
        self.played
    }
}
