//! What somebody wants to see, between the page's address and the gallery. Never guesses: what is asked in a wrong way is
//! told.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ReviewError;
use crate::domain::{Check, FailureKind};
use crate::queue::{ItemState, Order, Standing, Wanted};

/// The page's choices by their names, as an address has them; what is empty is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Asked {
    /// A state, or `failed:` and a kind of failure.
    pub state: String,
    pub standing: String,
    pub check: String,
    /// Words that all must stand somewhere.
    pub q: String,
    /// A column of the manifest, by its number from 0.
    pub column: String,
    /// What stands in it.
    pub value: String,
    pub order: String,
}

impl Asked {
    /// What that means.
    pub fn wanted(&self) -> Result<(Wanted, Order), ReviewError> {
        let (state, kind) = match self.state.split_once(':') {
            Some((state, kind)) => (state, kind),
            None => (self.state.as_str(), ""),
        };
        let standing = named(&self.standing, Standing::ALL, |standing| standing.as_str())?;
        let order = named(&self.order, Order::ALL, |order| order.as_str())?;
        let column = match self.column.as_str() {
            "" => None,
            number => Some(number.parse::<usize>().map_err(|_| unknown(number))?),
        };
        let wanted = Wanted {
            state: named(state, ItemState::ALL, |state| state.as_str())?,
            kind: read::<FailureKind>(kind, FailureKind::parse)?,
            standing,
            check: read::<Check>(&self.check, |word| Check::from_str(word).ok())?,
            words: self.q.split_whitespace().map(str::to_owned).collect(),
            cell: column.filter(|_| !self.value.is_empty()).map(|column| (column, self.value.clone())),
        };
        Ok((wanted, order.unwrap_or_default()))
    }

    /// Whether everything is shown.
    pub fn is_all(&self) -> bool {
        let asked = [&self.state, &self.standing, &self.check, &self.q, &self.value];
        asked.iter().all(|asked| asked.is_empty())
    }
}

fn named<T: Copy>(word: &str, all: &[T], name: impl Fn(T) -> &'static str) -> Result<Option<T>, ReviewError> {
    read(word, |word| all.iter().copied().find(|one| name(*one) == word))
}

fn read<T>(word: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, ReviewError> {
    match word {
        "" => Ok(None),
        word => read(word).map(Some).ok_or_else(|| unknown(word)),
    }
}

fn unknown(word: &str) -> ReviewError {
    ReviewError::Unknown(word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_wanted() {
        let asked = Asked {
            state: "failed:refused".into(),
            q: " red  mug ".into(),
            column: "2".into(),
            value: "Acme & Sons".into(),
            order: "cost".into(),
            ..Asked::default()
        };
        let (wanted, order) = asked.wanted().unwrap();
        assert_eq!((wanted.state, wanted.kind), (Some(ItemState::Failed), Some(FailureKind::Refused)));
        assert_eq!((wanted.words.join("|"), wanted.cell), ("red|mug".into(), Some((2, "Acme & Sons".into()))));
        assert_eq!(order, Order::Cost);
    }

    #[test]
    fn what_nobody_knows_is_told() {
        for asked in [
            Asked { state: "lost".into(), ..Asked::default() },
            Asked { check: "ugly".into(), ..Asked::default() },
            Asked { column: "Vendor".into(), ..Asked::default() },
        ] {
            assert!(matches!(asked.wanted(), Err(ReviewError::Unknown(_))), "{asked:?}");
        }
    }
}
