//! What `run` says before and after: the manifest as it was taken, and the closing words. Never decides anything.

use std::path::Path;

use jiff::tz::TimeZone;

use super::run::Session;
use super::{open, program, status};
use crate::domain::{Ending, Summary, Timestamp};
use crate::job::{Fault, Job, Workspace, paths};
use crate::queue::{Displaced, Enqueued, Neighbour, Rescued};
use crate::report::terminal::{hour, stderr_columns, wall_clock};
use crate::report::words::{count, counted, one_line};
use crate::report::{Brief, Closing, brief, closing};

/// No more is told of what is odd.
const MOST_NOTES: usize = 20;

/// A job whose pictures would take the place of another's.
pub(super) fn crowded(job: &Job, neighbour: &Neighbour) -> String {
    let Neighbour { item, line, name, job: other } = neighbour;
    let words = format!(
        "{}:{line}: the picture of item `{item}` would be called `{name}`, as one of job `{other}`, which has the same \
         output folder; give this job its own --output, or the items other names; nothing was sent",
        job.manifest_shown
    );
    one_line(&words)
}

/// A picture that would take the place of a finished one.
pub(super) fn displaced(job: &Job, displaced: &Displaced) -> String {
    let Displaced { item, line, name, holder } = displaced;
    let words = format!(
        "{}:{line}: the picture of item `{item}` would be called `{name}`, as that of item `{holder}`, which is finished \
         and keeps it; give `{item}` another name; nothing was sent",
        job.manifest_shown
    );
    one_line(&words)
}

/// Columns that were probably meant otherwise, a line each.
pub(super) fn suspicions(warnings: &[Fault]) -> String {
    warnings.iter().map(|warning| format!("warning: {}\n", one_line(&warning.to_string()))).collect()
}

/// What is odd about reference images, a line each; of very many some.
pub(super) fn notes(notes: &[Fault]) -> String {
    let told = suspicions(&notes[..notes.len().min(MOST_NOTES)]);
    match notes.len().saturating_sub(MOST_NOTES) as u64 {
        0 => told,
        more => format!("{told}warning: {} of this kind\n", counted(more, "more warning", "more warnings")),
    }
}

/// What the manifest changed and what an earlier run left, a line each; nothing if neither did. In brief without
/// what the closing line says as well: how many there are.
pub(super) fn enqueued(job: &str, enqueued: &Enqueued, rescued: &Rescued, is_brief: bool) -> String {
    let job = one_line(job);
    let items = |number| counted(number, "item", "items");
    let mut lines = Vec::new();
    // A run that could not begin, or had nothing in hand any more, left nothing to go on from.
    if rescued.returned + rescued.lost + rescued.received.len() as u64 > 0 {
        lines.push(dead(rescued));
    }
    if enqueued.new > 0 && !is_brief {
        lines.push(format!("{} read, {} new", counted(enqueued.rows, "row", "rows"), items(enqueued.new)));
    }
    if enqueued.repeated > 0 {
        let rows = counted(enqueued.repeated, "row asks", "rows ask");
        lines.push(format!("{rows} for the same as an earlier one, and get the same picture"));
    }
    if enqueued.updated > 0 {
        lines.push(format!("{} updated to what the manifest says now", items(enqueued.updated)));
    }
    if enqueued.redone > 0 {
        let one = "finished item changed since it was made, and is";
        let more = "finished items changed since they were made, and are";
        let changed = counted(enqueued.redone, one, more);
        lines.push(format!("{changed} made again; what was there becomes an earlier version"));
    }
    lines.extend(kept(enqueued));
    if enqueued.removed > 0 {
        lines.push(format!("{} without a row any more; pictures stay", items(enqueued.removed)));
    }
    lines.into_iter().map(|line| format!("{job}: {line}\n")).collect()
}

/// What keeps its request though its row reads otherwise, a line for the finished and one for the others.
fn kept(enqueued: &Enqueued) -> impl Iterator<Item = String> {
    let (finished, waiting) = (enqueued.finished, enqueued.kept - enqueued.finished);
    let again = match finished {
        1 => "it is finished, and --changed makes it again",
        _ => "they are finished, and --changed makes them again",
    };
    let kinds = [(finished, again), (waiting, "something may have been paid for what was asked before")];
    kinds.into_iter().filter(|(number, _)| *number > 0).map(|(number, why)| {
        let items = counted(number, "item", "items");
        format!("{items} kept as already asked for, though the manifest says otherwise now: {why}")
    })
}

fn dead(rescued: &Rescued) -> String {
    let received = rescued.received.len() as u64;
    let mut line = "an earlier run did not come to its end: going on from there".to_owned();
    if received > 0 {
        line += &format!(", {} received and not asked for again", counted(received, "answer", "answers"));
    }
    if rescued.lost > 0 {
        line += &format!(", {} of its requests lost and maybe billed", count(rescued.lost));
    }
    line
}

/// How a run went that went well, in one line.
pub(super) fn in_brief(job: &Job, summary: &Summary) -> String {
    let (output, rehearsal) = (&job.output, job.rehearse);
    brief(&Brief { job: &job.name, output, summary, groups: &[], rehearsal }) + "\n"
}

/// The closing words of a run. `target` is the job as it was typed, one of those of the command.
pub(super) fn closing_words(
    job: &Job,
    target: &Path,
    session: &Session<'_>,
    summary: &Summary,
) -> anyhow::Result<String> {
    let Session { args, typed, process, .. } = session;
    let current_dir = &process.current_dir;
    let (ledger, now, db) = (open::ledger(&job.db)?, open::clock().now(), args.options.db.as_deref());
    let groups = ledger.failures(&job.name)?;
    let status = ledger.status(now, std::slice::from_ref(&job.name))?;
    let so_far = status.first().map_or(summary.held, |status| status.held);
    let workspace = Workspace { db, rehearse: Some(job.rehearse), current_dir };
    // A name is shorter than a path, where it leads to the same database.
    let by_name = workspace.locate(&job.name).is_ok_and(|located| located.db == job.db);
    let target = target.to_string_lossy();
    Ok(closing(&Closing {
        job: &job.name,
        program: &program(),
        arguments: typed,
        job_argument: if by_name { &job.name } else { &target },
        flags: &db.map_or(vec![], |db| vec!["--db".to_owned(), db.display().to_string()]),
        output: paths::from(&job.output, current_dir),
        summary,
        so_far,
        in_all: status.first().and_then(status::forecast),
        is_alone: args.targets.len() == 1,
        goes_on_from: renewed_at(&summary.ending, now).map(|time| hour(time, now, &job.end.zone())).as_deref(),
        paused_since: paused_since(&summary.ending, now, &job.end.zone()).as_deref(),
        groups: &groups,
        list_price_of: job.prices.listed_at(job.defaults.model.as_str()),
        rehearsal: job.rehearse,
        columns: stderr_columns(),
    }))
}

/// When the day's requests are there again, if that they are used up ended the run: the server's own word has a status.
fn renewed_at(ending: &Ending, now: Timestamp) -> Option<Timestamp> {
    match ending {
        Ending::Halted(failure) if failure.status.is_none() => failure.retry_after.map(|wait| now.after(wait)),
        _ => None,
    }
}

/// Since when the job was paused, if that ended the run.
fn paused_since(ending: &Ending, now: Timestamp, zone: &TimeZone) -> Option<String> {
    match ending {
        Ending::Paused { since } => Some(wall_clock(*since, now, zone)),
        _ => None,
    }
}

/// That others on this machine can read the key.
pub(super) fn key_open_to_others(file: &Path) -> String {
    let file = file.display();
    format!("warning: others than you can read the key in {file}; take it from them with chmod 600 {file}\n")
}
