//! The model of a server: quotas, latency and faults, by chance with a seed. Never over HTTP.

use std::time::Duration;

use super::dice::Dice;
use super::quota::{Quota, QuotaModel};
use crate::domain::{Failure, FailureKind, Reach};

/// What a server is like.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerModel {
    /// A request needs a place in each.
    pub quotas: Vec<QuotaModel>,
    /// Requests that it still takes today.
    pub left_today: Option<u64>,
    /// How long an answer takes.
    pub latency: Latency,
    /// How long it takes to say "too fast".
    pub refusal: Duration,
    /// How long it takes to say that it fails.
    pub failure: Duration,
    /// Whether it says then how long to wait.
    pub tells_wait: bool,
    /// The longest time a request is on its way before it counts.
    pub way: Duration,
    /// How often something goes wrong.
    pub faults: Faults,
}

/// How long answers take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Latency {
    /// Half of them take longer.
    pub median: Duration,
    /// The deviation of its logarithm: 0 if all take as long, 0.3 for about a third more or less.
    pub spread: f64,
    /// With more requests than that at work each takes proportionally longer.
    pub capacity: Option<u32>,
}

/// The shares of requests that give nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Faults {
    /// "Overloaded".
    pub unavailable: f64,
    /// "Too fast", though no quota is used up: a busy server says so by chance.
    pub busy: f64,
    /// The wait that it names then.
    pub busy_wait: Option<Duration>,
    /// The model will not draw it.
    pub refused: f64,
    /// An answer without a picture.
    pub empty: f64,
    /// No whole answer.
    pub lost: f64,
}

impl ServerModel {
    /// Answers after so long, always, and takes whatever comes.
    pub fn patient(latency: Duration) -> Self {
        Self {
            quotas: vec![],
            left_today: None,
            latency: Latency { median: latency, spread: 0.0, capacity: None },
            refusal: Duration::from_millis(50),
            failure: Duration::from_millis(50),
            tells_wait: true,
            way: Duration::from_millis(20),
            faults: Faults::default(),
        }
    }
}

/// A server at work.
#[derive(Debug)]
pub(super) struct Server {
    model: ServerModel,
    quotas: Vec<Quota>,
    left_today: Option<u64>,
    at_work: u32,
}

/// What a request comes to, and after how many milliseconds.
#[derive(Debug)]
pub(super) struct Answer {
    pub after: f64,
    pub result: Result<(), Failure>,
    /// Whether the server works on it until then.
    pub is_work: bool,
}

impl Server {
    pub fn new(model: &ServerModel) -> Self {
        let quotas = model.quotas.iter().map(Quota::new).collect();
        Self { model: model.clone(), quotas, left_today: model.left_today, at_work: 0 }
    }

    /// How many milliseconds a request is on its way.
    pub fn way(&self, dice: &mut Dice) -> f64 {
        self.model.way.as_secs_f64() * 1000.0 * dice.share()
    }

    /// A request arrives, so many milliseconds after the start.
    pub fn ask(&mut self, now: f64, dice: &mut Dice) -> Answer {
        if self.left_today == Some(0) {
            let message = "429: the day's quota is used up";
            return self.at_once(Failure { status: Some(429), ..Failure::new(FailureKind::Fatal, message) });
        }
        if dice.happens(self.model.faults.busy) {
            return self.at_once(too_fast(self.model.faults.busy_wait));
        }
        for quota in &mut self.quotas {
            if let Err(wait) = quota.take(now, dice) {
                return self.at_once(too_fast(self.model.tells_wait.then(|| Duration::from_secs_f64(wait / 1000.0))));
            }
        }
        self.left_today = self.left_today.map(|left| left - 1);
        let result = self.failure(dice).map_or(Ok(()), Err);
        if result.as_ref().is_err_and(|failure| failure.absent) {
            return Answer { after: millis(self.model.failure), result, is_work: false };
        }
        self.at_work += 1;
        Answer { after: self.latency(dice), result, is_work: true }
    }

    /// Its work on a request is done.
    pub fn done(&mut self) {
        self.at_work -= 1;
    }

    fn at_once(&self, failure: Failure) -> Answer {
        Answer { after: millis(self.model.refusal), result: Err(failure), is_work: false }
    }

    fn latency(&self, dice: &mut Dice) -> f64 {
        let Latency { median, spread, capacity } = self.model.latency;
        let slower = capacity.map_or(1.0, |capacity| f64::from(self.at_work) / f64::from(capacity.max(1)));
        median.as_secs_f64() * 1000.0 * (spread * dice.normal()).exp() * slower.max(1.0)
    }

    /// Why it gives nothing, if it does not.
    fn failure(&self, dice: &mut Dice) -> Option<Failure> {
        let Faults { unavailable, refused, empty, lost, .. } = self.model.faults;
        let transient = |message: &str| Failure::new(FailureKind::Transient, message);
        if dice.happens(unavailable) {
            return Some(Failure { absent: true, status: Some(503), ..transient("503: overloaded") });
        }
        if dice.happens(refused) {
            return Some(Failure::new(FailureKind::Refused, "it will not draw this"));
        }
        if dice.happens(empty) {
            return Some(Failure { empty: true, ..transient("no image came") });
        }
        if dice.happens(lost) {
            return Some(Failure { reach: Reach::Lost, ..transient("the connection was reset") });
        }
        None
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn too_fast(retry_after: Option<Duration>) -> Failure {
    let failure = Failure::new(FailureKind::Throttled, "429: too many requests");
    Failure { retry_after, status: Some(429), ..failure }
}
