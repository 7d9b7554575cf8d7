//! The night of a plan: when it would end, what it would take, and whether that is in time. Never changes what is planned.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::outlook::{self, Known};
use super::super::run;
use super::forecast::Forecast;
use crate::domain::{Cap, Deadline, Ending, Held, Timestamp, Usd};
use crate::job::Job;
use crate::night::{ENOUGH, Fare, Night, Outlook, Played, Spread, play};
use crate::queue::{Preview, QueueError};
use crate::report::chart::chart;
use crate::report::terminal::wall_clock;
use crate::report::words::{count, counted, duration, money};
use crate::run::quota_day_began;

/// A range that is no wider than this share of its figure is not told.
const NARROW: f64 = 0.02;

/// A run that takes less is not drawn.
const SHORT: Duration = Duration::from_secs(60);

/// How the run would go if it began now.
pub(super) struct NightAhead {
    known: Known,
    outlook: Outlook,
    start: Timestamp,
    zone: TimeZone,
    items: u64,
    /// By when it is to be done, and how it would go on where that comes first.
    deadline: Option<Timestamp>,
    beyond: Option<Played>,
    /// The caps on money, with what counts against each already.
    caps: Vec<(Cap, Held)>,
}

/// Plays the night of what the forecast says is to be sent; none if that is nothing.
pub(super) fn foreseen(
    job: &Job,
    plan: &Forecast,
    preview: &dyn Preview,
    start: Timestamp,
) -> Result<Option<NightAhead>, QueueError> {
    if plan.requests == 0 {
        return Ok(None);
    }
    let known = outlook::known(job, preview)?;
    let sent_today = job.rpd.map_or(Ok(0), |_| preview.sent_since(quota_day_began(start)))?;
    let rules = run::rules(job, sent_today, start);
    let deadline = rules.deadline.at(start);
    let caps = outlook::caps(&rules, preview, start)?;
    let held = caps.iter().map(|(_, held)| *held).collect();
    let attempts = plan.requests * u64::from(job.max_attempts.get());
    let fare = Fare { reserve: outlook::mean(plan.worst, attempts), cost: outlook::mean(plan.expected, plan.requests) };
    let night = outlook::night(&known, rules, plan.requests, fare, held, start);
    let outlook = Outlook::of(&night);
    let beyond = matches!(outlook.likely.over, Some(Ending::Deadline(_))).then(|| play(&without_deadline(&night)));
    let (items, zone) = (plan.requests, job.end.zone());
    Ok(Some(NightAhead { known, outlook, start, zone, items, deadline, beyond, caps }))
}

fn without_deadline(night: &Night) -> Night {
    let mut night = night.clone();
    night.rules.deadline = Deadline::default();
    night
}

impl NightAhead {
    /// What a person reads of it, by name.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let likely = &self.outlook.likely;
        let mut facts: Vec<_> = self.fits().map(|fits| ("fits", fits)).into_iter().collect();
        facts.push(("time", self.time()));
        // Where each item is made at once, requests and cost are told already.
        if likely.requests != self.items {
            facts.push(("attempts", self.attempts()));
            let cost = self.outlook.cost();
            if cost.likely > Usd::ZERO {
                facts.push(("billed", ranged(money(cost.likely), &cost, |usd| usd.nanos() as f64, money)));
            }
        }
        facts.push(("server", self.server()));
        facts
    }

    /// The night as lines of text; nothing of one that is over before it can be looked at.
    pub fn drawn(&self, columns: usize) -> Vec<String> {
        match self.outlook.length(self.start).likely < SHORT {
            true => Vec::new(),
            false => chart(&self.outlook.likely.course, columns, &self.zone),
        }
    }

    /// How long it likely takes, in seconds.
    pub fn seconds(&self) -> f64 {
        self.outlook.length(self.start).likely.as_secs_f64()
    }

    /// Whether all of it can be made within what the run was given, if it was given anything.
    fn fits(&self) -> Option<String> {
        match (self.left(), self.is_bounded()) {
            (0, false) => None,
            (0, true) => Some(format!("yes: {}", self.within().join(", "))),
            (left, _) => {
                let pictures = counted(left, "picture", "pictures");
                Some(format!("no, about {pictures} would be missing: {}", self.why_not()))
            }
        }
    }

    fn left(&self) -> u64 {
        outlook::left(&self.outlook, self.items)
    }

    fn is_bounded(&self) -> bool {
        self.deadline.is_some() || !self.caps.is_empty()
    }

    /// How much of what was given it takes.
    fn within(&self) -> Vec<String> {
        let cost = self.outlook.likely.held.total();
        let of_cap = |(cap, held): &(Cap, Held)| {
            format!("{} of {} ({})", money(held.total() + cost), money(cap.most), cap.kind.flag())
        };
        let done = self.deadline.map(|deadline| {
            let spare = deadline.since(self.outlook.likely.end);
            format!("done {} before {}", rounded(spare), self.clock(deadline))
        });
        self.caps.iter().map(of_cap).chain(done).collect()
    }

    /// What ends it with items left.
    fn why_not(&self) -> String {
        let likely = &self.outlook.likely;
        match (&likely.over, &self.beyond, &likely.halted) {
            (_, Some(beyond), _) => format!(
                "all of it takes about {}, until {}, and it is to be done by {}",
                rounded(beyond.end.since(self.start)),
                self.clock(beyond.end),
                self.deadline.map(|deadline| self.clock(deadline)).unwrap_or_default()
            ),
            (Some(Ending::Budget(reached)), ..) => reached.told(),
            (Some(Ending::Limit(flag)), ..) => format!("{flag} ends it"),
            (Some(Ending::Halted(failure)), ..) | (.., Some(failure)) => failure.message.clone(),
            _ => "it takes longer than a year".to_owned(),
        }
    }

    fn time(&self) -> String {
        let length = self.outlook.length(self.start);
        if self.outlook.likely.requests == 0 {
            return "none: nothing can be sent".to_owned();
        }
        let told = ranged(rounded(length.likely), &length, |length| length.as_secs_f64(), rounded);
        format!("about {told}, until {} if it began now", self.clock(self.outlook.likely.end))
    }

    fn attempts(&self) -> String {
        let requests = self.outlook.spread(|played| played.requests);
        let mut told = ranged(count(requests.likely), &requests, |requests| requests as f64, count);
        for (figure, words) in
            [(self.outlook.likely.throttled, "throttled, which is free"), (self.outlook.likely.retried, "made again")]
        {
            if figure > 0 {
                told += &format!(", {} {words}", count(figure));
            }
        }
        told
    }

    fn server(&self) -> String {
        let Known { server, attempts } = &self.known;
        let median = server.latency.median.as_secs_f64();
        if *attempts == 0 {
            return format!(
                "not known yet: {median:.0} s an answer are assumed, and no failures; after {ENOUGH} answers those are \
                 taken instead"
            );
        }
        let faults = &server.faults;
        let failing = faults.unavailable + faults.refused + faults.empty + faults.lost;
        let mut told = format!(
            "as in the last {}: {median:.1} s an answer, {:.1} % give nothing",
            counted(*attempts as u64, "attempt", "attempts"),
            failing * 100.0
        );
        if let Some(quota) = server.quotas.first() {
            told += &format!(", {} requests a minute", count(quota.a_minute as u64));
        }
        told
    }

    /// The time of day, to the second only where minutes are too coarse.
    fn clock(&self, moment: Timestamp) -> String {
        let clock = wall_clock(moment, self.start, &self.zone);
        match moment.since(self.start) < SHORT * 5 {
            true => clock,
            false => clock.rsplit_once(':').map_or(clock.clone(), |(minutes, _)| minutes.to_owned()),
        }
    }

    /// The same for scripts.
    pub fn document(&self) -> Value {
        let likely = &self.outlook.likely;
        let time = |moment: Timestamp| jiff::Timestamp::from_millisecond(moment.millis()).map(|it| it.to_string()).ok();
        let spread = |Spread { low, likely, high }: Spread<f64>| json!({"low": low, "likely": likely, "high": high});
        let length = self.outlook.length(self.start);
        let requests = self.outlook.spread(|played| played.requests);
        let cost = self.outlook.cost();
        json!({
            "starts_at": time(self.start),
            "ends_at": time(likely.end),
            "deadline": self.deadline.and_then(time),
            "fits": self.left() == 0,
            "left": self.left(),
            "why_not": (self.left() > 0).then(|| self.why_not()),
            "duration_s": spread(length.map(|length| length.as_secs_f64())),
            "requests": spread(requests.map(|requests| requests as f64)),
            "cost_usd": spread(cost.map(Usd::dollars)),
            "throttled": likely.throttled,
            "retried": likely.retried,
            "failed": likely.failed,
            "attempts_known": self.known.attempts,
        })
    }
}

/// A figure, and between what it lies where that is worth telling.
fn ranged<T: Copy>(likely: String, spread: &Spread<T>, size: impl Fn(T) -> f64, words: impl Fn(T) -> String) -> String {
    let width = size(spread.high) - size(spread.low);
    let (low, high) = (words(spread.low), words(spread.high));
    if width <= size(spread.likely) * NARROW || low == high {
        return likely;
    }
    format!("{likely} ({low} to {high})")
}

/// Nobody foresees a night to the second.
fn rounded(length: Duration) -> String {
    let seconds = length.as_secs_f64().ceil() as u64;
    let step = match seconds {
        0..10 => return format!("{seconds} s"),
        10..120 => 1,
        120..600 => 10,
        _ => 60,
    };
    duration(Duration::from_secs(seconds.div_ceil(step) * step))
}
