//! Mistakes in job files and manifests as a person is told of them: each at its place, with the line it stands in. Never
//! decides what is one.

mod excerpt;

use std::collections::HashMap;
use std::path::Path;

use console::Term;

use self::excerpt::{Excerpt, excerpts};
use crate::job::{Fault, Job};
use crate::report::words::{counted, one_line};

/// So many are told with their lines; whoever reads a log finds the others, a line each, behind them.
const A_SCREEN: usize = 12;

/// All that is wrong with a job's manifest. On a terminal a screen of it, and how many there are.
pub(super) fn refused(job: &Job, faults: &[Fault]) -> String {
    let number = counted(faults.len() as u64, "mistake", "mistakes");
    let manifest = one_line(&job.manifest_shown);
    let mut lines = vec![told(faults)];
    lines.push(format!("{manifest}: {number}; nothing was queued and nothing was sent"));
    if faults.len() > A_SCREEN && is_watched() {
        lines.push("all of them: overnight plan … --json".to_owned());
    }
    lines.join("\n")
}

/// All that is wrong, each with its line.
pub(super) fn told(faults: &[Fault]) -> String {
    let screen = &faults[..faults.len().min(A_SCREEN)];
    let excerpts = excerpts_of(screen);
    let mut lines = Vec::new();
    for fault in screen {
        lines.push(one_line(&fault.to_string()));
        let excerpt = excerpts.get(&(fault.file.as_str(), fault.place.line));
        lines.extend(excerpt.into_iter().flat_map(|excerpt| excerpt.lines(fault.place)));
    }
    let rest = &faults[screen.len()..];
    match is_watched() {
        true if !rest.is_empty() => lines.push(format!("and {} more", rest.len())),
        true => {}
        false => lines.extend(rest.iter().map(|fault| one_line(&fault.to_string()))),
    }
    lines.join("\n")
}

/// Whether a person looks on, rather than a log.
fn is_watched() -> bool {
    Term::stderr().is_term()
}

/// The lines that faults stand in, by file and number. Where a whole line is at fault, it says nothing that the message
/// does not.
fn excerpts_of(faults: &[Fault]) -> HashMap<(&str, u64), Excerpt> {
    let mut wanted: HashMap<&str, Vec<u64>> = HashMap::new();
    for fault in faults.iter().filter(|fault| fault.place.column.is_some()) {
        wanted.entry(fault.file.as_str()).or_default().push(fault.place.line);
    }
    let found = wanted.into_iter().map(|(file, lines)| (file, excerpts(Path::new(file), &lines)));
    found.flat_map(|(file, found)| found.into_iter().map(move |excerpt| ((file, excerpt.number), excerpt))).collect()
}
