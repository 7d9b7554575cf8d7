//! Room that is taken early and given back when the disk is full after all: what is on its way then still fits. Never
//! the reason why something fails.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::fs::FallocateFlags;

use super::{private, room};

/// At most this share of the room that is left, so that a small disk is not filled by what should save it.
const SHARE: u64 = 8;

/// A file of blocks that hold nothing. It goes with its owner; what a killed process left is taken over.
#[derive(Debug)]
pub struct Ballast {
    path: PathBuf,
    file: Mutex<Option<File>>,
    released: AtomicBool,
    removed: AtomicBool,
}

impl Ballast {
    /// Takes so many bytes, or less where the disk is small. Where none can be taken (the file system knows no such
    /// thing, or is full already) there is none: whoever sends looks at the room that is left as well.
    pub fn lay(path: &Path, bytes: u64) -> Self {
        let file = take(path, bytes).ok();
        if file.is_none() {
            // Half a ballast would only be in the way.
            let _ = fs::remove_file(path);
        }
        Self {
            path: path.to_owned(),
            file: Mutex::new(file),
            released: AtomicBool::new(false),
            removed: AtomicBool::new(false),
        }
    }

    /// Gives the room back, for the disk is full.
    pub fn release(&self) {
        self.released.store(true, Ordering::Relaxed);
        // Whoever comes second waits until there is room.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // By the open file, not by its name: the folder may have been moved.
        let _ = file.take().map(|file| file.set_len(0));
    }

    /// Takes the file away before its owner goes. Only once: another run's may stand there later.
    pub fn remove(&self) {
        if !self.removed.swap(true, Ordering::Relaxed) {
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Whether the disk was found full.
    pub fn is_released(&self) -> bool {
        self.released.load(Ordering::Relaxed)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        self.remove();
    }
}

fn take(path: &Path, bytes: u64) -> io::Result<File> {
    let file = private::open(path)?;
    file.set_len(0)?;
    let bytes = bytes.min(room(path)?.free / SHARE).max(1);
    rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, bytes)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_ballast_takes_its_room_is_read_by_nobody_and_gives_it_back_once_asked_or_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ballast");
        let ballast = Ballast::lay(&path, 1 << 20);
        let laid = fs::metadata(&path).unwrap();
        assert_eq!((laid.len(), laid.blocks() * 512 >= 1 << 20, laid.mode() & 0o777), (1 << 20, true, 0o600));
        ballast.release();
        assert!(ballast.is_released());
        assert_eq!(fs::metadata(&path).unwrap().blocks(), 0);
        drop(ballast);
        assert!(!path.exists());
    }

    #[test]
    fn where_none_can_be_laid_there_is_none_and_nothing_fails() {
        let ballast = Ballast::lay(Path::new("/dev/full/ballast"), 1 << 20);
        ballast.release();
        assert!(ballast.is_released());
    }
}
