//! The folder of pictures that were fetched or written anew. Never shows a part of one under its name.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use crate::disk::ListFolder;
use crate::domain::ImageFormat;
use crate::provider::ReadyFile;

/// The folder below the hidden one of a workspace.
const FOLDER: &str = "references";

/// How the names of drafts end, and how many there were in this process.
const DRAFT: &str = ".part";
static DRAFTS: AtomicU64 = AtomicU64::new(0);
/// No draft is written for longer.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const FORMATS: [ImageFormat; 3] = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Webp];

/// Pictures by the hash of what they were made from. A person may take any of them away, or all.
#[derive(Debug, Clone)]
pub struct ReferenceCache {
    folder: PathBuf,
    swept: Arc<Once>,
}

impl ReferenceCache {
    /// That of a workspace with this hidden folder, which is made when it is needed.
    pub fn below(hidden: &Path) -> Self {
        Self { folder: hidden.join(FOLDER), swept: Arc::new(Once::new()) }
    }

    /// Whether the picture at this address lies here, so that it is not fetched again.
    pub fn has(&self, address: &str) -> bool {
        self.find(&key(address.as_bytes())).is_some()
    }

    /// The picture at this address, if it was fetched.
    pub fn open(&self, address: &str) -> Option<File> {
        let (ready, _) = self.find(&key(address.as_bytes()))?;
        ready.folder.open(&ready.written).ok()
    }

    /// The file of this key, if it is there, and its bytes.
    pub(super) fn find(&self, key: &str) -> Option<(ReadyFile, u64)> {
        FORMATS.into_iter().find_map(|format| {
            let name = name(key, format);
            let about = fs::symlink_metadata(self.folder.join(&name)).ok()?;
            // An empty one is what a machine leaves that stopped before it was on the disk.
            (about.is_file() && about.len() > 0).then(|| (self.file(name), about.len()))
        })
    }

    fn file(&self, written: String) -> ReadyFile {
        ReadyFile { folder: Arc::new(ListFolder::new(self.folder.clone(), false)), written }
    }

    /// Begins a file of this key.
    pub(super) fn begin(&self, key: String) -> io::Result<Draft> {
        fs::create_dir_all(&self.folder)?;
        self.swept.call_once(|| self.sweep());
        // Nobody else writes into it, not even who makes the same.
        let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!(".{key}.{}-{number}{DRAFT}", process::id()));
        Ok(Draft { file: File::create_new(&path)?, cache: self.clone(), path, key })
    }

    /// Takes away what killed processes left of their drafts. Others may be at work here.
    fn sweep(&self) {
        let Ok(files) = fs::read_dir(&self.folder) else { return };
        for file in files.flatten().filter(|file| file.file_name().as_encoded_bytes().ends_with(DRAFT.as_bytes())) {
            let written = file.metadata().and_then(|about| about.modified());
            if written.is_ok_and(|written| written.elapsed().is_ok_and(|age| age > DAY)) {
                let _ = fs::remove_file(file.path());
            }
        }
    }
}

/// What a picture is kept under, by what it was made from.
pub(super) fn key(from: &[u8]) -> String {
    blake3::hash(from).to_hex().to_string()
}

fn name(key: &str, format: ImageFormat) -> String {
    format!("{key}.{}", format.extension())
}

/// A file that is being written; dropped before it is kept, it leaves nothing behind.
pub(super) struct Draft {
    cache: ReferenceCache,
    file: File,
    path: PathBuf,
    key: String,
}

impl Draft {
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Gives it its name. Should the machine stop just now, it may be gone, and is made once more.
    pub(super) fn keep(self, format: ImageFormat) -> io::Result<ReadyFile> {
        let name = name(&self.key, format);
        fs::rename(&self.path, self.cache.folder.join(&name))?;
        Ok(self.cache.file(name))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // It has another name once it was kept.
        let _ = fs::remove_file(&self.path);
    }
}
