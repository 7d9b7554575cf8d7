//! `overnight status`: how jobs stand, for people and for programs. Never waits for a run, never changes anything.

mod json;
mod rest;
mod text;
mod watch;

use std::io::Write;
use std::path::{Path, PathBuf};

use super::args::{StatusArgs, WorkspaceArgs};
use super::exit::Code;
use super::{current_dir, open};
use crate::domain::{Timestamp, Usd, projected};
use crate::job::is_rehearsal;
use crate::queue::JobStatus;
use crate::report::rest::Rest;
use json::as_json;
use text::as_text;

pub(super) fn run(args: &StatusArgs) -> anyhow::Result<Code> {
    let (jobs, watch) = args.watched()?;
    if let Some(every) = watch {
        return watch::run(args, &jobs, every);
    }
    let now = open::clock().now();
    let jobs = standings(&args.workspace, &jobs, now)?;
    let text = if args.json { as_json(&jobs)? } else { as_text(&jobs, now) };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Code::Complete)
}

/// A job as it stands.
#[derive(Debug, PartialEq)]
struct Standing {
    status: JobStatus,
    /// How long what is left takes the run that is on, where that can be told.
    rest: Option<Rest>,
    rehearsal: bool,
}

fn standings(workspace: &WorkspaceArgs, jobs: &[String], now: Timestamp) -> anyhow::Result<Vec<Standing>> {
    let mut standings = Vec::new();
    for (db, names) in databases(workspace, jobs, &current_dir()?)? {
        let (ledger, rehearsal) = (open::ledger(&db)?, is_rehearsal(&db));
        for status in ledger.status(now, &names)? {
            let rest = rest::rest(&*ledger, &status, now)?;
            standings.push(Standing { status, rest, rehearsal });
        }
    }
    Ok(standings)
}

/// The databases asked about, each with the jobs asked for; no job means all of them.
pub(super) fn databases(
    workspace: &WorkspaceArgs,
    jobs: &[String],
    current_dir: &Path,
) -> anyhow::Result<Vec<(PathBuf, Vec<String>)>> {
    let workspace = workspace.at(current_dir);
    if jobs.is_empty() {
        return Ok(vec![(workspace.database(), vec![])]);
    }
    let found = jobs.iter().map(|job| workspace.locate(job));
    Ok(found.map(|job| job.map(|job| (job.db, vec![job.name]))).collect::<Result<_, _>>()?)
}

/// What the job will have cost in the end, if that can be said.
pub(super) fn forecast(status: &JobStatus) -> Option<Usd> {
    let (counts, is_priced) = (&status.counts, status.cost.is_some());
    projected(status.held, counts.done + counts.failed_total(), counts.left()).filter(|_| is_priced)
}
