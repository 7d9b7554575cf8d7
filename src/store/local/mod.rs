//! The store in a folder of the local disk. Never copies a picture: what was staged is renamed to its final name.
//!
//! Below the output folder: `.staging/<job>/` holds what arrives, `.versions/` what was replaced, and everything else
//! stands under its final name.

mod disk;
mod folders;
mod names;
mod publish;
mod shelf;
mod staging;
mod versions;

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

pub use self::shelf::LocalShelf;

use self::disk::failed;
use self::folders::Folders;
use self::staging::LocalStaging;
use super::{ArtifactStore, Publication, Published, Staging, StoreError};
use crate::domain::{AttemptId, StagedImage};

/// The pictures of one job in its output folder, all on one file system.
pub struct LocalStore {
    output: PathBuf,
    staging: PathBuf,
    _hold: File,
}

/// Takes the staging folder: two runs that know nothing of each other (their databases differ) must not share it.
fn hold(staging: &Path, output: &Path) -> Result<File, StoreError> {
    let folder = File::open(staging).map_err(failed("open", staging))?;
    match folder.try_lock() {
        Ok(()) => Ok(folder),
        Err(TryLockError::WouldBlock) => Err(StoreError::Held { output: output.to_owned() }),
        Err(TryLockError::Error(error)) => Err(failed("lock", staging)(error)),
    }
}

/// Writes a little and removes it: a disk that is full or may not be written is found before anything is bought.
fn probe(staging: &Path) -> Result<(), StoreError> {
    let path = staging.join("probe.part");
    let written = fs::write(&path, [0; PROBE]).and_then(|()| File::open(&path)?.sync_data());
    let removed = disk::remove(&path);
    written.map_err(failed("write", &path))?;
    removed
}

/// As much as a few captions, in bytes.
const PROBE: usize = 64 * 1024;

impl LocalStore {
    /// Opens the output folder for a job, and makes it, with its staging, where it does not exist. Fails if it cannot
    /// be made, or if `job` cannot be the name of a folder.
    pub fn open(output: &Path, job: &str) -> Result<Self, StoreError> {
        names::check_job(job)?;
        folders::make_output(output)?;
        let mut folders = Folders::below(output);
        let staging = folders.enter(&format!("{}/{job}", names::STAGING))?;
        folders.sync()?;
        let hold = hold(&staging, output)?;
        probe(&staging)?;
        Ok(Self { output: output.to_owned(), staging, _hold: hold })
    }
}

impl Drop for LocalStore {
    /// Empty staging is nothing anybody wants to find beside the pictures; what waits there keeps its folders.
    fn drop(&mut self) {
        let staging = [self.staging.as_path(), &self.output.join(names::STAGING)];
        // They are not empty, or gone already: both are as it should be.
        let _ = staging.into_iter().try_for_each(fs::remove_dir);
    }
}

impl ArtifactStore for LocalStore {
    fn stage(&self, attempt: AttemptId) -> Result<Box<dyn Staging>, StoreError> {
        Ok(Box::new(LocalStaging::new(self.staging.clone(), attempt)?))
    }

    fn sync(&self, images: &[&StagedImage]) -> Vec<Result<(), StoreError>> {
        let files: Vec<_> = images.iter().map(|image| self.staging.join(&image.staged)).collect();
        let synced = disk::sync_files(&files);
        let named = disk::sync_folder(&self.staging);
        synced.into_iter().map(|file| file.and(named.clone())).collect()
    }

    fn publish(&self, publications: &[Publication]) -> Vec<Result<Published, StoreError>> {
        publish::publish(&self.output, &self.staging, publications)
    }

    fn sweep(&self, received: &[&StagedImage]) -> Result<(), StoreError> {
        let kept: HashSet<_> = received.iter().map(|image| image.staged.as_str()).collect();
        for entry in fs::read_dir(&self.staging).map_err(failed("read", &self.staging))? {
            let entry = entry.map_err(failed("read", &self.staging))?;
            if entry.file_name().to_str().is_none_or(|name| !kept.contains(name)) {
                disk::remove(&entry.path())?;
            }
        }
        Ok(())
    }
}
