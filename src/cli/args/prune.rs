//! The words of `prune`. Never acts on them.

use std::time::Duration;

use clap::Args;

use super::WorkspaceArgs;
use crate::job::TimeSpan;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  overnight prune --dry-run                      what would go, file by file, in all jobs of the workspace
  overnight prune nightly                        what one job no longer needs
  overnight prune nightly --older-than 0 --keep 1
                                                 all earlier pictures but the newest of each item

What goes:
  versions     earlier pictures in .versions, 30 days after their successors came, with their captions
  staged       what killed runs left in staging; never an answer that waits to be published
  copies       of the database from before its migrations, after 30 days; without a JOB only
What stays: every picture that an item has now, the results, whatever was not made by these jobs or was changed since,
and fetched references below .overnight, for nothing tells which are used still.

Exit codes:
  0 done, or nothing to do   1 something that should go is still there   75 a run of such a job is on; the others were done";

#[derive(Args, Debug)]
pub(in crate::cli) struct PruneArgs {
    /// Jobs, by name or by file; without one, all of the workspace, and the copies of its database
    #[arg(value_name = "JOB")]
    pub jobs: Vec<String>,
    /// Tell what would go, and leave it
    #[arg(long)]
    pub dry_run: bool,
    /// Only what is older, such as 30d or 12h; 0 for everything [default: 30d, and 0 for what is left in staging]
    #[arg(long, value_name = "TIME", value_parser = age)]
    pub older_than: Option<Duration>,
    /// Leave so many earlier versions of each item, the newest, however old
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep: usize,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
}

/// An age may be nothing.
fn age(text: &str) -> Result<Duration, String> {
    match text {
        "0" => Ok(Duration::ZERO),
        _ => text.parse::<TimeSpan>().map(|TimeSpan(length)| length).map_err(|error| error.to_string()),
    }
}
