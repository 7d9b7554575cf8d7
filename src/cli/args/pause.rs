//! The words of `pause` and `resume`. Never acts on them.

use clap::Args;

use super::WorkspaceArgs;

/// What stands behind the help of `pause`.
pub(super) const EXAMPLES: &str = "Examples:
  overnight pause nightly                        nothing more is sent, until `resume`
  overnight pause jobs/nightly.toml --rehearse

A run that is on notices within about a second. It finishes and keeps what is in flight, and then waits, also beyond
the end of this command and of your session; its deadline, a cap and Ctrl-C end it as ever. A run that is started while
its job is paused sends nothing and ends with code 5. The jobs behind a paused one in the same command wait with it.";

/// What stands behind the help of `resume`.
pub(super) const RESUME_EXAMPLES: &str = "Examples:
  overnight resume nightly                       what was paused goes on

A run that waits goes on within about a second. Where none is on, the next one sends what is left.";

#[derive(Args, Debug)]
pub(in crate::cli) struct PauseArgs {
    /// The job, by name or by file
    #[arg(value_name = "JOB")]
    pub job: String,
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
}
