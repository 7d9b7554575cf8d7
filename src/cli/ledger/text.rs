//! The account as people read it: a table a job and model, and what all of it comes to. Never hides what is uncertain.

use std::iter::once;

use super::account::{Account, Heading, Sums};
use crate::domain::{PriceList, Usd};
use crate::queue::AttemptEnd;
use crate::report::words::{count, counted, money, one_line};

/// The columns of a table: the first two hold words, the others figures.
const COLUMNS: [&str; 9] = ["day", "outcome", "attempts", "images", "tokens in", "out", "thinking", "settled", "maybe"];
const WORDS: usize = 2;
/// Where nothing is known.
const NOTHING: &str = "–";

type Row = [String; COLUMNS.len()];

/// The whole page, with a line end behind the last line.
pub(super) fn page(account: &Account) -> String {
    if account.lines.is_empty() {
        return "no attempts\n".to_owned();
    }
    let mut lines = Vec::new();
    for (place, job, model) in sections(account) {
        let belongs = |heading: &Heading| (heading.place, &*heading.job, &*heading.model) == (place, job, model);
        let model = if model.is_empty() { "a model that nobody noted" } else { model };
        lines.push(format!("{}, {}:", one_line(job), one_line(model)));
        lines.extend(table(account, belongs));
        lines.push(String::new());
    }
    lines.extend(closing(account));
    lines.join("\n") + "\n"
}

/// What has a table of its own.
fn sections(account: &Account) -> Vec<(usize, &str, &str)> {
    let mut sections: Vec<_> =
        account.lines.keys().map(|heading| (heading.place, &*heading.job, &*heading.model)).collect();
    sections.sort_unstable();
    sections.dedup();
    sections
}

fn table(account: &Account, belongs: impl Fn(&Heading) -> bool) -> Vec<String> {
    let lines = account.lines.iter().filter(|(heading, _)| belongs(heading));
    let lines = lines.map(|(heading, sums)| row(heading.day.to_string(), heading.end.as_str(), sums));
    let sum = row("together".to_owned(), "", &account.sum(&belongs));
    let rows: Vec<Row> = once(COLUMNS.map(str::to_owned)).chain(lines).chain([sum]).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    rows.iter().map(|row| aligned(row, &widths)).collect()
}

fn row(day: String, outcome: &str, sums: &Sums) -> Row {
    let counts = [sums.attempts, sums.images, sums.prompt_tokens, sums.output_tokens, sums.thought_tokens].map(count);
    let [attempts, images, asked, answered, thought] = counts;
    let sum = |sum: Option<Usd>| sum.map_or(NOTHING.to_owned(), money);
    [day, outcome.to_owned(), attempts, images, asked, answered, thought, sum(sums.cost), sum(sums.maybe)]
}

fn aligned(row: &Row, widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| match column < WORDS {
        true => format!("  {cell:<width$}"),
        false => format!("  {cell:>width$}"),
    });
    cells.collect::<String>().trim_end().to_owned()
}

/// What all lines come to, and how sure that is.
fn closing(account: &Account) -> Vec<String> {
    let sum = |end: AttemptEnd| account.sum(|heading| heading.end == end);
    let settled = account.sum(|heading| heading.end.is_settled());
    let [lost, open, unsent] = [AttemptEnd::Lost, AttemptEnd::Open, AttemptEnd::Unsent].map(sum);
    let mut lines = vec![format!("settled    {}", used(&settled))];
    for (name, sums, what) in
        [("lost", lost, "no whole answer came: maybe billed"), ("open", open, "not ended yet: maybe billed")]
    {
        if sums.attempts > 0 {
            let most = sums.maybe.map_or("nobody knows how much".to_owned(), |most| format!("up to {}", money(most)));
            lines.push(format!("{name:<11}{}, {what}, {most}", attempts(&sums)));
        }
    }
    if unsent.attempts > 0 {
        lines.push(format!("unsent     {}, which never left: free", attempts(&unsent)));
    }
    let unpriced = settled.unpriced + lost.unpriced + open.unpriced;
    if unpriced > 0 {
        lines.push(format!("unpriced   {} of these at a price that nobody knew, missing in the sums", count(unpriced)));
    }
    lines.push(format!("days       those of {}, by when a request was sent", account.zone_name()));
    lines.push(match account.rehearsed {
        true => "prices     nothing was paid, this is a rehearsal; the sums are what it would be".to_owned(),
        false => format!("prices     the list prices of {}; a reseller's may differ", PriceList::LISTED),
    });
    lines
}

fn attempts(sums: &Sums) -> String {
    counted(sums.attempts, "attempt", "attempts")
}

/// What whole answers said they used.
fn used(sums: &Sums) -> String {
    let images = counted(sums.images, "image", "images");
    let [asked, answered, thought] = [sums.prompt_tokens, sums.output_tokens, sums.thought_tokens].map(count);
    let cost = sums.cost.map_or("at an unknown price".to_owned(), money);
    format!("{}, {images}, {asked} tokens in, {answered} out, {thought} for thinking: {cost}", attempts(sums))
}
