//! The words of `schedule`. Never acts on them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Verbosity;
use crate::domain::{LogFormat, Progress};
use crate::job::FileSize;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  overnight schedule --next 3                    the coming starts of the jobs of this workspace
  overnight schedule jobs/nightly.toml           stay, and run this job at its times
  overnight schedule --print crontab             lines for `crontab -e` instead
  overnight schedule --print systemd -o units    units for systemd instead, a service and a timer a job

A job starts by itself if its file says when, below [schedule]. A job has one run at a time, however many schedulers
and other commands there are: a start that finds one on is skipped. A killed scheduler that is started again goes on
with the runs that were on, within their deadlines. SIGHUP looks at the job files at once.

Exit codes:
  2 usage, a job file at fault, or none that says when   130, 143 stopped by a signal: the first lets what is in
  flight come back, a second stops at once               1 anything else";

#[derive(Args, Debug)]
pub(in crate::cli) struct ScheduleArgs {
    /// Job files, or folders of them; new ones in a folder are taken in, changed ones hold from the next start on
    /// [default: jobs, or this folder where there is none]
    #[arg(value_name = "DIR|JOB.toml")]
    pub targets: Vec<PathBuf>,
    /// Only show the next start of each job, or the next N
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "1", value_parser = coming)]
    pub next: Option<usize>,
    /// Print them as one JSON document
    #[arg(long, requires = "next")]
    pub json: bool,
    /// Only print what has them run: lines for a crontab, units for systemd (a service and a timer a job), or scheduler,
    /// a service of systemd for `overnight schedule` itself
    #[arg(long, value_name = "WHAT", conflicts_with = "next", hide_possible_values = true)]
    pub print: Option<Print>,
    /// Write the units into this folder, a file each, instead of printing them
    #[arg(short, long, value_name = "DIR", requires = "print")]
    pub output: Option<PathBuf>,
    /// Play all of it through against a simulator: no key, no network, nothing paid
    #[arg(long, env = "OVERNIGHT_REHEARSE")]
    pub rehearse: bool,
    /// How the runs' progress is shown: plain or none
    #[arg(long, value_name = "HOW", env = "OVERNIGHT_PROGRESS", help_heading = "What is told")]
    pub progress: Option<Progress>,
    /// How log lines are written: text or json
    #[arg(long, value_name = "FORMAT", env = "OVERNIGHT_LOG_FORMAT", help_heading = "What is told")]
    pub log_format: Option<LogFormat>,
    /// Append log lines to this file: what happens in all runs, and what -vv and -vvv bring; a job file's own log_file is
    /// for `run`
    #[arg(long, value_name = "PATH", env = "OVERNIGHT_LOG_FILE", help_heading = "What is told")]
    pub log_file: Option<PathBuf>,
    /// How large it may grow before it is put aside as PATH.1; five of them are kept [default: 10MiB]
    #[arg(long, value_name = "SIZE", env = "OVERNIGHT_LOG_FILE_SIZE", help_heading = "What is told")]
    pub log_file_size: Option<FileSize>,
    #[command(flatten)]
    pub told: Verbosity,
}

/// Who is to run the jobs instead.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Print {
    /// Lines for `crontab -e`
    Crontab,
    /// A service and a timer for each job
    Systemd,
    /// A service of systemd that keeps `overnight schedule` itself running
    Scheduler,
}

/// How many starts are shown; the most are those of a day at every minute.
fn coming(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=1440).contains(number));
    number.ok_or_else(|| "write a whole number from 1 to 1440, and a folder ahead of --next".to_owned())
}
