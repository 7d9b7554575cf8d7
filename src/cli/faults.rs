//! Mistakes in job files and manifests as a person is told of them: each at its place, with the line it stands in. Never
//! decides what is one.

mod excerpt;

use std::collections::HashMap;
use std::path::Path;

use console::{Term, measure_text_width};

use self::excerpt::{Excerpt, excerpts};
use super::enqueue::MOST_FAULTS;
use super::program;
use crate::job::{Fault, Job};
use crate::report::words::{count, counted, one_line, shell_word};

/// No more are told with their lines; whoever reads a log finds the others, a line each, behind them.
const MOST_SHOWN: usize = 12;

/// What stands below them on a terminal: how many there are, how to see all, and what is typed next.
const LINES_BELOW: usize = 5;

/// Who is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// A person at a terminal of this size, who reads a screen of it.
    Person { rows: usize, columns: usize },
    /// A log, which holds everything.
    Log,
}

impl Reader {
    fn now() -> Self {
        let terminal = Term::stderr();
        if !terminal.is_term() {
            return Self::Log;
        }
        let (rows, columns) = terminal.size();
        Self::Person { rows: rows.into(), columns: columns.into() }
    }

    /// Whether so many lines are still on the screen.
    fn has_room_for(self, lines: &[String]) -> bool {
        let Self::Person { rows, columns } = self else { return true };
        let height = |line: &String| measure_text_width(line).div_ceil(columns.max(1)).max(1);
        lines.iter().map(height).sum::<usize>() + LINES_BELOW <= rows
    }
}

/// Mistakes that stand a line each, where there is room for one: the first in full, and how many more there are.
pub(super) fn in_a_line(text: &str) -> String {
    let mut mistakes = text.lines();
    let first = one_line(mistakes.next().unwrap_or_default());
    match mistakes.count() {
        0 => first,
        more => format!("{first} (and {more} more)"),
    }
}

/// All that is wrong with the manifest of a job that was named so. On a terminal a screen of it, and how many there are.
pub(super) fn refused(job: &Job, target: &Path, faults: &[Fault]) -> String {
    refused_to(Reader::now(), job, target, faults)
}

fn refused_to(reader: Reader, job: &Job, target: &Path, faults: &[Fault]) -> String {
    let (mut lines, left) = lines(reader, faults);
    let manifest = one_line(&job.manifest_shown);
    lines.push(format!("{manifest}: {}; nothing was queued and nothing was sent", number(faults.len())));
    // What came on standard input is gone.
    if left > 0 && !job.reads_stdin() {
        let target = shell_word(&one_line(&target.to_string_lossy()));
        lines.push(format!("all of them: {} plan {target} --json", shell_word(&program())));
    }
    lines.join("\n")
}

fn number(faults: usize) -> String {
    let number = counted(faults as u64, "mistake", "mistakes");
    match faults < MOST_FAULTS {
        true => number,
        false => format!("{number} so far, and the rest was not read: look for one cause of many"),
    }
}

/// All that is wrong, each with its line.
pub(super) fn told(faults: &[Fault]) -> String {
    lines(Reader::now(), faults).0.join("\n")
}

/// What is told, and how many faults are only counted.
fn lines(reader: Reader, faults: &[Fault]) -> (Vec<String>, usize) {
    let excerpts = excerpts_of(&faults[..faults.len().min(MOST_SHOWN)]);
    let mut lines = Vec::new();
    let mut shown = 0;
    for fault in faults.iter().take(MOST_SHOWN) {
        let before = lines.len();
        lines.push(one_line(&fault.to_string()));
        let excerpt = excerpts.get(&(fault.file.as_str(), fault.place.line));
        lines.extend(excerpt.into_iter().flat_map(|excerpt| excerpt.lines(fault.place)));
        // Of one at least, all is told.
        if shown > 0 && !reader.has_room_for(&lines) {
            lines.truncate(before);
            break;
        }
        shown += 1;
    }
    let rest = &faults[shown..];
    if reader == Reader::Log {
        lines.extend(rest.iter().map(|fault| one_line(&fault.to_string())));
        return (lines, 0);
    }
    if !rest.is_empty() {
        lines.push(format!("and {} more", count(rest.len() as u64)));
    }
    (lines, rest.len())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Options, Place};

    fn faults(number: u64) -> Vec<Fault> {
        let fault = |line| Fault { file: "no list.csv".into(), place: Place::line(line), message: "is wrong".into() };
        (1..=number).map(fault).collect()
    }

    fn job() -> Job {
        Job::load(Path::new("no list.csv"), &Options::default(), Path::new("/none")).unwrap()
    }

    fn told(reader: Reader, number: u64) -> Vec<String> {
        let words = refused_to(reader, &job(), Path::new("jobs/no list.toml"), &faults(number));
        words.lines().map(str::to_owned).collect()
    }

    #[test]
    fn at_a_terminal_a_screen_is_told_and_the_rest_is_counted() {
        for (rows, columns, shown) in [(15, 80, 10), (15, 20, 5), (200, 80, MOST_SHOWN), (2, 80, 1)] {
            let told = told(Reader::Person { rows, columns }, 1_100);
            assert_eq!(told.len(), shown + 3);
            assert_eq!(told[shown - 1], format!("no list.csv:{shown}: is wrong"));
            assert_eq!(told[shown], format!("and {} more", count(1_100 - shown as u64)));
            assert_eq!(told[shown + 1], "no list.csv: 1,100 mistakes; nothing was queued and nothing was sent");
            assert!(told[shown + 2].starts_with("all of them: "), "{told:?}");
            assert!(told[shown + 2].ends_with(" plan 'jobs/no list.toml' --json"), "{told:?}");
        }
        assert_eq!(told(Reader::Person { rows: 24, columns: 80 }, 3).len(), 4, "nothing is left to be shown");
    }

    #[test]
    fn a_log_holds_every_mistake() {
        let told = told(Reader::Log, 1_100);
        assert_eq!(told.len(), 1_101);
        assert_eq!(told[1_099], "no list.csv:1100: is wrong");
    }

    #[test]
    fn where_reading_stopped_the_number_says_so() {
        let told = told(Reader::Log, MOST_FAULTS as u64);
        assert!(told.last().unwrap().contains("10,000 mistakes so far, and the rest was not read"));
    }
}
