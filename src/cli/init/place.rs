//! Where a workspace is made: which files are there already, and writing those that are not. Never overwrites one.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use crate::cli::exit::UsageError;
use crate::domain::io_words;
use crate::job::paths;

/// The file that keeps a workspace's database and pictures out of a repository.
const IGNORES: &str = ".gitignore";

/// The folder in which a workspace is made.
pub struct Place {
    folder: PathBuf,
    current_dir: PathBuf,
}

impl Place {
    /// This folder, for someone who stands in `current_dir`.
    pub fn new(folder: PathBuf, current_dir: &Path) -> Self {
        Self { folder, current_dir: current_dir.to_owned() }
    }

    /// Where a file of it is, or would be.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Where the person stands.
    pub fn current_dir(&self) -> &Path {
        &self.current_dir
    }

    /// A file of it as a person writes it.
    pub fn shown(&self, file: &str) -> String {
        paths::shown(&self.path(file), &self.current_dir)
    }

    /// That none of these files is there.
    pub fn refuse_what_is_there(&self, files: &[&str]) -> Result<(), UsageError> {
        let there: Vec<_> = files.iter().filter(|file| self.path(file).symlink_metadata().is_ok()).collect();
        match there[..] {
            [] => Ok(()),
            [file, ..] => Err(UsageError(format!(
                "{} is there already, and stays as it is; move it away, or begin in another folder: overnight init DIR",
                self.shown(file)
            ))),
        }
    }

    /// Writes these files, and what keeps others out of a repository unless such a file is there: whoever has one has
    /// their own mind about it. Returns what was written, as a person calls it.
    pub fn make(&self, files: &[(&str, &str)], ignores: &str) -> anyhow::Result<Vec<String>> {
        self.refuse_what_is_there(&files.iter().map(|(file, _)| *file).collect::<Vec<_>>())?;
        let mut made = Vec::new();
        for (file, text) in files {
            self.write(file, text).map_err(|error| self.unmade(file, &error))?;
            made.push(self.shown(file));
        }
        match self.write(IGNORES, ignores) {
            Ok(()) => made.push(self.shown(IGNORES)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => (),
            Err(error) => return Err(self.unmade(IGNORES, &error)),
        }
        Ok(made)
    }

    fn write(&self, file: &str, text: &str) -> io::Result<()> {
        let path = self.path(file);
        fs::create_dir_all(paths::folder_of(&path))?;
        OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
    }

    fn unmade(&self, file: &str, error: &io::Error) -> anyhow::Error {
        UsageError(format!("{} cannot be made: {}; begin in another folder", self.shown(file), io_words(error))).into()
    }
}

/// How a file in `folder` names `target`: from there where they have a folder in common, else in full. None if that is
/// no text.
pub fn relative(folder: &Path, target: &Path) -> Option<String> {
    let (from, to) = (real(folder), real(target));
    let common = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    if common <= 1 {
        return to.to_str().map(str::to_owned);
    }
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(to.components().skip(common)).collect();
    path.to_str().map(str::to_owned)
}

/// A path with the links on its way resolved as far as it is there.
fn real(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(real), ..) => real,
        (Err(_), Some(parent), Some(name)) => real(parent).join(name),
        _ => path.to_owned(),
    }
}
