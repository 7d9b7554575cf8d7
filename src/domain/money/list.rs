//! Which price holds for which model, and who says so. Never fetches a price.

use std::collections::BTreeMap;

use super::{Price, Usd};

/// What the models cost: what a person gave, and else the list price, where one is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceList {
    /// For every model that has none of its own.
    every: Option<Price>,
    own: BTreeMap<String, Price>,
}

/// Who says what a model costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceSource {
    /// The person, in the job file, by a flag or a variable.
    Given,
    /// The list price of the model's maker.
    Listed,
}

impl PriceList {
    /// The month in which the built-in prices were looked up.
    pub const LISTED: &str = "2026-11";

    /// These prices: one for every model, and those that single models have.
    pub const fn given(every: Option<Price>, own: BTreeMap<String, Price>) -> Self {
        Self { every, own }
    }

    /// Whether anybody gave a price.
    pub fn is_given(&self) -> bool {
        self.every.is_some() || !self.own.is_empty()
    }

    /// What a model costs, where that is known.
    pub fn of(&self, model: &str) -> Option<Price> {
        self.found(model).map(|(price, _)| price)
    }

    /// Who says what a model costs, where that is known.
    pub fn source(&self, model: &str) -> Option<PriceSource> {
        self.found(model).map(|(_, source)| source)
    }

    /// When the price of a model was looked up, if it is the list price.
    pub fn listed_at(&self, model: &str) -> Option<&'static str> {
        (self.source(model) == Some(PriceSource::Listed)).then_some(Self::LISTED)
    }

    fn found(&self, model: &str) -> Option<(Price, PriceSource)> {
        let given = self.own.get(model).or(self.every.as_ref());
        let given = given.map(|price| (*price, PriceSource::Given));
        given.or_else(|| listed(model).map(|price| (price, PriceSource::Listed)))
    }
}

/// The list price of a model, where it is known: $0.0336 for a 1K image of gemini-3.1-flash-lite-image (1,120 output
/// tokens at $30 a million, by Google's price list). Resellers differ.
fn listed(model: &str) -> Option<Price> {
    (model == "gemini-3.1-flash-lite-image").then_some(Price::PerImage(Usd::from_nanos(33_600_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLASH: &str = "gemini-3.1-flash-lite-image";

    fn per_image(nanos: i64) -> Price {
        Price::PerImage(Usd::from_nanos(nanos))
    }

    #[test]
    fn a_models_own_price_goes_before_that_of_all_and_that_before_the_list() {
        let list = PriceList::default();
        assert_eq!((list.of(FLASH), list.source(FLASH)), (Some(per_image(33_600_000)), Some(PriceSource::Listed)));
        assert_eq!((list.of("another"), list.source("another"), list.is_given()), (None, None, false));
        let own = BTreeMap::from([("another".to_owned(), per_image(2))]);
        let some = PriceList::given(None, own.clone());
        assert_eq!((some.of("another"), some.source(FLASH)), (Some(per_image(2)), Some(PriceSource::Listed)));
        let all = PriceList::given(Some(per_image(1)), own);
        assert_eq!([all.of(FLASH), all.of("another"), all.of("third")], [1, 2, 1].map(|it| Some(per_image(it))));
        assert_eq!((all.source(FLASH), all.is_given()), (Some(PriceSource::Given), true));
    }
}
