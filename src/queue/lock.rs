//! The lock that proves a run lives: the operating system lets go of it when its process dies. Never waits for
//! another run.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::QueueError;
use crate::disk::private;

/// How long a look at the lock takes at most, and how many of them are waited for.
const A_LOOK: Duration = Duration::from_millis(5);
const LOOKS: u32 = 10;

/// Held for as long as the run lives. Its file stays: removing it would let two runs hold two files of one name.
#[derive(Debug)]
pub struct RunLock {
    file: File,
}

impl RunLock {
    /// Takes the lock of a job beside its database, or says who has it. `holder` is what others will be told.
    pub fn acquire(database: &Path, job: &str, holder: &str) -> Result<Self, QueueError> {
        let path = lock_path(database, job);
        let failed = |source| QueueError::Lock { path: path.display().to_string(), source };
        let mut file = private::open(&path).map_err(failed)?;
        if !take(&file).map_err(failed)? {
            return Err(held(job, &mut file));
        }
        name_holder(&mut file, holder).map_err(failed)?;
        Ok(Self { file })
    }
}

impl Drop for RunLock {
    /// Closing the file is not enough: a program that is being started has it open too, for an instant.
    fn drop(&mut self) {
        // What cannot be let go of ends with the process.
        let _ = self.file.unlock();
    }
}

/// Whether a run of the job lives, as the operating system knows it.
pub fn is_held(database: &Path, job: &str) -> bool {
    // A lock file that cannot be opened is held by nobody who could have made it.
    File::open(lock_path(database, job))
        .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Who has the lock of a job, if a run lives.
pub fn holder(database: &Path, job: &str) -> Option<String> {
    let mut holder = String::new();
    let is_named = || File::open(lock_path(database, job)).ok()?.read_to_string(&mut holder).ok();
    is_held(database, job).then(is_named)?;
    Some(if holder.is_empty() { "another process".to_owned() } else { holder })
}

/// Takes the lock unless another has it. Someone who only looks, with [`is_held`], has it for an instant.
fn take(file: &File) -> io::Result<bool> {
    for _ in 0..LOOKS {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => std::thread::sleep(A_LOOK),
            Err(TryLockError::Error(source)) => return Err(source),
        }
    }
    Ok(false)
}

/// `overnight.db` and job `spring` give `overnight.db.spring.lock`.
fn lock_path(database: &Path, job: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(format!(".{job}.lock"));
    PathBuf::from(path)
}

fn name_holder(file: &mut File, holder: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(holder.as_bytes())
}

fn held(job: &str, file: &mut File) -> QueueError {
    let mut holder = String::new();
    // A holder that has not yet written its name is still a holder.
    let named = file.read_to_string(&mut holder).is_ok() && !holder.is_empty();
    QueueError::Held { job: job.to_owned(), holder: if named { holder } else { "another process".to_owned() } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_and_told_who_has_it_until_the_first_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("overnight.db");
        let first = RunLock::acquire(&database, "spring", "process 7 on atlas").unwrap();
        let refused = RunLock::acquire(&database, "spring", "process 8 on atlas").unwrap_err().to_string();
        assert!(refused.contains("another run of job `spring` is on: process 7 on atlas"), "{refused}");
        RunLock::acquire(&database, "autumn", "process 8 on atlas").expect("another job is free");
        assert!(is_held(&database, "spring") && !is_held(&database, "summer"));
        drop(first);
        assert!(!is_held(&database, "spring"));
        RunLock::acquire(&database, "spring", "process 8 on atlas").expect("free again");
    }

    #[test]
    fn it_is_free_though_a_program_that_is_being_started_has_its_file_open_still() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("overnight.db");
        let lock = RunLock::acquire(&database, "spring", "process 7 on atlas").unwrap();
        let inherited = lock.file.try_clone().unwrap();
        drop(lock);
        assert!(!is_held(&database, "spring"));
        drop(inherited);
    }
}
