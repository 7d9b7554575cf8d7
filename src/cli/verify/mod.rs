//! `overnight verify`: every file against the database. Never sends anything, never stands in the way of a run.

mod next;
mod progress;
mod text;

use std::io::Write;
use std::path::Path;

use serde::Serialize;

use super::args::VerifyArgs;
use super::exit::Code;
use super::{current_dir, open};
use crate::domain::Timestamp;
use crate::job::Located;
use crate::queue::{JobStatus, Ledger};
use crate::report::words::{counted, one_line};
use crate::verify::{Findings, Names, Neighbour, Parts, Subject, VerifyError, verify};
use progress::Progress;

/// Names of each kind that are shown to people.
const MOST_NAMES: usize = 20;

pub(super) fn run(args: &VerifyArgs) -> anyhow::Result<Code> {
    let located = args.workspace.at(&current_dir()?).locate(&args.job)?;
    let ledger = open::ledger(&located.db)?;
    let now = open::clock().now();
    // Asked for by name, an unknown job is told the known ones.
    let job = ledger.status(now, std::slice::from_ref(&located.name))?.remove(0);
    let neighbours = neighbours(&*ledger, &job.output, now)?;
    let findings = check(args, &located, &job, &neighbours, now)?;
    let was_quiet = is_quiet(&neighbours) && neighbours == self::neighbours(&*ledger, &job.output, now)?;
    let findings = if was_quiet { findings } else { findings.of_items_only() };
    let told = if args.json { document(&findings)? } else { page(args, &located, &job, &findings)? };
    std::io::stdout().write_all(told.as_bytes())?;
    remark(args, &findings, was_quiet);
    Ok(if findings.total() == 0 { Code::Complete } else { Code::Unexpected })
}

fn page(args: &VerifyArgs, located: &Located, job: &JobStatus, findings: &Findings) -> anyhow::Result<String> {
    let next = match next::is_any(args, findings) {
        true => next::lines(args, located, job, findings)?,
        false => vec![],
    };
    Ok(text::page(job, findings, next))
}

/// A job that may have files in the verified folder, with all that moves while a run is on.
#[derive(Debug, PartialEq)]
struct Beside {
    neighbour: Neighbour,
    attempts: u64,
    running_since: Option<Timestamp>,
}

fn neighbours(ledger: &dyn Ledger, output: &Path, now: Timestamp) -> anyhow::Result<Vec<Beside>> {
    // A folder that is not there is the one it is called.
    let resolved = |path: &Path| path.canonicalize().unwrap_or(path.to_owned());
    let verified = resolved(output);
    let beside = |job: JobStatus| {
        let neighbour = Neighbour::of(&job.job, &resolved(&job.output), &verified)?;
        Some(Beside { neighbour, attempts: job.attempts, running_since: job.running_since })
    };
    Ok(ledger.status(now, &[])?.into_iter().filter_map(beside).collect())
}

fn is_quiet(neighbours: &[Beside]) -> bool {
    neighbours.iter().all(|job| job.running_since.is_none())
}

fn check(
    args: &VerifyArgs,
    located: &Located,
    job: &JobStatus,
    neighbours: &[Beside],
    now: Timestamp,
) -> anyhow::Result<Findings> {
    let (inventory, shelf) = (open::inventory(&located.db)?, open::shelf(&job.output, &job.job)?);
    if job.counts.done > 0 && shelf.folder()?.is_none() {
        return Err(VerifyError::Gone { output: job.output.clone() }.into());
    }
    let mut desk = args.requeue.then(|| open::desk(&located.db)).transpose()?;
    let mut progress = Progress::of(job.counts.done);
    let parts = Parts {
        inventory: &*inventory,
        shelf: &*shelf,
        desk: desk.as_mut().map(|desk| (&mut **desk as _, now)),
        progress: &mut |items, bytes| progress.show(items, bytes),
    };
    let subject = Subject {
        job: &job.job,
        output: &job.output,
        neighbours: &neighbours.iter().map(|job| job.neighbour.clone()).collect::<Vec<_>>(),
        is_quiet: is_quiet(neighbours),
        most_names: (!args.json).then_some(MOST_NAMES),
    };
    Ok(verify(parts, &subject)?)
}

/// The document of `verify --json`.
#[derive(Serialize)]
struct Document<'a> {
    checked: u64,
    missing: Vec<&'a str>,
    /// Also those that are truncated: they hold other bytes, too.
    changed: Vec<&'a str>,
    truncated: Vec<&'a str>,
    orphaned: Vec<&'a str>,
    staged: Vec<&'a str>,
    /// Each with why.
    unreadable: Vec<&'a str>,
    /// Items that `--requeue` put back, and captions that it wrote again.
    put_back: u64,
    restored: u64,
}

fn document(findings: &Findings) -> anyhow::Result<String> {
    let truncated = findings.truncated.sorted();
    let mut changed = [findings.changed.sorted(), truncated.clone()].concat();
    changed.sort_unstable();
    let [missing, orphaned, staged] = [&findings.missing, &findings.orphaned, &findings.staged].map(Names::sorted);
    let unreadable = findings.unreadable.sorted();
    let &Findings { checked, put_back, restored, .. } = findings;
    let document = Document { checked, missing, changed, truncated, orphaned, staged, unreadable, put_back, restored };
    Ok(serde_json::to_string(&document)? + "\n")
}

/// What is no finding, and what the document has no place for, on stderr.
fn remark(args: &VerifyArgs, findings: &Findings, was_quiet: bool) {
    let mut lines = Vec::new();
    for file in findings.unreadable.sorted().into_iter().take(MOST_NAMES) {
        lines.push(format!("cannot read {}", one_line(file)));
    }
    let untold = findings.unreadable.count().saturating_sub(MOST_NAMES as u64);
    if untold > 0 {
        lines.push(format!("and {} that cannot be read", counted(untold, "more file", "more files")));
    }
    if !was_quiet {
        lines.push(
            "a run is at work in this folder: only the files of what is done were checked, for what it works on \
                    cannot be told from orphans and left-overs yet"
                .to_owned(),
        );
    }
    if findings.strange > 0 {
        let files = counted(findings.strange, "file", "files");
        lines.push(format!("{files} in staging belong to a job of this name in another database, and stay"));
    }
    if args.requeue {
        lines.extend(mended(findings));
    }
    let lines: String = lines.into_iter().map(|line| line + "\n").collect();
    // Where stderr is closed there is nobody to tell.
    let _ = std::io::stderr().write_all(lines.as_bytes());
}

/// What `--requeue` did, and what it left.
fn mended(findings: &Findings) -> Vec<String> {
    let mut lines = vec![format!("{} queued again", counted(findings.put_back, "item", "items"))];
    if findings.put_back < findings.pictureless {
        let stays = counted(findings.pictureless - findings.put_back, "item stays", "items stay");
        lines.push(format!("{stays} as they are: the manifest lists them no more, or they changed meanwhile"));
    }
    if findings.restored > 0 {
        let captions = counted(findings.restored, "caption", "captions");
        lines.push(format!("{captions} written again, as the model gave them"));
    }
    if findings.changed.count() > 0 {
        lines.push(
            "what is changed may be somebody's work, and stays; to have it as it was, delete it, then --requeue"
                .to_owned(),
        );
    }
    lines
}
