//! The account: attempts summed up by job, day, model and end. Never holds an attempt, never shapes text.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::Usd;
use crate::queue::{AttemptEnd, AttemptEntry};

/// What an account is kept by. In the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Heading {
    /// Which of the databases asked about, from 0: two may have a job of one name.
    pub place: usize,
    /// The job.
    pub job: String,
    /// The day on which it was sent.
    pub day: Date,
    /// The model; empty where it is unknown.
    pub model: String,
    /// How it ended.
    pub end: AttemptEnd,
}

/// What some attempts come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sums {
    pub attempts: u64,
    pub images: u64,
    /// Those whose answer said what it used.
    pub answered: u64,
    pub prompt_tokens: u64,
    pub output_tokens: u64,
    pub thought_tokens: u64,
    /// What whole answers cost, where a price was known.
    pub cost: Option<Usd>,
    /// The most that the uncertain ones may have cost, where a price was known.
    pub maybe: Option<Usd>,
    /// Attempts that may have cost something, at a price that nobody knew: missing in the two sums above.
    pub unpriced: u64,
}

/// All that is accounted for.
#[derive(Debug)]
pub(super) struct Account {
    pub zone: TimeZone,
    pub lines: BTreeMap<Heading, Sums>,
    /// Whether a simulator answered all of it, so that nothing was paid.
    pub rehearsed: bool,
}

impl Account {
    /// An empty account, by the days of this time zone.
    pub fn by_days_of(zone: TimeZone) -> Self {
        Self { zone, lines: BTreeMap::new(), rehearsed: true }
    }

    /// Enters an attempt, read in the database with this number.
    pub fn enter(&mut self, place: usize, entry: &AttemptEntry<'_>) {
        let heading = Heading {
            place,
            job: entry.job.to_owned(),
            day: self.day(entry),
            model: entry.model.unwrap_or_default().to_owned(),
            end: entry.end,
        };
        *self.lines.entry(heading).or_default() += Sums::of(entry);
    }

    fn day(&self, entry: &AttemptEntry<'_>) -> Date {
        let moment = jiff::Timestamp::from_millisecond(entry.sent_at.millis()).unwrap_or(jiff::Timestamp::MAX);
        self.zone.to_datetime(moment).date()
    }

    /// The name of the time zone.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// The sums of the lines for which `counts` is true.
    pub fn sum(&self, counts: impl Fn(&Heading) -> bool) -> Sums {
        let mut sum = Sums::default();
        self.lines.iter().filter(|(heading, _)| counts(heading)).for_each(|(_, sums)| sum += *sums);
        sum
    }
}

impl Sums {
    fn of(entry: &AttemptEntry<'_>) -> Self {
        let usage = entry.usage.unwrap_or_default();
        let was_used = entry.usage.is_some() || entry.images.is_some_and(|images| images > 0);
        let (cost, maybe, is_free) = match entry.end {
            AttemptEnd::Done | AttemptEnd::Failed(_) => (entry.cost, None, !was_used),
            // What was reserved is what one image costs, or more.
            AttemptEnd::Received => {
                (entry.reserved.map(|one| one.times(entry.images.unwrap_or_default())), None, !was_used)
            }
            AttemptEnd::Lost | AttemptEnd::Open => (None, entry.reserved, false),
            AttemptEnd::Unsent => (Some(Usd::ZERO), None, true),
        };
        Self {
            attempts: 1,
            images: entry.images.unwrap_or_default(),
            answered: entry.usage.is_some().into(),
            prompt_tokens: usage.prompt_tokens,
            output_tokens: usage.output_tokens,
            thought_tokens: usage.thought_tokens,
            cost,
            maybe,
            unpriced: u64::from(!is_free && cost.or(maybe).is_none()),
        }
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.attempts += other.attempts;
        self.images += other.images;
        self.answered += other.answered;
        self.prompt_tokens += other.prompt_tokens;
        self.output_tokens += other.output_tokens;
        self.thought_tokens += other.thought_tokens;
        self.cost = known_sum(self.cost, other.cost);
        self.maybe = known_sum(self.maybe, other.maybe);
        self.unpriced += other.unpriced;
    }
}

/// The sum of what is known.
fn known_sum(one: Option<Usd>, other: Option<Usd>) -> Option<Usd> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (one, other) => one.or(other),
    }
}
