//! What lies in an output folder, for those who look after it: the contract. Never needs a run, never stands in the way
//! of one.

use super::StoreError;
use crate::domain::{Artifact, ImageFile, Mark};

/// A file as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// Path below the output folder, with `/` between folders.
    pub file: String,
    /// Length in bytes.
    pub bytes: u64,
    /// BLAKE3 of the bytes, in hexadecimal.
    pub blake3: String,
    /// Whether it is a caption; else it is a picture.
    pub is_caption: bool,
}

/// What lies now where a file was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// The same.
    Same,
    /// Something else.
    Changed,
    /// The beginning of a picture: shorter than what was kept, and its end is missing.
    Truncated,
    /// Nothing.
    Missing,
    /// Something that cannot be read, and why.
    Unreadable(String),
}

/// Which folder lies somewhere: a name alone does not say, for a disk may go from it or come to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderId {
    /// The file system.
    pub device: u64,
    /// The folder's number there.
    pub inode: u64,
}

/// What is found in an output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A picture or a caption, by its extension.
    File {
        /// Path below the output folder.
        file: String,
        /// The name of the item whose file this could be.
        item: String,
    },
    /// A folder that cannot be looked into.
    Closed {
        /// Path below the output folder.
        folder: String,
        /// Why.
        why: String,
    },
}

/// The files of one job, looked at from outside: nothing is made, locked or tried by opening it. All methods may block
/// on the disk, and several threads may look at once.
pub trait Shelf: Send + Sync {
    /// Which folder lies where the output folder should; `None` if none does.
    fn folder(&self) -> Result<Option<FolderId>, StoreError>;

    /// The files that an artifact consists of: its pictures, then its caption.
    fn files(&self, artifact: &Artifact) -> Vec<KeptFile>;

    /// What lies where this file was kept. It is read only as far as it may be the same, and never waited for.
    fn look(&self, file: &KeptFile) -> Presence;

    /// Where a picture that was kept lies now: its path below the output folder, under its own name or among the earlier
    /// ones. Of files of the same length the one is taken that holds the same, by its hash.
    fn whereabouts(&self, image: &ImageFile) -> Option<String>;

    /// Calls `each` with every picture and caption below the output folder, in no order. What the store keeps for
    /// itself below these roots, the output folders of jobs, is left out; `""` is the folder itself.
    fn walk(&self, roots: &[String], each: &mut dyn FnMut(Found)) -> Result<(), StoreError>;

    /// Calls `each` with the path below the output folder of everything in the job's staging, but for what belongs to
    /// these images, each known by the name it was staged under. Returns how many other files bear another mark than
    /// this: a job of the same name in another database left them, and only that one knows what they are.
    fn walk_staging(&self, mark: &Mark, received: &[&str], each: &mut dyn FnMut(String)) -> Result<u64, StoreError>;

    /// Writes a caption anew where it stood, durably and all or nothing. Returns false, and leaves everything as it is,
    /// if something stands there meanwhile.
    fn restore(&self, caption: &KeptFile, text: &str) -> Result<bool, StoreError>;
}
