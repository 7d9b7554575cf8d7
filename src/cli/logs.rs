//! Log lines on stderr, above whatever progress is drawn there. Never shows the address of a request: keys may travel
//! in it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::domain::LogFormat;
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

/// Starts logging: warnings, with `-v` what happens, `-vv` how, `-vvv` everything.
pub(super) fn start(verbose: u8, quiet: bool, format: LogFormat) -> LogWriter {
    let writer = LogWriter::default();
    let level = match (quiet, verbose) {
        (true, _) => "error",
        (_, 0) => "warn",
        (_, 1) => "info",
        (_, 2) => "debug",
        _ => "trace",
    };
    // The HTTP client's own debug lines hold whole addresses, and with them keys.
    let filter =
        EnvFilter::new(format!("{level},reqwest={0},hyper={0},hyper_util={0},rustls={0},h2={0}", capped(level)));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer.clone()).with_target(verbose > 1);
    // Told of a log that cannot be written, it would panic over the same stderr: pictures are made also without.
    let lines = lines.log_internal_errors(false);
    // A second start would be a bug, and a quiet one: the first goes on.
    let _ = match format {
        LogFormat::Text => lines.with_ansi(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    writer
}

fn capped(level: &str) -> &str {
    if matches!(level, "debug" | "trace") { "info" } else { level }
}
