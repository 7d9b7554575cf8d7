//! From the page to a file: relative addresses, so that the folder can be moved and sent. Never opens a file.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;

use super::super::address::address;
use super::entry::{Links, Picture};
use crate::domain::{ImageFile, reference_name};

/// References whose links are remembered; many rows share a style reference, few share more than this many.
const REMEMBERED: usize = 4096;

/// A reference image: what the manifest calls it, and its address from the page if it is a file that is there.
#[derive(Debug, Clone, Serialize)]
pub(in crate::export) struct Reference {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
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

    fn find(&mut self, name: &str) -> Reference {
        if self.found.len() >= REMEMBERED {
            self.found.clear();
        }
        if !self.found.contains_key(name) {
            self.found.insert(name.to_owned(), self.look(name));
        }
        Reference { name: reference_name(name).to_owned(), href: self.found.get(name).cloned().flatten() }
    }

    fn look(&self, name: &str) -> Option<String> {
        // Symbolic links are followed first: a browser takes `..` from the text of an address.
        let file = fs::canonicalize(self.folder.join(name)).ok().filter(|file| file.is_file())?;
        Some(address(relative(self.page.as_deref()?, &file)))
    }
}

/// The page lies beside the pictures.
impl Links for References {
    fn pictures(&self, images: &[ImageFile]) -> Vec<Picture> {
        images.iter().map(|image| Picture::at(address(&image.file), image)).collect()
    }

    fn reference(&mut self, name: &str) -> Reference {
        self.find(name)
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
    fn a_signature_is_not_passed_on() {
        assert_eq!(reference_name("https://cdn.example/a.jpg?X-Signature=s3cret#x"), "https://cdn.example/a.jpg");
        assert_eq!(reference_name("what?.jpg"), "what?.jpg");
    }

    #[test]
    fn the_way_goes_up_only_as_far_as_it_must() {
        let way = |folder: &str, file: &str| relative(Path::new(folder), Path::new(file)).display().to_string();
        assert_eq!(way("/shop/output/spring", "/shop/jobs/photos/mug.jpg"), "../../jobs/photos/mug.jpg");
        assert_eq!(way("/shop", "/shop/mug.jpg"), "mug.jpg");
        assert_eq!(way("/shop/output", "/shopping/mug.jpg"), "../../shopping/mug.jpg");
    }
}
