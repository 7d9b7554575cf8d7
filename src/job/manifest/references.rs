//! Whether reference images can be sent: there, readable, of a kind the model reads, small enough. Never keeps their
//! bytes.

use std::collections::HashMap;
use std::io;
use std::mem;
use std::path::Path;

use super::sight::{self, Hashes};
use crate::disk::{FileError, ListFolder};
use crate::domain::{ContentHash, LARGEST_REFERENCE, SeenFile, Sources, io_words};

/// The most references of one request (the API's documentation).
const MOST: usize = 14;

/// The largest request in bytes, with its references in base64: 20 MB, the older and stricter limit documented.
const LARGEST_REQUEST: u64 = 20_000_000;

/// What a request holds besides its prompt and references, generously.
const OVERHEAD: u64 = 2_000;

/// Answers that are remembered; many rows share a style reference, few share more than this many.
const REMEMBERED: usize = 4096;

/// Checks references, and remembers what it found.
pub struct References {
    folder: ListFolder,
    found: HashMap<String, Result<Found, String>>,
    hashes: Hashes,
    /// Those that can be sent, as they were when they were looked at, until they are taken.
    seen: Vec<SeenFile>,
}

/// What is known of a reference that can be sent.
#[derive(Clone, Copy)]
struct Found {
    bytes: u64,
    hash: ContentHash,
}

/// References as they were found.
#[derive(Default)]
pub struct Resolved {
    /// What each holds.
    pub sources: Sources,
    /// What is wrong: with one of them, by its number from 0, or with all together.
    pub problems: Vec<(Option<usize>, String)>,
}

impl References {
    /// Checks references that are relative to this folder.
    pub fn new(folder: ListFolder) -> Self {
        Self { folder, found: HashMap::new(), hashes: Hashes::default(), seen: Vec::new() }
    }

    /// A file as the last reading saw it: as long as it has the same length and time, it is not hashed again.
    pub fn remember(&mut self, seen: &SeenFile) {
        self.hashes.remember(seen);
    }

    /// The references looked at since this was asked; one that was forgotten meanwhile stands there twice.
    pub fn take_seen(&mut self) -> Vec<SeenFile> {
        mem::take(&mut self.seen)
    }

    /// The references of a request with so many bytes of text.
    pub fn resolve(&mut self, references: &[String], text_bytes: usize) -> Resolved {
        if references.len() > MOST {
            let message = format!("{} reference images are too many; a request takes {MOST}", references.len());
            return Resolved { problems: vec![(None, message)], ..Resolved::default() };
        }
        let Resolved { mut sources, mut problems } = Resolved::default();
        let mut request = text_bytes as u64 + OVERHEAD;
        for (number, reference) in references.iter().enumerate() {
            match self.find(reference) {
                Ok(found) => {
                    request += found.bytes.div_ceil(3) * 4;
                    sources.0.push(Some(blake3::Hash::from(found.hash).to_hex().to_string()));
                }
                Err(problem) => problems.push((Some(number), problem)),
            }
        }
        if problems.is_empty() && request > LARGEST_REQUEST {
            let message = format!(
                "the reference images make a request of {} (base64 adds a third), and {} is the most; \
                 use fewer or smaller ones",
                megabytes(request),
                megabytes(LARGEST_REQUEST)
            );
            problems.push((None, message));
        }
        Resolved { sources, problems }
    }

    /// A reference that can be sent.
    fn find(&mut self, reference: &str) -> Result<Found, String> {
        if let Some(found) = self.found.get(reference) {
            return found.clone();
        }
        if self.found.len() >= REMEMBERED {
            self.found.clear();
        }
        let found = self.look_at(reference);
        self.found.insert(reference.to_owned(), found.clone());
        found
    }

    /// Looks at a file, and hashes it unless it is as it was.
    fn look_at(&mut self, reference: &str) -> Result<Found, String> {
        let seen = look_at(&self.folder, reference)?;
        let known = self.hashes.of(&seen).map_or_else(|| sight::hash(&self.folder, reference), Ok);
        let hash = known.map_err(|error| unusable(&self.folder, reference, &error))?;
        let seen = SeenFile { hash: Some(hash), ..seen };
        self.hashes.remember(&seen);
        let bytes = seen.bytes;
        self.seen.push(seen);
        Ok(Found { bytes, hash })
    }
}

/// The reference as it is before its content is looked at.
fn look_at(folder: &ListFolder, reference: &str) -> Result<SeenFile, String> {
    if reference.contains("://") {
        return Err(format!("`{reference}` is an address, which is not fetched yet; save the image and name its file"));
    }
    let (about, format) = folder.look(reference).map_err(|error| unusable(folder, reference, &error))?;
    let seen = sight::sight(reference, &about);
    if seen.bytes > LARGEST_REFERENCE {
        let (is, most) = (megabytes(seen.bytes), megabytes(LARGEST_REFERENCE));
        return Err(format!("`{reference}` has {is}, and {most} is the most; reduce it"));
    }
    match format {
        Some(_) => Ok(seen),
        None => Err(format!("`{reference}` is no JPEG, PNG or WebP image by its content; convert it to one of these")),
    }
}

fn unusable(folder: &ListFolder, reference: &str, error: &FileError) -> String {
    match error {
        FileError::NotAFile => format!("`{reference}` is not a file; name one image"),
        FileError::Io(error) if error.kind() == io::ErrorKind::NotFound => not_there(folder.path(), reference),
        FileError::Io(error) => format!("`{reference}` cannot be read: {}; check its permissions", io_words(error)),
        FileError::LedNowhere { target } => {
            format!("`{reference}` is a link to {}, which is not there; correct the link", target.display())
        }
        FileError::LedAway { target, bounds } => format!(
            "`{reference}` is a link to {}, which is outside {}; if you know why, allow such links with --follow-links, \
             else copy the image to where the list says it is",
            target.display(),
            bounds.display()
        ),
    }
}

fn not_there(folder: &Path, reference: &str) -> String {
    if reference.starts_with('~') {
        return format!("`{reference}` is not there; `~` means your home to a shell only, so write the path in full");
    }
    format!("`{reference}` is not there; paths start at the manifest's folder, {}", folder.display())
}

/// Bytes in millions, rounded up so that what is over a limit looks so.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    if tenths.is_multiple_of(10) {
        format!("{} MB", tenths / 10)
    } else {
        format!("{}.{} MB", tenths / 10, tenths % 10)
    }
}
