//! Whether reference images can be sent: there, readable, of a kind the model reads, small enough; and which ones a pattern
//! stands for. Never keeps their bytes, and fetches nothing.

use std::collections::HashMap;
use std::mem;
use std::num::NonZeroUsize;

use url::Url;

use super::AddedReferences;
use super::sight::{self, Hashes};
use super::unusable::{MOST, megabytes, no_match, short, too_many, unusable};

use crate::disk::{FileError, ListFolder, Listings, is_pattern, literal};
use crate::domain::{ContentHash, LARGEST_REFERENCE, LARGEST_REQUEST, SeenFile, Sources, is_address};
use crate::reshape::{Look, Shape};

/// What a request holds besides its prompt and references, generously.
const OVERHEAD: u64 = 2_000;

/// A picture that is reduced has about so many pixels for each of its bytes.
const PIXELS_A_BYTE: u64 = 2;

/// Answers that are remembered; many rows share a style reference, few share more than this many.
const REMEMBERED: usize = 4096;

/// Checks references, and remembers what it found.
pub struct References {
    folder: ListFolder,
    most: Option<NonZeroUsize>,
    shape: Shape,
    found: HashMap<String, Result<Found, String>>,
    listings: Listings,
    hashes: Hashes,
    /// Those that can be sent, as they were when they were looked at, until they are taken.
    seen: Vec<SeenFile>,
}

/// What is known of a reference that can be sent.
#[derive(Clone, Copy)]
struct Found {
    /// Of what is sent, as far as it can be told.
    bytes: u64,
    /// None of an address.
    hash: Option<ContentHash>,
    /// Whether it lies on its side, and nobody was told.
    is_turned: bool,
}

/// References as they were found.
#[derive(Default)]
pub struct Resolved {
    /// Each as it is sent: what a pattern stands for in its place.
    pub paths: Vec<String>,
    /// What each holds.
    pub sources: Sources,
    /// What is wrong: with one of those written, by its number from 0, or with all together.
    pub problems: Vec<(Option<usize>, String)>,
    /// What is only odd, by the number of what is written.
    pub notes: Vec<(usize, String)>,
}

impl References {
    /// Checks references that are relative to this folder.
    pub fn new(folder: ListFolder) -> Self {
        Self {
            listings: Listings::new(folder.clone()),
            folder,
            most: None,
            shape: Shape::default(),
            found: HashMap::new(),
            hashes: Hashes::default(),
            seen: Vec::new(),
        }
    }

    /// What the job wants of all references.
    pub fn want(&mut self, added: &AddedReferences) {
        (self.most, self.shape) = (added.most, added.shape);
    }

    /// A file as the last reading saw it: as long as it has the same length and time, it is not hashed again.
    pub fn remember(&mut self, seen: &SeenFile) {
        self.hashes.remember(seen);
    }

    /// The references looked at since this was asked, and the folders that patterns looked in; one that was forgotten
    /// meanwhile stands there twice.
    pub fn take_seen(&mut self) -> Vec<SeenFile> {
        let folders = self.listings.take_looked_in();
        self.seen.extend(folders.into_iter().map(|(folder, about)| sight::of_folder(folder, &about)));
        mem::take(&mut self.seen)
    }

    /// The references of a request with so many bytes of text.
    pub fn resolve(&mut self, written: &[String], text_bytes: usize) -> Resolved {
        let mut resolved = Resolved::default();
        if written.len() > MOST {
            resolved.problems.push((None, too_many(written.len(), false)));
            return resolved;
        }
        let mut request = text_bytes as u64 + OVERHEAD;
        for (number, written) in written.iter().enumerate() {
            match self.expand(written) {
                Ok(paths) => request += self.add(number, paths, &mut resolved),
                Err(problem) => resolved.problems.push((Some(number), problem)),
            }
        }
        let Resolved { paths, problems, .. } = &mut resolved;
        if problems.is_empty() && paths.len() > MOST {
            problems.push((None, too_many(paths.len(), true)));
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
        resolved
    }

    /// Adds what was written as one reference; returns the bytes it takes in the request.
    fn add(&mut self, number: usize, paths: Vec<String>, resolved: &mut Resolved) -> u64 {
        let mut bytes = 0;
        // A request takes no more: who looks at thousands helps nobody.
        for path in paths.iter().take(MOST + 1) {
            match self.find(path) {
                Ok(found) => {
                    bytes += found.bytes.div_ceil(3) * 4;
                    let hash = found.hash.map(|hash| blake3::Hash::from(hash).to_hex().to_string());
                    resolved.sources.0.push(hash);
                    if found.is_turned {
                        resolved.notes.push((number, turned(path)));
                    }
                }
                Err(problem) => resolved.problems.push((Some(number), problem)),
            }
        }
        resolved.paths.extend(paths);
        bytes
    }

    /// The files that a reference stands for: itself, unless it is a pattern.
    fn expand(&mut self, written: &str) -> Result<Vec<String>, String> {
        if !is_pattern(written) || is_address(written) || self.is_there(written) {
            return Ok(vec![written.to_owned()]);
        }
        if let Some(name) = literal(written) {
            return Ok(vec![name]);
        }
        let mut files = self.listings.matching(written).map_err(|error| no_match(written, &error))?;
        files.truncate(self.most.map_or(usize::MAX, NonZeroUsize::get));
        Ok(files)
    }

    /// Whether a file is called so to the letter, were it of no use.
    fn is_there(&self, written: &str) -> bool {
        self.found.contains_key(written) || self.folder.path().join(written).symlink_metadata().is_ok()
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
        let told = found.clone().map(|found| Found { is_turned: false, ..found });
        self.found.insert(reference.to_owned(), told);
        found
    }

    /// Looks at a reference, and hashes it unless it is as it was.
    fn look_at(&mut self, reference: &str) -> Result<Found, String> {
        if is_address(reference) {
            return checked(reference).map(|()| Found { bytes: 0, hash: None, is_turned: false });
        }
        if reference.contains("://") || reference.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:")) {
            let address = short(reference);
            return Err(format!("`{address}` is an address that is not fetched; save the image and name its file"));
        }
        let wrong = |error: FileError| unusable(&self.folder, reference, &error);
        let (about, format) = self.folder.look(reference).map_err(wrong)?;
        let seen = sight::of_file(reference, &about);
        self.check_size(&seen)?;
        let format = format.ok_or_else(|| {
            format!("`{reference}` is no JPEG, PNG or WebP image by its content; convert it to one of these")
        })?;
        let (hash, look) = match self.hashes.of(&seen) {
            Some(hash) => (hash, None),
            None => {
                sight::read(&self.folder, reference, format).map(|(hash, look)| (hash, Some(look))).map_err(wrong)?
            }
        };
        let bytes = self.bytes_to_send(seen.bytes);
        let seen = SeenFile { hash: Some(hash), ..seen };
        self.hashes.remember(&seen);
        let is_turned = look.is_some_and(|look| self.stays_turned(&look, seen.bytes));
        self.seen.push(seen);
        Ok(Found { bytes, hash: Some(hash), is_turned })
    }

    fn check_size(&self, seen: &SeenFile) -> Result<(), String> {
        let most = self.shape.largest_original();
        if seen.bytes <= most {
            return Ok(());
        }
        let remedy = match self.shape.reduce_to {
            Some(_) => "reduce it",
            None => "reduce it, or have it reduced when it is sent: `reduce_to = 2048` in [references] of the job file",
        };
        Err(format!("`{}` has {}, and {} is the most; {remedy}", seen.path, megabytes(seen.bytes), megabytes(most)))
    }

    /// What is sent of so large a file: what is not reduced goes as it is.
    fn bytes_to_send(&self, bytes: u64) -> u64 {
        let reduced = self.shape.reduce_to.map(|side| u64::from(side).pow(2) / PIXELS_A_BYTE);
        reduced.map_or(bytes, |reduced| bytes.min(reduced).min(LARGEST_REFERENCE))
    }

    /// Whatever is written anew is turned upright as well.
    fn stays_turned(&self, look: &Look, bytes: u64) -> bool {
        look.is_turned && !self.shape.changes(look, bytes)
    }
}

fn turned(path: &str) -> String {
    format!(
        "`{path}` lies on its side but for a note of its camera (EXIF), which models do not always heed; `rotate = true` \
         in [references] of the job file turns it when it is sent"
    )
}

/// That an address can be asked at all; what is there shows when it is fetched.
fn checked(address: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("`{}` {what}", short(address)));
    match Url::parse(address) {
        // Which is not repeated to everybody.
        Ok(url) if !url.username().is_empty() || url.password().is_some() => Err(format!(
            "an address at {} holds a name or a password, with which nothing is fetched; save the image and name its file",
            url.host_str().unwrap_or_default()
        )),
        Ok(_) if !address.contains(char::is_whitespace) => Ok(()),
        Ok(_) => wrong("holds a space; write %20 for it"),
        Err(error) => wrong(&format!("is no address: {error}; correct it")),
    }
}
