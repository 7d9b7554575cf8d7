//! The fingerprint of a manifest: from it and the files its rows name follows all that reading it gives. Taken of the
//! very bytes that are read, or of the file without reading its rows. Never understands what it hashes.

use std::fs::File;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::folder::Listing;
use crate::domain::Fingerprint;
use crate::job::{Job, ManifestFormat};

/// How this program reads: raise the number when the same manifest gives other rows. Another version of the program may
/// do so anyway, so it reads everything once.
const READER: &str = concat!(env!("CARGO_PKG_VERSION"), "/2");

/// The fingerprint of a job's manifest as it lies there now. None of standard input.
pub fn of_file(job: &Job) -> io::Result<Option<Fingerprint>> {
    if job.reads_stdin() {
        return Ok(None);
    }
    let mut hasher = shape(job);
    match job.manifest_format {
        ManifestFormat::FOLDER => hasher.update(&Listing::of(job)?.bytes()),
        _ => hasher.update_reader(File::open(&job.manifest)?)?,
    };
    Ok(Some(Fingerprint(hasher.finalize().into())))
}

/// A hash of what shapes the rows beside the manifest's bytes. What derives `Debug` shows every field, also one that
/// is added later; if it shows it otherwise one day, everything is read once more.
fn shape(job: &Job) -> blake3::Hasher {
    let columns: Vec<&str> = job.references.columns.iter().map(|(column, _)| column.as_str()).collect();
    let always: Vec<&str> = job.references.always.iter().map(|(path, _)| path.as_str()).collect();
    let wanted = (job.references.most, job.references.shape, job.references_folder());
    let read = (READER, job.manifest_format, &job.sheet);
    let shape = format!("{:?}", (read, &job.defaults, &job.shaping, columns, always, wanted));
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(shape.len() as u64).to_le_bytes());
    hasher.update(shape.as_bytes());
    hasher
}

/// Follows the bytes of a manifest while they are read.
#[derive(Clone)]
pub struct Trace(Arc<Mutex<Traced>>);

struct Traced {
    hasher: blake3::Hasher,
    has_ended: bool,
}

impl Trace {
    /// Begins with what the job says.
    pub fn new(job: &Job) -> Self {
        Self(Arc::new(Mutex::new(Traced { hasher: shape(job), has_ended: false })))
    }

    /// The bytes of `inner`, followed.
    pub fn of<R: Read>(&self, inner: R) -> impl Read + use<R> {
        TracedReader { inner, trace: self.clone() }
    }

    /// The fingerprint of what was read; none unless it was read to its end.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        let traced = self.lock();
        traced.has_ended.then(|| Fingerprint(traced.hasher.finalize().into()))
    }

    fn lock(&self) -> MutexGuard<'_, Traced> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct TracedReader<R> {
    inner: R,
    trace: Trace,
}

impl<R: Read> Read for TracedReader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        let mut traced = self.trace.lock();
        traced.hasher.update(&into[..read]);
        traced.has_ended |= read == 0 && !into.is_empty();
        Ok(read)
    }
}
