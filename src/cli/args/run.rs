//! The words of `run`. Never acts on them.

use std::path::PathBuf;

use clap::Args;

use super::{NarrowArgs, Verbosity};
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
    #[command(flatten)]
    pub told: Verbosity,
}
