//! What several rooms ask of the file system: files that are nobody else's, files that a list names, how much room is
//! left, and a ballast for the day on which there is none. Never knows what a file is for.

mod ballast;
mod far;
mod listed;
mod listings;
pub mod private;

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

pub use ballast::Ballast;
pub use far::far_file_system;
pub use listed::{FileError, ListFolder};
pub use listings::{Listings, PatternError, escaped, is_pattern, literal, unescaped};

use crate::domain::Room;

/// The room left on the file system of a path that exists, for people who are not root.
pub fn room(path: &Path) -> io::Result<Room> {
    let system = rustix::fs::statvfs(path)?;
    let free = match system.f_blocks {
        // Some file systems do not know: only writing tells.
        0 => u64::MAX,
        _ => system.f_bavail.saturating_mul(system.f_frsize),
    };
    Ok(Room { free, volume: fs::metadata(path)?.dev() })
}

/// Whether the disk has no more room, or the person's share of it is used up.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
