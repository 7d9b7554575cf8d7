//! A folder for what a bench writes, removed when it is dropped. Never begins what would not fit.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// What stays free beside what a bench writes, in bytes.
const RESERVE: u64 = 1 << 30;

/// A folder of its own below the one that was named.
#[derive(Debug)]
pub struct Scratch(TempDir);

impl Scratch {
    /// Makes it, if so many bytes fit into it. What lies in memory must fit into the memory that is free as well.
    pub fn new(parent: &Path, bytes: u64) -> anyhow::Result<Self> {
        let space = rustix::fs::statvfs(parent)?;
        let mut free = space.f_bavail * space.f_frsize;
        if fs::canonicalize(parent)?.starts_with("/dev/shm") {
            free = free.min(free_memory().unwrap_or(free));
        }
        anyhow::ensure!(
            free >= bytes + RESERVE,
            "this needs {:.1} GB in {} with 1 GB to spare, and {:.1} GB are free: name another folder with --scratch, or \
             ask for less (--help)",
            bytes as f64 / 1e9,
            parent.display(),
            free as f64 / 1e9
        );
        Ok(Self(TempDir::with_prefix_in("overnight-bench-", parent)?))
    }

    /// A place inside.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// The memory that could be had, in bytes.
fn free_memory() -> Option<u64> {
    let memory = fs::read_to_string("/proc/meminfo").ok()?;
    let line = memory.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}
