//! What several rooms ask of the file system: files that are nobody else's, how much room is left, and a ballast for
//! the day on which there is none. Never knows what a file is for.

mod ballast;

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

pub use ballast::Ballast;

use crate::domain::Room;

/// How files are opened that only their owner may read (mode 0600), whatever the umask allows.
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// The room left on the file system of a path that exists, for people who are not root.
pub fn room(path: &Path) -> io::Result<Room> {
    let system = rustix::fs::statvfs(path)?;
    Ok(Room { free: system.f_bavail.saturating_mul(system.f_frsize), volume: fs::metadata(path)?.dev() })
}

/// Whether the disk has no more room, or the person's share of it is used up.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
