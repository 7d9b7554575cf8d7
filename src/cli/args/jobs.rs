//! The words of `jobs`. Never acts on them.

use clap::Args;

use super::WorkspaceArgs;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  overnight jobs                                 a line a job: those that ran, and those of jobs/ that never did
  overnight jobs --json                          the same for a script
  overnight status                               each of them in detail";

#[derive(Args, Debug)]
pub(in crate::cli) struct JobsArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
}
