//! The store in a folder of the local disk. Never copies a picture: what was staged is renamed to its final name.
//!
//! Below the output folder: `.staging/<job>/` holds what arrives, `.versions/` what was replaced, and everything else
//! stands under its final name.

mod attic;
mod disk;
mod folders;
mod names;
mod publish;
mod recovery;
mod shelf;
mod spool;
mod staging;
mod versions;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::shelf::LocalShelf;

use self::disk::failed;
use self::folders::Folders;
use self::shelf::is_gone;
use self::spool::Spool;
use self::staging::LocalStaging;
use super::{ArtifactStore, Publication, Published, Staging, StoreError};
use crate::disk as file_system;
use crate::domain::{Mark, Received, Room, Sent, StagedImage};

/// So often staging is made that another job, which ends and leaves nothing empty behind, takes away in between.
const TRIES: u32 = 10;

/// The pictures of one job in its output folder, all on one file system.
pub struct LocalStore {
    output: PathBuf,
    spool: Arc<Spool>,
}

impl LocalStore {
    /// Opens the output folder for a job, and makes it, with its staging, where it does not exist. What it stages bears
    /// the workspace's mark, and as many answers as may be `in_flight` find room also on a disk that others fill
    /// meanwhile. Fails if the folder cannot be made or written, or if `job` cannot be the name of a folder.
    pub fn open(output: &Path, job: &str, mark: &Mark, in_flight: usize) -> Result<Self, StoreError> {
        names::check_job(job)?;
        folders::make_output(output)?;
        let mut tries = 1..TRIES;
        let spool = loop {
            match take_staging(output, job, mark, in_flight) {
                Err(StoreError::Io { source, .. }) if is_gone(&source) && tries.next().is_some() => {}
                taken => break taken?,
            }
        };
        Ok(Self { output: output.to_owned(), spool: Arc::new(spool) })
    }
}

/// The job's staging, in this store's hand.
fn take_staging(output: &Path, job: &str, mark: &Mark, in_flight: usize) -> Result<Spool, StoreError> {
    let mut folders = Folders::below(output);
    let staging = folders.enter(&format!("{}/{job}", names::STAGING))?;
    folders.sync()?;
    Spool::take(staging, output, mark.clone(), in_flight)
}

/// Where a job's answers arrive, below its output folder.
pub fn staging(output: &Path, job: &str) -> PathBuf {
    output.join(names::STAGING).join(job)
}

impl Drop for LocalStore {
    /// Empty staging is nothing anybody wants to find beside the pictures; what waits there keeps its folders.
    fn drop(&mut self) {
        self.spool.close();
        let staging = [self.spool.path(), &self.output.join(names::STAGING)];
        // They are not empty, or gone already: both are as it should be.
        let _ = staging.into_iter().try_for_each(fs::remove_dir);
    }
}

impl ArtifactStore for LocalStore {
    fn stage(&self, sent: Sent) -> Result<Box<dyn Staging>, StoreError> {
        Ok(Box::new(LocalStaging::new(self.spool.clone(), sent)?))
    }

    fn sync(&self, images: &[&StagedImage]) -> Vec<Result<(), StoreError>> {
        let synced = disk::in_parallel(images, |image| self.spool.sync(&image.staged));
        let named = self.spool.sync_names();
        synced.into_iter().map(|file| file.and(named.clone())).collect()
    }

    fn publish(&self, publications: &[Publication]) -> Vec<Result<Published, StoreError>> {
        publish::publish(&self.output, &self.spool, publications)
    }

    fn recover(&self, attempts: &[Sent]) -> Result<Vec<Received>, StoreError> {
        recovery::recover(&self.spool, attempts)
    }

    fn sweep(&self, received: &[&StagedImage]) -> Result<(), StoreError> {
        recovery::know_all(&self.spool, received)?;
        let kept: HashSet<_> = received.iter().map(|image| image.staged.as_str()).collect();
        self.spool.sweep(|name| kept.contains(name))
    }

    fn room(&self) -> Result<Room, StoreError> {
        let room = file_system::room(&self.output).map_err(failed("look at", &self.output))?;
        Ok(if self.spool.is_full() { Room { free: 0, ..room } } else { room })
    }
}
