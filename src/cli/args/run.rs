//! The words of `run`. Never acts on them.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args};

use super::NarrowArgs;
use crate::job::Options;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  overnight run products.csv                     every default, pictures in output/products
  overnight run jobs/nightly.toml                a job file
  overnight run jobs/nightly.toml --rehearse     the same without key, network or cost
  overnight run products.csv --limit 20          the first twenty, to look at
  sqlite3 -csv -header shop.db 'SELECT …' | overnight run - --name wares --manifest-format csv
                                                 a list from another program
  overnight run jobs/*.toml -q                   from cron: silent unless something is wrong

Exit codes:
  0 complete   2 usage, job or manifest   3 some items failed   4 halted: key, account, day quota
  5 stopped by --limit, --max-images or --halt-after, or a pilot waits for approval,
    or the job is paused
  8 a money cap was reached   10 the deadline was reached (--until, --max-duration)
  75 another run of this job is on   130, 143 stopped by a signal   1 anything else";

#[derive(Args, Debug)]
pub(in crate::cli) struct RunArgs {
    /// Job files (.toml) or bare manifests (.csv, .tsv, .jsonl, .ndjson, each also with .gz; .xlsx; a folder of images);
    /// `-` is standard input
    #[arg(required = true, value_name = "JOB.toml|MANIFEST")]
    pub targets: Vec<PathBuf>,
    #[command(flatten)]
    pub options: Options,
    #[command(flatten)]
    pub narrow: NarrowArgs,
    /// Say nothing but errors
    #[arg(short, long, env = "OVERNIGHT_QUIET", help_heading = "What is told")]
    pub quiet: bool,
    /// Log more: -v what happens, -vv how, -vvv all
    #[arg(short, long, action = ArgAction::Count, env = "OVERNIGHT_VERBOSE", value_parser = verbosity,
          help_heading = "What is told")]
    pub verbose: u8,
}

impl RunArgs {
    /// Quiet and verbose at once is a mistake, unless only one of them is on the command line: that one counts.
    pub(super) fn settle(&mut self, given: &ArgMatches) -> Result<(), clap::Error> {
        if !self.quiet || self.verbose == 0 {
            return Ok(());
        }
        let typed = |id| given.value_source(id) == Some(ValueSource::CommandLine);
        match (typed("quiet"), typed("verbose")) {
            (true, false) => self.verbose = 0,
            (false, true) => self.quiet = false,
            (true, true) => return Err(conflict("--quiet and --verbose", "leave one out")),
            (false, false) => return Err(conflict("OVERNIGHT_QUIET and OVERNIGHT_VERBOSE", "unset one")),
        }
        Ok(())
    }
}

/// How often `-v` was said, as a variable says it.
fn verbosity(text: &str) -> Result<u8, String> {
    text.parse().map_err(|_| "it says how much to log; write 1, 2 or 3".to_owned())
}

fn conflict(both: &str, remedy: &str) -> clap::Error {
    let message = format!("{both} contradict each other; {remedy}");
    clap::Error::raw(ErrorKind::ArgumentConflict, message)
}
