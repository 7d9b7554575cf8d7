//! From the page to a file: relative addresses, so that the folder can be moved and sent. Never opens a file.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use serde::Serialize;

/// What may stand in an address as it is: the unreserved characters of RFC 3986, and the slash between folders. A
/// colon is not among them, so a folder's name is never taken for a scheme.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// References whose links are remembered; many rows share a style reference, few share more than this many.
const REMEMBERED: usize = 4096;

/// The address of a file below the page's folder, `/` between folders.
pub(super) fn link(file: impl AsRef<OsStr>) -> String {
    percent_encode(file.as_ref().as_encoded_bytes(), ENCODED).to_string()
}

/// A reference image: what the manifest calls it, and its address from the page if it is a file that is there.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Reference {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    href: Option<String>,
}

/// Finds reference images, and remembers what it found.
pub(super) struct References {
    folder: PathBuf,
    page: Option<PathBuf>,
    found: HashMap<String, Option<String>>,
}

impl References {
    /// Finds those that are relative to `folder`, seen from a page in `output`.
    pub(super) fn new(folder: &Path, output: &Path) -> Self {
        Self { folder: folder.to_owned(), page: fs::canonicalize(output).ok(), found: HashMap::new() }
    }

    /// The reference that the manifest calls so.
    pub(super) fn find(&mut self, name: &str) -> Reference {
        if self.found.len() >= REMEMBERED {
            self.found.clear();
        }
        if !self.found.contains_key(name) {
            self.found.insert(name.to_owned(), self.look(name));
        }
        Reference { name: name.to_owned(), href: self.found.get(name).cloned().flatten() }
    }

    fn look(&self, name: &str) -> Option<String> {
        // Symbolic links are followed first: a browser takes `..` from the text of an address.
        let file = fs::canonicalize(self.folder.join(name)).ok().filter(|file| file.is_file())?;
        Some(link(relative(self.page.as_deref()?, &file)))
    }
}

/// The way from a folder to a file, both in full and without links or `..`.
fn relative(folder: &Path, file: &Path) -> PathBuf {
    let shared = folder.components().zip(file.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(file.components().skip(shared)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_goes_up_only_as_far_as_it_must() {
        let way = |folder: &str, file: &str| relative(Path::new(folder), Path::new(file)).display().to_string();
        assert_eq!(way("/shop/output/spring", "/shop/jobs/photos/mug.jpg"), "../../jobs/photos/mug.jpg");
        assert_eq!(way("/shop", "/shop/mug.jpg"), "mug.jpg");
        assert_eq!(way("/shop/output", "/shopping/mug.jpg"), "../../shopping/mug.jpg");
    }

    #[test]
    fn nothing_in_a_name_means_anything_in_an_address() {
        assert_eq!(link("Möbel/50% off #1?.jpg"), "M%C3%B6bel/50%25%20off%20%231%3F.jpg");
        assert_eq!(link("javascript:alert(1)"), "javascript%3Aalert%281%29");
        assert_eq!(link("mug-7_a~2.jpg"), "mug-7_a~2.jpg");
    }
}
