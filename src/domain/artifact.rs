//! What came back and where it is kept. Never the bytes themselves.

use serde::{Deserialize, Serialize};

use super::attempt::{AttemptId, Reply};
use super::image::ImageFormat;

/// An image received in full that waits in staging, under no final name yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagedImage {
    /// The file's name within staging.
    pub staged: String,
    /// By content.
    pub format: ImageFormat,
    /// Length in bytes.
    pub bytes: u64,
    /// BLAKE3 of the bytes as received, in hexadecimal.
    pub blake3: String,
    /// Width in pixels, as the header says.
    pub width: Option<u32>,
    /// Height in pixels, as the header says.
    pub height: Option<u32>,
}

/// An answer received in full: what the queue commits before anything is published. With staging it is the spool
/// from which a later run goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The final images, in the answer's order; at least one.
    pub images: Vec<StagedImage>,
    /// What the model said beside them.
    pub reply: Reply,
}

/// A receipt, and the attempt it is for.
pub type Received = (AttemptId, Receipt);

/// An image under its final name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFile {
    /// Path below the output folder, with `/` between folders.
    pub file: String,
    /// Length in bytes.
    pub bytes: u64,
    /// BLAKE3 of the bytes, in hexadecimal.
    pub blake3: String,
    /// Width in pixels.
    pub width: Option<u32>,
    /// Height in pixels.
    pub height: Option<u32>,
}

/// The proof that an answer is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The final images, the first being the item's picture.
    pub images: Vec<ImageFile>,
    /// The model's caption, which also stands beside the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Why the model stopped, in its own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
}
