//! The words of `ledger`. Never acts on them.

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::WorkspaceArgs;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  # every job of this folder's workspace
  overnight ledger
  # one job's November, by the days of the bill
  overnight ledger nightly --since 2026-11-01 --until 2026-11-30 \\
      --timezone America/Los_Angeles
  # a line for each job, day, model and outcome, without sums
  overnight ledger --format csv > november.csv

Outcomes:
  done          answered whole, picture kept
  refused rejected transient throttled fatal
                answered whole, and no picture: why not
  lost          it left, and no whole answer came: maybe billed
  received      answered whole; waits in staging for a run
  open          on its way still
  unsent        it never left: free

An attempt belongs to the day on which it was sent. What answers used, by their
own count, is settled; for what is lost or open nobody can know, and it is told
apart, with the most it may have cost: what was reserved before it was sent. At
the list price only pictures cost something.
unpriced_attempts are those that may have cost something at a price that nobody
knew: cost_usd and maybe_billed_usd are without them.";

#[derive(Args, Debug)]
pub(in crate::cli) struct LedgerArgs {
    /// Jobs, by name or by file; without one, all of the workspace
    #[arg(value_name = "JOB")]
    pub jobs: Vec<String>,
    /// From this day on, such as 2026-11-01
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub since: Option<Date>,
    /// To this day, and with it
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub until: Option<Date>,
    /// Whose days they are, such as Europe/Berlin
    #[arg(long, value_name = "NAME", env = "OVERNIGHT_TIMEZONE", default_value = "UTC", value_parser = time_zone)]
    pub timezone: TimeZone,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = LedgerFormat::Text)]
    pub format: LedgerFormat,
    /// Print one JSON document; the same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
}

/// How `ledger` is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum LedgerFormat {
    /// A page for people
    Text,
    /// A table for spreadsheets: a line for each job, day, model and outcome
    Csv,
    /// One document: the same lines, and their sums
    Json,
}

/// A day of the calendar.
fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "this is no day; write year, month and day, for example 2026-11-01".to_owned())
}

/// A time zone by its name: as the system knows it, else as this program does.
fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| {
        let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.as_str().to_owned()).collect();
        let city = |zone: &&String| zone.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(name));
        let meant = known.iter().find(city).map_or("Europe/Berlin", String::as_str);
        format!("there is no such time zone; write one as the IANA list has it, for example {meant}, or UTC")
    })
}
