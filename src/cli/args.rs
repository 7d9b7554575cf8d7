//! The words of the command line and their help. Never acts on them.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::narrow::NarrowArgs;
use crate::job::{Options, TimeSpan, Workspace};
use crate::simulator::{Fault, FaultKind, KeyWay};

/// Start it in the evening, open the catalogue in the morning.
#[derive(Parser, Debug)]
#[command(name = "overnight", version, about, max_term_width = 100, propagate_version = true)]
pub(super) struct CommandLine {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Make the pictures; the same command again continues, and is a quick no-op when all is done
    #[command(after_long_help = RUN_EXAMPLES)]
    Run(Box<RunArgs>),
    /// Tell how jobs stand: counts, money, whether a run is on
    #[command(after_long_help = STATUS_EXAMPLES)]
    Status(StatusArgs),
    /// Tell one item's whole story: its request, every attempt, its files
    #[command(after_long_help = SHOW_EXAMPLES)]
    Show(ShowArgs),
    /// Account for every attempt, to be laid beside the provider's bill
    #[command(after_long_help = LEDGER_EXAMPLES)]
    Ledger(LedgerArgs),
    /// Put failed items back in the queue; without a choice all that failed but the refused and the lost
    #[command(after_long_help = RETRY_EXAMPLES)]
    Retry(RetryArgs),
    /// Take waiting items out of the queue
    #[command(after_long_help = CANCEL_EXAMPLES)]
    Cancel(CancelArgs),
    /// Check every file against the database: missing, changed, orphaned
    #[command(after_long_help = VERIFY_EXAMPLES)]
    Verify(VerifyArgs),
    /// Be a Gemini-compatible server on loopback, with faults on demand
    #[command(after_help = fault_kinds())]
    Simulate(SimulateArgs),
}

const RUN_EXAMPLES: &str = "Examples:
  overnight run products.csv                     every default, pictures in output/products
  overnight run jobs/nightly.toml                a job file
  overnight run jobs/nightly.toml --rehearse     the same without key, network or cost
  overnight run products.csv --limit 20          the first twenty, to look at
  sqlite3 -csv -header shop.db 'SELECT …' | overnight run - --name wares --manifest-format csv
                                                 a list from another program
  overnight run jobs/*.toml -q                   from cron: silent unless something is wrong

Exit codes:
  0 complete   2 usage, job or manifest   3 some items failed   4 halted: key, account, day quota
  5 stopped by a limit   75 another run of this job is on   130, 143 stopped by a signal   1 anything else";

const STATUS_EXAMPLES: &str = "Examples:
  overnight status                               every job of this folder's workspace
  overnight status jobs/nightly.toml --json      one job, for a script";

const SHOW_EXAMPLES: &str = "Examples:
  overnight show nightly mug-7                   why it failed, or where its picture is
  overnight show jobs/nightly.toml mug-7 --json  the same for a script";

const LEDGER_EXAMPLES: &str = "Examples:
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
apart, with the most it may have cost, at one image each. Only pictures have a
price here. unpriced_attempts are those that may have cost something at a price
that nobody knew: cost_usd and maybe_billed_usd are without them.";

const RETRY_EXAMPLES: &str = "Examples:
  overnight retry nightly                        what failed, but not what was refused or lost
  overnight retry nightly --refused              what the model refused
  overnight retry nightly --item mug-7 --item mug-9";

const CANCEL_EXAMPLES: &str = "Examples:
  overnight cancel nightly                       everything that waits
  overnight cancel nightly --item mug-7";

const VERIFY_EXAMPLES: &str = "Examples:
  overnight verify nightly                       every picture and caption, byte for byte
  overnight verify nightly --json                the same for a script
  overnight verify nightly --requeue             what is gone goes back to the queue; then run again

What is found:
  missing      nothing lies there any more
  truncated    only the beginning of the picture lies there
  changed      something else lies there: somebody's work, which stays
  orphaned     a picture or caption that no item has
  staged       left behind in staging by a run that was killed

Exit codes:
  0 all as it was kept   1 with findings, mended or not   2 usage";

#[derive(Args, Debug)]
pub(super) struct RunArgs {
    /// Job files (.toml) or bare manifests (.csv, .tsv, .jsonl, .ndjson, each also with .gz); `-` is standard input
    #[arg(required = true, value_name = "JOB.toml|MANIFEST")]
    pub targets: Vec<PathBuf>,
    #[command(flatten)]
    pub options: Options,
    #[command(flatten)]
    pub narrow: NarrowArgs,
    /// Say nothing but errors
    #[arg(short, long, help_heading = "What is told", conflicts_with = "verbose")]
    pub quiet: bool,
    /// Log more on stderr: -v what happens, -vv how, -vvv everything
    #[arg(short, long, action = ArgAction::Count, help_heading = "What is told")]
    pub verbose: u8,
}

/// Which workspace database is meant, for every command that takes a JOB.
#[derive(Args, Debug)]
pub(super) struct WorkspaceArgs {
    /// The workspace database [default: the job's, or overnight.db here]
    #[arg(long, value_name = "PATH", env = "OVERNIGHT_DB")]
    pub db: Option<PathBuf>,
    /// Look at the rehearsal instead
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL",
          env = "OVERNIGHT_REHEARSE", hide_possible_values = true)]
    pub rehearse: Option<bool>,
}

impl WorkspaceArgs {
    /// They as they are typed, for a command that is told to be typed next.
    pub fn words(&self) -> Vec<String> {
        let db = self.db.iter().flat_map(|db| ["--db".to_owned(), db.display().to_string()]);
        db.chain((self.rehearse == Some(true)).then(|| "--rehearse".to_owned())).collect()
    }

    /// What they mean to someone who stands in `current_dir`.
    pub fn at<'a>(&'a self, current_dir: &'a Path) -> Workspace<'a> {
        Workspace { db: self.db.as_deref(), rehearse: self.rehearse, current_dir }
    }
}

#[derive(Args, Debug)]
pub(super) struct StatusArgs {
    /// Jobs, by name or by file; without one, all of the workspace
    #[arg(value_name = "JOB")]
    pub jobs: Vec<String>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
}

#[derive(Args, Debug)]
pub(super) struct ShowArgs {
    /// The job, by name or by file
    #[arg(value_name = "JOB")]
    pub job: String,
    /// The item's id
    #[arg(value_name = "ITEM")]
    pub item: String,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
}

#[derive(Args, Debug)]
pub(super) struct LedgerArgs {
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
    #[arg(long, value_name = "NAME", default_value = "UTC", value_parser = time_zone)]
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
pub(super) enum LedgerFormat {
    /// A page for people
    Text,
    /// A table for spreadsheets: a line for each job, day, model and outcome
    Csv,
    /// One document: the same lines, and their sums
    Json,
}

#[derive(Args, Debug)]
pub(super) struct RetryArgs {
    /// The job, by name or by file
    #[arg(value_name = "JOB")]
    pub job: String,
    /// What the model refused
    #[arg(long)]
    pub refused: bool,
    /// What was sent and never answered, and held for you
    #[arg(long)]
    pub lost: bool,
    /// This item, failed or cancelled; may be given several times
    #[arg(long = "item", value_name = "ID")]
    pub items: Vec<String>,
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
}

#[derive(Args, Debug)]
pub(super) struct CancelArgs {
    /// The job, by name or by file
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Only this item; may be given several times
    #[arg(long = "item", value_name = "ID")]
    pub items: Vec<String>,
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
}

#[derive(Args, Debug)]
pub(super) struct VerifyArgs {
    /// The job, by name or by file
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Put items back whose picture is missing or truncated, for the next run to make, and write missing captions again
    #[arg(long)]
    pub requeue: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
}

#[derive(Args, Debug)]
pub(super) struct SimulateArgs {
    /// Port; 0 takes any that is free
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Address to listen on. Beyond this machine the only key is a token: OVERNIGHT_SIMULATE_TOKEN, or one it makes and
    /// prints on stderr; /stats, /account and /reset want it too
    #[arg(long, value_name = "ADDR", default_value_t = Ipv4Addr::LOCALHOST.into())]
    pub bind: IpAddr,
    /// Another seed gives other pictures, and faults to other requests
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How long every answer takes at least, such as 2s
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = waiting_time)]
    pub latency: Duration,
    /// How much longer it may take
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = waiting_time)]
    pub jitter: Duration,
    /// Requests any minute takes, such as 1500/min; the rest are answered 429
    #[arg(long, value_name = "N/min")]
    pub quota: Option<PerMinute>,
    /// How a key has to come: any, header, query or bearer; another way counts as none
    #[arg(long, value_name = "WAY", default_value = "any")]
    pub auth: KeyWay,
    /// How long an answer of the kind `drip` takes
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = waiting_time)]
    pub drip: Duration,
    /// Let this share of the requests fail so, such as 503=3%; may be given several times
    #[arg(long = "fail", value_name = "KIND=RATE")]
    pub faults: Vec<Fault>,
}

/// A number of requests a minute: `1500/min`, or `1500`.
#[derive(Debug, Clone, Copy)]
pub(super) struct PerMinute(pub NonZeroU32);

impl FromStr for PerMinute {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix("/min").unwrap_or(text).parse().map(Self);
        number.map_err(|_| format!("`{text}` is not a number of requests a minute; write for example 1500/min"))
    }
}

/// Unlike a time-out, a wait may be nothing.
fn waiting_time(text: &str) -> Result<Duration, String> {
    if matches!(text, "0" | "0s" | "0ms") {
        return Ok(Duration::ZERO);
    }
    text.parse::<TimeSpan>().map(|span| span.0).map_err(|error| error.to_string())
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

/// The kinds of faults for the help of `simulate`, and how a prompt names them.
fn fault_kinds() -> String {
    format!(
        "Kinds of faults, for --fail KIND=RATE, or for one prompt that holds [[simulate:KIND]]:\n{}\n\n\
         In a prompt, several words are for one ask of that request after the other, and the last for all that follow: \
         after [[simulate:503 cut ok]] the third ask gets a good answer. Prompts come before rates. `run --rehearse` \
         knows the same kinds. GET /stats counts them; GET /account tells what a \
         provider would bill.",
        FaultKind::list()
    )
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }
}
