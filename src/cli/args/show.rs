//! The words of `show`. Never acts on them.

use clap::Args;

use super::WorkspaceArgs;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  overnight show nightly mug-7                   why it failed, or where its picture is
  overnight show jobs/nightly.toml mug-7 --json  the same for a script";

#[derive(Args, Debug)]
pub(in crate::cli) struct ShowArgs {
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
