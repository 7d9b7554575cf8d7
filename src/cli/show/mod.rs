//! `overnight show`: one item's whole story, for people and for programs. Never waits for a run, never changes anything.

mod files;
mod json;
mod review;
mod standing;
mod text;
mod versions;

use std::io::Write;

use super::args::ShowArgs;
use super::exit::Code;
use super::{current_dir, open, program};
use crate::domain::{ItemId, Timestamp};
use crate::job::{is_rehearsal, paths, zone_of};
use crate::queue::{ItemState, ItemStory, JobStatus};
use crate::report::terminal::stdout_columns;
use crate::report::words::{one_line, shell_word};
use files::Looked;

/// Everything that is told of an item, on whichever page.
struct Told<'a> {
    /// The job it belongs to.
    job: &'a JobStatus,
    /// What the ledger knows.
    story: &'a ItemStory,
    /// What lies on the disk.
    files: &'a [Looked],
    /// Whether a simulator answered, so that nothing was paid.
    rehearsal: bool,
    /// The command that leads on from here, and what it is for.
    next: Option<(String, &'static str)>,
}

pub(super) fn run(args: &ShowArgs) -> anyhow::Result<Code> {
    let current_dir = current_dir()?;
    let located = args.workspace.at(&current_dir).locate(&args.job)?;
    let ledger = open::ledger(&located.db)?;
    let now = open::clock().now();
    let story = ledger.item(&located.name, &ItemId::new(&args.item))?;
    let mut job = ledger.status(now, std::slice::from_ref(&located.name))?.remove(0);
    let shelf = open::shelf(&job.output, &job.job)?;
    for place in [&mut job.manifest, &mut job.output] {
        *place = paths::from(place, &current_dir).to_owned();
    }
    let files = files::look(&story, &job, &*shelf);
    let next = next(args, &job, &story, &files);
    let told = Told { job: &job, story: &story, files: &files, rehearsal: is_rehearsal(&located.db), next };
    let page = if args.json { json::document(&told)? } else { page(&told, now) };
    std::io::stdout().write_all(page.as_bytes())?;
    Ok(Code::Complete)
}

fn page(told: &Told<'_>, now: Timestamp) -> String {
    let zone = zone_of(None);
    text::page(told, &text::Look { columns: stdout_columns(), zone, now })
}

/// What a person may want to do next: a command, or nothing to type, and what it is for.
fn next(args: &ShowArgs, job: &JobStatus, story: &ItemStory, files: &[Looked]) -> Option<(String, &'static str)> {
    let is_on = job.running_since.is_some();
    match story.record.state {
        ItemState::Failed => Some((retry(args), "puts it back; so does a change of its row")),
        ItemState::Cancelled if story.is_listed => Some((retry(args), "puts it back")),
        ItemState::Cancelled => Some((String::new(), "its row has to come back into the manifest first")),
        ItemState::Queued if is_on => Some((String::new(), "the run that is on takes it")),
        ItemState::Running if is_on => None,
        ItemState::Queued | ItemState::Running => Some((String::new(), "the next run of the job takes it")),
        ItemState::Done => mend(files).map(|purpose| (command(args, &["verify", &args.job, "--requeue"]), purpose)),
    }
}

/// What `verify --requeue` does for the files of a done item, if it can do anything.
fn mend(files: &[Looked]) -> Option<&'static str> {
    let changed: Vec<&Looked> = files.iter().filter(|file| file.is_changed()).collect();
    if files.iter().any(Looked::is_gone) {
        Some("puts back what is missing or cut short, here and in the whole job; then run again")
    } else if changed.iter().any(|file| file.picture.is_some()) {
        Some(
            "what was changed may be somebody's work, and stays; to have it made again, at its price, delete it, type \
             this, and run again",
        )
    } else if changed.is_empty() {
        None
    } else {
        Some(
            "the changed caption stays; to have it as the model gave it, delete it and type this; nothing is sent for it",
        )
    }
}

/// The command that puts the item back.
fn retry(args: &ShowArgs) -> String {
    command(args, &["retry", &args.job, "--item", &args.item])
}

/// A command of this program in the same workspace.
fn command(args: &ShowArgs, words: &[&str]) -> String {
    let words = words.iter().map(|&word| word.to_owned());
    let words: Vec<String> = std::iter::once(program()).chain(words).chain(args.workspace.words()).collect();
    words.iter().map(|word| shell_word(&one_line(word))).collect::<Vec<_>>().join(" ")
}
