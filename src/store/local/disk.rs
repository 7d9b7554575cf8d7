//! The few things asked of the file system, with errors that name the file. Never knows what a file is for.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use super::super::StoreError;

/// How many files are synced at once (1.5 MB each, a cloud machine's disk). Alone on the machine four gave 555 durable
/// files a second where one gave 136, and more gained little; beside other work that wrote, one gave 87, four 300 to
/// 390, eight 500 to 650, sixteen 640 to 820.
const SYNC_THREADS: usize = 16;
/// A thread that is started for fewer files costs more than it gains.
const FILES_A_THREAD: usize = 4;

/// Turns what the system said about `path` into an error of the store.
pub(super) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { action, path, source: source.into() }
}

/// Makes the names in these folders durable.
pub(super) fn sync_folders(folders: &[PathBuf]) -> Result<(), StoreError> {
    in_parallel(folders, |folder| sync_folder(folder)).into_iter().collect()
}

/// Makes the names in this folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|open| open.sync_all()).map_err(failed("sync", folder))
}

/// Does `work` to every one, on several threads where there are many; one result for each, in their order.
pub(super) fn in_parallel<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let part = |part: &[T]| -> Vec<R> { part.iter().map(&work).collect() };
    let mut parts = all.chunks(all.len().div_ceil(SYNC_THREADS).max(FILES_A_THREAD));
    let ours = parts.next().unwrap_or_default();
    thread::scope(|scope| {
        let part = &part;
        let threads: Vec<_> = parts.map(|theirs| scope.spawn(move || part(theirs))).collect();
        let mut done = part(ours);
        for thread in threads {
            done.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    })
}

/// What stands at this path, without following a link; `None` if nothing does.
pub(super) fn look(path: &Path) -> Result<Option<Metadata>, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(failed("look at", path)(error)),
    }
}

/// Whether a file of exactly these bytes stands here. It is read only if its length is right.
pub(super) fn holds(path: &Path, bytes: u64, blake3: &str) -> Result<bool, StoreError> {
    if !is_file_of(path, bytes)? {
        return Ok(false);
    }
    let mut hasher = blake3::Hasher::new();
    let file = File::open(path).map_err(failed("read", path))?;
    hasher.update_reader(file).map_err(failed("read", path))?;
    Ok(hasher.finalize().to_hex().as_str() == blake3)
}

/// Whether a regular file of this length stands here.
pub(super) fn is_file_of(path: &Path, bytes: u64) -> Result<bool, StoreError> {
    Ok(look(path)?.is_some_and(|found| found.is_file() && found.len() == bytes))
}

/// Moves a file within the file system; what stood at `to` is replaced in the same instant.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(failed("publish", to))
}

/// Removes a file, or a folder with all that is in it. A link is removed, not followed.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    let removed = match look(path)? {
        Some(found) if found.is_dir() => fs::remove_dir_all(path),
        Some(_) => fs::remove_file(path),
        None => Ok(()),
    };
    removed.map_err(failed("remove", path))
}
