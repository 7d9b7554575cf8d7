//! The list of what to make, read one row at a time. Never holds more than a row, never stops at the first mistake:
//! whoever reads to the end has seen them all. Ids and names used twice are found by the queue, which keeps them.

mod added;
mod batch;
mod cells;
mod columns;
mod constant;
mod csv;
mod fingerprint;
mod folder;
mod jsonl;
mod line;
pub mod names;
mod naming;
mod near_miss;
mod raw_row;
mod references;
mod row;
mod shaper;
mod sight;
mod source;
mod trace;
mod unusable;
mod workbook;

use std::io;

use crate::job::format::RowFormat;
pub use added::AddedReferences;
use columns::Columns;
pub use constant::KNOWN;
use csv::{CsvRows, Separator};
use folder::FolderRows;
use jsonl::JsonLines;
use near_miss::near_misses;
use raw_row::RawRow;
pub use raw_row::{NamePlaces, READ};
use row::Rows;
pub use sight::is_as_seen;
use trace::Trace;
use workbook::SheetRows;

use super::Job;
use super::fault::{Fault, Place, Problem, in_order};
use super::nearest::nearest;
use crate::domain::{Digest, Fingerprint, Item, ManifestRow, Request, SeenFile, io_words};

/// No row is longer, in bytes: what is longer is a missing quote or no manifest at all.
pub const LONGEST_ROW: usize = 16 * 1024 * 1024;

/// No more is told of one row: it looks like none.
const MOST_PROBLEMS: usize = 100;

/// The hash of a request's stored form.
pub fn digest(request: &Request) -> Digest {
    Digest(blake3::hash(&stored(request)).into())
}

fn stored(request: &Request) -> Vec<u8> {
    serde_json::to_vec(request).expect("a request is texts and numbers, which can always be written")
}

/// A row as it is kept, and the items it asks for.
pub type Row = (ManifestRow, Vec<Item>);

/// A row that cannot be taken.
#[derive(Debug)]
pub struct BadRow {
    /// Everything that is wrong with it; at least one thing.
    pub faults: Vec<Fault>,
    /// The row as far as it can be told, for those who look for ids and names that stand twice.
    pub row: Option<Row>,
}

/// A manifest that is being read.
pub struct Manifest {
    file: String,
    lines: Lines,
    columns: Columns,
    rows: Rows,
    /// What the job file adds to every row.
    added: AddedReferences,
    /// What is wrong before the first row, until it was told.
    header: Vec<Fault>,
    notes: Vec<Fault>,
    /// Whether the job's own references were looked at.
    begun: bool,
    ended: bool,
    /// Whether the manifest itself must have a column `prompt`.
    needs_prompt: bool,
    trace: Trace,
}

/// Who reads the rows of a format.
enum Lines {
    Csv(Box<CsvRows>),
    Json(JsonLines),
    Sheet(SheetRows),
    Folder(FolderRows),
}

/// Why a manifest cannot be read at all. What is wrong inside it is a [`Fault`].
#[derive(Debug, thiserror::Error)]
#[error("{file} cannot be read: {}; name a manifest that is there", io_words(.error))]
pub struct ManifestError {
    /// Which, as messages name it.
    pub file: String,
    /// Why.
    pub error: io::Error,
}

/// Whether a job's manifest can be recognised without reading its rows: its fingerprint as it lies there now. None of
/// standard input, and where it cannot be read.
pub fn fingerprint(job: &Job) -> Option<Fingerprint> {
    fingerprint::of_file(job).ok().flatten()
}

impl Manifest {
    /// Opens a job's manifest and reads its header. What is wrong with the header is told with the first row.
    pub fn open(job: &Job) -> Result<Self, ManifestError> {
        Self::start(job).map_err(|error| ManifestError { file: job.manifest_shown.clone(), error })
    }

    fn start(job: &Job) -> io::Result<Self> {
        let trace = Trace::new(fingerprint::shape(job));
        let (lines, problem) = Lines::open(job, &trace)?;
        let mut manifest = Self {
            file: job.manifest_shown.clone(),
            notes: Vec::new(),
            begun: problem.is_some(),
            ended: problem.is_some(),
            header: in_order(Vec::from_iter(problem), &job.manifest_shown),
            columns: Columns::default(),
            rows: Rows::new(job.defaults.clone(), job.references_folder(), &job.shaping),
            needs_prompt: !job.shaping.gives("prompt"),
            added: job.references.clone(),
            trace,
            lines,
        };
        if !manifest.ended {
            manifest.read_header();
        }
        Ok(manifest)
    }

    /// A file as the last reading of this job saw it; told before the first row is read.
    pub fn remember(&mut self, seen: &SeenFile) {
        self.rows.remember(seen);
    }

    /// Looks at the references that every row gets: before the first row, since files may have to be hashed.
    fn begin(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            let (faults, notes) = self.rows.add_references(&self.added);
            self.header.splice(0..0, faults);
            self.notes.extend(notes);
        }
    }

    fn read_header(&mut self) {
        let needs_prompt = self.needs_prompt;
        let (columns, problems) = match &mut self.lines {
            Lines::Csv(rows) => rows.read_header(needs_prompt).unwrap_or_else(|error| {
                let problem = source::cut_off(rows.place(), &error);
                (Columns::default(), vec![problem])
            }),
            Lines::Sheet(rows) => rows.read_header(needs_prompt),
            Lines::Folder(rows) => rows.read_header(),
            Lines::Json(_) => return,
        };
        if let Lines::Folder(rows) = &mut self.lines {
            self.notes.extend(in_order(rows.take_notes(), &self.file));
        }
        self.columns = columns;
        self.ended = self.columns.names().is_empty() || needs_prompt && self.columns.get("prompt").is_none();
        self.header.extend(self.faults(problems));
        if !self.columns.names().is_empty() {
            self.header.extend(self.added.missing_from(&self.columns, &self.file));
            self.header.extend(self.rows.shaper().misnamed(&self.columns, &self.file));
        }
    }

    /// The manifest's columns in their order. JSON Lines has as many as its keys, in the order in which they first
    /// appeared: all of them are known when the last row was read.
    pub fn columns(&self) -> &[String] {
        self.columns.names()
    }

    /// Columns that are kept unread though they were probably meant to be read. As with [`Self::columns`], all of those
    /// of JSON Lines are known when the last row was read; they are told at the value that stands first.
    pub fn warnings(&self) -> Vec<Fault> {
        self.faults(self.near_misses().into_iter().map(|(_, problem)| problem).collect())
    }

    /// The columns that [`Self::warnings`] warns of.
    pub fn suspects(&self) -> Vec<&str> {
        self.near_misses().into_iter().map(|(name, _)| name).collect()
    }

    fn near_misses(&self) -> Vec<(&str, Problem)> {
        near_misses(&self.columns, |name: &str| self.added.maps(name) || self.rows.shaper().knows(name))
    }

    /// What is odd about references that are new or were changed. Unlike [`Self::warnings`], told of a file but once.
    pub fn notes(&self) -> &[Fault] {
        &self.notes
    }

    /// The fingerprint of the manifest's bytes as they were read; none of standard input, and before their end.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.trace.fingerprint()
    }

    /// The references that the rows so far were checked against, but for those told before.
    pub fn take_seen(&mut self) -> Vec<SeenFile> {
        self.rows.take_seen()
    }

    /// Where the last row says how its items are called.
    pub fn named(&self) -> NamePlaces {
        self.rows.named()
    }

    fn read(&mut self) -> io::Result<Option<Result<RawRow, Vec<Problem>>>> {
        match &mut self.lines {
            Lines::Csv(rows) => rows.read(&self.columns),
            Lines::Json(lines) => lines.read(&mut self.columns),
            Lines::Sheet(rows) => Ok(rows.read(&mut self.columns)),
            Lines::Folder(rows) => Ok(rows.read().map(Ok)),
        }
    }

    fn bad(&self, problems: Vec<Problem>) -> BadRow {
        BadRow { faults: self.faults(problems), row: None }
    }

    /// The names that the last row showed to be no column's. Another line of JSON may still have them.
    fn misnamed(&self) -> Vec<Fault> {
        let shaper = self.rows.shaper();
        match self.lines {
            Lines::Json(_) => Vec::new(),
            _ if shaper.is_suspicious() => shaper.misnamed(&self.columns, &self.file),
            _ => Vec::new(),
        }
    }

    /// The problems as faults of this manifest. In a workbook each is told where people see it: at `C7`.
    fn faults(&self, mut problems: Vec<Problem>) -> Vec<Fault> {
        if let Lines::Sheet(_) = self.lines {
            for problem in &mut problems {
                if let Some(cell) = workbook::address(problem.place) {
                    problem.message = format!("cell {cell}: {}", problem.message);
                }
            }
        }
        in_order(problems, &self.file)
    }

    /// Where reading has come to.
    fn place(&self) -> Place {
        match &self.lines {
            Lines::Csv(rows) => rows.place(),
            Lines::Json(lines) => lines.place(),
            Lines::Sheet(rows) => rows.place(),
            Lines::Folder(rows) => rows.place(),
        }
    }

    /// What can only be said when the last row was read: which keys no line of JSON has.
    fn end(&mut self) -> Option<BadRow> {
        self.ended = true;
        let faults = match &self.lines {
            Lines::Json(_) if !self.columns.names().is_empty() => {
                let mut faults = self.added.missing_from(&self.columns, &self.file);
                faults.extend(self.rows.shaper().misnamed(&self.columns, &self.file));
                faults
            }
            _ => Vec::new(),
        };
        (!faults.is_empty()).then_some(BadRow { faults, row: None })
    }
}

impl Lines {
    /// Opens a job's manifest, and says what is wrong with it before it is read.
    fn open(job: &Job, trace: &Trace) -> io::Result<(Self, Option<Problem>)> {
        let format = job.manifest_format;
        if format.rows == RowFormat::Folder {
            return Ok((Self::Folder(FolderRows::open(job, trace)?), None));
        }
        let file = (!job.reads_stdin()).then_some(job.manifest.as_path());
        let (source, problem) = source::open(file, format, trace)?;
        let csv = |source, separator| Self::Csv(Box::new(CsvRows::new(source, separator)));
        let lines = match format.rows {
            RowFormat::Tsv => csv(source, Separator::Tab),
            RowFormat::JsonLines => Self::Json(JsonLines::new(source)),
            RowFormat::Xlsx => Self::Sheet(SheetRows::new(source, job.sheet.clone())),
            RowFormat::Csv | RowFormat::Folder => csv(source, Separator::Comma),
        };
        Ok((lines, problem))
    }
}

/// Why there may be no column `prompt` among these, and what to do.
fn no_prompt(columns: &[String]) -> String {
    match columns.iter().find(|name| nearest(&name.trim().to_lowercase(), &["prompt"]).is_some()) {
        Some(meant) => format!("there is no column `prompt`; rename `{meant}` to `prompt`"),
        None => "there is no column `prompt`; add one that says what each picture should show".to_owned(),
    }
}

impl Iterator for Manifest {
    type Item = Result<Row, BadRow>;

    /// The next row with its items, or everything that is wrong with it; none after the last. After a faulty row
    /// the next one follows, unless the file cannot be read on.
    fn next(&mut self) -> Option<Self::Item> {
        self.begin();
        if !self.header.is_empty() {
            let faults = std::mem::take(&mut self.header);
            return Some(Err(BadRow { faults, row: None }));
        }
        if self.ended {
            return None;
        }
        match self.read() {
            Ok(Some(Ok(raw))) => {
                let (row, problems) = self.rows.items(&self.columns, raw);
                let notes = self.rows.take_notes();
                let notes = self.faults(notes);
                self.notes.extend(notes);
                let faults = self.faults(problems).into_iter().chain(self.misnamed()).collect::<Vec<_>>();
                Some(if faults.is_empty() { Ok(row) } else { Err(BadRow { faults, row: Some(row) }) })
            }
            Ok(Some(Err(problems))) => Some(Err(self.bad(problems))),
            Ok(None) => self.end().map(Err),
            Err(error) => {
                self.ended = true;
                Some(Err(self.bad(vec![source::cut_off(self.place(), &error)])))
            }
        }
    }
}
