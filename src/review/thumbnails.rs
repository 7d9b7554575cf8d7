//! Small pictures, made when somebody looks and kept for the next time. Never touches an original, and never makes more
//! than a few at once.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Semaphore;

use super::pictures::Picture;
use crate::domain::Impression;
use crate::reshape::{ReshapeError, regard};

/// Pixels of the longer side: a card of the page on a screen of two pixels a point.
const SIDE: u32 = 480;

/// So many are made at once: each takes a processor, and some megabytes.
const AT_ONCE: usize = 2;

/// The folder of small pictures below the hidden one of a workspace. Whoever needs the room may remove it.
const FOLDER: &str = "thumbnails";

/// Makes and keeps them.
#[derive(Debug)]
pub(super) struct Thumbnails {
    folder: PathBuf,
    pub places: Semaphore,
    drafts: AtomicU64,
}

/// A small picture, and what was seen where it had to be made.
pub(super) struct Thumbnail {
    /// A JPEG.
    pub bytes: Vec<u8>,
    /// How the picture looks; none where the small one was there already.
    pub impression: Option<Impression>,
}

impl Thumbnails {
    /// Those of a workspace with this hidden folder.
    pub fn below(hidden: &std::path::Path) -> Self {
        Self { folder: hidden.join(FOLDER), places: Semaphore::new(AT_ONCE), drafts: AtomicU64::new(0) }
    }

    /// The small one of a picture. May take a processor for a while.
    pub fn of(&self, picture: Picture) -> Result<Thumbnail, ReshapeError> {
        let path = self.path(&picture.mark);
        if let Ok(bytes) = fs::read(&path)
            && !bytes.is_empty()
        {
            return Ok(Thumbnail { bytes, impression: None });
        }
        let seen = regard(picture.file, picture.format, SIDE)?;
        // Where it cannot be kept it is made again the next time.
        let _ = self.keep(&path, &seen.thumbnail);
        Ok(Thumbnail { bytes: seen.thumbnail, impression: Some(seen.impression) })
    }

    fn path(&self, mark: &str) -> PathBuf {
        self.folder.join(&mark[..2]).join(format!("{mark}-{SIDE}.jpg"))
    }

    /// Whole or not at all.
    fn keep(&self, path: &std::path::Path, bytes: &[u8]) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let number = self.drafts.fetch_add(1, Ordering::Relaxed);
        let draft = folder.join(format!(".{}-{number}.part", process::id()));
        let kept = fs::File::create_new(&draft).and_then(|mut file| file.write_all(bytes));
        let kept = kept.and_then(|()| fs::rename(&draft, path));
        if kept.is_err() {
            let _ = fs::remove_file(&draft);
        }
        kept
    }
}
