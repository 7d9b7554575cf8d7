//! The document of `jobs --json`. Never printed here.

use serde::Serialize;

use super::{Line, State};
use crate::domain::Usd;
use crate::queue::PastRun;
use crate::report::shape::{CountsShape, rfc3339};

#[derive(Serialize)]
struct Document<'a> {
    jobs: Vec<Entry<'a>>,
}

/// A job that never ran has neither counts nor anything else that a database knows.
#[derive(Serialize)]
struct Entry<'a> {
    job: &'a str,
    state: &'static str,
    rehearsal: bool,
    #[serde(flatten)]
    known: Option<Known>,
    file: Option<&'a str>,
    problem: Option<&'a str>,
}

#[derive(Serialize)]
struct Known {
    #[serde(flatten)]
    counts: CountsShape,
    items: u64,
    cost_usd: Option<Usd>,
    running_since: Option<String>,
    paused_since: Option<String>,
    last_run: Option<Run>,
}

#[derive(Serialize)]
struct Run {
    began: String,
    /// Null while it is on, and of one that was killed.
    ended: Option<String>,
    ending: Option<String>,
}

impl From<&PastRun> for Run {
    fn from(run: &PastRun) -> Self {
        Self { began: rfc3339(run.began_at), ended: run.ended_at.map(rfc3339), ending: run.ending.clone() }
    }
}

impl<'a> From<&'a Line> for Entry<'a> {
    fn from(line: &'a Line) -> Self {
        let known = line.status.as_ref().map(|status| Known {
            counts: (&status.counts).into(),
            items: status.counts.total(),
            cost_usd: status.cost,
            running_since: status.running_since.map(rfc3339),
            paused_since: status.paused_since.map(rfc3339),
            last_run: status.last_run.as_ref().map(Run::from),
        });
        Self {
            job: &line.name,
            state: State::of(line).as_str(),
            rehearsal: line.rehearsal,
            known,
            file: line.file.as_deref(),
            problem: line.problem.as_deref(),
        }
    }
}

/// One line.
pub(super) fn document(lines: &[Line]) -> anyhow::Result<String> {
    let document = Document { jobs: lines.iter().map(Entry::from).collect() };
    Ok(serde_json::to_string(&document)? + "\n")
}
