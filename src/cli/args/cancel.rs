//! The words of `cancel`. Never acts on them.

use clap::Args;

use super::WorkspaceArgs;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  overnight cancel nightly                       everything that waits
  overnight cancel nightly --item mug-7";

#[derive(Args, Debug)]
pub(in crate::cli) struct CancelArgs {
    /// The job, by name or by file
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Only this item; may be given several times
    #[arg(long = "item", value_name = "ID")]
    pub items: Vec<String>,
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
}
