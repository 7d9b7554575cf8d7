//! `overnight run`: check every job, then drain one after the other.

mod hooks;
mod intake;
mod listeners;
mod looks;
mod painter;
mod price;
mod results;
mod session;
mod settings;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::accounts::Accounts;
use super::args::RunArgs;
use super::exit::{Code, UsageError};
use super::logs::LogWriter;
use super::metrics::Exposition;
use super::{current_dir, logs, open, runtime, signals};
use crate::job::Job;
pub(super) use hooks::{check, faulty, time_to_tell};
pub(super) use price::unpriced;
pub(super) use session::{Process, Session};
pub(super) use settings::{files_allowed, files_needed, rules};

pub(super) fn run(args: &RunArgs) -> anyhow::Result<Code> {
    let (given, current_dir) = (open::clock().now(), current_dir()?);
    let (jobs, logs) = match begin(args, &current_dir) {
        Ok(begun) => begun,
        Err(error) => return hooks::refused(args, &current_dir, &error),
    };
    let typed: Vec<_> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let runtime = runtime()?;
    let code = runtime.block_on(async {
        let tidy = logs.clone();
        let stop = signals::listen(move || tidy.clear())?;
        let (accounts, exposition) = (Accounts::default(), Exposition::default());
        let process = Process { logs, accounts, exposition, stop, current_dir };
        Session { args, typed: &typed, process, given }.run(jobs).await
    });
    // Whoever still holds a file or a connection was given up: what they did is written down.
    runtime.shutdown_background();
    code
}

/// What comes before any job is touched: each is read, and their log is there.
fn begin(args: &RunArgs, current_dir: &Path) -> anyhow::Result<(Vec<(Job, PathBuf)>, LogWriter)> {
    let jobs = load(args, current_dir)?;
    let format = jobs.first().map(|(job, _)| job.log_format).unwrap_or_default();
    let log_file = logs::wanted(jobs.iter().map(|(job, _)| job))?;
    let logs = logs::start(args.told.verbose, args.told.quiet, format, log_file)?;
    Ok((jobs, logs))
}

/// Reads every job; what is wrong with any of them is told before any is touched.
fn load(args: &RunArgs, current_dir: &Path) -> anyhow::Result<Vec<(Job, PathBuf)>> {
    let several = args.targets.len() > 1;
    if several && (args.options.output.is_some() || args.options.name.is_some()) {
        let message = "--output and --name belong to one job; leave them out, or run the jobs one by one";
        return Err(UsageError(message.to_owned()).into());
    }
    let mut jobs = Vec::new();
    let mut mistakes = Vec::new();
    for target in &args.targets {
        match Job::load(target, &args.options, current_dir) {
            Ok(job) => jobs.push((job, target.clone())),
            Err(error) if several => mistakes.push(error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    if jobs.iter().filter(|(job, _)| job.reads_stdin()).count() > 1 {
        mistakes.push("two jobs would read their manifest from standard input; run them one by one".to_owned());
    }
    let mut names = HashSet::new();
    if let Some((job, _)) = jobs.iter().find(|(job, _)| !names.insert((&job.db, &job.name))) {
        mistakes.push(format!("two jobs are called `{}`; give one another name, or run it by itself", job.name));
    }
    if mistakes.is_empty() { Ok(jobs) } else { Err(UsageError(mistakes.join("\n")).into()) }
}
