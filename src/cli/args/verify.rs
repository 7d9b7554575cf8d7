//! The words of `verify`. Never acts on them.

use clap::Args;

use super::WorkspaceArgs;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
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
pub(in crate::cli) struct VerifyArgs {
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
