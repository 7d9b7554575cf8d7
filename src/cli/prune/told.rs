//! What `prune` removed, for people and for programs. Never removes anything.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::job::paths;
use crate::report::words::{count, counted, one_line};

/// Why something may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Version,
    Staged,
    Copy,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Version, Self::Staged, Self::Copy];

    /// So many files of this kind.
    fn files(self, number: u64) -> String {
        match self {
            Self::Version => counted(number, "file of earlier pictures", "files of earlier pictures"),
            Self::Staged => counted(number, "file left in staging", "files left in staging"),
            Self::Copy => counted(number, "copy of a database", "copies of databases"),
        }
    }
}

/// A file that is gone, or would be.
#[derive(Debug)]
pub(super) struct Removed {
    pub kind: Kind,
    pub job: Option<String>,
    pub item: Option<String>,
    pub path: PathBuf,
    pub bytes: u64,
}

/// All that happened.
#[derive(Debug)]
pub(super) struct Report {
    dry: bool,
    pub removed: Vec<Removed>,
    /// Earlier pictures that would have gone, and stay since they are favourites.
    pub favourites: u64,
    /// What should have gone and is still there, with why.
    pub problems: Vec<(PathBuf, String)>,
    /// That runs are on.
    pub held: Vec<String>,
    /// What cut the work at a job short.
    pub failed: Vec<String>,
}

impl Report {
    pub fn of(dry: bool) -> Self {
        Self { dry, removed: vec![], favourites: 0, problems: vec![], held: vec![], failed: vec![] }
    }

    /// Something that should go is still there.
    pub fn problem(&mut self, path: &Path, why: &str) {
        self.problems.push((path.to_owned(), why.to_owned()));
    }

    fn bytes(&self) -> u64 {
        self.removed.iter().map(|file| file.bytes).sum()
    }
}

fn shown(path: &Path, current_dir: &Path) -> String {
    one_line(&paths::shown(path, current_dir))
}

/// A line a file, then what all come to.
pub(super) fn page(report: &Report, current_dir: &Path) -> String {
    let verb = if report.dry { "would remove" } else { "removed" };
    let line = |file: &Removed| {
        format!("{verb} {} ({})\n", shown(&file.path, current_dir), counted(file.bytes, "byte", "bytes"))
    };
    let mut page: String = report.removed.iter().map(line).collect();
    let sums = Kind::ALL.into_iter().filter_map(|kind| {
        let number = report.removed.iter().filter(|file| file.kind == kind).count() as u64;
        (number > 0).then(|| kind.files(number))
    });
    let sums: Vec<String> = sums.collect();
    page += &match sums.is_empty() {
        true => "nothing to remove\n".to_owned(),
        false => format!("{verb} {}: {}\n", sums.join(", "), size(report.bytes())),
    };
    if report.favourites > 0 {
        let stay = counted(report.favourites, "earlier picture stays: it is", "earlier pictures stay: they are");
        page += &format!("{stay} what a person chose to stand for the product\n");
    }
    page
}

/// Bytes as people count them.
fn size(bytes: u64) -> String {
    match bytes {
        ..1_000_000 => counted(bytes, "byte", "bytes"),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// What is still there, and which jobs were left alone.
pub(super) fn complaints(report: &Report, current_dir: &Path) -> String {
    let held = report.held.iter().map(|held| format!("error: {held}; nothing of it was removed\n"));
    let stays =
        |(path, why): &(PathBuf, String)| format!("error: {} stays: {}\n", shown(path, current_dir), one_line(why));
    let failed = report.failed.iter().map(|error| format!("error: {}\n", one_line(error)));
    let mut complaints: String = held.chain(failed).chain(report.problems.iter().map(stays)).collect();
    if report.problems.len() > 1 {
        complaints += &format!(
            "{} files could not be removed; put that right and prune again\n",
            count(report.problems.len() as u64)
        );
    }
    complaints
}

#[derive(Serialize)]
struct Document<'a> {
    dry_run: bool,
    removed: Vec<Entry<'a>>,
    favourites: u64,
    files: usize,
    bytes: u64,
    problems: Vec<Stays<'a>>,
    held: &'a [String],
    errors: &'a [String],
}

#[derive(Serialize)]
struct Entry<'a> {
    kind: Kind,
    job: Option<&'a str>,
    item: Option<&'a str>,
    file: String,
    bytes: u64,
}

impl<'a> From<&'a Removed> for Entry<'a> {
    fn from(Removed { kind, job, item, path, bytes }: &'a Removed) -> Self {
        let (job, item) = (job.as_deref(), item.as_deref());
        Self { kind: *kind, job, item, file: path.display().to_string(), bytes: *bytes }
    }
}

#[derive(Serialize)]
struct Stays<'a> {
    file: String,
    problem: &'a str,
}

/// One line.
pub(super) fn document(report: &Report) -> anyhow::Result<String> {
    let stays = |(path, problem): &(PathBuf, String)| (path.display().to_string(), problem.clone());
    let stays: Vec<_> = report.problems.iter().map(stays).collect();
    let document = Document {
        dry_run: report.dry,
        removed: report.removed.iter().map(Entry::from).collect(),
        favourites: report.favourites,
        files: report.removed.len(),
        bytes: report.bytes(),
        problems: stays.iter().map(|(file, problem)| Stays { file: file.clone(), problem }).collect(),
        held: &report.held,
        errors: &report.failed,
    };
    Ok(serde_json::to_string(&document)? + "\n")
}
