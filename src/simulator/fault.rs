//! What can go wrong on purpose: one table says each fault's name, help, and conduct. Never decides when time matters.

use std::str::FromStr;

use serde_json::Value;
use thiserror::Error;

use super::answer::{self, Ask};
use super::dice::Dice;
use super::error::ApiError;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Status 500.
    Internal,
    /// Status 503.
    Unavailable,
    /// Status 429 though no quota is used up.
    Throttled,
    /// A good answer whose connection breaks off in the middle.
    Cut,
    /// No answer, ever.
    Hang,
    /// The connection is dropped before a status line.
    Reset,
    /// The model declines the picture.
    Refused,
    /// The prompt is blocked.
    Blocked,
    /// The model made no picture.
    NoImage,
    /// The model wrote instead of drawing.
    TextOnly,
    /// Status 400.
    BadRequest,
}

/// What a fault belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Belongs {
    /// The request: each ask of it goes the same way.
    ToRequest,
    /// One ask: the next one may go well.
    ToAsk,
}

/// What the server does.
#[derive(Clone, Copy)]
pub(super) enum Conduct {
    /// Answers with this error.
    Fail(fn() -> ApiError),
    /// Answers 200 with a document that holds no picture.
    Withhold(fn(&Ask) -> Value),
    /// Draws, announces the whole length, and drops the connection in the middle.
    Cut,
    /// Says nothing until the client goes away.
    Hang,
    /// Drops the connection at once.
    Reset,
}

struct Row {
    kind: FaultKind,
    name: &'static str,
    help: &'static str,
    belongs: Belongs,
    conduct: Conduct,
}

const fn row(kind: FaultKind, name: &'static str, belongs: Belongs, conduct: Conduct, help: &'static str) -> Row {
    Row { kind, name, help, belongs, conduct }
}

#[rustfmt::skip]
const TABLE: [Row; 11] = {
    use {Belongs::*, Conduct::*};
    [
        row(FaultKind::Internal, "500", ToAsk, Fail(ApiError::internal),
            "an internal error"),
        row(FaultKind::Unavailable, "503", ToAsk, Fail(ApiError::unavailable),
            "the model is overloaded"),
        row(FaultKind::Throttled, "429", ToAsk, Fail(ApiError::throttled),
            "a throttle of one second, without a quota"),
        row(FaultKind::Cut, "cut", ToAsk, Cut,
            "the body breaks off in the middle"),
        row(FaultKind::Hang, "hang", ToAsk, Hang,
            "accepted, never answered"),
        row(FaultKind::Reset, "reset", ToAsk, Reset,
            "the connection is dropped before a status line"),
        row(FaultKind::Refused, "refused", ToRequest, Withhold(answer::refused),
            "finishReason IMAGE_SAFETY, on each ask of the request"),
        row(FaultKind::Blocked, "blocked", ToRequest, Withhold(answer::blocked),
            "promptFeedback.blockReason, on each ask of the request"),
        row(FaultKind::NoImage, "no-image", ToAsk, Withhold(answer::no_image),
            "finishReason NO_IMAGE"),
        row(FaultKind::TextOnly, "text-only", ToAsk, Withhold(answer::text_only),
            "a text and no picture"),
        row(FaultKind::BadRequest, "bad-request", ToRequest, Fail(ApiError::bad_request),
            "400 INVALID_ARGUMENT, on each ask of the request"),
    ]
};

impl FaultKind {
    /// Every kind, with its name on the command line and a word of help, in the order of the help.
    pub fn all() -> impl Iterator<Item = (FaultKind, &'static str, &'static str)> {
        TABLE.iter().map(|row| (row.kind, row.name, row.help))
    }

    fn row(self) -> &'static Row {
        TABLE.iter().find(|row| row.kind == self).expect("the table has a row for every kind: a test holds it")
    }

    pub(super) fn conduct(self) -> Conduct {
        self.row().conduct
    }
}

/// One kind of fault and how often it befalls; written `KIND=RATE`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// The share of requests, or of asks, from 0 to 1.
    pub rate: f64,
}

/// What is wrong with a fault, or with several together.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FaultError {
    /// Not `KIND=RATE`.
    #[error("{0:?} is no fault: write KIND=RATE, such as 503=0.03 or 503=3%")]
    Form(String),
    /// No such kind.
    #[error("{0:?} is no kind of fault; there are:\n{1}")]
    Kind(String, String),
    /// Not a share.
    #[error("{rate:?} is no rate for {kind}: write a share from 0 to 1, or from 0% to 100%")]
    Rate {
        /// The name of the kind.
        kind: &'static str,
        /// What was written.
        rate: String,
    },
    /// More than everything would go wrong.
    #[error("the rates of all faults add up to {0}, more than 1: lower some")]
    Sum(f64),
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Fault, FaultError> {
        let (name, rate) = text.split_once('=').ok_or_else(|| FaultError::Form(text.to_owned()))?;
        let known = TABLE.iter().find(|row| row.name == name.trim());
        let row = known.ok_or_else(|| FaultError::Kind(name.to_owned(), list()))?;
        let share = share(rate.trim()).ok_or_else(|| FaultError::Rate { kind: row.name, rate: rate.to_owned() })?;
        Ok(Fault { kind: row.kind, rate: share })
    }
}

fn list() -> String {
    let lines = TABLE.iter().map(|row| format!("  {:<12} {}", row.name, row.help));
    lines.collect::<Vec<_>>().join("\n")
}

fn share(text: &str) -> Option<f64> {
    let share = match text.strip_suffix('%') {
        Some(percent) => percent.trim_end().parse::<f64>().ok()? / 100.0,
        None => text.parse().ok()?,
    };
    (0.0..=1.0).contains(&share).then_some(share)
}

/// The faults of a server, whose rates add up to 1 at most. Empty by default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Takes faults together.
    ///
    /// # Errors
    /// When their rates add up to more than 1.
    pub fn new(faults: impl IntoIterator<Item = Fault>) -> Result<Faults, FaultError> {
        let faults: Vec<Fault> = faults.into_iter().collect();
        let sum: f64 = faults.iter().map(|fault| fault.rate).sum();
        // A hair above 1 is what ten times 0.1 gives.
        if sum > 1.0 + 1e-9 { Err(FaultError::Sum(sum)) } else { Ok(Faults(faults)) }
    }

    /// What befalls this ask, if anything. Faults of the request come first; the others share the rest in such a way
    /// that each rate holds over all first asks.
    pub(super) fn befalling(&self, of_request: &Dice, of_ask: &Dice) -> Option<FaultKind> {
        let of = |belongs| self.0.iter().filter(move |fault| fault.kind.row().belongs == belongs);
        let taken: f64 = of(Belongs::ToRequest).map(|fault| fault.rate).sum();
        pick(of(Belongs::ToRequest), of_request.share("fault"))
            .or_else(|| pick(of(Belongs::ToAsk), of_ask.share("fault") * (1.0 - taken)))
    }
}

/// The fault on whose stretch of the line from 0 to 1 the point lies.
fn pick<'a>(faults: impl Iterator<Item = &'a Fault>, point: f64) -> Option<FaultKind> {
    let mut end = 0.0;
    for fault in faults {
        end += fault.rate;
        if point < end {
            return Some(fault.kind);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Fault, FaultError> {
        text.parse()
    }

    #[test]
    fn every_kind_has_a_row_and_can_be_named() {
        for (kind, name, help) in FaultKind::all() {
            assert_eq!(parsed(&format!("{name}=3%")), Ok(Fault { kind, rate: 0.03 }));
            assert!(!help.is_empty());
        }
    }

    #[test]
    fn an_unknown_kind_is_told_the_known_ones_with_their_meaning() {
        let message = parsed("explode=1").unwrap_err().to_string();
        assert!(FaultKind::all().all(|(_, name, help)| message.contains(name) && message.contains(help)), "{message}");
    }

    #[test]
    fn a_rate_is_a_share_or_a_percentage() {
        assert_eq!(parsed("cut=0.5").map(|fault| fault.rate), Ok(0.5));
        assert_eq!(parsed("cut=100%").map(|fault| fault.rate), Ok(1.0));
        for wrong in ["cut=1.1", "cut=-0.1", "cut=101%", "cut=often", "cut=", "cut=NaN"] {
            assert!(matches!(parsed(wrong), Err(FaultError::Rate { .. })), "{wrong}");
        }
        assert!(matches!(parsed("cut"), Err(FaultError::Form(_))));
    }

    #[test]
    fn rates_may_add_up_to_one_and_no_more() {
        let together = |texts: &[&str]| Faults::new(texts.iter().map(|text| parsed(text).unwrap()));
        assert!(together(&["cut=0.7", "500=0.2", "503=0.1"]).is_ok());
        assert!(matches!(together(&["cut=0.7", "500=0.4"]), Err(FaultError::Sum(_))));
    }

    #[test]
    fn each_rate_holds_over_all_first_asks() {
        let faults = Faults::new(["refused=20%", "503=40%", "cut=40%"].map(|text| parsed(text).unwrap())).unwrap();
        let befalling = |index: u32| {
            let of_request = Dice::of_request(7, blake3::hash(&index.to_le_bytes()));
            faults.befalling(&of_request, &of_request.clone().of_ask(1)).expect("the rates add up to one")
        };
        let kinds: Vec<FaultKind> = (0..10_000).map(befalling).collect();
        for (kind, share) in [(FaultKind::Refused, 2_000), (FaultKind::Unavailable, 4_000), (FaultKind::Cut, 4_000)] {
            let count = kinds.iter().filter(|befell| **befell == kind).count();
            assert!(count.abs_diff(share) < 200, "{kind:?}: {count}");
        }
    }
}
