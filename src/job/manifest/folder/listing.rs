//! What lies below a folder of images, in the order of its paths. Never opens a file, never enters what is hidden, what
//! this program made, or what a link leads to that may not be followed.

use std::collections::HashSet;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::is_called_an_image;
use crate::disk::{FileError, ListFolder};
use crate::domain::io_words;
use crate::job::fault::{Place, Problem};
use crate::job::{Job, OUTPUT, paths};

/// No folder of images has more files.
const MOST_FILES: usize = 1_000_000;

/// No folders lie deeper in one another.
const DEEPEST: usize = 64;

/// What every output folder of this program holds once a run has ended.
const RESULTS: [&str; 2] = ["results.csv", "metadata.jsonl"];

/// The files below a folder, and what is wrong with some of them.
pub struct Listing {
    /// In the order of their paths.
    pub files: Vec<Listed>,
    /// In the order in which they were met.
    pub problems: Vec<Problem>,
}

/// A file below the folder.
pub struct Listed {
    /// Its path from there, with `/`.
    pub path: String,
    bytes: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
}

impl Listing {
    /// Walks a job's folder.
    pub fn of(job: &Job) -> io::Result<Self> {
        let mut walk = Walk::new(job);
        let top = fs::read_dir(&job.manifest)?;
        walk.enter(top, "");
        while let Some((folder, depth)) = walk.waiting.pop() {
            walk.walk(&folder, depth);
        }
        walk.listing.files.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        Ok(walk.listing)
    }

    /// The listing as bytes: other ones wherever a file is called, is long or was modified otherwise.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for file in &self.files {
            bytes.extend_from_slice(format!("{:?}", (&file.path, file.bytes, file.modified)).as_bytes());
        }
        self.problems.iter().for_each(|problem| bytes.extend_from_slice(problem.message.as_bytes()));
        bytes
    }
}

/// A walk through a folder.
struct Walk {
    folder: ListFolder,
    follow_links: bool,
    /// Folders in which pictures of this program may lie, and those that were walked, with their links resolved.
    closed: HashSet<PathBuf>,
    /// Folders that are still to be walked, and how deep they lie.
    waiting: Vec<(String, usize)>,
    depth: usize,
    listing: Listing,
}

impl Walk {
    fn new(job: &Job) -> Self {
        let folder = job.references_folder();
        let mut listing = Listing { files: Vec::new(), problems: Vec::new() };
        if same(&job.output, &job.manifest) {
            let message = "the pictures would go where those of the list lie; name another folder with --output";
            listing.problems.push(Problem::new(Place::line(1), message));
        }
        let closed = ours(job).iter().chain([&job.manifest]).map(|path| resolved(path)).collect();
        Self { folder, follow_links: job.follow_links, closed, waiting: Vec::new(), depth: 0, listing }
    }

    /// Walks one folder that waited, unless it need not be.
    fn walk(&mut self, folder: &str, depth: usize) {
        let path = self.folder.path().join(folder);
        let holds_results = RESULTS.iter().all(|file| path.join(file).is_file());
        if holds_results || !self.closed.insert(resolved(&path)) {
            return;
        }
        self.depth = depth;
        match fs::read_dir(&path) {
            Ok(entries) => self.enter(entries, folder),
            Err(error) => {
                self.wrong(format!("the folder `{folder}` cannot be read: {}; check its permissions", io_words(&error)))
            }
        }
    }

    fn enter(&mut self, entries: fs::ReadDir, folder: &str) {
        for entry in entries {
            if self.listing.files.len() >= MOST_FILES {
                self.waiting.clear();
                return self.wrong(format!("the folder holds more than {MOST_FILES} files; split it"));
            }
            match entry.and_then(|entry| self.meet(&entry, folder)) {
                Ok(()) => (),
                Err(error) => {
                    let shown = if folder.is_empty() { "." } else { folder };
                    self.wrong(format!("the folder `{shown}` cannot be read on: {}", io_words(&error)));
                }
            }
        }
    }

    /// Takes what lies in a folder: a file, a folder to walk later, or a link to one of them.
    fn meet(&mut self, entry: &DirEntry, folder: &str) -> io::Result<()> {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(b".") {
            return Ok(());
        }
        let Some(name) = name.to_str() else {
            let shown = Path::new(folder).join(&name).display().to_string();
            if is_called_an_image(&shown) {
                self.wrong(format!("the name `{shown}` is not UTF-8; rename the file"));
            }
            return Ok(());
        };
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            self.wait(path);
        } else if kind.is_file() {
            self.list(path, &entry.metadata()?);
        } else if kind.is_symlink() {
            self.follow(path);
        }
        Ok(())
    }

    fn list(&mut self, path: String, about: &Metadata) {
        let modified = (about.mtime(), about.mtime_nsec());
        self.listing.files.push(Listed { path, bytes: about.len(), modified });
    }

    fn wait(&mut self, folder: String) {
        match self.depth < DEEPEST {
            true => self.waiting.push((folder, self.depth + 1)),
            false => self.wrong(format!("the folder `{folder}` lies more than {DEEPEST} folders deep; move it up")),
        }
    }

    /// Takes what a link leads to. A file that may not be read is told like any other reference; so is one that is not
    /// there.
    fn follow(&mut self, link: String) {
        let path = self.folder.path().join(&link);
        let about = path.metadata().or_else(|_| path.symlink_metadata());
        let Ok(about) = about else { return };
        if !about.is_dir() {
            return self.list(link, &about);
        }
        match self.folder.find(&link) {
            // What lies in this folder is found where it lies.
            Ok(_) if !self.follow_links => (),
            Ok(_) => self.wait(link),
            Err(FileError::LedAway { target, bounds }) => self.wrong(format!(
                "`{link}` is a link to {}, which is outside {}; if you know why, allow such links with --follow-links, \
                 else copy the folder",
                target.display(),
                bounds.display()
            )),
            Err(_) => (),
        }
    }

    fn wrong(&mut self, message: String) {
        self.listing.problems.push(Problem::new(Place::line(1), message));
    }
}

/// The folders of this program's pictures: the job's, that of its rehearsal or of what it rehearses, and the one in
/// which those of the workspace's jobs lie by default.
fn ours(job: &Job) -> [PathBuf; 4] {
    let output = &job.output;
    let usual = job.workspace.join(OUTPUT);
    [output.clone(), paths::rehearsal_folder(output), paths::without_rehearsal(output), usual]
}

fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

fn same(one: &Path, other: &Path) -> bool {
    resolved(one) == resolved(other)
}
