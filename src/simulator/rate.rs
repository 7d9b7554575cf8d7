//! How often what goes wrong: faults by their rate, written `KIND=RATE`. Never says what one does.

use std::str::FromStr;

use thiserror::Error;

use super::dice::Dice;
use super::fault::{Belongs, FaultKind};

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
        let known = FaultKind::named(name.trim());
        let kind = known.ok_or_else(|| FaultError::Kind(name.to_owned(), FaultKind::list()))?;
        let share = share(rate.trim()).ok_or_else(|| FaultError::Rate { kind: kind.name(), rate: rate.to_owned() })?;
        Ok(Fault { kind, rate: share })
    }
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
        let of = |belongs| self.0.iter().filter(move |fault| fault.kind.belongs() == belongs);
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
    fn every_kind_can_be_given_a_rate() {
        for (kind, name, _) in FaultKind::all() {
            assert_eq!(parsed(&format!("{name}=3%")), Ok(Fault { kind, rate: 0.03 }));
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
        for (name, share) in [("refused", 2_000), ("503", 4_000), ("cut", 4_000)] {
            let count = kinds.iter().filter(|befell| befell.name() == name).count();
            assert!(count.abs_diff(share) < 200, "{name}: {count}");
        }
    }
}
