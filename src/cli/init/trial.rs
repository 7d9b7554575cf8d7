//! What would come of a job that is not written yet: its list is read with it to the end, as `run` does it. Never writes,
//! never sends, never leaves a database.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::spelling::{is_a_word, quoted};
use super::survey::{MOST_ROWS, Survey};
use crate::cli::{enqueue, exit::UsageError, faults, open};
use crate::job::shape::ROW;
use crate::job::{Fault, Job, Manifest};
use crate::queue::Redo;

/// Who sees so many mistakes looks for one cause.
const MOST_FAULTS: usize = 20;

/// What every draft of a job says alike.
pub struct About<'a> {
    /// The list as a person calls it.
    pub list: String,
    /// Whether it is a folder of images.
    pub is_folder: bool,
    /// The list as the job file names it.
    pub manifest: String,
    /// Its sheet, where somebody named one.
    pub sheet: Option<&'a str>,
    /// Where the job file will be.
    pub file: PathBuf,
    /// Where the person stands.
    pub current_dir: &'a Path,
}

/// What a list holds by a job.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// Its rows.
    pub rows: u64,
    /// What they ask for.
    pub items: u64,
    /// Columns that are called almost as if they had a meaning here.
    pub suspects: Vec<String>,
}

impl About<'_> {
    /// What stands in the list, whatever it means. What is wrong with the list itself is an error.
    pub fn survey(&self) -> anyhow::Result<Survey> {
        let text = format!("{}where = \"false\"\n\n[template]\nprompt = \"-\"\n", self.list_lines());
        let job = Job::drafted(&text, &self.file, self.current_dir)?;
        let mut manifest = Manifest::open(&job)?;
        let (mut rows, mut faults) = (Vec::new(), Vec::new());
        for row in manifest.by_ref() {
            match row {
                Ok((row, _)) if rows.len() < MOST_ROWS => rows.push(row.cells),
                Ok(_) => (),
                Err(bad) => faults.extend(bad.faults),
            }
            if faults.len() >= MOST_FAULTS {
                break;
            }
        }
        if let Some(separator) = other_separator(manifest.columns()) {
            let list = &self.list;
            return Err(UsageError(format!("the columns of {list} are separated by {separator}")).into());
        }
        if faults.is_empty() { Ok(surveyed(manifest.columns(), &rows)) } else { Err(refused(&job, &faults)) }
    }

    /// The list read with a job of this text: what it holds, or what is wrong.
    pub fn read(&self, text: &str) -> anyhow::Result<Result<Read, Vec<Fault>>> {
        let job = Job::drafted(text, &self.file, self.current_dir)?;
        let mut preview = open::preview(&job, Redo::default())?;
        let (mut read, mut faults) = (Read::default(), Vec::new());
        let mut manifest = Manifest::open(&job)?;
        while let Some(row) = manifest.next() {
            read.rows += 1;
            let named = manifest.named();
            let (row, items) = match row {
                Ok(row) => row,
                Err(bad) => {
                    faults.extend(bad.faults);
                    continue;
                }
            };
            let foreseen = preview.look(&row, &items)?;
            read.items += items.len() as u64;
            faults.extend(foreseen.clashes.into_iter().map(|clash| enqueue::clashing(&job, (&row, named), clash)));
            if faults.len() >= MOST_FAULTS {
                break;
            }
        }
        if read.items == 0 && faults.is_empty() {
            faults.push(enqueue::nothing_listed(&job, read.rows));
        }
        read.suspects = manifest.suspects().into_iter().map(str::to_owned).collect();
        Ok(if faults.is_empty() { Ok(read) } else { Err(faults) })
    }

    /// The list as an error tells that it cannot be taken.
    pub fn refused(&self, text: &str, faults: &[Fault]) -> anyhow::Result<anyhow::Error> {
        Ok(refused(&Job::drafted(text, &self.file, self.current_dir)?, faults))
    }

    /// The lines of a job file that name the list.
    pub fn list_lines(&self) -> String {
        let sheet = self.sheet.map(|sheet| format!("sheet = {}\n", quoted(sheet)));
        format!("manifest = {}\n{}", quoted(&self.manifest), sheet.unwrap_or_default())
    }
}

/// The list as far as a job can name its columns: one that is called as all of a row is stands in the way of others.
fn surveyed(columns: &[String], rows: &[Vec<Value>]) -> Survey {
    let hides_others = columns.iter().any(|column| column == ROW);
    Survey::new(columns, rows, |column| !hides_others || is_a_word(column))
}

/// What stands between the cells of a list that seems to have one column, and what to do.
fn other_separator(columns: &[String]) -> Option<&'static str> {
    let [one] = columns else { return None };
    match one {
        one if one.contains(';') => Some("semicolons, not commas; save the file with commas as CSV UTF-8"),
        one if one.contains('\t') => Some("tabs, not commas; give it the ending .tsv"),
        _ => None,
    }
}

fn refused(job: &Job, faults: &[Fault]) -> anyhow::Error {
    UsageError(faults::refused(job, Path::new(&job.manifest_shown), faults)).into()
}
