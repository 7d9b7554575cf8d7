//! The words of `doctor`. Never acts on them.

use clap::Args;

use crate::job::Options;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  overnight doctor                               every job file in jobs/, else what the environment says
  overnight doctor jobs/nightly.toml             one job, before its first night
  overnight doctor jobs/nightly.toml --paid      and one small picture, at its price

What is looked at: job file and list, key, endpoint, model and clock, database and locks, folders and room, open files,
time zone. The options of `run` are taken as well, and mean the same. Nothing that costs is sent without --paid.

Exit codes:
  0 nothing at fault (a note is none)   1 something is   2 usage";

/// The options that its help shows; it takes the others of `run` too.
const SHOWN: &[&str] = &[
    "jobs",
    "paid",
    "json",
    "db",
    "rehearse",
    "output",
    "base_url",
    "auth",
    "api_key_env",
    "api_key_file",
    "api_key_command",
    "ca_file",
    "model",
    "concurrency",
    "help",
];

#[derive(Args, Debug)]
#[command(mut_args(|argument| {
    let is_shown = SHOWN.contains(&argument.get_id().as_str());
    argument.hide_env_values(true).hide(!is_shown)
}))]
pub(in crate::cli) struct DoctorArgs {
    /// Jobs, by file or by name; without one, those in jobs/
    #[arg(value_name = "JOB")]
    pub jobs: Vec<String>,
    /// Also ask the model for one small picture, which costs what a picture of the first job costs; nothing is queued
    #[arg(long)]
    pub paid: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub options: Options,
}
