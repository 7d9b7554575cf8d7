//! What hooks are told: one JSON object, and its gist in variables. Never holds a key.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::domain::{Event, Failure, FailureGroup, FailureKind, News, Summary, Timestamp, Usd};
use crate::report::jsonl::Line;
use crate::report::shape::rfc3339;
use crate::report::words::{cut, one_line};
use crate::report::{Brief, brief, changed_nothing};

/// So many causes of failure are told; the results hold all.
const MOST_GROUPS: usize = 20;
/// A message gets so many columns.
const MESSAGE: usize = 1_000;
/// A text that is one line gets so many.
const TEXT: usize = 1_000;
/// An error that kept a run from beginning gets so many bytes: one may name ten thousand rows.
const MOST_ERROR: usize = 4 * 1024;

/// What one hook is told.
#[derive(Debug, Clone)]
pub struct Letter {
    body: Vec<u8>,
    variables: Vec<(&'static str, OsString)>,
}

impl Letter {
    fn of(body: &impl Serialize, variables: Vec<(&'static str, OsString)>) -> Self {
        // Plain data with text for keys always becomes JSON.
        let mut body = serde_json::to_vec(body).unwrap_or_default();
        body.push(b'\n');
        Self { body, variables }
    }

    /// The object, and a line end.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The variables that a command gets beside those of the program.
    pub fn variables(&self) -> &[(&'static str, OsString)] {
        &self.variables
    }
}

/// A run that ended.
#[derive(Debug, Clone, Copy)]
pub struct EndedRun<'a> {
    /// The job's name.
    pub job: &'a str,
    /// Its file.
    pub job_file: Option<&'a Path>,
    /// Where the pictures are.
    pub output: &'a Path,
    /// When.
    pub time: Timestamp,
    /// The run in figures.
    pub summary: &'a Summary,
    /// The job's failed items, the largest group first.
    pub groups: &'a [FailureGroup],
    /// What went wrong after the pictures were made.
    pub error: Option<&'a str>,
    /// With which code that ends.
    pub exit_code: u8,
    /// Whether a simulator answered.
    pub rehearsal: bool,
}

#[derive(Serialize)]
struct RunBody<'a> {
    #[serde(flatten)]
    line: Option<Line<'a>>,
    text: &'a str,
    exit_code: u8,
    nothing_to_do: bool,
    rehearsal: bool,
    job_file: Option<String>,
    output: String,
    results: Option<String>,
    failures: Vec<Group<'a>>,
    more_causes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// Failed items with the same cause.
#[derive(Serialize)]
struct Group<'a> {
    kind: FailureKind,
    message: String,
    items: u64,
    examples: &'a [String],
}

impl EndedRun<'_> {
    /// The letter that tells of it.
    pub fn letter(&self) -> Letter {
        let Self { job, output, summary, groups, rehearsal, .. } = *self;
        let event = Event { time: self.time, job: job.to_owned(), news: News::RunEnded(summary.clone()) };
        let mut text = brief(&Brief { job, output, summary, groups, rehearsal });
        if let Some(error) = self.error {
            text += &format!("; {}", cut(&one_line(error), TEXT));
        }
        let results = output.join("results.csv");
        let shown = groups.iter().take(MOST_GROUPS).map(|group| Group {
            kind: group.kind,
            message: cut(&group.message, MESSAGE).into_owned(),
            items: group.items,
            examples: &group.examples,
        });
        let body = RunBody {
            line: Line::of(&event),
            text: &text,
            exit_code: self.exit_code,
            nothing_to_do: changed_nothing(summary),
            rehearsal,
            job_file: self.job_file.map(written),
            output: written(output),
            results: results.exists().then(|| written(&results)),
            failures: shown.collect(),
            more_causes: groups.len().saturating_sub(MOST_GROUPS),
            error: self.error,
        };
        Letter::of(&body, gist(job, &text, self.exit_code))
    }
}

/// A run that did not begin.
#[derive(Debug, Clone, Copy)]
pub struct NotRun<'a> {
    /// The job's name.
    pub job: &'a str,
    /// Its file.
    pub job_file: Option<&'a Path>,
    /// Where the pictures would be, where that is known.
    pub output: Option<&'a Path>,
    /// When.
    pub time: Timestamp,
    /// Why not.
    pub message: &'a str,
    /// With which code that ends.
    pub exit_code: u8,
    /// Whether a simulator would have answered.
    pub rehearsal: bool,
}

#[derive(Serialize)]
struct NotRunBody<'a> {
    event: &'static str,
    time: String,
    job: &'a str,
    message: &'a str,
    text: &'a str,
    exit_code: u8,
    rehearsal: bool,
    job_file: Option<String>,
    output: Option<String>,
}

impl NotRun<'_> {
    /// The letter that tells of it.
    pub fn letter(&self) -> Letter {
        let message = beginning(self.message, MOST_ERROR);
        let rehearsal = if self.rehearsal { " (rehearsal)" } else { "" };
        let why = one_line(message);
        let text = format!("{}: not run{rehearsal}: {}", one_line(self.job), cut(&why, TEXT));
        let body = NotRunBody {
            event: "not_run",
            time: rfc3339(self.time),
            job: self.job,
            message,
            text: &text,
            exit_code: self.exit_code,
            rehearsal: self.rehearsal,
            job_file: self.job_file.map(written),
            output: self.output.map(written),
        };
        Letter::of(&body, gist(self.job, &text, self.exit_code))
    }
}

/// An item that came to its end.
#[derive(Debug)]
pub(super) struct ItemEnd {
    pub time: Timestamp,
    pub item: String,
    pub attempt: u32,
    pub outcome: &'static str,
    pub failure: Option<(FailureKind, String)>,
    pub cost: Option<Usd>,
    /// The picture, absolute.
    pub file: Option<PathBuf>,
}

#[derive(Serialize)]
struct ItemBody<'a> {
    event: &'static str,
    time: String,
    job: &'a str,
    item: &'a str,
    attempt: u32,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<FailureKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    cost_usd: Option<Usd>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caption: Option<&'a str>,
    text: &'a str,
    rehearsal: bool,
}

impl ItemEnd {
    /// The item of an event, if it came to its end by it; its picture lies below this folder.
    pub fn of(event: &Event, output: &Path) -> Option<Self> {
        let News::AttemptEnded { item, attempt, outcome: outcome @ ("done" | "failed"), failure, cost, file, .. } =
            &event.news
        else {
            return None;
        };
        let cause = |failure: &Failure| (failure.kind, cut(&failure.message, MESSAGE).into_owned());
        Some(Self {
            time: event.time,
            item: item.clone(),
            attempt: *attempt,
            outcome,
            failure: failure.as_ref().map(cause),
            cost: *cost,
            file: file.as_ref().map(|file| output.join(file)),
        })
    }

    /// About so much memory it takes, in bytes.
    pub fn size(&self) -> usize {
        let file = self.file.as_ref().map_or(0, |file| file.as_os_str().len());
        let message = self.failure.as_ref().map_or(0, |(_, message)| message.len());
        size_of::<Self>() + self.item.len() + file + message
    }

    /// The letter that tells of it; of a done one with its caption.
    pub fn letter(&self, job: &str, rehearsal: bool, caption: Option<&str>) -> Letter {
        let text = match (&self.failure, &self.file) {
            (Some((kind, message)), _) => format!("{} failed, {kind}: {}", one_line(&self.item), one_line(message)),
            (None, Some(file)) => format!("{} is {}: {}", one_line(&self.item), self.outcome, file.display()),
            (None, None) => format!("{} is {}", one_line(&self.item), self.outcome),
        };
        let text = format!("{}: {}", one_line(job), cut(&one_line(&text), TEXT));
        let body = ItemBody {
            event: "item_ended",
            time: rfc3339(self.time),
            job,
            item: &self.item,
            attempt: self.attempt,
            outcome: self.outcome,
            kind: self.failure.as_ref().map(|(kind, _)| *kind),
            message: self.failure.as_ref().map(|(_, message)| message.as_str()),
            cost_usd: self.cost,
            file: self.file.as_deref().map(written),
            caption,
            text: &text,
            rehearsal,
        };
        let mut variables = vec![("OVERNIGHT_JOB", job.into()), ("OVERNIGHT_TEXT", text.as_str().into())];
        variables.push(("OVERNIGHT_ITEM", self.item.as_str().into()));
        variables.extend(self.file.iter().map(|file| ("OVERNIGHT_FILE", file.clone().into_os_string())));
        Letter::of(&body, variables)
    }
}

fn gist(job: &str, text: &str, exit_code: u8) -> Vec<(&'static str, OsString)> {
    let code = exit_code.to_string().into();
    vec![("OVERNIGHT_JOB", job.into()), ("OVERNIGHT_TEXT", text.into()), ("OVERNIGHT_EXIT_CODE", code)]
}

fn written(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The beginning of a text, at most so many bytes.
fn beginning(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
