//! Mistakes in job files and manifests as a person is told of them: each at its place, with the line it stands in. Never
//! decides what is one.

mod excerpt;

use std::collections::HashMap;
use std::path::Path;

use console::Term;

use self::excerpt::{Excerpt, excerpts};
use super::enqueue::MOST_FAULTS;
use super::program;
use crate::job::{Fault, Job};
use crate::report::words::{count, counted, one_line, shell_word};

/// So many are told with their lines; whoever reads a log finds the others, a line each, behind them.
const A_SCREEN: usize = 12;

/// Who is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// A person at a terminal, who reads a screen of it.
    Person,
    /// A log, which holds everything.
    Log,
}

/// All that is wrong with the manifest of a job that was named so. On a terminal a screen of it, and how many there are.
pub(super) fn refused(job: &Job, target: &Path, faults: &[Fault]) -> String {
    refused_to(reader(), job, target, faults)
}

fn refused_to(reader: Reader, job: &Job, target: &Path, faults: &[Fault]) -> String {
    let mut lines = vec![told_to(reader, faults)];
    let manifest = one_line(&job.manifest_shown);
    lines.push(format!("{manifest}: {}; nothing was queued and nothing was sent", number(faults.len())));
    // What came on standard input is gone.
    if faults.len() > A_SCREEN && reader == Reader::Person && !job.reads_stdin() {
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
    told_to(reader(), faults)
}

fn told_to(reader: Reader, faults: &[Fault]) -> String {
    let screen = &faults[..faults.len().min(A_SCREEN)];
    let excerpts = excerpts_of(screen);
    let mut lines = Vec::new();
    for fault in screen {
        lines.push(one_line(&fault.to_string()));
        let excerpt = excerpts.get(&(fault.file.as_str(), fault.place.line));
        lines.extend(excerpt.into_iter().flat_map(|excerpt| excerpt.lines(fault.place)));
    }
    let rest = &faults[screen.len()..];
    match reader {
        Reader::Person if rest.is_empty() => {}
        Reader::Person => lines.push(format!("and {} more", count(rest.len() as u64))),
        Reader::Log => lines.extend(rest.iter().map(|fault| one_line(&fault.to_string()))),
    }
    lines.join("\n")
}

fn reader() -> Reader {
    if Term::stderr().is_term() { Reader::Person } else { Reader::Log }
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

    fn lines(reader: Reader, number: u64) -> Vec<String> {
        let words = refused_to(reader, &job(), Path::new("jobs/no list.toml"), &faults(number));
        words.lines().map(str::to_owned).collect()
    }

    #[test]
    fn at_a_terminal_a_screen_is_told_and_the_rest_is_counted() {
        let told = lines(Reader::Person, 1_100);
        assert_eq!(told.len(), A_SCREEN + 3);
        assert_eq!(told[A_SCREEN - 1..=A_SCREEN], ["no list.csv:12: is wrong", "and 1,088 more"]);
        assert_eq!(told[A_SCREEN + 1], "no list.csv: 1,100 mistakes; nothing was queued and nothing was sent");
        assert!(
            told[A_SCREEN + 2].starts_with("all of them: ")
                && told[A_SCREEN + 2].ends_with(" plan 'jobs/no list.toml' --json")
        );
        assert_eq!(lines(Reader::Person, A_SCREEN as u64).len(), A_SCREEN + 1, "nothing is left to be shown");
    }

    #[test]
    fn a_log_holds_every_mistake() {
        let told = lines(Reader::Log, 1_100);
        assert_eq!(told.len(), 1_101);
        assert_eq!(told[1_099], "no list.csv:1100: is wrong");
    }

    #[test]
    fn where_reading_stopped_the_number_says_so() {
        assert!(
            lines(Reader::Log, MOST_FAULTS as u64)
                .pop()
                .unwrap()
                .contains("mistakes so far, and the rest was not read")
        );
    }
}
