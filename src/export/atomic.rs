//! A file that changes in one instant or not at all. Never shows a part of itself under its name.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file being written beside the one it will replace. Dropped before `commit`, it leaves nothing behind.
pub struct AtomicFile {
    path: PathBuf,
    draft: PathBuf,
    file: BufWriter<File>,
}

impl AtomicFile {
    /// Begins to write `path` anew. `writer` keeps those apart who may write it at the same time; what a killed
    /// process of the same writer left is overwritten.
    pub fn create(path: &Path, writer: &str) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let draft = path.with_file_name(format!(".{name}.{writer}.part"));
        // Anew, so that a link someone put there is not followed out of the folder.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = BufWriter::new(File::create_new(&draft)?);
        let path = path.to_owned();
        Ok(Self { path, draft, file })
    }

    /// Sets who may read and write it, whatever the umask says.
    pub fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.file.get_ref().set_permissions(permissions)
    }

    /// Puts what was written in the place of what stood there, durably.
    pub fn commit(mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_data()?;
        fs::rename(&self.draft, &self.path)?;
        match self.path.parent() {
            Some(folder) if folder != Path::new("") => File::open(folder)?.sync_all(),
            _ => File::open(".")?.sync_all(),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for AtomicFile {
    /// After a commit the draft has become the file, and there is nothing to remove.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.draft);
    }
}
