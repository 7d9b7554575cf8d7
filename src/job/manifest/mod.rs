//! The list of what to make, read one row at a time. Never holds more than a row, never stops at the first mistake:
//! whoever reads to the end has seen them all. Ids and names used twice are found by the queue, which keeps them.

mod columns;
mod csv;
mod cursor;
mod jsonl;
pub mod names;
mod references;
mod row;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use columns::Columns;
use csv::CsvRows;
use cursor::Cursor;
use jsonl::JsonLines;
use row::{RawRow, Rows};

use super::Job;
use super::fault::{Fault, Place, Problem};
use crate::domain::{Digest, Item, ManifestRow, Request};

/// No row is longer, in bytes: what is longer is a missing quote or no manifest at all.
pub const LONGEST_ROW: usize = 16 * 1024 * 1024;

/// The hash of a request's stored form.
pub fn digest(request: &Request) -> Digest {
    let stored = serde_json::to_vec(request).expect("a request is texts and numbers, which can always be written");
    Digest(blake3::hash(&stored).into())
}

/// A row as it is kept, and the items it asks for.
pub type Row = (ManifestRow, Vec<Item>);

/// A manifest that is being read.
pub struct Manifest {
    file: String,
    folder: PathBuf,
    source: Source,
    columns: Columns,
    rows: Rows,
    /// What is wrong with the header, until it was told.
    header: Vec<Problem>,
    ended: bool,
}

/// The format a manifest is written in.
enum Source {
    Csv(CsvRows),
    JsonLines(JsonLines),
}

/// Why a manifest cannot be read at all. What is wrong inside it is a [`Fault`].
#[derive(Debug, thiserror::Error)]
#[error("{file} cannot be read ({error}); name an existing manifest")]
pub struct ManifestError {
    /// Which, as messages name it.
    pub file: String,
    /// Why.
    pub error: io::Error,
}

impl Manifest {
    /// Opens a job's manifest and reads its header. What is wrong with the header is told with the first row.
    pub fn open(job: &Job) -> Result<Self, ManifestError> {
        Self::start(job).map_err(|error| ManifestError { file: job.manifest_shown.clone(), error })
    }

    fn start(job: &Job) -> io::Result<Self> {
        let mut cursor = Cursor::new(Box::new(File::open(&job.manifest)?));
        let mut manifest = Self {
            file: job.manifest_shown.clone(),
            folder: job.references_folder(),
            header: cursor.skip_mark()?.into_iter().collect(),
            columns: Columns::default(),
            rows: Rows::new(job.defaults.clone(), job.references_folder()),
            ended: false,
            source: match job.manifest.extension() {
                Some(extension) if extension.eq_ignore_ascii_case("csv") => Source::Csv(CsvRows::new(cursor)),
                _ => Source::JsonLines(JsonLines::new(cursor)),
            },
        };
        manifest.ended = !manifest.header.is_empty();
        if let (Source::Csv(rows), false) = (&mut manifest.source, manifest.ended) {
            (manifest.columns, manifest.header) = rows.read_header()?;
            manifest.ended = manifest.columns.get("prompt").is_none();
        }
        Ok(manifest)
    }

    /// The manifest's columns in their order. JSON Lines has as many as its keys, in the order in which they first
    /// appeared: all of them are known when the last row was read.
    pub fn columns(&self) -> &[String] {
        self.columns.names()
    }

    /// The folder that the references of every [`Request`] are relative to.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The next row with its items, or everything that is wrong with it; none after the last. After a faulty row
    /// the next one follows, unless the file cannot be read on.
    pub fn next_row(&mut self) -> Option<Result<Row, Vec<Fault>>> {
        if !self.header.is_empty() {
            let problems = std::mem::take(&mut self.header);
            return Some(Err(self.faults(problems)));
        }
        if self.ended {
            return None;
        }
        let row = match self.read() {
            Ok(Some(raw)) => raw.and_then(|raw| self.rows.items(&self.columns, raw)),
            Ok(None) => {
                self.ended = true;
                return None;
            }
            Err(error) => {
                self.ended = true;
                let message = format!("the file cannot be read on from here ({error})");
                Err(vec![Problem::new(self.place(), message)])
            }
        };
        Some(row.map_err(|problems| self.faults(problems)))
    }

    fn read(&mut self) -> io::Result<Option<Result<RawRow, Vec<Problem>>>> {
        match &mut self.source {
            Source::Csv(rows) => rows.read(&self.columns),
            Source::JsonLines(lines) => lines.read(&mut self.columns),
        }
    }

    fn place(&self) -> Place {
        match &self.source {
            Source::Csv(rows) => rows.place(),
            Source::JsonLines(lines) => lines.place(),
        }
    }

    fn faults(&self, mut problems: Vec<Problem>) -> Vec<Fault> {
        problems.sort_by_key(|problem| problem.place);
        problems.into_iter().map(|problem| problem.in_file(&self.file)).collect()
    }
}

impl Iterator for Manifest {
    type Item = Result<Row, Vec<Fault>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_row()
    }
}
