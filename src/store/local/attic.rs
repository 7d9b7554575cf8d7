//! Tidying up an output folder of the local disk. Never follows a link, and never removes what it has not just looked at.

use std::fs::{self, File, Metadata, TryLockError};
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::super::StoreError;
use super::super::attic::{Attic, Clearing, Earlier, LeftOver};
use super::super::shelf::{KeptFile, Presence, Shelf};
use super::disk::failed;
use super::names;
use super::shelf::{LocalShelf, children, is_gone, join};
use crate::domain::{Mark, Timestamp, io_words};

impl Attic for LocalShelf {
    fn earlier(&self, each: &mut dyn FnMut(Earlier)) -> Result<bool, StoreError> {
        let root = names::VERSIONS.to_owned();
        match fs::symlink_metadata(self.output().join(&root)) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                each(obstacle(root, "it is no folder"));
                return Ok(false);
            }
            Err(error) if is_gone(&error) => return Ok(false),
            Err(error) => return Err(failed("look at", &self.output().join(&root))(error)),
        }
        let mut folders = vec![root];
        while let Some(folder) = folders.pop() {
            let (inner, files) = match children(&self.output().join(&folder)) {
                Ok(children) => children,
                Err(error) => {
                    each(obstacle(folder, &io_words(&error)));
                    continue;
                }
            };
            for name in &files {
                let file = join(&folder, name);
                if let Some(was) = names::was(&file) {
                    let is_file = fs::symlink_metadata(self.output().join(&file)).is_ok_and(|found| found.is_file());
                    let obstacle = (!is_file).then(|| "it is a link, or no file".to_owned());
                    each(Earlier { file, was, obstacle });
                }
            }
            for name in &inner {
                let file = join(&folder, name);
                if let Some(was) = names::was(&file) {
                    each(Earlier { file: file.clone(), was, obstacle: Some("it is a folder".to_owned()) });
                }
                folders.push(file);
            }
        }
        Ok(true)
    }

    fn clear_earlier(&self, file: &KeptFile, dry: bool) -> Clearing {
        let path = self.output().join(&file.file);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Clearing::Other,
            Err(error) if is_gone(&error) => return Clearing::Other,
            Err(error) => return Clearing::Failed(io_words(&error)),
        }
        match self.look(file) {
            Presence::Same => {}
            Presence::Unreadable(why) => return Clearing::Failed(why),
            Presence::Changed | Presence::Truncated | Presence::Missing => return Clearing::Other,
        }
        let cleared = remove(&path, dry);
        if cleared == Clearing::Done && !dry {
            self.leave_empty_folders(&file.file);
        }
        cleared
    }

    fn clear_staging(
        &self,
        mark: &Mark,
        received: &[&str],
        before: Timestamp,
        dry: bool,
        each: &mut dyn FnMut(LeftOver),
    ) -> Result<(), StoreError> {
        let staging = super::staging(self.output(), self.job());
        let folder = match File::open(&staging) {
            Ok(folder) => folder,
            Err(error) if is_gone(&error) => return Ok(()),
            Err(error) => return Err(failed("open", &staging)(error)),
        };
        match folder.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Held { output: self.output().to_owned() }),
            Err(TryLockError::Error(error)) => return Err(failed("lock", &staging)(error)),
        }
        self.walk_staging(mark, received, &mut |file| {
            let path = self.output().join(&file);
            let Ok(about) = fs::symlink_metadata(&path) else { return };
            if written_at(&about) >= before {
                return;
            }
            let clearing = match about.is_file() {
                true => remove(&path, dry),
                false => Clearing::Failed("it is a folder or a link".to_owned()),
            };
            each(LeftOver { file, bytes: about.len(), clearing });
        })?;
        if !dry {
            // Empty staging is nothing anybody wants to find beside the pictures.
            let _ = fs::remove_dir(&staging).and_then(|()| fs::remove_dir(self.output().join(names::STAGING)));
        }
        Ok(())
    }
}

impl LocalShelf {
    /// Removes the folders that a removed earlier file leaves empty.
    fn leave_empty_folders(&self, file: &str) {
        let mut folder = names::folder_of(file);
        while !folder.is_empty() && fs::remove_dir(self.output().join(folder)).is_ok() {
            folder = names::folder_of(folder);
        }
    }
}

fn remove(path: &Path, dry: bool) -> Clearing {
    let removed = if dry { Ok(()) } else { fs::remove_file(path) };
    removed.map_or_else(|error| Clearing::Failed(io_words(&error)), |()| Clearing::Done)
}

fn obstacle(folder: String, why: &str) -> Earlier {
    Earlier { was: String::new(), file: folder, obstacle: Some(why.to_owned()) }
}

fn written_at(about: &Metadata) -> Timestamp {
    let written = about.modified().unwrap_or(UNIX_EPOCH).duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(0).after(written)
}
