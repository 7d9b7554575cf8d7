//! Where the page of a folder finds its pictures: reduced, below it. Never leads to an original.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io;
use std::mem;

use super::super::address::address;
use super::super::sheet::{Links, Picture, Reference};
use super::folder::{Folder, PICTURES};
use super::passable::passable;
use super::pictures::{self, Original};
use super::seen::Seen;
use super::{OpenPicture, OpenReference};
use crate::domain::{ImageFile, is_address};

/// References whose pictures are remembered; many rows share a style reference, few share more than this many.
const REMEMBERED: usize = 4096;
/// So many files are open at a time, at most.
const MOST_OPEN: usize = 64;

/// The pictures of a folder as they are made.
pub(super) struct Reduced<'a> {
    folder: &'a Folder,
    picture: OpenPicture<'a>,
    reference: OpenReference<'a>,
    /// The names of those that are there.
    shown: BTreeSet<String>,
    /// What references are called there, by what the manifest calls them.
    references: HashMap<String, Option<String>>,
    /// What waits to be reduced.
    originals: Vec<Original>,
}

impl<'a> Reduced<'a> {
    /// None yet.
    pub fn new(folder: &'a Folder, picture: OpenPicture<'a>, reference: OpenReference<'a>) -> Self {
        let (shown, references, originals) = (BTreeSet::new(), HashMap::new(), Vec::new());
        Self { folder, picture, reference, shown, references, originals }
    }

    /// Makes all pictures of these items, as far as they can be made and are not there.
    pub fn prepare(&mut self, seen: &[Seen], side: u32) -> io::Result<()> {
        if self.references.len() > REMEMBERED {
            self.references.clear();
        }
        for seen in seen {
            for image in seen.images() {
                let open = self.picture;
                self.want(name_of(image), || open(image));
                self.reduce_above(MOST_OPEN, side)?;
            }
            for written in seen.references() {
                self.want_reference(written);
                self.reduce_above(MOST_OPEN, side)?;
            }
        }
        self.reduce_above(0, side)
    }

    fn want(&mut self, name: String, open: impl FnOnce() -> Option<File>) {
        if self.shown.contains(&name) {
            return;
        }
        if self.folder.has(&name) {
            self.shown.insert(name);
        } else if let Some(file) = open() {
            self.shown.insert(name.clone());
            self.originals.push(Original { name, file });
        }
    }

    fn want_reference(&mut self, written: &str) {
        if self.references.contains_key(written) {
            return;
        }
        let found = (self.reference)(written).and_then(|file| {
            let hash = blake3::Hasher::new().update_reader(&file).ok()?.finalize();
            let stem = without_extension(&label(written)).rsplit('/').next().unwrap_or_default().to_owned();
            Some((pictures::name(&format!("reference_{stem}"), &hash.to_hex()), file))
        });
        let name = found.map(|(name, file)| {
            self.want(name.clone(), || Some(file));
            name
        });
        self.references.insert(written.to_owned(), name);
    }

    /// Reduces what waits, if that is more than so many.
    fn reduce_above(&mut self, most: usize, side: u32) -> io::Result<()> {
        if self.originals.len() > most {
            for broken in pictures::reduce(self.folder, mem::take(&mut self.originals), side)? {
                self.shown.remove(&broken);
            }
        }
        Ok(())
    }

    /// The pictures of an item that are there.
    pub fn pictures_of<'s>(&self, seen: &'s Seen) -> Vec<(&'s ImageFile, Picture)> {
        seen.images().filter_map(|image| Some((image, self.find(image)?))).collect()
    }

    /// The names of all that the page shows.
    pub fn into_shown(self) -> BTreeSet<String> {
        self.shown
    }

    fn find(&self, image: &ImageFile) -> Option<Picture> {
        let mut picture = Picture::at(self.href(&name_of(image))?, image);
        picture.name = Some(image.file.clone());
        Some(picture)
    }

    fn href(&self, name: &str) -> Option<String> {
        self.shown.contains(name).then(|| address(format!("{PICTURES}/{name}")))
    }
}

impl Links for Reduced<'_> {
    fn pictures(&self, images: &[ImageFile]) -> Vec<Picture> {
        images.iter().filter_map(|image| self.find(image)).collect()
    }

    fn reference(&mut self, written: &str) -> Reference {
        let name = self.references.get(written).and_then(Option::as_deref);
        Reference { name: label(written), href: name.and_then(|name| self.href(name)) }
    }
}

/// What a reference is called: of an address all that may be passed on, of a file nothing of where it lies.
fn label(written: &str) -> String {
    let passed = passable(written);
    match is_address(written) {
        true => passed.into_owned(),
        false => passed.rsplit('/').next().unwrap_or_default().to_owned(),
    }
}

fn name_of(image: &ImageFile) -> String {
    pictures::name(without_extension(&image.file), &image.blake3)
}

fn without_extension(file: &str) -> &str {
    file.rsplit_once('.').map_or(file, |(stem, extension)| if extension.contains('/') { file } else { stem })
}
