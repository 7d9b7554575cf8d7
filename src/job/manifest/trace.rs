//! The bytes of a manifest, hashed while they are read: from them its fingerprint. Never understands what it hashes.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::Fingerprint;

/// Follows the bytes of a manifest while they are read.
#[derive(Clone)]
pub struct Trace(Arc<Mutex<Traced>>);

struct Traced {
    hasher: blake3::Hasher,
    has_ended: bool,
}

impl Trace {
    /// Begins with what shapes the rows beside the bytes.
    pub fn new(hasher: blake3::Hasher) -> Self {
        Self(Arc::new(Mutex::new(Traced { hasher, has_ended: false })))
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
