//! The copy that is kept of a database before a migration. Never writes over another copy.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::super::super::QueueError;
use super::super::{Doing, beside_itself, identity};
use crate::disk::private;

/// What stands behind a database's name in that of its copy, in front of the version it was to get.
const MARK: &str = ".before-";

/// Whether this is the name of a whole copy of the database, as [`Copy::keep`] gives it.
pub(in super::super) fn is_copy(database: &Path, path: &Path) -> bool {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (name, database) = (name(path), name(database));
    let rest = name.strip_prefix(&database).and_then(|rest| rest.strip_prefix(MARK));
    rest.is_some_and(|rest| rest.splitn(2, '-').all(is_number))
}

/// A copy under a name that no person takes for a whole one; it goes away unless it is kept.
pub(super) struct Copy {
    /// Held locked, so that of several processes one copies and migrates.
    part: File,
    part_path: PathBuf,
    /// The name it will have, if that is free.
    path: PathBuf,
    kept: bool,
}

impl Copy {
    /// Waits until no other process copies this database, and begins. What a killed process left is used again.
    pub(super) fn begin(database: &Path, next_version: usize) -> Result<Self, QueueError> {
        let path = beside_itself(database, &format!("{MARK}{next_version}"));
        let part_path = beside_itself(&path, ".part");
        let part = locked(&part_path).map_err(|source| failed(&part_path, source))?;
        Ok(Self { part, part_path, path, kept: false })
    }

    /// Copies all of the database, durably.
    pub(super) fn fill(&self, connection: &Connection, database: &Path) -> Result<(), QueueError> {
        // Into an empty file SQLite copies, into any other it does not.
        self.part.set_len(0).map_err(|source| failed(&self.part_path, source))?;
        let _ = fs::remove_file(beside_itself(&self.part_path, "-journal"));
        let copied = connection.execute("VACUUM INTO ?1", [self.part_path.to_string_lossy()]);
        copied.doing(database, "copying it before a migration")?;
        self.part.sync_all().map_err(|source| failed(&self.part_path, source))
    }

    /// Gives the copy its name, or the next that is free: an earlier copy may be the one that somebody needs.
    pub(super) fn keep(&mut self) -> Result<(), QueueError> {
        let later = (2..).map(|number| beside_itself(&self.path, &format!("-{number}")));
        let mut names = std::iter::once(self.path.clone()).chain(later);
        let free = names.find(|name| name.symlink_metadata().is_err()).unwrap_or_else(|| self.path.clone());
        let named = fs::rename(&self.part_path, &free);
        self.kept = named.is_ok();
        named.and_then(|()| sync_folder(&free)).map_err(|source| failed(&free, source))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.part_path);
        }
    }
}

/// The file of this name, locked by this process; who had it before may have given it another name meanwhile.
fn locked(path: &Path) -> io::Result<File> {
    loop {
        let file = private::open(path)?;
        file.lock()?;
        let about = file.metadata()?;
        if identity(path) == Some((about.dev(), about.ino())) {
            return Ok(file);
        }
    }
}

fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn failed(path: &Path, source: io::Error) -> QueueError {
    QueueError::Copy { path: path.display().to_string(), source }
}
