//! The files of an item as they lie on the disk now. Never repairs them.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::domain::ImageFile;
use crate::queue::ItemStory;

/// A file that was kept for an item.
#[derive(Debug)]
pub(super) struct KeptFile {
    /// Where it lies: the output folder and its path below that.
    pub path: PathBuf,
    /// Whether it still lies there.
    pub presence: Presence,
    /// The picture that was kept under this name; none for a caption.
    pub picture: Option<ImageFile>,
    /// Whether the picture has the shape that was asked for; unknown if none was, or if its size is.
    pub fits: Option<bool>,
}

/// Whether a file is what was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Presence {
    /// It is there as it was kept.
    There,
    /// Something else is there.
    Changed,
    /// Nothing is there.
    Missing,
    /// Something is there that cannot be read.
    Unreadable,
}

impl KeptFile {
    /// Whether it lies there as it was kept.
    pub fn is_there(&self) -> bool {
        self.presence == Presence::There
    }

    /// Whether nothing lies there.
    pub fn is_missing(&self) -> bool {
        self.presence == Presence::Missing
    }
}

/// The item's pictures and its caption, below this output folder.
pub(super) fn kept(story: &ItemStory, output: &Path) -> Vec<KeptFile> {
    let Some(artifact) = &story.record.artifact else { return vec![] };
    let asked = story.record.item.request.aspect_ratio;
    let mut files = Vec::new();
    for picture in &artifact.images {
        let path = output.join(&picture.file);
        let presence = presence(blake3_of(&path).map(|hash| hash == picture.blake3));
        let size = picture.width.zip(picture.height);
        let fits = asked.zip(size).map(|(ratio, (width, height))| ratio.fits(width, height));
        files.push(KeptFile { path, presence, picture: Some(picture.clone()), fits });
    }
    if let Some(caption) = &artifact.caption {
        // The caption stands beside the first picture.
        let path = output.join(artifact.images.first().map_or("", |picture| &picture.file)).with_extension("txt");
        let text = std::fs::read_to_string(&path);
        let presence = presence(text.map(|text| text.trim_end() == caption.trim_end()));
        files.push(KeptFile { path, presence, picture: None, fits: None });
    }
    files
}

fn presence(same: io::Result<bool>) -> Presence {
    match same {
        Ok(true) => Presence::There,
        Ok(false) => Presence::Changed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Presence::Missing,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Presence::Changed,
        Err(_) => Presence::Unreadable,
    }
}

fn blake3_of(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}
