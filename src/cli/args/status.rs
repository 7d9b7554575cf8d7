//! The words of `status`. Never acts on them.

use std::time::Duration;

use clap::Args;

use super::super::exit::UsageError;
use super::WorkspaceArgs;
use crate::job::TimeSpan;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  overnight status                               every job of this folder's workspace
  overnight status jobs/nightly.toml --json      one job, for a script
  overnight status --watch                       again and again, until Ctrl-C
  overnight status nightly --watch 10 --json     a line each time that something changed";

/// No database is asked more often.
const SHORTEST_WATCH: Duration = Duration::from_millis(200);

#[derive(Args, Debug)]
pub(in crate::cli) struct StatusArgs {
    /// Jobs, by name or by file; without one, all of the workspace
    #[arg(value_name = "JOB")]
    pub jobs: Vec<String>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Look again every so many seconds, 2 without a number, 0.2 at least, until Ctrl-C, which ends it with code 0
    ///
    /// On a terminal it is drawn in place, and how it stood at the end stays. Elsewhere, and with --json, something is
    /// written only when something has changed: a block with the time, or one JSON document a line
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2")]
    pub watch: Option<String>,
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
}

impl StatusArgs {
    /// The jobs that are meant, and how often they are looked at if more than once. A word behind `--watch` that is no
    /// number is one of the jobs.
    pub fn watched(&self) -> Result<(Vec<String>, Option<Duration>), UsageError> {
        let Some(word) = &self.watch else { return Ok((self.jobs.clone(), None)) };
        let seconds = word.parse().ok().map(Duration::try_from_secs_f64);
        match seconds.or_else(|| word.parse().ok().map(|TimeSpan(length)| Ok(length))) {
            None => Ok(([std::slice::from_ref(word), &self.jobs].concat(), Some(Duration::from_secs(2)))),
            Some(Ok(length)) if length >= SHORTEST_WATCH => Ok((self.jobs.clone(), Some(length))),
            Some(_) => {
                Err(UsageError(format!("--watch: `{word}` is too short or no number of seconds; write 0.2 or more")))
            }
        }
    }
}
