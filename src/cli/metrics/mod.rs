//! The metrics of this process' runs, where a person asked for them: over HTTP (`server.rs`) and in files (`file.rs`).
//! Never keeps a run from going on.

mod file;
mod server;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::exit::{Code, UsageError};
use super::{open, precious::Precious};
use crate::domain::Timestamp;
use crate::job::{Job, ListenAddress};
use crate::queue::JobStatus;
use crate::report::{JobMetrics, Metrics, Standing};

/// How often a file is written while a run is on: as often as it is usually read.
const EVERY: Duration = Duration::from_secs(15);
/// A database is not asked more often than this, whoever asks for metrics.
const FRESH: Duration = Duration::from_secs(1);

/// The metrics of all runs of this process, and where they are shown; its clones share them. Dropped, it shows nothing any
/// more.
#[derive(Clone, Default)]
pub(super) struct Exposition(Arc<Shared>);

#[derive(Default)]
struct Shared {
    metrics: Metrics,
    places: Mutex<Places>,
    /// Beside the jobs: one that begins keeps nobody from counting.
    servers: Mutex<BTreeMap<ListenAddress, server::Server>>,
    /// Held while a file is written, so that what is older never takes the place of what is newer.
    writing: Mutex<()>,
    ticker: Mutex<Option<Ticker>>,
}

#[derive(Default)]
struct Places {
    /// By the name under which a job is shown.
    jobs: BTreeMap<String, Watched>,
    asked_at: Option<Instant>,
}

/// A job that is shown.
#[derive(Clone)]
struct Watched {
    metrics: JobMetrics,
    db: PathBuf,
    name: String,
    rehearse: bool,
    file: Option<PathBuf>,
    /// Its database was read: what is shown of it can be believed.
    is_known: bool,
}

impl Watched {
    fn is(&self, job: &Job) -> bool {
        (&self.db, &self.name, self.rehearse) == (&job.db, &job.name, job.rehearse)
    }
}

impl Exposition {
    /// That the job's metrics file may be written, before anything else is done for it. The file itself stays as it is.
    pub fn check(&self, job: &Job) -> anyhow::Result<()> {
        self.check_name(job)?;
        let Some(path) = &job.watching.metrics_file else { return Ok(()) };
        Precious { db: &job.db, manifest: &job.manifest, output: &job.output }.spare(file::OPTION, path)?;
        if job.events.as_ref() == Some(path) {
            let message = format!("{}: {} holds the events; choose another file", file::OPTION, path.display());
            return Err(UsageError(message).into());
        }
        Ok(file::check(path, &job.name)?)
    }

    /// Refuses a job that would be shown by the name of another: both would count as one.
    fn check_name(&self, job: &Job) -> Result<(), UsageError> {
        let label = label(job);
        match self.0.places().jobs.get(&label).filter(|other| is_wanted(job) && !other.is(job)) {
            None => Ok(()),
            Some(other) => Err(UsageError(format!(
                "metrics: `{label}` is already shown for the job `{}` of {}; give one of them another `name`, or no \
                 metrics",
                other.name,
                other.db.display()
            ))),
        }
    }

    /// Shows the job from now on; it is in this process' hand. Says where its metrics can be asked for, if that was not
    /// said before.
    pub fn show(&self, job: &Job) -> anyhow::Result<Option<String>> {
        let watching = &job.watching;
        if !is_wanted(job) {
            return Ok(None);
        }
        self.check_name(job)?;
        self.watch(job);
        let told = watching.metrics.map(|address| self.serve(address)).transpose()?.flatten();
        if watching.metrics_file.is_some() {
            self.keep_writing();
        }
        Ok(told)
    }

    /// A run of the job could not begin: from now on it is shown that one was wanted, unless it may not be shown at all.
    pub fn not_begun(&self, job: &Job) {
        if is_wanted(job) && self.check(job).is_ok() {
            self.watch(job);
        }
    }

    fn watch(&self, job: &Job) {
        let label = label(job);
        let watched = Watched {
            metrics: self.0.metrics.of(&label),
            db: job.db.clone(),
            name: job.name.clone(),
            rehearse: job.rehearse,
            file: job.watching.metrics_file.clone(),
            is_known: false,
        };
        self.0.places().jobs.insert(label, watched);
    }

    /// The job is no more: nothing of it is shown from now on, and its file stays as it is.
    pub fn forget(&self, job: &Job) {
        let (label, mut places) = (label(job), self.0.places());
        if places.jobs.get(&label).is_some_and(|watched| watched.is(job)) {
            places.jobs.remove(&label);
            self.0.metrics.forget(&label);
        }
    }

    /// Who counts the job's run, if it is shown.
    pub fn listener(&self, job: &Job) -> Option<JobMetrics> {
        self.0.places().jobs.get(&label(job)).filter(|watched| watched.is(job)).map(|watched| watched.metrics.clone())
    }

    /// A run of the job ended so, or could not begin. Says what went wrong with its file.
    pub fn ended(&self, job: &Job, code: Code) -> Option<String> {
        let metrics = self.listener(job)?;
        metrics.exited(code.number(), open::clock().now());
        self.0.refresh(Duration::ZERO);
        self.0.write(job.watching.metrics_file.as_deref()?)
    }

    fn serve(&self, address: ListenAddress) -> anyhow::Result<Option<String>> {
        let mut servers = self.0.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if servers.contains_key(&address) {
            return Ok(None);
        }
        let shared = Arc::downgrade(&self.0);
        let server = server::Server::start(address, move || Some(shared.upgrade()?.page()))?;
        let told = format!("metrics at http://{}/metrics\n", server.address());
        servers.insert(address, server);
        Ok(Some(told))
    }

    /// Writes all files now and again.
    fn keep_writing(&self) {
        let mut ticker = self.0.ticker.lock().unwrap_or_else(PoisonError::into_inner);
        ticker.get_or_insert_with(|| Ticker::start(Arc::downgrade(&self.0)));
    }
}

fn is_wanted(job: &Job) -> bool {
    job.watching.metrics.is_some() || job.watching.metrics_file.is_some()
}

/// By which name a job is shown: a rehearsal's figures are not the job's.
fn label(job: &Job) -> String {
    if job.rehearse { format!("{}-rehearsal", job.name) } else { job.name.clone() }
}

impl Shared {
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that there is to show.
    fn page(&self) -> String {
        self.refresh(FRESH);
        self.metrics.text(None)
    }

    /// Asks the databases how the jobs stand, unless that was done so lately. One that cannot be read leaves what is known.
    fn refresh(&self, old_enough: Duration) {
        let jobs = {
            let mut places = self.places();
            if places.asked_at.is_some_and(|asked| asked.elapsed() < old_enough) {
                return;
            }
            places.asked_at = Some(Instant::now());
            places.jobs.clone()
        };
        let now = open::clock().now();
        for (label, job) in jobs {
            let Some(status) = status(&job, now) else { continue };
            let held = status.money();
            let (counts, completed_at, is_paused) = (status.counts, status.completed_at, status.paused_since.is_some());
            job.metrics.stands(Standing { counts, held, completed_at, is_paused });
            if let Some(job) = self.places().jobs.get_mut(&label) {
                job.is_known = true;
            }
        }
    }

    /// Writes one file anew, with the jobs that share it. What is not known of them is no reason to take away what was
    /// known before: then it stays as it is.
    fn write(&self, path: &Path) -> Option<String> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let shares = |job: &Watched| job.file.as_deref() == Some(path) && job.is_known;
        let jobs = self.places().jobs.clone().into_iter().filter(|(_, job)| shares(job));
        let labels: Vec<String> = jobs.map(|(label, _)| label).collect();
        let first = labels.first()?;
        file::write(path, first, &self.metrics.text(Some(&labels))).err()
    }

    /// Writes every file. What cannot be written is told at the end of the run, if it still cannot be.
    fn write_all(&self) {
        self.refresh(FRESH);
        let files: Vec<_> = self.places().jobs.values().filter_map(|job| job.file.clone()).collect();
        for file in files {
            let _ = self.write(&file);
        }
    }
}

fn status(job: &Watched, now: Timestamp) -> Option<JobStatus> {
    let ledger = open::ledger(&job.db).ok()?;
    ledger.status(now, std::slice::from_ref(&job.name)).ok()?.pop()
}

/// Writes the files now and again, until it is dropped.
struct Ticker {
    going: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    fn start(shared: Weak<Shared>) -> Self {
        let (going, gone) = channel::<()>();
        let thread = thread::spawn(move || {
            while let Some(shared) = shared.upgrade() {
                shared.write_all();
                drop(shared);
                if gone.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
        });
        Self { going: Some(going), thread: Some(thread) }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.going.take());
        // Half a file is not left behind. The thread itself may be the last to hold this.
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != thread::current().id()) {
            let _ = thread.join();
        }
    }
}
