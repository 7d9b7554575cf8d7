//! The folder that is passed on: a page, and pictures below it. Never touches a file that was not made here, and never shows
//! a page whose pictures are not all there.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::super::AtomicFile;
use super::KeepsakeError;

/// Says that the folder was made here, and which pictures.
const JOURNAL: &str = ".overnight-review";
pub(super) const PAGE: &str = "index.html";
pub(super) const PICTURES: &str = "pictures";
/// Those that write here at one time are kept apart by a lock.
const WRITER: &str = "review";

/// The first line of the journal; below it stands the name of a picture in each.
#[derive(Serialize, Deserialize)]
struct Title {
    /// For whoever finds the file.
    what: String,
    job: String,
    /// Pixels of the longer side of pictures.
    side: u32,
}

/// A folder being written.
pub(super) struct Folder {
    path: PathBuf,
    title: Title,
    /// Pictures that were made here and are there, or may be.
    known: BTreeSet<String>,
    /// Whether these are as they would be made now.
    as_now: bool,
    journal: Mutex<File>,
}

impl Folder {
    /// Opens one that is not there yet, or is empty, or was made here for this job.
    pub fn open(path: &Path, job: &str, side: u32) -> Result<Self, KeepsakeError> {
        let path = path.to_owned();
        let failed = |source| KeepsakeError::Write { path: path.clone(), source };
        match fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(failed)?,
        }
        let what = "made by `overnight review --static`: it may be written anew, and pictures named here removed";
        let title = Title { what: what.to_owned(), job: job.to_owned(), side };
        let text = match fs::read_to_string(path.join(JOURNAL)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if fs::read_dir(&path).map_err(failed)?.next().is_some() {
                    return Err(KeepsakeError::Strange { path });
                }
                write_journal(&path, &title, &BTreeSet::new()).map_err(failed)?;
                String::new()
            }
            Err(error) => return Err(failed(error)),
        };
        let journal = File::options().append(true).open(path.join(JOURNAL)).map_err(failed)?;
        match journal.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(KeepsakeError::Busy { path }),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut lines = text.lines();
        let before: Option<Title> = lines.next().and_then(|line| serde_json::from_str(line).ok());
        match &before {
            Some(before) if before.job != job => return Err(KeepsakeError::OtherJob { path, job: before.job.clone() }),
            None if !text.is_empty() => return Err(KeepsakeError::Strange { path }),
            _ => {}
        }
        let known = lines.filter(|name| is_ours(name)).map(str::to_owned).collect();
        let pictures = path.join(PICTURES);
        match fs::symlink_metadata(&pictures) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(failed(io::ErrorKind::NotADirectory.into())),
            Err(_) => fs::create_dir(&pictures).map_err(failed)?,
        }
        let as_now = before.is_some_and(|before| before.side == side);
        Ok(Self { path, title, known, as_now, journal: Mutex::new(journal) })
    }

    /// Whether a picture of this name is there as it would be made now.
    pub fn has(&self, name: &str) -> bool {
        let is_file = || fs::symlink_metadata(self.picture(name)).is_ok_and(|found| found.is_file());
        self.as_now && self.known.contains(name) && is_file()
    }

    /// Puts a picture there, whole. Several threads may.
    pub fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).write_all(format!("{name}\n").as_bytes())?;
        let mut file = AtomicFile::create(&self.picture(name), WRITER)?;
        file.write_all(bytes)?;
        file.commit()
    }

    /// Begins the page. It stands once it is committed.
    pub fn page(&self) -> io::Result<AtomicFile> {
        AtomicFile::create(&self.path.join(PAGE), WRITER)
    }

    /// The page stands: what was made here before and is not on it goes.
    pub fn sweep(self, shown: &BTreeSet<String>) -> io::Result<()> {
        for name in self.known.difference(shown) {
            for file in [name.clone(), format!(".{name}.{WRITER}.part")] {
                match fs::remove_file(self.picture(&file)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        write_journal(&self.path, &self.title, shown)
    }

    fn picture(&self, name: &str) -> PathBuf {
        self.path.join(PICTURES).join(name)
    }
}

fn write_journal(folder: &Path, title: &Title, names: &BTreeSet<String>) -> io::Result<()> {
    let mut file = AtomicFile::create(&folder.join(JOURNAL), WRITER)?;
    writeln!(file, "{}", serde_json::to_string(title)?)?;
    names.iter().try_for_each(|name| writeln!(file, "{name}"))?;
    file.commit()
}

/// Whether a picture could be called so here: whoever got the journal in their hands must not lead us elsewhere.
fn is_ours(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    name.ends_with(".jpg") && !name.starts_with('.') && name.chars().all(fits)
}
