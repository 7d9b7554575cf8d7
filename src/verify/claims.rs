//! Which files of a folder belong to an item of whatever job, in little memory. Never keeps a name itself.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use crate::queue::StoredItem;
use crate::store::Shelf;

/// A job whose files may lie in the folder that is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// The job.
    pub job: String,
    /// How its output folder lies to that one.
    place: Place,
}

/// How one output folder lies to another.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// The same, or below it: its path there, with a `/` behind it, or nothing.
    Inside(String),
    /// Above it: what leads from there to it, with a `/` behind.
    Around(String),
}

impl Neighbour {
    /// The job with this output folder, if its files may lie in the folder `verified`. Both as the system resolves them.
    pub fn of(job: &str, output: &Path, verified: &Path) -> Option<Self> {
        let prefix = |path: &Path| path.components().map(|part| format!("{}/", part.as_os_str().display())).collect();
        let inside = output.strip_prefix(verified).map(|below| Place::Inside(prefix(below)));
        let place = inside.or_else(|_| verified.strip_prefix(output).map(|below| Place::Around(prefix(below))));
        Some(Self { job: job.to_owned(), place: place.ok()? })
    }

    /// Its output folder, as a path below the verified one; none if it lies elsewhere.
    pub(super) fn root(&self) -> Option<String> {
        match &self.place {
            Place::Inside(prefix) => Some(prefix.trim_end_matches('/').to_owned()),
            Place::Around(_) => None,
        }
    }

    /// A path below its output folder, as one below the verified folder; none if it leads elsewhere.
    fn seen_from_there(&self, path: &str) -> Option<String> {
        match &self.place {
            Place::Inside(prefix) => Some(format!("{prefix}{path}")),
            Place::Around(prefix) => path.strip_prefix(prefix).map(str::to_owned),
        }
    }
}

/// What is claimed, as hashes of 64 bits: of two million names, one that nobody claims is taken for claimed with a chance
/// of 1 in 10^13. 40 MB for that many.
#[derive(Default)]
pub(super) struct Claims {
    hashes: HashSet<u64>,
    hasher: RandomState,
}

/// What an item claims.
#[derive(Hash)]
enum Claim<'a> {
    /// This very file.
    File(&'a str),
    /// Every file that could be its own: it is not done, and nobody knows which it will have.
    Item(&'a str),
}

impl Claims {
    /// Enters the files of an item: those that it has once it is done, and before that all it could have, beside those
    /// it had before it was to be made again.
    pub fn enter(&mut self, neighbour: &Neighbour, item: &StoredItem, shelf: &dyn Shelf) {
        if item.artifact.is_none() {
            let name = neighbour.seen_from_there(&item.name);
            self.hashes.extend(name.map(|name| self.hasher.hash_one(Claim::Item(&name))));
        }
        for artifact in item.artifact.iter().chain(&item.earlier) {
            let files = shelf.files(artifact).into_iter();
            let files = files.filter_map(|file| neighbour.seen_from_there(&file.file));
            self.hashes.extend(files.map(|file| self.hasher.hash_one(Claim::File(&file))));
        }
    }

    /// Whether a file belongs to somebody; `item` is the name of the item that could have it.
    pub fn has(&self, file: &str, item: &str) -> bool {
        [Claim::File(file), Claim::Item(item)].iter().any(|claim| self.hashes.contains(&self.hasher.hash_one(claim)))
    }
}
