//! Opens what a command works with. The only file that names an implementation; it never uses one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::SecretString;

use super::exit::UsageError;
use crate::clock::{Clock, SystemClock};
use crate::job::{Job, hidden_folder};
use crate::provider::gemini::{FetchSettings, Gemini, GeminiError, GeminiSettings};
use crate::provider::{Endpoint, Provider, ReferenceSource};
use crate::queue::sqlite::{
    self, Database, JobEntry, SqliteDesk, SqliteLedger, SqlitePreview, SqliteQueue, SqliteReview, SqliteUpkeep,
};
use crate::queue::{
    Desk, Gallery, Health, Inspection, Inventory, Jury, Ledger, Preview, Queue, QueueError, Redo, Upkeep,
};
use crate::references::{ReferenceCache, ReferenceImages, ReferenceSettings};
use crate::simulator::STAND_INS;
use crate::store::local::{LocalShelf, LocalStore, staging};
use crate::store::{ArtifactStore, Attic, Shelf, StoreError};

/// The time.
pub(super) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// The job's queue, in a new run's hand.
pub(super) fn queue(job: &Job) -> anyhow::Result<Box<dyn Queue>> {
    let database = Database::open(&job.db)?;
    Ok(Box::new(SqliteQueue::begin_run(database, &entry(job)?, SystemClock.now())?))
}

/// What the job's manifest would change in its queue.
pub(super) fn preview(job: &Job, redo: Redo) -> anyhow::Result<Box<dyn Preview>> {
    Ok(Box::new(SqlitePreview::open(&job.db, &entry(job)?, redo)?))
}

/// The job as its database knows it.
fn entry(job: &Job) -> Result<JobEntry, UsageError> {
    let folder = job.db.parent().unwrap_or(Path::new("/"));
    // A workspace that is moved as a whole stays the same workspace.
    let place = |path: &Path| {
        let place = path.strip_prefix(folder).unwrap_or(path).to_str().map(str::to_owned);
        place.ok_or_else(|| UsageError(format!("{} is not UTF-8; rename it", path.display())))
    };
    Ok(JobEntry {
        name: job.name.clone(),
        manifest: place(&job.manifest)?,
        output: place(&job.output)?,
        holder: holder(),
        scheduled_for: job.start.map(|start| start.at),
    })
}

/// Who runs it, for someone who meets the lock.
pub(super) fn holder() -> String {
    let since = jiff::Timestamp::try_from(SystemTime::now()).unwrap_or_default();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let on = if host.trim().is_empty() { String::new() } else { format!(" on {}", host.trim()) };
    format!("process {}{on}, since {since:.0}", std::process::id())
}

/// What a holder who only tidies up adds to its name: a run waits for it.
pub(super) const TIDIES_UP: &str = ", which only tidies up";

/// The read side of a workspace.
pub(super) fn ledger(db: &Path) -> Result<Box<dyn Ledger>, QueueError> {
    Ok(Box::new(SqliteLedger::open(db)?))
}

/// What should lie where, by a workspace.
pub(super) fn inventory(db: &Path) -> Result<Box<dyn Inventory>, QueueError> {
    Ok(Box::new(SqliteLedger::open(db)?))
}

/// What lies in a job's output folder; opening it leaves no trace there.
pub(super) fn shelf(output: &Path, job: &str) -> Result<Box<dyn Shelf>, StoreError> {
    Ok(Box::new(LocalShelf::of(output, job)?))
}

/// The same, for who tidies up there.
pub(super) fn attic(output: &Path, job: &str) -> Result<Box<dyn Attic>, StoreError> {
    Ok(Box::new(LocalShelf::of(output, job)?))
}

/// Who tidies up a workspace's database.
pub(super) fn upkeep(db: &Path) -> Result<Box<dyn Upkeep>, QueueError> {
    Ok(Box::new(SqliteUpkeep::open(db)?))
}

/// A person's hand on a workspace.
pub(super) fn desk(db: &Path) -> Result<Box<dyn Desk>, QueueError> {
    Ok(Box::new(SqliteDesk::open(db)?))
}

/// What a review of a workspace's pictures looks at.
pub(super) fn gallery(db: &Path) -> Result<Box<dyn Gallery>, QueueError> {
    Ok(Box::new(SqliteReview::open(db)?))
}

/// A person's word on them.
pub(super) fn jury(db: &Path) -> Result<Box<dyn Jury>, QueueError> {
    Ok(Box::new(SqliteReview::open(db)?))
}

/// What a look at them found.
pub(super) fn inspection(db: &Path) -> Result<Box<dyn Inspection>, QueueError> {
    Ok(Box::new(SqliteReview::open(db)?))
}

/// Where the job's pictures go; what is staged there bears the mark of the job's queue.
pub(super) fn store(job: &Job, queue: &dyn Queue) -> anyhow::Result<Arc<dyn ArtifactStore>> {
    Ok(Arc::new(LocalStore::open(&job.output, &job.name, &queue.mark(), job.concurrency.highest().get())?))
}

/// That the job's folders are there where they were: an unmounted disk must not look like pictures nobody ever made.
/// Answers may wait in staging, and pictures lie in the output folder.
pub(super) fn still_there(job: &Job, answers: bool, pictures: bool) -> Result<(), StoreError> {
    let gone = |folder| Err(StoreError::Gone { folder });
    if (answers || pictures) && !job.output.is_dir() {
        return gone(job.output.clone());
    }
    let staging = staging(&job.output, &job.name);
    if answers && !staging.is_dir() { gone(staging) } else { Ok(()) }
}

/// What a job's requests carry that nobody may read.
pub(super) struct Credentials {
    /// The key.
    pub key: Option<SecretString>,
    /// Headers by name.
    pub headers: Vec<(String, SecretString)>,
}

/// Where a job's pictures lie that were fetched, or written anew, to be sent along.
pub(super) fn reference_cache(job: &Job) -> ReferenceCache {
    ReferenceCache::below(&hidden_folder(&job.db))
}

/// Where the reference images of requests to `base_url` come from. In a rehearsal addresses stand for what is drawn there.
pub(super) fn references(job: &Job, base_url: &str) -> Arc<dyn ReferenceSource> {
    Arc::new(ReferenceImages::new(ReferenceSettings {
        list: job.references_folder(),
        cache: reference_cache(job),
        shape: job.references.shape,
        endpoint: base_url.to_owned(),
        ca_file: ca_file(job),
        stand_ins: job.rehearse.then(|| format!("{base_url}{STAND_INS}")),
    }))
}

/// How a database is, without touching it; none if there is none.
pub(super) fn health(db: &Path) -> Result<Option<Health>, QueueError> {
    sqlite::health(db)
}

/// Who makes the job's pictures, at `base_url`. What the person can put right is told as their mistake.
pub(super) fn provider(
    job: &Job,
    base_url: &str,
    credentials: Credentials,
    references: Arc<dyn ReferenceSource>,
) -> anyhow::Result<Arc<dyn Provider>> {
    Ok(Arc::new(gemini(job, base_url, credentials, references)?))
}

/// The same, for who only looks.
pub(super) fn endpoint(job: &Job, base_url: &str, credentials: Credentials) -> anyhow::Result<Arc<dyn Endpoint>> {
    Ok(Arc::new(gemini(job, base_url, credentials, references(job, base_url))?))
}

/// Whom to trust beside the system's authorities.
fn ca_file(job: &Job) -> Option<PathBuf> {
    job.ca_file.clone().filter(|_| !job.rehearse)
}

fn gemini(
    job: &Job,
    base_url: &str,
    credentials: Credentials,
    references: Arc<dyn ReferenceSource>,
) -> anyhow::Result<Gemini> {
    let settings = GeminiSettings {
        base_url: base_url.to_owned(),
        auth: job.auth,
        key: credentials.key,
        headers: credentials.headers,
        references,
        ca_file: ca_file(job),
        request_timeout: job.request_timeout,
        connect_timeout: job.connect_timeout,
        fetch: FetchSettings::default(),
        in_flight: job.concurrency.highest().get(),
    };
    match Gemini::new(settings) {
        Ok(gemini) => Ok(gemini),
        Err(error @ GeminiError::Client(_)) => Err(error.into()),
        Err(error) => Err(UsageError(error.to_string()).into()),
    }
}
