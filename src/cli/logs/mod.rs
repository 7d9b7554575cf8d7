//! Log lines on stderr, above whatever progress is drawn there, and in a file if one is wanted (`rotating.rs`). Never shows
//! the address of a request: keys may travel in it.

mod rotating;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use self::rotating::RotatingFile;
use super::exit::UsageError;
use super::precious::Precious;
use crate::domain::{LogFormat, io_words};
use crate::job::Job;
use crate::report::Stderr;

/// Where log lines go: straight to stderr until a terminal is shown, then above its bar.
#[derive(Clone, Default)]
pub(super) struct LogWriter(Arc<Mutex<Option<Stderr>>>);

impl LogWriter {
    /// From now on, write there.
    pub fn go_through(&self, stderr: Stderr) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(stderr);
    }
}

impl LogWriter {
    /// Takes whatever bar is drawn away, for an end in a hurry.
    pub fn clear(&self) {
        if let Some(stderr) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            stderr.clear();
        }
    }
}

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(stderr) => stderr.write(line),
            None => io::stderr().write(line),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A log file that was asked for.
#[derive(Debug, PartialEq)]
pub(super) struct Wanted {
    pub path: PathBuf,
    /// Bytes at most.
    pub most: u64,
}

/// The log file of these jobs' runs: a process has one.
pub(super) fn wanted<'a>(jobs: impl Iterator<Item = &'a Job>) -> Result<Option<Wanted>, UsageError> {
    let mut wanted: Option<Wanted> = None;
    for job in jobs {
        let Some(path) = &job.watching.log_file else { continue };
        spare(job, path)?;
        let most = job.watching.log_file_size.unwrap_or_default().0;
        let this = Wanted { path: path.clone(), most };
        if wanted.as_ref().is_some_and(|other| other.path != this.path) {
            let message = format!("{OPTION}: the jobs of one command share one log file; name it on the command line");
            return Err(UsageError(message));
        }
        wanted.get_or_insert(this);
    }
    Ok(wanted)
}

/// That a log file may be there as far as this job goes: it is put aside when it is full, whatever it is.
pub(super) fn spare(job: &Job, path: &Path) -> Result<(), UsageError> {
    Precious { db: &job.db, manifest: &job.manifest, output: &job.output }.spare(OPTION, path)?;
    let is = |other: &Option<PathBuf>| other.as_deref() == Some(path);
    if is(&job.events) || is(&job.watching.metrics_file) {
        let message = format!("{OPTION}: {} is written otherwise too; choose another file", path.display());
        return Err(UsageError(message));
    }
    Ok(())
}

const OPTION: &str = "--log-file";

/// Starts logging on stderr: warnings, with `-v` what happens, `-vv` how, `-vvv` everything. A log file is told no less, and
/// always what happens.
pub(super) fn start(
    verbose: u8,
    quiet: bool,
    format: LogFormat,
    wanted: Option<Wanted>,
) -> Result<LogWriter, UsageError> {
    let writer = LogWriter::default();
    let level = match (quiet, verbose) {
        (true, _) => "error",
        (_, 0) => "warn",
        (_, 1) => "info",
        (_, 2) => "debug",
        _ => "trace",
    };
    let file = wanted.map(|wanted| opened(&wanted, writer.clone())).transpose()?;
    let stderr = lines(format, writer.clone(), verbose > 1).with_filter(filter(level));
    let in_file = if verbose > 1 { level } else { "info" };
    let file = file.map(|file| lines(format, file, true).with_filter(filter(in_file)));
    // A second start would be a bug, and a quiet one: the first goes on.
    let _ = tracing_subscriber::registry().with(stderr).with(file).try_init();
    Ok(writer)
}

fn opened(wanted: &Wanted, stderr: LogWriter) -> Result<RotatingFile, UsageError> {
    RotatingFile::open(&wanted.path, wanted.most, stderr).map_err(|error| {
        UsageError(format!(
            "{OPTION}: {} cannot be written: {}; name a file in a folder that is there",
            wanted.path.display(),
            io_words(&error)
        ))
    })
}

/// Who writes log lines there, one call a line.
fn lines<S, W>(format: LogFormat, writer: W, with_target: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_target(with_target);
    // Told of a log that cannot be written, it would panic over the same stderr: pictures are made also without.
    let lines = lines.log_internal_errors(false);
    match format {
        LogFormat::Text => lines.with_ansi(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    }
}

/// What is told at this level. The HTTP client's own debug lines hold whole addresses, and with them keys.
fn filter(level: &str) -> EnvFilter {
    EnvFilter::new(format!("{level},reqwest={0},hyper={0},hyper_util={0},rustls={0},h2={0}", capped(level)))
}

fn capped(level: &str) -> &str {
    if matches!(level, "debug" | "trace") { "info" } else { level }
}
