//! Who is told of a job's runs: its hooks, and where its events, its log and its metrics go. Never tells them anything.

use std::net::TcpListener;
use std::path::Path;

use super::super::exit::UsageError;
use super::super::metrics::Exposition;
use super::super::{logs, run};
use super::findings::{Findings, Level};
use crate::job::Job;
use crate::job::paths::shown;
use crate::queue::lock;

/// What a run refuses in the evening is found here as well.
pub(super) fn look(job: &Job, current_dir: &Path, findings: &mut Findings) {
    let hooks = &job.hooks;
    if !(hooks.on_success.is_empty() && hooks.on_failure.is_empty() && hooks.on_item.is_empty()) {
        note("hooks", run::check(job, current_dir), "what they need of the environment is there", findings);
    }
    let (events, log) =
        (job.events.as_deref().filter(|path| *path != Path::new("-")), job.watching.log_file.as_deref());
    if let Some(path) = events {
        note("events", in_a_folder("--events", path, current_dir), "they have a folder", findings);
    }
    if let Some(path) = log {
        let found = logs::wanted(std::iter::once(job)).and_then(|_| in_a_folder("--log-file", path, current_dir));
        note("log", found, "it has a folder", findings);
    }
    if job.watching.metrics_file.is_some() {
        note("metrics", Exposition::default().check(job), "their file can be written", findings);
    }
    if let Some(address) = job.watching.metrics {
        // A run that is on may be the one who listens there.
        let is_free = lock::holder(&job.db, &job.name).is_some() || TcpListener::bind(address.0).is_ok();
        let taken =
            || UsageError(format!("--metrics: {address} is taken, or no address of this machine; name another"));
        note("metrics", is_free.then_some(()).ok_or_else(taken), &format!("{address} is free"), findings);
    }
}

fn in_a_folder(option: &str, path: &Path, current_dir: &Path) -> Result<(), UsageError> {
    match path.parent() {
        Some(folder) if !folder.is_dir() => {
            let (path, folder) = (shown(path, current_dir), shown(folder, current_dir));
            Err(UsageError(format!("{option}: {path}: there is no folder {folder}; make it, or name another")))
        }
        _ => Ok(()),
    }
}

fn note<E: ToString>(check: &'static str, found: Result<(), E>, well: &str, findings: &mut Findings) {
    match found {
        Ok(()) => findings.add(Level::Ok, check, well),
        Err(error) => findings.add(Level::Fault, check, &error.to_string()),
    }
}
