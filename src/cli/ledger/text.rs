//! The account as people read it: a table a job and model, and what all of it comes to. Never hides what is uncertain.

use std::collections::BTreeSet;
use std::iter::once;

use super::super::args::LedgerArgs;
use super::account::{Account, Heading, Sums};
use super::period;
use crate::domain::{PriceList, Usd};
use crate::queue::AttemptEnd;
use crate::report::words::{count, counted, money, one_line, wrap};

/// What a page is laid out for, wherever it is read.
const WIDTH: usize = 80;
/// Where the facts below the tables stand.
const INDENT: usize = 11;
/// The columns of a table: the first two hold words, the others figures.
const COLUMNS: [&str; 9] = ["day", "outcome", "attempts", "images", "prompt", "output", "thought", "cost", "maybe"];
/// Columns that are left out where they say nothing.
const THOUGHT: usize = 6;
const MAYBE: usize = 8;
/// Where nothing is known.
const NOTHING: &str = "–";

type Row = [String; COLUMNS.len()];

/// The whole page, with a line end behind the last line.
pub(super) fn page(account: &Account, args: &LedgerArgs) -> String {
    let mut lines = Vec::new();
    for section in sections(account) {
        lines.extend(table(account, section));
        lines.push(String::new());
    }
    if lines.is_empty() {
        lines.push("no attempts".to_owned());
    } else {
        lines.extend(closing(account));
    }
    lines.extend(period(args).map(|period| fact("period", &period)).unwrap_or_default());
    lines.join("\n") + "\n"
}

/// What has a table of its own: a job of a database, and a model.
type Section<'a> = (usize, &'a str, &'a str);

fn sections(account: &Account) -> BTreeSet<Section<'_>> {
    account.lines.keys().map(|heading| (heading.place, &*heading.job, &*heading.model)).collect()
}

fn table(account: &Account, section: Section<'_>) -> Vec<String> {
    let belongs = |heading: &Heading| (heading.place, &*heading.job, &*heading.model) == section;
    let own: Vec<_> = account.lines.iter().filter(|(heading, _)| belongs(heading)).collect();
    let years: BTreeSet<i16> = own.iter().map(|(heading, _)| heading.day.year()).collect();
    let is_one_year = years.len() == 1;
    let mut before = None;
    let lines = own.iter().map(|(heading, sums)| {
        let is_new = before.replace(heading.day) != Some(heading.day);
        let day = heading.day.strftime(if is_one_year { "%m-%d" } else { "%Y-%m-%d" }).to_string();
        row(if is_new { day } else { String::new() }, heading.end.as_str(), sums)
    });
    let sum = account.sum(belongs);
    let rows: Vec<Row> =
        once(COLUMNS.map(str::to_owned)).chain(lines).chain([row("sum".to_owned(), "", &sum)]).collect();
    let is_shown = |column: &usize| match *column {
        THOUGHT => sum.thought_tokens > 0,
        MAYBE => sum.maybe.is_some(),
        _ => true,
    };
    let shown: Vec<usize> = (0..COLUMNS.len()).filter(is_shown).collect();
    once(title(section, &years)).chain(aligned(&rows, &shown)).collect()
}

fn title((_, job, model): Section<'_>, years: &BTreeSet<i16>) -> String {
    let model = if model.is_empty() { "a model that nobody noted" } else { model };
    let year = years.first().filter(|_| years.len() == 1).map(|year| format!(", {year}")).unwrap_or_default();
    format!("{}, {}{year}:", one_line(job), one_line(model))
}

fn row(day: String, outcome: &str, sums: &Sums) -> Row {
    let counts = [sums.attempts, sums.images, sums.prompt_tokens, sums.output_tokens, sums.thought_tokens].map(count);
    let [attempts, images, asked, answered, thought] = counts;
    let sum = |sum: Option<Usd>| sum.map_or(NOTHING.to_owned(), money);
    [day, outcome.to_owned(), attempts, images, asked, answered, thought, sum(sums.cost), sum(sums.maybe)]
}

/// The rows as lines: words to the left, figures to the right.
fn aligned(rows: &[Row], shown: &[usize]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let line = |row: &Row| {
        let cells = shown.iter().map(|&column| (column, &row[column], width(column)));
        let cells = cells.map(|(column, cell, width)| match column {
            0 => format!("{cell:<width$}"),
            1 => format!(" {cell:<width$}"),
            _ => format!("  {cell:>width$}"),
        });
        cells.collect::<String>().trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// What all lines come to, and how sure that is.
fn closing(account: &Account) -> Vec<String> {
    let sum = |end: AttemptEnd| account.sum(|heading| heading.end == end);
    let settled = account.sum(|heading| heading.end.is_settled());
    let [received, lost, open, unsent] =
        [AttemptEnd::Received, AttemptEnd::Lost, AttemptEnd::Open, AttemptEnd::Unsent].map(sum);
    let answered = settled.answered + received.answered;
    let mut facts = vec![
        ("settled", used(&settled)),
        (
            "answered",
            format!("{} with usage, to lay beside the provider's requests", counted(answered, "attempt", "attempts")),
        ),
    ];
    let mut note = |name, sums: &Sums, what: &dyn Fn(&Sums) -> String| {
        if sums.attempts > 0 {
            facts.push((name, what(sums)));
        }
    };
    note("received", &received, &|sums| format!("{}; waits in staging, and the next run ends it", used(sums)));
    note("lost", &lost, &|sums| format!("{}, no whole answer came: maybe billed, {}", attempts(sums), most(sums)));
    note("open", &open, &|sums| format!("{}, not ended yet: maybe billed, {}", attempts(sums), most(sums)));
    note("unsent", &unsent, &|sums| format!("{}, which never left: free", attempts(sums)));
    let unpriced = settled.unpriced + received.unpriced + lost.unpriced + open.unpriced;
    if unpriced > 0 {
        facts.push((
            "unpriced",
            format!("{} of these at a price that nobody knew, missing in the sums", count(unpriced)),
        ));
    }
    let columns = if settled.thought_tokens > 0 { "prompt, output and thought" } else { "prompt and output" };
    facts.push(("tokens", format!("those of the columns {columns}")));
    facts.push(("days", format!("those of {}, by when a request was sent", account.zone_name())));
    facts.push(("prices", prices(account.rehearsed)));
    facts.into_iter().flat_map(|(name, text)| fact(name, &text)).collect()
}

fn prices(rehearsed: bool) -> String {
    let what = format!(
        "at the price that held when a request was sent: the job's own, or else the list price of {}, which is for \
         pictures only",
        PriceList::LISTED
    );
    match rehearsed {
        true => format!("nothing was paid, this is a rehearsal; the sums are what it would be, {what}"),
        false => what,
    }
}

/// A fact behind its name, over as many lines as it takes.
fn fact(name: &str, text: &str) -> Vec<String> {
    let lines = wrap(text, WIDTH - INDENT).into_iter().enumerate();
    lines.map(|(index, line)| format!("{:<INDENT$}{line}", if index == 0 { name } else { "" })).collect()
}

fn attempts(sums: &Sums) -> String {
    counted(sums.attempts, "attempt", "attempts")
}

/// What uncertain attempts may have cost.
fn most(sums: &Sums) -> String {
    sums.maybe.map_or("nobody knows how much".to_owned(), |most| format!("up to {} as reserved", money(most)))
}

/// What whole answers said they used.
fn used(sums: &Sums) -> String {
    let images = counted(sums.images, "image", "images");
    let [asked, answered] = [sums.prompt_tokens, sums.output_tokens].map(count);
    let thought = match sums.thought_tokens {
        0 => String::new(),
        thought => format!(", {} for thinking", count(thought)),
    };
    let cost = sums.cost.map_or("at an unknown price".to_owned(), money);
    format!("{}, {images}, {asked} tokens in, {answered} out{thought}: {cost}", attempts(sums))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::domain::FailureKind;

    fn sums(attempts: u64, images: u64, is_certain: bool) -> Sums {
        let cost = Usd::from_nanos(33_600_000);
        Sums {
            attempts,
            images,
            answered: images,
            prompt_tokens: images * 260,
            output_tokens: images * 1_120,
            thought_tokens: images * 30,
            cost: is_certain.then(|| cost.times(images)),
            maybe: (!is_certain).then(|| cost.times(attempts)),
            unpriced: 0,
        }
    }

    #[test]
    fn a_usual_night_fits_80_columns() {
        let mut account = Account::by_days_of(TimeZone::UTC);
        account.rehearsed = false;
        let ends = [
            (AttemptEnd::Done, sums(1_000, 1_000, true)),
            (AttemptEnd::Failed(FailureKind::Transient), sums(40, 0, true)),
            (AttemptEnd::Lost, sums(3, 0, false)),
            (AttemptEnd::Received, sums(2, 2, true)),
        ];
        for (day, (end, sums)) in [22, 23].into_iter().flat_map(|day| ends.map(|end| (day, end))) {
            let (place, job, model) = (0, "spring".to_owned(), "gemini-3.1-flash-lite-image".to_owned());
            account.lines.insert(Heading { place, job, day: date(2026, 11, day), model, end }, sums);
        }
        let told = lines(&account);
        assert!(told.iter().all(|line| line.chars().count() <= WIDTH), "{told:#?}");
        insta::assert_snapshot!(told.join("\n"), @r"
        spring, gemini-3.1-flash-lite-image, 2026:
        day   outcome    attempts  images   prompt     output  thought     cost  maybe
        11-22 done          1,000   1,000  260,000  1,120,000   30,000   $33.60      –
              transient        40       0        0          0        0    $0.00      –
              lost              3       0        0          0        0        –  $0.10
              received          2       2      520      2,240       60  $0.0672      –
        11-23 done          1,000   1,000  260,000  1,120,000   30,000   $33.60      –
              transient        40       0        0          0        0    $0.00      –
              lost              3       0        0          0        0        –  $0.10
              received          2       2      520      2,240       60  $0.0672      –
        sum                 2,090   2,004  521,040  2,244,480   60,120   $67.33  $0.20
        settled    2,080 attempts, 2,000 images, 520,000 tokens in, 2,240,000 out,
                   60,000 for thinking: $67.20
        answered   2,004 attempts with usage, to lay beside the provider's requests
        received   4 attempts, 4 images, 1,040 tokens in, 4,480 out, 120 for thinking:
                   $0.13; waits in staging, and the next run ends it
        lost       6 attempts, no whole answer came: maybe billed, up to $0.20 as
                   reserved
        tokens     those of the columns prompt, output and thought
        days       those of UTC, by when a request was sent
        prices     at the price that held when a request was sent: the job's own, or
                   else the list price of 2026-11, which is for pictures only
        ");
    }

    fn lines(account: &Account) -> Vec<String> {
        let tables = sections(account).into_iter().flat_map(|section| table(account, section));
        tables.chain(closing(account)).collect()
    }
}
