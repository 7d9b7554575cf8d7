//! Which file a picture of the page is: a candidate by the hash of its bytes, or a reference by its number. Never serves
//! what is no picture, and never one that the item has nothing to do with.

use std::fs::File;
use std::io::{Read, Seek};

use super::Places;
use crate::domain::{ImageFile, ImageFormat, is_address};
use crate::queue::{Card, ItemStory};

/// A picture of an item, as the page's addresses name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Which {
    /// By BLAKE3 of its bytes, in hexadecimal.
    Candidate(String),
    /// Its reference of this number, from 0.
    Reference(usize),
}

impl Which {
    /// The last part of an address.
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("reference-") {
            Some(number) => number.parse().ok().map(Self::Reference),
            None => (text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
                .then(|| Self::Candidate(text.to_owned())),
        }
    }
}

/// A file that is a picture by its first bytes.
#[derive(Debug)]
pub(super) struct Picture {
    /// From its beginning.
    pub file: File,
    pub format: ImageFormat,
    pub bytes: u64,
    /// Another one whenever the bytes are: a hash of them, or of what the file system says of the file.
    pub mark: String,
}

impl Picture {
    /// BLAKE3 of its bytes, in hexadecimal; none where they cannot be read.
    pub fn hash(&mut self) -> Option<String> {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(&mut self.file).ok()?;
        self.file.rewind().ok()?;
        Some(hasher.finalize().to_hex().to_string())
    }
}

/// The largest that is served, in bytes: no model makes a larger one.
const LARGEST: u64 = 100_000_000;

impl Places {
    /// A picture of an item; none where it is not there, or no picture.
    pub(super) fn open(&self, card: &Card, story: &ItemStory, which: &Which) -> Option<Picture> {
        match which {
            Which::Candidate(blake3) => self.candidate(candidates(card, story).find(|image| image.blake3 == *blake3)?),
            Which::Reference(number) => self.reference(card.record.item.request.references.get(*number)?),
        }
    }

    /// A picture that was kept, wherever it lies now.
    pub(super) fn candidate(&self, image: &ImageFile) -> Option<Picture> {
        let file = self.output.open(&self.shelf.whereabouts(image)?).ok()?;
        picture(file, Some(&image.blake3))
    }

    /// A reference, as a row writes it.
    pub(super) fn reference(&self, written: &str) -> Option<Picture> {
        let file = match is_address(written) {
            true => (self.fetched)(written)?,
            false => self.references.open(written).ok()?,
        };
        picture(file, None)
    }
}

/// Every picture an item ever had, as far as it is known.
fn candidates<'a>(card: &'a Card, story: &'a ItemStory) -> impl Iterator<Item = &'a ImageFile> {
    let now = card.record.artifact.iter().chain(&card.earlier);
    now.chain(story.versions.iter().map(|version| &version.artifact)).flat_map(|artifact| &artifact.images)
}

fn picture(mut file: File, blake3: Option<&str>) -> Option<Picture> {
    let about = file.metadata().ok().filter(|about| about.is_file() && about.len() <= LARGEST)?;
    let mut first = [0; ImageFormat::SNIFF_BYTES];
    file.read_exact(&mut first).ok()?;
    let format = ImageFormat::sniff(&first)?;
    file.rewind().ok()?;
    let mark = match blake3 {
        Some(blake3) => blake3.to_owned(),
        None => {
            use std::os::unix::fs::MetadataExt;
            let place = [about.dev(), about.ino(), about.len(), about.mtime() as u64, about.mtime_nsec() as u64];
            let place: Vec<u8> = place.into_iter().flat_map(u64::to_le_bytes).collect();
            blake3::hash(&place).to_hex().to_string()
        }
    };
    Some(Picture { file, format, bytes: about.len(), mark })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashes_and_numbers_name_a_picture() {
        let hash = "0123456789abcdef".repeat(4);
        assert_eq!(Which::parse(&hash), Some(Which::Candidate(hash.clone())));
        assert_eq!(Which::parse("reference-3"), Some(Which::Reference(3)));
        for other in ["", "reference-", "reference--1", "../overnight.db", &hash[1..], &hash.replace('0', "/")] {
            assert_eq!(Which::parse(other), None, "{other}");
        }
    }
}
