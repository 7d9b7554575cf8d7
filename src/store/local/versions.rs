//! What already stands under an item's names, and how it becomes an earlier version. Never removes a byte.

use std::path::Path;

use super::super::StoreError;
use super::disk;
use super::folders::Folders;
use super::names;

/// The files that stand under one item's names: its picture first, then its caption, then its further images.
pub(super) struct Standing<'a> {
    output: &'a Path,
    files: Vec<Name>,
}

/// A file's name below the output folder, in its two parts: dots in a name make it unwise to join and split them.
struct Name {
    stem: String,
    extension: &'static str,
}

impl<'a> Standing<'a> {
    /// Asks for each possible file by name, for the folder may hold a million others. The further images of an
    /// answer are numbered without gaps, so the first number that is missing ends the search.
    pub(super) fn of(output: &'a Path, name: &str) -> Result<Self, StoreError> {
        let mut files = present(output, name, &names::IMAGES)?;
        files.extend(present(output, name, &[names::CAPTION])?);
        for number in 2.. {
            let further = present(output, &names::stem(name, number), &names::IMAGES)?;
            if further.is_empty() {
                break;
            }
            files.extend(further);
        }
        Ok(Self { output, files })
    }

    /// Forgets the files for which `stays` is true: they are not to be moved.
    pub(super) fn keep_in_place(&mut self, stays: impl Fn(&str) -> bool) {
        self.files.retain(|name| !stays(&names::file(&name.stem, name.extension)));
    }

    /// Moves the files to `.versions`, all with the same version number. Returns whether there were any. The picture
    /// goes last: whenever this is cut short, the next call finds the rest and gives it the same number.
    pub(super) fn retire(&self, folders: &mut Folders<'_>) -> Result<bool, StoreError> {
        if self.files.is_empty() {
            return Ok(false);
        }
        let number = self.free_number()?;
        for name in self.files.iter().rev() {
            let version = names::version(&name.stem, number, name.extension);
            folders.enter(names::folder_of(&version))?;
            let file = self.output.join(names::file(&name.stem, name.extension));
            disk::rename(&file, &self.output.join(version))?;
        }
        Ok(true)
    }

    fn free_number(&self) -> Result<usize, StoreError> {
        let mut number = 1;
        while self.is_taken(number)? {
            number += 1;
        }
        Ok(number)
    }

    /// Whether one of these files, or an image in whatever format, has this version number already.
    fn is_taken(&self, number: usize) -> Result<bool, StoreError> {
        for name in &self.files {
            for extension in names::IMAGES.iter().chain([&name.extension]) {
                let version = names::version(&name.stem, number, extension);
                if disk::look(&self.output.join(version))?.is_some() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// Those of the possible files that are there. A folder is none: the item `lamp.jpg/red` may have made it.
fn present(output: &Path, stem: &str, extensions: &[&'static str]) -> Result<Vec<Name>, StoreError> {
    let mut found = Vec::new();
    for &extension in extensions {
        let there = disk::look(&output.join(names::file(stem, extension)))?;
        if there.is_some_and(|metadata| !metadata.is_dir()) {
            let stem = stem.to_owned();
            found.push(Name { stem, extension });
        }
    }
    Ok(found)
}
