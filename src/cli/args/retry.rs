//! The words of `retry`. Never acts on them.

use clap::Args;

use super::WorkspaceArgs;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  overnight retry nightly                        what failed, but not what was refused or lost
  overnight retry nightly --refused              what the model refused
  overnight retry nightly --item mug-7 --item mug-9";

#[derive(Args, Debug)]
pub(in crate::cli) struct RetryArgs {
    /// The job, by name or by file
    #[arg(value_name = "JOB")]
    pub job: String,
    /// What the model refused
    #[arg(long)]
    pub refused: bool,
    /// What was sent and never answered, and held for you
    #[arg(long)]
    pub lost: bool,
    /// This item, failed or cancelled; may be given several times
    #[arg(long = "item", value_name = "ID")]
    pub items: Vec<String>,
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
}
