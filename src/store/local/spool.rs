//! The staging folder of one job in the hand of one run. Held open: what arrives is kept also when a folder above it is
//! moved meanwhile. Never gives a file a final name.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags};

use super::super::StoreError;
use super::disk::{self, failed};
use super::names;
use crate::disk::{Ballast, is_full};
use crate::domain::{AttemptId, Mark};

/// As much as a few captions, in bytes.
const PROBE: usize = 64 * 1024;
/// A picture of the model's usual size, with some to spare, in bytes.
const PICTURE: u64 = 2 << 20;
/// The largest ballast, in bytes.
const LARGEST_BALLAST: u64 = 256 << 20;
/// What nobody but the owner may enter.
const PRIVATE_FOLDER: u32 = 0o700;

/// A staging folder that no other run uses.
pub(super) struct Spool {
    path: PathBuf,
    /// Above the folder's lock, for it goes first: the next run lays one of the same name.
    ballast: Ballast,
    /// Open, and locked: two runs that know nothing of each other (their databases differ) must not share it.
    folder: File,
    mark: Mark,
    /// The mode of files under their final names, as the umask has it.
    published: Permissions,
}

impl Spool {
    /// Takes the folder, which exists. A disk that is full or may not be written is found here, before anything is
    /// bought; a ballast is laid for as many pictures as may be `in_flight`.
    pub fn take(path: PathBuf, output: &Path, mark: Mark, in_flight: usize) -> Result<Self, StoreError> {
        let folder = File::open(&path).map_err(failed("open", &path))?;
        match folder.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Held { output: output.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(failed("lock", &path)(error)),
        }
        // Some file systems (exFAT, shares of other machines) know no modes: they are no reason to make no pictures.
        let _ = folder.set_permissions(Permissions::from_mode(PRIVATE_FOLDER));
        let published = probe(&path)?;
        let ballast = Ballast::lay(&path.join(names::BALLAST), (in_flight as u64 * PICTURE).min(LARGEST_BALLAST));
        Ok(Self { path, folder, mark, ballast, published })
    }

    /// Makes a file for the `number`th image of an attempt, and says what it is called.
    pub fn arriving(&self, attempt: AttemptId, number: u32) -> (String, io::Result<File>) {
        let name = names::arriving(&self.mark, attempt, number);
        let file = self.create(&name);
        (name, file)
    }

    /// What an attempt's answer is written down in.
    pub fn receipt(&self, attempt: AttemptId) -> String {
        names::receipt(&self.mark, attempt)
    }

    /// Makes a file that must not be there yet, for the owner alone.
    pub fn create(&self, name: &str) -> io::Result<File> {
        self.open(name, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL)
    }

    /// Writes a small file anew.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.open(name, OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC)?;
        self.write_all(&mut file, bytes)
    }

    /// Opens a file to read it.
    pub fn read(&self, name: &str) -> io::Result<File> {
        self.open(name, OFlags::RDONLY)
    }

    fn open(&self, name: &str, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        Ok(rustix::fs::openat(&self.folder, name, flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    /// Puts one staged file in the place of another.
    pub fn replace(&self, name: &str, with: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.folder, with, &self.folder, name)?)
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.folder, name, AtFlags::empty())?)
    }

    /// Removes whatever dead attempts of this workspace left, but for what `stays`.
    pub fn sweep(&self, stays: impl Fn(&str) -> bool) -> Result<(), StoreError> {
        let mut dead = self.names()?.into_iter().filter(|name| !stays(name));
        dead.try_for_each(|name| disk::remove(&self.path_of(&name)))
    }

    /// What lies here, but for the ballast and what another workspace left.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed("read", &self.path))? {
            let name = entry.map_err(failed("read", &self.path))?.file_name().to_string_lossy().into_owned();
            if name != names::BALLAST && !names::is_strange(&name, &self.mark) {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Writes all of it, also to a disk that is full: the ballast is there for that.
    pub fn write_all(&self, file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
        let mut is_lighter = false;
        while !bytes.is_empty() {
            match file.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_full(&error) && !is_lighter => {
                    self.ballast.release();
                    is_lighter = true;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether the folder is still where it was: what a moved one holds is not gone.
    pub fn is_in_place(&self) -> Result<(), StoreError> {
        let (here, held) = (disk::look(&self.path)?, self.folder.metadata().map_err(failed("look at", &self.path))?);
        match here {
            Some(here) if (here.dev(), here.ino()) == (held.dev(), held.ino()) => Ok(()),
            _ => Err(StoreError::Moved { staging: self.path.clone() }),
        }
    }

    /// Makes the contents of a staged file durable.
    pub fn sync(&self, name: &str) -> Result<(), StoreError> {
        self.read(name).and_then(|file| file.sync_data()).map_err(failed("sync", &self.path_of(name)))
    }

    /// Makes the names in the folder durable.
    pub fn sync_names(&self) -> Result<(), StoreError> {
        self.folder.sync_all().map_err(failed("sync", &self.path))
    }

    /// Moves a staged file to its final name, and lets everybody see it whom the umask allows.
    pub fn publish(&self, name: &str, file: &Path) -> Result<(), StoreError> {
        let staged = self.path_of(name);
        // A file system that knows no modes is no reason to publish nothing.
        let _ = fs::set_permissions(&staged, self.published.clone());
        disk::rename(&staged, file)
    }

    /// Ends a run's work here. Mostly nothing is left; what waits for the next run, because its database failed, is
    /// made durable as far as that goes.
    pub fn close(&self) {
        self.ballast.remove();
        let Ok(left) = fs::read_dir(&self.path) else { return };
        let left: Vec<_> = left.flatten().map(|entry| entry.path()).collect();
        if !left.is_empty() {
            disk::in_parallel(&left, |file| File::open(file).and_then(|file| file.sync_data()));
            let _ = self.sync_names();
        }
    }

    /// Where the folder is, or was when the run began.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file in it is, likewise.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Whether the disk was found full.
    pub fn is_full(&self) -> bool {
        self.ballast.is_released()
    }
}

/// Writes a little and removes it. Says which mode a file gets here when nobody says otherwise.
fn probe(staging: &Path) -> Result<Permissions, StoreError> {
    let path = staging.join("probe.part");
    disk::remove(&path)?;
    let written = fs::write(&path, [0; PROBE]).and_then(|()| {
        let file = File::open(&path)?;
        file.sync_data()?;
        Ok(file.metadata()?.permissions())
    });
    let removed = disk::remove(&path);
    let mode = written.map_err(failed("write", &path))?;
    removed.map(|()| mode)
}
