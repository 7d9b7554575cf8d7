//! An output folder of the local disk, looked at from outside. Never makes a folder, never takes the run's hold.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::super::StoreError;
use super::super::shelf::{FolderId, Found, KeptFile, Presence, Shelf};
use super::disk::failed;
use super::folders::Folders;
use super::names;
use crate::domain::{Artifact, ImageFile, ImageFormat, Mark, io_words};

/// The files of one job in its output folder.
#[derive(Debug)]
pub struct LocalShelf {
    output: PathBuf,
    job: String,
}

impl LocalShelf {
    /// The shelf of a job; nothing is touched yet. Fails if `job` cannot be the name of a folder.
    pub fn of(output: &Path, job: &str) -> Result<Self, StoreError> {
        names::check_job(job)?;
        Ok(Self { output: output.to_owned(), job: job.to_owned() })
    }

    pub(super) fn output(&self) -> &Path {
        &self.output
    }

    pub(super) fn job(&self) -> &str {
        &self.job
    }
}

impl Shelf for LocalShelf {
    fn folder(&self) -> Result<Option<FolderId>, StoreError> {
        match fs::metadata(&self.output) {
            Ok(found) => Ok(found.is_dir().then(|| FolderId { device: found.dev(), inode: found.ino() })),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(failed("look at", &self.output)(error)),
        }
    }

    fn files(&self, artifact: &Artifact) -> Vec<KeptFile> {
        artifact.images.iter().map(picture).chain(caption(artifact)).collect()
    }

    fn look(&self, file: &KeptFile) -> Presence {
        match look(&self.output.join(&file.file), file) {
            Ok(presence) => presence,
            Err(error) if is_gone(&error) => Presence::Missing,
            Err(error) => Presence::Unreadable(io_words(&error)),
        }
    }

    fn whereabouts(&self, image: &ImageFile) -> Option<String> {
        let holds = |file: &str| self.look(&KeptFile { file: file.to_owned(), ..picture(image) }) == Presence::Same;
        if holds(&image.file) {
            return Some(image.file.clone());
        }
        let folder = join(names::VERSIONS, names::folder_of(&image.file));
        let folder = folder.trim_end_matches('/');
        let (_, files) = children(&self.output.join(folder)).ok()?;
        let mut earlier = files.iter().map(|name| join(folder, name));
        earlier.find(|file| names::was(file).as_deref() == Some(&image.file) && holds(file))
    }

    fn walk(&self, roots: &[String], each: &mut dyn FnMut(Found)) -> Result<(), StoreError> {
        let own = |root: &String| [names::STAGING, names::VERSIONS].map(|folder| join(root, folder));
        let own: HashSet<String> = roots.iter().flat_map(own).collect();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            if own.contains(&folder) {
                continue;
            }
            match children(&self.output.join(&folder)) {
                Ok((inner, files)) => {
                    folders.extend(inner.iter().map(|name| join(&folder, name)));
                    files.iter().filter_map(|name| found(join(&folder, name))).for_each(&mut *each);
                }
                Err(error) => each(Found::Closed { folder, why: io_words(&error) }),
            }
        }
        Ok(())
    }

    fn walk_staging(&self, mark: &Mark, received: &[&str], each: &mut dyn FnMut(String)) -> Result<u64, StoreError> {
        let folder = join(names::STAGING, &self.job);
        let path = self.output.join(&folder);
        let (folders, files) = match children(&path) {
            Err(error) if is_gone(&error) => return Ok(0),
            children => children.map_err(failed("read", &path))?,
        };
        let noted: HashSet<&str> = files.iter().filter_map(|name| names::noted(name)).collect();
        let received: HashSet<&str> = received.iter().map(|staged| names::attempt_of(staged)).collect();
        let waits = |name: &str| received.contains(names::attempt_of(name)) || noted.contains(names::attempt_of(name));
        let all = folders.iter().chain(&files);
        let (strange, ours): (Vec<_>, Vec<_>) = all.partition(|name| names::is_strange(name, mark));
        let left = ours.into_iter().filter(|name| !waits(name) && *name != names::BALLAST);
        left.for_each(|name| each(join(&folder, name)));
        Ok(strange.len() as u64)
    }

    fn restore(&self, caption: &KeptFile, text: &str) -> Result<bool, StoreError> {
        let mut folders = Folders::below(&self.output);
        folders.enter(names::folder_of(&caption.file))?;
        let path = self.output.join(&caption.file);
        let draft = path.with_added_extension("part");
        let written = fs::remove_file(&draft).or_else(|error| if is_gone(&error) { Ok(()) } else { Err(error) });
        let written = written.and_then(|()| {
            let mut file = File::create_new(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_data()
        });
        written.map_err(failed("write", &draft))?;
        let is_free = place(&draft, &path).map_err(failed("publish", &path))?;
        folders.sync()?;
        Ok(is_free)
    }
}

fn picture(image: &ImageFile) -> KeptFile {
    let ImageFile { file, bytes, blake3, .. } = image;
    KeptFile { file: file.clone(), bytes: *bytes, blake3: blake3.clone(), is_caption: false }
}

/// The caption, which stands beside the first picture.
fn caption(artifact: &Artifact) -> Option<KeptFile> {
    let (text, first) = (artifact.caption.as_ref()?, artifact.images.first()?);
    let (stem, _) = names::parts(&first.file)?;
    Some(KeptFile {
        file: names::file(stem, names::CAPTION),
        bytes: text.len() as u64,
        blake3: blake3::hash(text.as_bytes()).to_hex().to_string(),
        is_caption: true,
    })
}

/// Gives a draft its name, or removes it and returns false if something has that name meanwhile.
fn place(draft: &Path, path: &Path) -> io::Result<bool> {
    let placed = match renameat_with(CWD, draft, CWD, path, RenameFlags::NOREPLACE) {
        // Not every file system can; a link does the same, in two steps.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            fs::hard_link(draft, path).and_then(|()| fs::remove_file(draft))
        }
        renamed => renamed.map_err(io::Error::from),
    };
    match placed {
        Ok(()) => Ok(true),
        Err(error) => {
            fs::remove_file(draft)?;
            if error.kind() == io::ErrorKind::AlreadyExists { Ok(false) } else { Err(error) }
        }
    }
}

/// Opens a file, and nothing else: to open a pipe would wait for whoever writes into it, and a device may be touched.
fn open(path: &Path) -> io::Result<File> {
    let is_file = |found: fs::Metadata| found.is_file().then_some(()).ok_or_else(no_file);
    is_file(fs::metadata(path)?)?;
    // Should it have become a pipe since it was looked at.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    is_file(file.metadata()?)?;
    Ok(file)
}

fn no_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is no file, but a folder, a pipe or a device")
}

fn look(path: &Path, kept: &KeptFile) -> io::Result<Presence> {
    let mut file = open(path)?;
    let length = file.metadata()?.len();
    if length != kept.bytes {
        let cut = !kept.is_caption && length < kept.bytes && !is_whole(&mut file, length)?;
        return Ok(if cut { Presence::Truncated } else { Presence::Changed });
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(&file)?;
    let same = hasher.finalize().to_hex().as_str() == kept.blake3;
    Ok(if same { Presence::Same } else { Presence::Changed })
}

/// Whether this is something whole: a picture with its end, or something that never was one. What is too short for any
/// picture is not.
fn is_whole(file: &mut File, length: u64) -> io::Result<bool> {
    let mut head = [0; ImageFormat::SNIFF_BYTES];
    if length < head.len() as u64 {
        return Ok(false);
    }
    file.read_exact(&mut head)?;
    let Some(format) = ImageFormat::sniff(&head) else { return Ok(true) };
    file.seek(SeekFrom::Start(length.saturating_sub(ImageFormat::TAIL_BYTES as u64)))?;
    let mut tail = Vec::with_capacity(ImageFormat::TAIL_BYTES);
    file.take(ImageFormat::TAIL_BYTES as u64).read_to_end(&mut tail)?;
    Ok(format.is_complete(&head, &tail, length))
}

/// The names of the folders and of the files in a folder; links are files, wherever they lead.
pub(super) fn children(folder: &Path) -> io::Result<(Vec<String>, Vec<String>)> {
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() { folders.push(name) } else { files.push(name) }
    }
    Ok((folders, files))
}

/// A picture or a caption by its extension, in whatever case.
fn found(file: String) -> Option<Found> {
    let (stem, extension) = names::parts(&file)?;
    let known = names::IMAGES.iter().chain([&names::CAPTION]).any(|known| extension.eq_ignore_ascii_case(known));
    let item = names::item_of(stem).to_owned();
    known.then_some(Found::File { file, item })
}

/// A path below the output folder, of a folder there and a name in it.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
