//! A reference image as a reading sees it: its length, its time, and what it holds. Hashes no file whose length and time
//! it knows; never keeps what a file holds.

use std::collections::HashMap;
use std::fs::Metadata;
use std::io::{self, Seek};
use std::os::unix::fs::MetadataExt;

use crate::disk::{FileError, ListFolder};
use crate::domain::{ContentHash, ImageFormat, SeenFile};
use crate::reshape::{self, Look};

/// The content of files by their length and time, as the last reading and this one hashed them: a hundred bytes or so for
/// each.
#[derive(Default)]
pub struct Hashes(HashMap<Name, Known>);

/// The first half of a path's hash, which takes less room than the path.
type Name = [u8; 16];

struct Known {
    bytes: u64,
    modified: i64,
    hash: ContentHash,
}

impl Hashes {
    /// Takes over what a reading saw.
    pub fn remember(&mut self, seen: &SeenFile) {
        if let SeenFile { bytes, modified, hash: Some(hash), .. } = *seen {
            self.0.insert(name(&seen.path), Known { bytes, modified, hash });
        }
    }

    /// What a file with these facts holds, if it is known.
    pub fn of(&self, seen: &SeenFile) -> Option<ContentHash> {
        let known = self.0.get(&name(&seen.path))?;
        (known.bytes == seen.bytes && known.modified == seen.modified).then_some(known.hash)
    }
}

fn name(path: &str) -> Name {
    let mut name = Name::default();
    name.copy_from_slice(&blake3::hash(path.as_bytes()).as_bytes()[..size_of::<Name>()]);
    name
}

/// A file's length and time. Taken before its content is looked at: whatever changes it afterwards changes its time.
pub fn of_file(path: &str, about: &Metadata) -> SeenFile {
    SeenFile { path: path.to_owned(), bytes: about.len(), modified: modified(about), hash: None }
}

/// A folder's time, which changes when a file comes or goes. Its path ends in `/`, as no file's does.
pub fn of_folder(path: String, about: &Metadata) -> SeenFile {
    SeenFile { path, bytes: 0, modified: modified(about), hash: None }
}

fn modified(about: &Metadata) -> i64 {
    about.mtime().saturating_mul(1_000_000_000).saturating_add(about.mtime_nsec())
}

/// Reads the file through, in pieces, however large it is: what it holds, and how the picture looks from outside.
pub fn read(folder: &ListFolder, reference: &str, format: ImageFormat) -> Result<(ContentHash, Look), FileError> {
    let mut file = folder.open(reference)?;
    let look = reshape::look(&mut file, format)?;
    file.rewind()?;
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut file, &mut hasher)?;
    Ok((hasher.finalize().into(), look))
}

/// Whether a reference, relative to this folder, has the length and the time it had, or a folder its time.
pub fn is_as_seen(folder: &ListFolder, seen: &SeenFile) -> bool {
    let Ok(about) = folder.path().join(&seen.path).metadata() else { return false };
    let is_alike = match seen.path.ends_with('/') {
        true => about.is_dir(),
        false => about.is_file() && about.len() == seen.bytes,
    };
    is_alike && modified(&about) == seen.modified
}
