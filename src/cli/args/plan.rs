//! The words of `plan`. Never acts on them.

use std::path::PathBuf;

use clap::Args;

use super::NarrowArgs;
use crate::job::Options;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  overnight plan jobs/spring.toml                what would be made, and what it would cost
  overnight plan jobs/spring.toml --items        every item with what would become of it
  overnight plan jobs/spring.toml --changed      the same for a run that makes changed items again
  overnight plan jobs/spring.toml --sample 20    for a run that makes but twenty of them
  overnight plan products.csv --json             for a script

In front of an item:
  + new   ~ its row reads otherwise now   = as before   - without a row any more

Exit codes:
  0 a run would be taken   2 usage, job or manifest: everything that is wrong is told";

#[derive(Args, Debug)]
pub(in crate::cli) struct PlanArgs {
    /// A job file (.toml) or a bare manifest (.csv, .tsv, .jsonl, .ndjson, each also with .gz; .xlsx; a folder of
    /// images); `-` is standard input
    #[arg(value_name = "JOB.toml|MANIFEST")]
    pub target: PathBuf,
    /// Name every item, also the new and the unchanged ones
    #[arg(long, help_heading = "What is told")]
    pub items: bool,
    /// Print one JSON document
    #[arg(long, help_heading = "What is told")]
    pub json: bool,
    #[command(flatten)]
    pub narrow: NarrowArgs,
    #[command(flatten)]
    pub options: Options,
}
