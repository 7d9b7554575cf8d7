//! What a manifest was read from, so that the same need not be read twice. Never looks at a file.

/// The BLAKE3 hash of all that shapes the rows of a manifest: its bytes, its job's settings, how this program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// The BLAKE3 hash of a file's content.
pub type ContentHash = [u8; 32];

/// A file beside the manifest as it was when its rows were checked. One that was changed is known by its length or its
/// time; only then is it hashed anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenFile {
    /// Its path as the manifest writes it.
    pub path: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was last modified, in nanoseconds since the Unix epoch.
    pub modified: i64,
    /// What it holds; unknown where nobody has hashed it.
    pub hash: Option<ContentHash>,
}
