//! The account for programs: `--format json` and `--format csv`. Never shapes text for people.

use serde::Serialize;

use super::super::args::LedgerArgs;
use super::account::{Account, Heading, Sums};
use crate::domain::Usd;
use crate::queue::AttemptEnd;

/// The document of `ledger --json`: every key always there, null where nothing is known.
#[derive(Serialize)]
struct Document<'a> {
    /// Whether a simulator answered all of it, so that nothing was paid.
    rehearsal: bool,
    timezone: &'a str,
    since: Option<String>,
    until: Option<String>,
    lines: Vec<Line<'a>>,
    totals: Totals,
}

/// One line of the account.
#[derive(Serialize)]
struct Line<'a> {
    job: &'a str,
    day: String,
    model: Option<&'a str>,
    outcome: &'static str,
    #[serde(flatten)]
    sums: Figures,
}

/// The sums of all lines, by whether they stand on a bill.
#[derive(Serialize)]
struct Totals {
    /// Answered whole.
    settled: Figures,
    /// Answered whole, and waiting in staging.
    received: Figures,
    lost: Figures,
    open: Figures,
    unsent: Figures,
}

#[derive(Serialize)]
struct Figures {
    attempts: u64,
    images: u64,
    prompt_tokens: u64,
    output_tokens: u64,
    thought_tokens: u64,
    cost_usd: Option<Usd>,
    maybe_billed_usd: Option<Usd>,
    unpriced_attempts: u64,
}

/// The columns of the table. Scripts rely on the names and their order.
const COLUMNS: [&str; 12] = [
    "job",
    "day",
    "model",
    "outcome",
    "attempts",
    "images",
    "prompt_tokens",
    "output_tokens",
    "thought_tokens",
    "cost_usd",
    "maybe_billed_usd",
    "unpriced_attempts",
];

impl From<Sums> for Figures {
    fn from(sums: Sums) -> Self {
        let Sums { attempts, images, prompt_tokens, output_tokens, thought_tokens, cost, maybe, unpriced, .. } = sums;
        Self {
            attempts,
            images,
            prompt_tokens,
            output_tokens,
            thought_tokens,
            cost_usd: cost,
            maybe_billed_usd: maybe,
            unpriced_attempts: unpriced,
        }
    }
}

impl<'a> From<(&'a Heading, &Sums)> for Line<'a> {
    fn from((heading, sums): (&'a Heading, &Sums)) -> Self {
        Self {
            job: &heading.job,
            day: heading.day.to_string(),
            model: Some(heading.model.as_str()).filter(|model| !model.is_empty()),
            outcome: heading.end.as_str(),
            sums: (*sums).into(),
        }
    }
}

/// The account as one JSON document, with a line end behind it.
pub(super) fn document(account: &Account, args: &LedgerArgs) -> anyhow::Result<String> {
    let total = |end: AttemptEnd| account.sum(|heading| heading.end == end).into();
    let document = Document {
        rehearsal: account.rehearsed,
        timezone: account.zone_name(),
        since: args.since.map(|day| day.to_string()),
        until: args.until.map(|day| day.to_string()),
        lines: account.lines.iter().map(Line::from).collect(),
        totals: Totals {
            settled: account.sum(|heading| heading.end.is_settled()).into(),
            received: total(AttemptEnd::Received),
            lost: total(AttemptEnd::Lost),
            open: total(AttemptEnd::Open),
            unsent: total(AttemptEnd::Unsent),
        },
    };
    Ok(serde_json::to_string(&document)? + "\n")
}

/// The account as a table. It holds no sums, so that whoever sums it up counts nothing twice.
pub(super) fn table(account: &Account) -> anyhow::Result<String> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(COLUMNS)?;
    for Line { job, day, model, outcome, sums } in account.lines.iter().map(Line::from) {
        let counts = [sums.attempts, sums.images, sums.prompt_tokens, sums.output_tokens, sums.thought_tokens];
        let money = [sums.cost_usd, sums.maybe_billed_usd].map(|sum| sum.map(|sum| sum.dollars().to_string()));
        let words = [job, &day, model.unwrap_or_default(), outcome].map(str::to_owned).into_iter();
        let figures = counts.map(|count| count.to_string()).into_iter().chain(money.map(Option::unwrap_or_default));
        table.write_record(words.chain(figures).chain([sums.unpriced_attempts.to_string()]))?;
    }
    Ok(String::from_utf8(table.into_inner()?)?)
}
