//! `overnight jobs`: what there is in a workspace, a line a job. Never says more of one than fits there, never changes
//! anything.

mod json;
mod text;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::args::JobsArgs;
use super::exit::Code;
use super::{current_dir, faults, job_files, open};
use crate::domain::Timestamp;
use crate::job::{Located, is_rehearsal, paths};
use crate::queue::JobStatus;

pub(super) fn run(args: &JobsArgs) -> anyhow::Result<Code> {
    let (now, current_dir) = (open::clock().now(), current_dir()?);
    let lines = lines(args, &current_dir, now)?;
    let text = if args.json { json::document(&lines)? } else { text::table(&lines, now) };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Code::Complete)
}

/// A job as far as it is known: by its database, by its file, or by both.
struct Line {
    name: String,
    /// As its database knows it; none if it never ran.
    status: Option<JobStatus>,
    rehearsal: bool,
    /// Its file in the workspace, as a person here would write it.
    file: Option<String>,
    /// What is wrong with its file.
    problem: Option<String>,
}

/// Every job of the workspace's database, and of those that its job files name; then the files that never ran.
fn lines(args: &JobsArgs, current_dir: &Path, now: Timestamp) -> anyhow::Result<Vec<Line>> {
    let workspace = args.workspace.at(current_dir);
    let database = workspace.database();
    let files = job_files::of(database.parent().unwrap_or(current_dir));
    let mut lines = match database.exists() || files.is_empty() {
        true => known(&database, now, &[])?,
        false => vec![],
    };
    // A file may name a database of its own.
    let mut elsewhere = BTreeMap::<PathBuf, Vec<Line>>::new();
    for file in files {
        let shown = paths::shown(&file, current_dir);
        match workspace.locate(&file.to_string_lossy()) {
            Ok(Located { name, db }) if db == database => attach(&mut lines, &name, &shown, &db),
            Ok(Located { name, db }) => {
                let others = elsewhere.entry(db.clone()).or_default();
                if db.exists() && !others.iter().any(|line| line.name == name) {
                    others.extend(known(&db, now, &[])?.into_iter().filter(|line| line.name == name));
                }
                attach(others, &name, &shown, &db);
            }
            Err(error) => unread(&mut lines, &file, shown, &error.to_string()),
        }
    }
    lines.extend(elsewhere.into_values().flatten());
    lines.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(lines)
}

fn known(db: &Path, now: Timestamp, jobs: &[String]) -> anyhow::Result<Vec<Line>> {
    let rehearsal = is_rehearsal(db);
    let known = open::ledger(db)?.status(now, jobs)?.into_iter();
    let line = |status: JobStatus| Line {
        name: status.job.clone(),
        status: Some(status),
        rehearsal,
        file: None,
        problem: None,
    };
    Ok(known.map(line).collect())
}

/// The file is that of a job here; of one that never ran, if none is called so.
fn attach(lines: &mut Vec<Line>, name: &str, file: &str, db: &Path) {
    let same = lines.iter().find(|line| line.name == name && line.file.is_some());
    let problem = same
        .and_then(|line| line.file.as_ref())
        .map(|other| format!("{other} names a job `{name}` as well; rename one"));
    match lines.iter_mut().find(|line| line.name == name && line.file.is_none()) {
        Some(line) => line.file = Some(file.to_owned()),
        None => lines.push(Line {
            name: name.to_owned(),
            status: None,
            rehearsal: is_rehearsal(db),
            file: Some(file.to_owned()),
            problem,
        }),
    }
}

/// The file cannot be understood: the job called after it has that problem.
fn unread(lines: &mut Vec<Line>, file: &Path, shown: String, problem: &str) {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let problem = faults::in_a_line(problem);
    match lines.iter_mut().find(|line| line.name == stem && line.file.is_none()) {
        Some(line) => (line.file, line.problem) = (Some(shown), Some(problem)),
        None => {
            lines.push(Line { name: stem, status: None, rehearsal: false, file: Some(shown), problem: Some(problem) })
        }
    }
}

/// How a job stands, in a word that scripts rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Unreadable,
    NeverRun,
    Running,
    Paused,
    AwaitingApproval,
    Waiting,
    Failed,
    Finished,
}

impl State {
    fn of(line: &Line) -> Self {
        let Some(status) = &line.status else {
            return if line.problem.is_some() { Self::Unreadable } else { Self::NeverRun };
        };
        match (status.counts.left(), status.counts.failed_total()) {
            _ if status.running_since.is_some() => Self::Running,
            (1.., _) if status.paused_since.is_some() => Self::Paused,
            (1.., _) if status.awaits_approval => Self::AwaitingApproval,
            (1.., _) => Self::Waiting,
            (0, 1..) => Self::Failed,
            (0, 0) => Self::Finished,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::NeverRun => "never_run",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Finished => "finished",
        }
    }
}
