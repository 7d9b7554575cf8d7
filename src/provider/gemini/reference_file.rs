//! A reference image as a file: looked at, known by its first bytes, and read for only as long as it stays what it was.
//! Never keeps what it read. Everything here may block.

use std::error::Error;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::iter;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::disk::{FileError, ListFolder};
use crate::domain::{ImageFormat, LARGEST_REFERENCE, LARGEST_REQUEST, io_words};
use crate::provider::Unready;

/// The coarsest step in which a file system counts its times (FAT).
const COARSEST_TIME: Duration = Duration::from_secs(2);

/// A reference image that cannot be sent; nothing has left yet.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReferenceError {
    #[error(
        "the reference image {} cannot be read: {}; put it back or correct the manifest",
        path.display(), words(.reason)
    )]
    Unreadable { path: PathBuf, reason: FileError },
    #[error("the reference image {} is no JPEG, PNG or WebP picture by its content; convert it, or correct the manifest", path.display())]
    NotAnImage { path: PathBuf },
    #[error(
        "the reference images make a request of {} MB (base64 adds a third), and {} MB is the most; use fewer, or have \
         them reduced: `reduce_to = 2048` in [references] of the job file",
        .bytes.div_ceil(1_000_000), LARGEST_REQUEST / 1_000_000
    )]
    TooMuch { bytes: u64 },
    #[error(transparent)]
    Unready(#[from] Unready),
    #[error(transparent)]
    Changed(#[from] ReferenceChanged),
}

impl ReferenceError {
    /// The same of the reference that is this one of its request, from 1, where only its source knows which is meant.
    pub(super) fn of_number(self, number: usize) -> Self {
        match self {
            Self::Unready(unready) => {
                Self::Unready(Unready { message: format!("reference image {number}: {unready}"), ..unready })
            }
            other => other,
        }
    }
}

/// A reference image that did not stay what it was until the last of it was read: a body that it is part of breaks
/// off before its declared length.
#[derive(Debug, thiserror::Error)]
#[error("the reference image {} {what} while it was being sent; leave it in place and unchanged during a run", path.display())]
pub(super) struct ReferenceChanged {
    path: PathBuf,
    what: String,
}

impl ReferenceChanged {
    /// The one among the causes of an error, if it is there.
    pub(super) fn behind<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        iter::successors(Some(error), |error| (*error).source()).find_map(|cause| cause.downcast_ref())
    }
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    length: u64,
    written: SystemTime,
    /// Seconds and nanoseconds of the last change of whatever kind, which nobody can set back.
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> io::Result<Self> {
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Ok(Self { length: metadata.len(), written: metadata.modified()?, changed })
    }
}

/// A reference image as it was when it was looked at.
#[derive(Debug, Clone)]
pub(super) struct ReferenceFile {
    /// The list's folder, and the file as the list names it: what opens it looks again where that leads.
    folder: Arc<ListFolder>,
    written: String,
    path: PathBuf,
    format: ImageFormat,
    stamp: Stamp,
}

impl ReferenceFile {
    /// Looks at the file and its first bytes, and closes it again. It was checked when the manifest was read, which may be hours ago:
    /// by now it may be a pipe that never ends, or have grown beyond every bound.
    pub(super) fn inspect(folder: Arc<ListFolder>, written: String) -> Result<Self, ReferenceError> {
        let path = folder.path().join(&written);
        match look_at(&folder, &written) {
            Ok((stamp, Some(format))) => Ok(Self { folder, written, path, format, stamp }),
            Ok((_, None)) => Err(ReferenceError::NotAnImage { path }),
            Err(reason) => Err(ReferenceError::Unreadable { path, reason }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn format(&self) -> ImageFormat {
        self.format
    }

    pub(super) fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Its bytes: 7 MB at most.
    pub(super) fn length(&self) -> u32 {
        u32::try_from(self.stamp.length).unwrap_or(u32::MAX)
    }

    /// Whether it was last written so long ago that being written once more shows in its times.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        now.duration_since(self.stamp.written).is_ok_and(|age| age > COARSEST_TIME)
    }

    /// The next `count` bytes, if they are there and the file is still what it was.
    fn read(&self, open: &mut File, count: u32) -> Result<Vec<u8>, ReferenceChanged> {
        let mut bytes = Vec::with_capacity(count as usize);
        open.take(count.into()).read_to_end(&mut bytes).map_err(|error| self.unreadable(&error))?;
        match bytes.len() == count as usize {
            true => self.check(open).map(|()| bytes),
            false => Err(self.changed()),
        }
    }

    fn check(&self, open: &File) -> Result<(), ReferenceChanged> {
        let stamp = open.metadata().and_then(|metadata| Stamp::of(&metadata));
        match stamp.map_err(|error| self.unreadable(&error))? == self.stamp {
            true => Ok(()),
            false => Err(self.changed()),
        }
    }

    fn reopen(&self) -> Result<File, ReferenceChanged> {
        let open = self.folder.open(&self.written).map_err(|error| self.became(&words(&error)))?;
        self.check(&open).map(|()| open)
    }

    fn changed(&self) -> ReferenceChanged {
        ReferenceChanged { path: self.path.clone(), what: "changed".to_owned() }
    }

    /// That it could be read before and cannot be now.
    pub(super) fn unreadable(&self, error: &io::Error) -> ReferenceChanged {
        self.became(&io_words(error))
    }

    fn became(&self, why: &str) -> ReferenceChanged {
        ReferenceChanged { path: self.path.clone(), what: format!("became unreadable ({why})") }
    }
}

/// A reference image on its way through memory, block by block. The file is opened when the first block is wanted, so
/// that a request has one file open at a time, however many references wait in it.
#[derive(Debug)]
pub(super) struct Reading {
    file: ReferenceFile,
    open: Option<File>,
    left: u32,
}

impl Reading {
    pub(super) fn new(file: ReferenceFile) -> Self {
        Self { left: file.length(), open: None, file }
    }

    pub(super) fn file(&self) -> &ReferenceFile {
        &self.file
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.left == 0
    }

    /// The next bytes, `most` at once, and what is then to be read.
    pub(super) fn next(mut self, most: u32) -> Result<(Vec<u8>, Self), ReferenceChanged> {
        let mut open = self.open.take().map_or_else(|| self.file.reopen(), Ok)?;
        let bytes = self.file.read(&mut open, self.left.min(most))?;
        self.left -= self.left.min(most);
        Ok((bytes, Self { open: Some(open), ..self }))
    }
}

/// A file's state, and what its first bytes say.
fn look_at(folder: &ListFolder, written: &str) -> Result<(Stamp, Option<ImageFormat>), FileError> {
    let (about, format) = folder.look(written)?;
    let stamp = Stamp::of(&about)?;
    if stamp.length > LARGEST_REFERENCE {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "it has grown beyond 7 MB").into());
    }
    Ok((stamp, format))
}

fn words(error: &FileError) -> String {
    match error {
        FileError::Io(error) => io_words(error),
        FileError::NotAFile => "it is no file any more".to_owned(),
        FileError::LedAway { .. } | FileError::LedNowhere { .. } => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::net::UnixListener;

    fn inspect(path: &Path) -> Result<ReferenceFile, ReferenceError> {
        let folder = ListFolder::new(path.parent().unwrap().to_owned(), false);
        ReferenceFile::inspect(folder.into(), path.display().to_string())
    }

    /// A folder with this file in it, and the file as it was looked at.
    fn written(bytes: &[u8]) -> (tempfile::TempDir, PathBuf, ReferenceFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        fs::write(&path, bytes).unwrap();
        let file = inspect(&path).unwrap();
        (folder, path, file)
    }

    const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0 and so on";

    fn refusal(path: &Path) -> String {
        inspect(path).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_file_is_refused_without_being_opened() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket.jpg");
        let _listening = UnixListener::bind(&socket).unwrap();
        for path in [folder.path(), &socket, Path::new("/dev/zero")] {
            let told = refusal(path);
            assert!(told.contains(&path.display().to_string()) && told.contains("it is no file any more"), "{told}");
        }
    }

    #[test]
    fn more_than_seven_megabytes_are_refused_before_they_are_read() {
        let (_folder, path, _) = written(JPEG);
        let open = File::options().write(true).open(&path).unwrap();
        open.set_len(LARGEST_REFERENCE).unwrap();
        assert_eq!(u64::from(inspect(&path).unwrap().length()), LARGEST_REFERENCE);
        open.set_len(LARGEST_REFERENCE + 1).unwrap();
        assert!(refusal(&path).contains("it has grown beyond 7 MB"));
    }

    #[test]
    fn a_file_is_read_to_its_end_in_blocks_of_any_size() {
        let (_folder, _, file) = written(JPEG);
        for most in [1, 4, JPEG.len() as u32, u32::MAX] {
            let (mut reading, mut read) = (Reading::new(file.clone()), Vec::new());
            while !reading.is_at_end() {
                let (bytes, rest) = reading.next(most).unwrap();
                read.extend(bytes);
                reading = rest;
            }
            assert_eq!(read, JPEG, "{most} at once");
        }
    }

    #[test]
    fn a_file_that_changes_between_two_blocks_gives_no_more() {
        let changes: [fn(&Path); 3] = [
            |path| File::options().write(true).open(path).unwrap().set_len(5).unwrap(),
            |path| fs::write(path, [JPEG, JPEG].concat()).unwrap(),
            |path| File::options().write(true).open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap(),
        ];
        for change in changes {
            let (_folder, path, file) = written(JPEG);
            let (_, reading) = Reading::new(file.clone()).next(4).unwrap();
            change(&path);
            let told = reading.next(4).unwrap_err().to_string();
            assert!(told.contains("a.jpg changed while it was being sent"), "{told}");
            assert!(Reading::new(file).next(u32::MAX).is_err(), "nor to who begins only now");
        }
    }

    #[test]
    fn a_file_that_is_gone_when_its_turn_comes_is_named() {
        let (_folder, path, file) = written(JPEG);
        fs::remove_file(&path).unwrap();
        let told = Reading::new(file).next(4).unwrap_err().to_string();
        assert!(told.contains("a.jpg became unreadable (there is no such file or folder) while"), "{told}");
    }
}
