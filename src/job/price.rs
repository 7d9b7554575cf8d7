//! What a job says of money: its table `[price]`, of every model and of single ones, and its caps. Never knows a list
//! price.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::nearest::nearest;
use super::options::Options;
use super::setting::Dollars;
use crate::domain::{Caps, NotUsd, Price, PriceList, TokenPrice, Usd};

/// What is wrong, and where in the file.
type Wrong = (Range<usize>, String);

type Key<'text> = Spanned<DeString<'text>>;
type Value<'text> = Spanned<DeValue<'text>>;

/// The amounts that a price may be made of.
const AMOUNTS: [&str; 5] =
    ["per_image", "input_per_million", "output_per_million", "image_input_per_million", "image_output_per_million"];

const HOW: &str = "write per_image, or input_per_million and output_per_million";

/// The amounts below one heading, each with the place of its key.
#[derive(Default)]
struct Amounts(BTreeMap<&'static str, (Usd, Range<usize>)>);

/// The caps that these options set.
pub(super) fn caps(options: &Options) -> Caps {
    let usd = |cap: Option<Dollars>| cap.map(|cap| cap.0);
    Caps {
        job: usd(options.max_cost),
        run: usd(options.max_cost_per_run),
        day: usd(options.max_cost_per_day),
        month: usd(options.max_cost_per_month),
    }
}

/// A price that an option gives for every image goes before whatever the table says.
pub(super) fn prices(per_image: Option<Dollars>, table: PriceList) -> PriceList {
    per_image.map_or(table, |image| PriceList::given(Some(Price::PerImage(image.0)), BTreeMap::new()))
}

/// What `[price]` says, or all that is wrong with it.
pub(super) fn read(value: &Value<'_>) -> Result<PriceList, Vec<Wrong>> {
    let Some(table) = value.get_ref().as_table() else {
        return Err(vec![(
            value.span(),
            format!("`price`: write a table, like [price] and below it per_image = 0.0336; {HOW}"),
        )]);
    };
    let mut wrong = Vec::new();
    let mut own = BTreeMap::new();
    for (model, value) in models(table) {
        let Some(below) = value.get_ref().as_table() else { continue };
        let name = format!("price.\"{}\"", model.get_ref());
        match price(&name, model.span(), below.iter().collect(), &mut wrong) {
            Some(price) => drop(own.insert(model.get_ref().to_string(), price)),
            None if below.is_empty() => wrong.push((model.span(), format!("`{name}`: it says no price; {HOW}"))),
            None => {}
        }
    }
    let plain = table.iter().filter(|(_, value)| !value.get_ref().is_table()).collect();
    let every = price("price", value.span(), plain, &mut wrong);
    if table.is_empty() {
        wrong.push((value.span(), format!("`price`: it says no price; {HOW}")));
    }
    if wrong.is_empty() { Ok(PriceList::given(every, own)) } else { Err(wrong) }
}

/// The headings of single models.
fn models<'a, 'text>(table: &'a DeTable<'text>) -> impl Iterator<Item = (&'a Key<'text>, &'a Value<'text>)> {
    table.iter().filter(|(_, value)| value.get_ref().is_table())
}

/// The price that these entries make; none where there are none, or where something is wrong.
fn price(
    name: &str,
    heading: Range<usize>,
    entries: Vec<(&Key<'_>, &Value<'_>)>,
    wrong: &mut Vec<Wrong>,
) -> Option<Price> {
    let before = wrong.len();
    let mut amounts = Amounts::default();
    for (key, value) in &entries {
        match amount(name, key, value) {
            Ok((known, usd)) => drop(amounts.0.insert(known, (usd, key.span()))),
            Err(one) => wrong.push(one),
        }
    }
    if wrong.len() > before || entries.is_empty() {
        return None;
    }
    amounts.price(heading).map_err(|(at, message)| wrong.push((at, format!("`{name}`: {message}")))).ok()
}

fn amount(name: &str, key: &Key<'_>, value: &Value<'_>) -> Result<(&'static str, Usd), Wrong> {
    let word: &str = key.get_ref();
    let Some(known) = AMOUNTS.into_iter().find(|known| *known == word) else {
        let message = match nearest(word, &AMOUNTS) {
            Some(near) => format!("`{name}`: unknown key `{word}`; did you mean `{near}`?"),
            None => format!("`{name}`: unknown key `{word}`; the keys are {}", AMOUNTS.join(", ")),
        };
        return Err((key.span(), message));
    };
    let usd = usd(value.get_ref()).map_err(|error| (value.span(), format!("`{name}.{known}`: {error}")))?;
    Ok((known, usd))
}

/// The number as it is written, so that nothing is lost on the way.
fn usd(value: &DeValue<'_>) -> Result<Usd, NotUsd> {
    match value {
        DeValue::Float(number) => number.as_str().parse(),
        DeValue::Integer(number) => number.to_string().parse(),
        DeValue::String(text) => text.parse(),
        DeValue::Boolean(truth) => truth.to_string().parse(),
        other => other.type_str().parse(),
    }
}

impl Amounts {
    fn price(&self, heading: Range<usize>) -> Result<Price, Wrong> {
        let usd = |key| self.0.get(key).map(|(usd, _)| *usd);
        let first = self.0.values().map(|(_, at)| at.clone()).min_by_key(|at| at.start).unwrap_or(heading);
        match (usd("per_image"), usd("input_per_million"), usd("output_per_million")) {
            (Some(_), ..) if self.0.len() > 1 => {
                Err((first, "an answer is paid by the image or by the token; keep one of the two".to_owned()))
            }
            (Some(image), ..) => Ok(Price::PerImage(image)),
            (None, Some(input), Some(output)) => Ok(Price::PerToken(TokenPrice {
                image_input: usd("image_input_per_million").unwrap_or(input),
                image_output: usd("image_output_per_million").unwrap_or(output),
                input,
                output,
            })),
            (None, None, _) => Err((first, "input_per_million is missing; write it beside the others".to_owned())),
            (None, _, None) => Err((first, "output_per_million is missing; write it beside the others".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Result<PriceList, Vec<String>> {
        let (table, broken) = DeTable::parse_recoverable(text);
        assert!(broken.is_empty(), "{broken:?}");
        let read = read(table.get_ref().get("price").unwrap());
        read.map_err(|wrong| wrong.into_iter().map(|(at, message)| format!("{}: {message}", at.start)).collect())
    }

    #[test]
    fn a_price_is_by_the_image_or_by_the_token_and_a_models_own_wins() {
        let text = "[price]\nper_image = 0.0336\n[price.\"big\"]\ninput_per_million = 0.3\noutput_per_million = 2.5\n\
                    image_output_per_million = '30'\n";
        let prices = told(text).unwrap();
        assert_eq!(prices.of("small"), Some(Price::PerImage(Usd::from_nanos(33_600_000))));
        let [input, output, image_output] = ["0.3", "2.5", "30"].map(|text| text.parse().unwrap());
        assert_eq!(
            prices.of("big"),
            Some(Price::PerToken(TokenPrice { input, image_input: input, output, image_output }))
        );
    }

    #[test]
    fn every_mistake_is_told_at_its_place() {
        for (text, expected) in [
            ("price = 3", "8: `price`: write a table, like [price] and below it per_image = 0.0336; "),
            (
                "price = {}",
                "8: `price`: it says no price; write per_image, or input_per_million and output_per_million",
            ),
            ("price.per_imag = 3", "6: `price`: unknown key `per_imag`; did you mean `per_image`?"),
            ("price.per_image = -3", "18: `price.per_image`: `-3` is not an amount of US dollars; "),
            ("price.per_image = 1e3", "18: `price.per_image`: `1e3` is not an amount of US dollars; "),
            ("price.per_image = []", "18: `price.per_image`: `array` is not an amount of US dollars; "),
            ("price.input_per_million = 1", "6: `price`: output_per_million is missing; "),
            ("price.m.output_per_million = 1", "8: `price.\"m\"`: input_per_million is missing; "),
            ("price.m = {}", "6: `price.\"m\"`: it says no price; "),
            (
                "price.m.per_image = 1\nprice.m.output_per_million = 1",
                "8: `price.\"m\"`: an answer is paid by the image or by the token; keep one of the two",
            ),
        ] {
            let wrong = told(text).unwrap_err();
            assert!(wrong.len() == 1 && wrong[0].starts_with(expected), "{text}: {wrong:?}");
        }
    }
}
