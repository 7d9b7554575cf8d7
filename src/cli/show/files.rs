//! The files of an item as they lie on the disk now, beside what was asked for. Never repairs them, and never judges a
//! file by itself: that is the shelf's.

use std::path::PathBuf;

use crate::domain::{AspectRatio, ImageFile};
use crate::queue::{ItemStory, JobStatus};
use crate::store::{Presence, Shelf};

/// A file that was kept for an item.
#[derive(Debug)]
pub(super) struct Looked {
    /// Where it lies: the output folder and its path below that.
    pub path: PathBuf,
    /// What lies there now.
    pub presence: Presence,
    /// The picture that was kept under this name; none for a caption.
    pub picture: Option<ImageFile>,
    /// Whether the picture has the shape that was asked for; unknown if none was, or if its size is.
    pub fits: Option<bool>,
}

impl Looked {
    /// Whether it can be put back as it is: nothing lies there, or only the beginning of a picture.
    pub fn is_gone(&self) -> bool {
        matches!(self.presence, Presence::Missing | Presence::Truncated)
    }

    /// Whether something else lies there than was kept.
    pub fn is_changed(&self) -> bool {
        self.presence == Presence::Changed
    }
}

/// The item's pictures and its caption, as they lie on the job's shelf.
pub(super) fn look(story: &ItemStory, job: &JobStatus, shelf: &dyn Shelf) -> Vec<Looked> {
    let Some(artifact) = &story.record.artifact else { return vec![] };
    let asked = story.record.item.request.aspect_ratio;
    let files = shelf.files(artifact).into_iter();
    let files = files.map(|file| {
        let picture = artifact.images.iter().find(|image| image.file == file.file);
        Looked {
            path: job.output.join(&file.file),
            presence: shelf.look(&file),
            picture: picture.cloned(),
            fits: picture.and_then(|picture| fits(picture, asked)),
        }
    });
    files.collect()
}

fn fits(picture: &ImageFile, asked: Option<AspectRatio>) -> Option<bool> {
    let (ratio, (width, height)) = asked.zip(picture.width.zip(picture.height))?;
    Some(ratio.fits(width, height))
}
