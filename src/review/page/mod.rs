//! The page in HTML: what the templates beside this file make of what lies on the table. Never writes a text of somebody
//! else's as anything but text: the templates escape all that is put into them.

mod card;
mod item;
#[cfg(test)]
mod tests;
mod words;

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use serde::Serialize;

use super::table::Found;
use crate::domain::count_words::count;
use crate::domain::{Check, FailureKind};
use crate::paper;
use crate::queue::{Card, ItemState, Order, ReviewTally, Standing};
pub(super) use item::Sight;
use words::{checked, order_word, standing_word, state_word};

/// The style of the page.
pub(super) const STYLE: [&str; 2] = [paper::STYLE, include_str!("review.css")];
/// The script of the page. The order matters: each file uses what those before it declare.
pub(super) const SCRIPT: [&str; 5] = [
    include_str!("talk.js"),
    include_str!("grid.js"),
    include_str!("viewer.js"),
    include_str!("live.js"),
    include_str!("review.js"),
];

/// The page's sign, for the browser's tabs.
pub(super) const ICON: &str = include_str!("icon.svg");

/// Cards of one screen: what the page begins with, and what the script fetches at once.
pub(super) const SCREEN: usize = 48;

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    templates.set_syntax(syntax.expect("the usual marks, and how blanks around them are taken"));
    for (name, text) in [
        ("page.html", include_str!("page.html")),
        ("found.html", include_str!("found.html")),
        ("card.html", include_str!("card.html")),
        ("item.html", include_str!("item.html")),
        ("away.html", include_str!("away.html")),
    ] {
        templates.add_template(name, text).expect("a template of ours is whole: a test renders each");
    }
    templates
});

fn render(template: &str, values: Value) -> String {
    let rendered = TEMPLATES.get_template(template).and_then(|template| template.render(values));
    rendered.expect("a template of ours has what it names: tests render each")
}

/// What the page says of the job.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub job: &'a str,
    pub person: &'a str,
    pub rehearsal: bool,
    pub columns: &'a [String],
    /// How the job and its review stand, in a line.
    pub head: &'a str,
}

/// The whole page, with the first cards of what was found.
pub(super) fn whole(about: &About<'_>, found: &Found, cards: &[Card], tally: &ReviewTally) -> String {
    let asked = &found.asked;
    render(
        "page.html",
        context! {
            job => about.job,
            person => about.person,
            rehearsal => about.rehearsal,
            head => about.head,
            columns => Serde(about.columns.iter().enumerate().collect::<Vec<_>>()),
            asked => Serde(asked),
            standings => Serde(standings(tally)),
            states => Serde(states(tally)),
            checks => Serde(checks(tally)),
            orders => Serde(orders()),
            found => Value::from_safe_string(sheet(found, cards)),
        },
    )
}

/// What was found, with its first cards.
pub(super) fn sheet(found: &Found, cards: &[Card]) -> String {
    let total = found.keys.len();
    render(
        "found.html",
        context! {
            view => found.id,
            total => total,
            screen => SCREEN,
            counted => count(total as u64),
            is_all => found.asked.is_all(),
            cards => Value::from_safe_string(self::cards(cards, 0)),
        },
    )
}

/// Cards, the first of which stands at this place of what was found.
pub(super) fn cards(cards: &[Card], from: usize) -> String {
    cards.iter().zip(from..).map(|(card, place)| card_at(card, place).0).collect()
}

/// One card, and what marks how it looks.
pub(super) fn card_at(card: &Card, place: usize) -> (String, String) {
    let seen = card::Seen::of(card);
    let stamp = seen.stamp();
    let html = render("card.html", context! { card => Serde(&seen), place => place, stamp => &stamp });
    (html, stamp)
}

/// An item as large as the window.
pub(super) fn item(sight: &Sight<'_>) -> String {
    render("item.html", context! { item => Serde(item::Seen::of(sight)) })
}

/// For whoever may not come in, or asks for what is not there.
pub(super) fn turned_away(why: &str) -> String {
    render("away.html", context! { why => why })
}

/// A choice of the page, with how many items it would show.
#[derive(Serialize)]
struct Choice {
    value: String,
    word: String,
    /// How many; none for an order.
    items: Option<u64>,
    counted: String,
}

impl Choice {
    fn new(value: impl Into<String>, word: impl Into<String>, items: u64) -> Self {
        Self { value: value.into(), word: word.into(), items: Some(items), counted: count(items) }
    }
}

fn standings(tally: &ReviewTally) -> Vec<Choice> {
    let of = |standing: &Standing| {
        let items = tally.standings.get(standing.as_str()).copied().unwrap_or(0);
        Choice::new(standing.as_str(), standing_word(*standing), items)
    };
    std::iter::once(Choice::new("", "All", tally.items)).chain(Standing::ALL.iter().map(of)).collect()
}

fn states(tally: &ReviewTally) -> Vec<Choice> {
    let mut choices = Vec::new();
    for state in ItemState::ALL {
        let items = tally.states.get(state.as_str()).copied().unwrap_or(0);
        choices.push(Choice::new(state.as_str(), state_word(*state), items));
        if *state == ItemState::Failed {
            let kinds = tally.kinds.iter().filter_map(|(kind, items)| Some((FailureKind::parse(kind)?, *items)));
            choices.extend(kinds.map(|(kind, items)| {
                Choice::new(format!("failed:{}", kind.as_str()), format!("failed: {}", kind.as_str()), items)
            }));
        }
    }
    choices.retain(|choice| choice.items != Some(0));
    choices
}

fn checks(tally: &ReviewTally) -> Vec<Choice> {
    let of = |check: &Check| {
        let items = tally.checks.get(check.as_str()).copied().unwrap_or(0);
        Choice::new(check.as_str(), checked(*check), items)
    };
    Check::ALL.iter().map(of).filter(|choice| choice.items != Some(0)).collect()
}

fn orders() -> Vec<Choice> {
    let of = |order: &Order| Choice {
        value: order.as_str().into(),
        word: order_word(*order).into(),
        items: None,
        counted: String::new(),
    };
    Order::ALL.iter().map(of).collect()
}

/// How many of each sort there are, by the names that the page's choices have.
pub(super) fn counts(tally: &ReviewTally) -> Vec<(String, String)> {
    let named = |prefix: &'static str, choices: Vec<Choice>| {
        choices.into_iter().map(move |choice| (format!("{prefix}={}", choice.value), choice.counted))
    };
    named("standing", standings(tally))
        .chain(named("state", states(tally)))
        .chain(named("check", checks(tally)))
        .collect()
}

/// How the job and its review stand, in a line.
pub(super) fn head(tally: &ReviewTally, in_flight: Option<u64>) -> String {
    let of = |standing: Standing| tally.standings.get(standing.as_str()).copied().unwrap_or(0);
    let mut figures = vec![format!("{} of {} approved", count(of(Standing::Approved)), count(tally.items))];
    for (standing, word) in
        [(Standing::Rejected, "rejected"), (Standing::SentBack, "sent back"), (Standing::Open, "to decide")]
    {
        if of(standing) > 0 {
            figures.push(format!("{} {word}", count(of(standing))));
        }
    }
    if let Some(in_flight) = in_flight {
        figures.push(format!("a run is on, {} in flight", count(in_flight)));
    }
    figures.join(" · ")
}
