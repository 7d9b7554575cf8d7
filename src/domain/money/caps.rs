//! The most that may be spent, of what and in which time. Never decides whether there is room: the budget and the queue
//! do.

use super::{Held, Usd};
use crate::domain::time::Timestamp;

/// The caps a run was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caps {
    /// Of the job, over all its runs.
    pub job: Option<Usd>,
    /// Of the run.
    pub run: Option<Usd>,
    /// Of a day, over all jobs of the database.
    pub day: Option<Usd>,
    /// Of a month, over all jobs of the database.
    pub month: Option<Usd>,
}

/// What a cap is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapKind {
    /// The job, over all its runs.
    Job,
    /// The run.
    Run,
    /// The day, over all jobs of the database.
    Day,
    /// The month, over all jobs of the database.
    Month,
}

/// Which attempts count against a cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapSpan {
    /// All of the job.
    Job,
    /// Those of the run.
    Run,
    /// Those of every job that were sent in this time; both ends lie on a quarter of an hour.
    Sent {
        /// From this moment on.
        from: Timestamp,
        /// Before this moment.
        to: Timestamp,
    },
}

/// A cap as it counts at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// What it is of.
    pub kind: CapKind,
    /// Which attempts count.
    pub span: CapSpan,
    /// The most they may cost.
    pub most: Usd,
}

/// A cap that leaves no room for the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapReached {
    /// What it is of.
    pub kind: CapKind,
    /// The most that may be spent.
    pub most: Usd,
    /// What counts against it.
    pub held: Held,
    /// What the next request may cost.
    pub next: Usd,
}

impl Caps {
    /// Every cap that was given, the narrowest first.
    pub fn given(&self) -> impl Iterator<Item = (CapKind, Usd)> {
        let all = [
            (CapKind::Run, self.run),
            (CapKind::Job, self.job),
            (CapKind::Day, self.day),
            (CapKind::Month, self.month),
        ];
        all.into_iter().filter_map(|(kind, most)| Some((kind, most?)))
    }
}

impl CapKind {
    /// The flag that sets it.
    pub const fn flag(self) -> &'static str {
        match self {
            Self::Job => "--max-cost",
            Self::Run => "--max-cost-per-run",
            Self::Day => "--max-cost-per-day",
            Self::Month => "--max-cost-per-month",
        }
    }

    /// That it cannot be kept for what has no price, and what to do.
    pub fn unpriced(self, model: &str) -> String {
        format!(
            "{} cannot be kept: nobody knows what `{model}` costs; say it with --price-per-image, or in the job file \
             below [price.\"{model}\"]",
            self.flag()
        )
    }

    /// What may not cost more, in words.
    const fn of_what(self) -> &'static str {
        match self {
            Self::Job => "this job over all its runs",
            Self::Run => "this run",
            Self::Day => "a day over all jobs of the database",
            Self::Month => "a month over all jobs of the database",
        }
    }

    /// What goes on beside a higher cap.
    const fn or_else(self) -> &'static str {
        match self {
            Self::Job => "",
            Self::Run => ", or run the same command again",
            Self::Day => ", or run the same command again tomorrow",
            Self::Month => ", or run the same command again next month",
        }
    }
}

impl CapReached {
    /// Why nothing more is sent, in one line, and what to do.
    pub fn told(&self) -> String {
        format!("{}; to go on, raise {}{}", self.why(), self.kind.flag(), self.kind.or_else())
    }

    /// Why nothing more is sent: the cap, what is spent, what lost requests hold, and what the next may cost.
    pub fn why(&self) -> String {
        let Self { kind, most, held, next } = self;
        let lost = match held.lost {
            Usd::ZERO => String::new(),
            lost => format!(", {lost} may have been billed for lost requests"),
        };
        let open = match held.reserved {
            Usd::ZERO => String::new(),
            open => format!(", {open} is reserved for what is still on its way"),
        };
        format!(
            "the cap on {of} leaves no room: {spent} of {most} is spent{lost}{open}, and the next request may cost {next}",
            of = kind.of_what(),
            spent = held.settled,
        )
    }
}
