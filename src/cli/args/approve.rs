//! The words of `approve`. Never acts on them.

use clap::Args;

use super::WorkspaceArgs;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  overnight run jobs/nightly.toml --pilot 20     the first twenty, to look at
  overnight approve nightly                      they are good: the next run sends the others";

#[derive(Args, Debug)]
pub(in crate::cli) struct ApproveArgs {
    /// The job, by name or by file
    #[arg(value_name = "JOB")]
    pub job: String,
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
}
