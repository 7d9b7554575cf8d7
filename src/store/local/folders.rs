//! The folders a batch works in: made where they are missing, synced once at its end. Never leaves the output folder.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::StoreError;
use super::disk::{self, failed};

/// The folders entered so far, all below the output folder.
pub(super) struct Folders<'a> {
    output: &'a Path,
    touched: BTreeSet<PathBuf>,
}

impl<'a> Folders<'a> {
    /// No folder yet, all to come below this one.
    pub(super) fn below(output: &'a Path) -> Self {
        Self { output, touched: BTreeSet::new() }
    }

    /// Makes sure that a folder (a path below the output folder, `""` for itself) exists and lies inside, and notes
    /// it and those above it for the next sync: also what an earlier, killed process made may not be durable yet.
    pub(super) fn enter(&mut self, folder: &str) -> Result<PathBuf, StoreError> {
        let mut path = self.output.to_owned();
        self.touched.insert(path.clone());
        for part in folder.split('/').filter(|part| !part.is_empty()) {
            path.push(part);
            self.make(&path)?;
            self.touched.insert(path.clone());
        }
        Ok(path)
    }

    /// Makes all that happened in the entered folders durable, and forgets them.
    pub(super) fn sync(&mut self) -> Result<(), StoreError> {
        let touched: Vec<_> = std::mem::take(&mut self.touched).into_iter().collect();
        disk::sync_folders(&touched)
    }

    fn make(&self, folder: &Path) -> Result<(), StoreError> {
        match disk::look(folder)? {
            Some(found) if found.is_dir() => Ok(()),
            Some(found) if found.is_symlink() => self.check_link(folder),
            Some(_) => Err(failed("create", folder)(io::ErrorKind::NotADirectory.into())),
            None => create(folder),
        }
    }

    /// A link is followed only to a folder inside, so that no name leads where the user did not send pictures.
    fn check_link(&self, link: &Path) -> Result<(), StoreError> {
        let output = fs::canonicalize(self.output).map_err(failed("look at", self.output))?;
        let target = fs::canonicalize(link).map_err(failed("follow the link", link))?;
        if !target.starts_with(&output) {
            return Err(StoreError::Outside { link: link.to_owned(), target });
        }
        Ok(())
    }
}

fn create(folder: &Path) -> Result<(), StoreError> {
    match fs::create_dir(folder) {
        // Another job that shares this output folder was quicker.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map_err(failed("create", folder)),
    }
}

/// Makes the output folder and those above it where they are missing, each durable.
pub(super) fn make_output(output: &Path) -> Result<(), StoreError> {
    if output.is_dir() {
        return Ok(());
    }
    make_durably(output).map_err(|source| StoreError::Output { path: output.to_owned(), source: source.into() })
}

fn make_durably(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = match folder.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    make_durably(parent)?;
    match fs::create_dir(folder) {
        // Another job that shares it was quicker.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        made => made?,
    }
    fs::File::open(parent)?.sync_all()
}
