//! The results as files: `results.csv` for people and scripts, `metadata.jsonl` for those who train on the pictures,
//! `index.html` for whoever wants to look; and the manifest with its results for whoever asks for it (`formats/`). Never
//! asks anything but the ledger, and never holds more than a few rows of it.

mod address;
mod atomic;
mod formats;
mod harmless;
mod keepsake;
mod metadata;
mod results;
mod results_csv;
mod said;
mod sheet;
mod table;

use std::io;
use std::path::{Path, PathBuf};

pub use self::atomic::AtomicFile;
pub use self::formats::{Choice, Format, Wanted, hand_over, hand_over_as};
pub use self::keepsake::{Keepsake, KeepsakeError, Kept, OpenPicture, OpenReference, keep};
pub use self::metadata::Metadata;
pub use self::results_csv::ResultsCsv;
pub use self::sheet::{About, Sheet};

use crate::domain::io_words;
use crate::queue::{Ledger, QueueError, RowRecord};

/// The results could not be written. The pictures and what is known of them are untouched by it.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] QueueError),
    /// A file could not be written.
    #[error("cannot write {}: {}; put that right and run the same command again: the pictures are kept, nothing is sent twice", path.display(), io_words(.source))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Writes `results.csv`, `metadata.jsonl` and `index.html` of a job into its output folder, which must exist, in one
/// reading of the ledger. Each file changes in one instant; until then, and if anything fails, the one from before
/// stands.
pub fn write_results(ledger: &dyn Ledger, about: &About) -> Result<(), ExportError> {
    let [results_path, metadata_path, sheet_path] =
        ["results.csv", "metadata.jsonl", "index.html"].map(|name| about.output.join(name));
    let create = |path: &Path| AtomicFile::create(path, about.job).map_err(failed(path));
    let columns = ledger.columns(about.job)?;
    let status = ledger.status(about.now, &[about.job.to_owned()])?.pop();
    let mut results = ResultsCsv::new(&columns, create(&results_path)?).map_err(failed(&results_path))?;
    let mut metadata = Metadata::new(about.output, create(&metadata_path)?);
    let sheet = Sheet::new(about, &columns, status.as_ref(), create(&sheet_path)?);
    let mut sheet = sheet.map_err(failed(&sheet_path))?;
    each_row(ledger, about.job, |row| {
        results.write(&row).map_err(failed(&results_path))?;
        metadata.write(&row).map_err(failed(&metadata_path))?;
        sheet.write(&row).map_err(failed(&sheet_path))
    })?;
    results.finish().and_then(AtomicFile::commit).map_err(failed(&results_path))?;
    metadata.finish().commit().map_err(failed(&metadata_path))?;
    sheet.finish().and_then(AtomicFile::commit).map_err(failed(&sheet_path))
}

/// Hands every row of a job to `write`, until one fails.
fn each_row<E: From<QueueError>>(
    ledger: &dyn Ledger,
    job: &str,
    mut write: impl FnMut(RowRecord) -> Result<(), E>,
) -> Result<(), E> {
    let mut written = Ok(());
    ledger.rows(job, &mut |row| {
        written = write(row);
        written.is_ok()
    })?;
    written
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ExportError {
    move |source| ExportError::Write { path: path.to_owned(), source }
}
