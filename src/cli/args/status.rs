//! The words of `status`. Never acts on them.

use clap::Args;

use super::WorkspaceArgs;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  overnight status                               every job of this folder's workspace
  overnight status jobs/nightly.toml --json      one job, for a script";

#[derive(Args, Debug)]
pub(in crate::cli) struct StatusArgs {
    /// Jobs, by name or by file; without one, all of the workspace
    #[arg(value_name = "JOB")]
    pub jobs: Vec<String>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
}
