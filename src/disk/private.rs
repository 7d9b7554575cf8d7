//! Files that only their owner reads, whatever the umask says: prompts and captions are nobody else's business. Never
//! widens what is narrower.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Read and written by the owner.
const OWNER_ONLY: u32 = 0o600;

/// Opens a file for reading and writing, and makes it where there is none.
pub fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(OWNER_ONLY).open(path)?;
    narrow(path);
    Ok(file)
}

/// Makes an empty file, for whoever would make it for all to read. It is no mistake if there is one.
pub fn make(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Takes a file from everyone but its owner. Who is not its owner, and file systems without owners, leave it as it is.
pub fn narrow(path: &Path) {
    let wide = fs::metadata(path).map(|about| about.permissions().mode()).unwrap_or_default();
    if wide & 0o077 != 0 {
        let _ = fs::set_permissions(path, Permissions::from_mode(wide & 0o700));
    }
}
