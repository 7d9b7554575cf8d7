//! The record of a run that `--events` asks for. Never keeps a run from going on.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::exit::UsageError;
use super::precious::Precious;
use crate::domain::io_words;
use crate::job::Job;
use crate::report::{JsonLines, Reporters, WriteFault};

/// Lets `--events` hear the run, if someone asked for it.
pub(super) fn listen(job: &Job, reporters: &mut Reporters) -> anyhow::Result<Option<WriteFault>> {
    let Some(path) = &job.events else { return Ok(None) };
    let lines: JsonLines<Box<dyn Write + Send>> = if path == Path::new("-") {
        JsonLines::new(Box::new(io::stdout()))
    } else {
        Precious { db: &job.db, manifest: &job.manifest, output: &job.output }.spare("--events", path)?;
        JsonLines::new(Box::new(appended(path)?))
    };
    let fault = lines.fault();
    reporters.add(lines);
    Ok(Some(fault))
}

fn appended(path: &Path) -> Result<File, UsageError> {
    OpenOptions::new().append(true).create(true).open(path).map_err(|error| {
        UsageError(format!(
            "--events: {} cannot be written: {}; name a file in a folder that is there",
            path.display(),
            io_words(&error)
        ))
    })
}

/// An incomplete record of events is an error, but one that is told when the pictures are safe.
pub(super) fn told_in_full(events: Option<WriteFault>) -> anyhow::Result<()> {
    match events.as_ref().and_then(WriteFault::error) {
        Some(error) => {
            let why = io_words(error);
            anyhow::bail!("--events: the record of this run is incomplete: {why}; the run itself went on")
        }
        None => Ok(()),
    }
}
