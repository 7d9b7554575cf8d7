//! One run of a job by its schedule, on a thread of its own. Never lets its fall take others along.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedSender;

use super::files::Loaded;
use crate::cli::exit::Code;
use crate::cli::run::{self, Process, Session};
use crate::cli::{open, told};
use crate::job::{Job, Options};

/// What the runs of a scheduler share.
#[derive(Clone)]
pub(super) struct Shared {
    pub handle: Handle,
    pub process: Process,
    pub quiet: bool,
    /// Where the end of each is told.
    pub ended: UnboundedSender<Ended>,
}

/// A run that is over.
pub(super) struct Ended {
    /// The file of its job.
    pub file: PathBuf,
    pub job: Box<Job>,
    /// How it ended; none where it fell over a fault of the program.
    pub code: Option<Code>,
    pub took: Duration,
}

impl Shared {
    /// Begins the run of a job.
    pub fn begin(&self, file: &Path, loaded: Loaded) -> std::io::Result<()> {
        let (shared, file) = (self.clone(), file.to_owned());
        let job = Box::new(loaded.job.clone());
        thread::Builder::new().name(loaded.job.name.clone()).spawn(move || {
            let began = Instant::now();
            let code = catch_unwind(AssertUnwindSafe(|| shared.run(&file, loaded))).ok();
            // Nobody hears it any more where the program ends.
            let _ = shared.ended.send(Ended { file, job, code, took: began.elapsed() });
        })?;
        Ok(())
    }

    /// Lets the hooks be told that a job file cannot be read. Nobody waits for it but the end of the program.
    pub fn faulty(&self, file: &Path, options: Options, fault: String) -> JoinHandle<()> {
        let (shared, file) = (self.clone(), file.to_owned());
        let tell = move || {
            shared.handle.block_on(run::faulty(&file, &options, &shared.process, shared.quiet, &fault));
        };
        thread::spawn(tell)
    }

    /// The one place where a run of the scheduler is made: it is what `run` makes, but for what it shares.
    fn run(&self, file: &Path, loaded: Loaded) -> Code {
        let Loaded { mut args, typed, job } = loaded;
        args.told.quiet = self.quiet;
        let session = Session { args: &args, typed: &typed, process: self.process.clone(), given: open::clock().now() };
        let ended = self.handle.block_on(session.run(vec![(job, file.to_owned())]));
        ended.unwrap_or_else(|error| told(&error))
    }
}
