//! The images of one attempt as they arrive, each in a file of its own. Never gives a file a final name.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::super::{Staging, StoreError};
use super::disk::failed;
use crate::domain::{AttemptId, ImageFormat, StagedImage, io_words};

/// What is gathered before it is hashed and written: all the memory an arriving image takes, and enough for the
/// hash to use its widest instructions (16 blocks of 1 KiB). Larger writes pass it by.
const BLOCK: usize = 16 * 1024;

/// One attempt's place in the staging folder.
pub(super) struct LocalStaging {
    folder: PathBuf,
    attempt: AttemptId,
    begun: u32,
    /// The file of the first image, made before anything is sent: where none can be made, none is asked for.
    ready: Option<Arriving>,
    arriving: Option<Arriving>,
    kept: Vec<StagedImage>,
}

/// The image that is being written.
struct Arriving {
    name: String,
    file: BufWriter<HashedFile>,
}

impl LocalStaging {
    pub(super) fn new(folder: PathBuf, attempt: AttemptId) -> Result<Self, StoreError> {
        let mut staging = Self { folder, attempt, begun: 0, ready: None, arriving: None, kept: Vec::new() };
        let (path, created) = staging.create();
        staging.ready = Some(created.map_err(failed("create", &path))?);
        Ok(staging)
    }

    /// A file for the next image, and where it is.
    fn create(&mut self) -> (PathBuf, io::Result<Arriving>) {
        self.begun += 1;
        let name = format!("{}-{}.part", self.attempt, self.begun);
        let path = self.folder.join(&name);
        let file = HashedFile::create(&path);
        (path, file.map(|file| Arriving { name, file: BufWriter::with_capacity(BLOCK, file) }))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let path = self.folder.join(name);
        fs::remove_file(&path).map_err(|error| told("remove", &path, &error))
    }

    fn take_arriving(&mut self) -> io::Result<Arriving> {
        self.arriving.take().ok_or_else(none_begun)
    }
}

impl Staging for LocalStaging {
    /// An image that was neither kept nor discarded before is discarded.
    fn begin(&mut self) -> io::Result<()> {
        if self.arriving.is_some() {
            self.discard()?;
        }
        self.arriving = match self.ready.take() {
            Some(ready) => Some(ready),
            None => {
                let (path, created) = self.create();
                Some(created.map_err(|error| told("create", &path, &error))?)
            }
        };
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let arriving = self.arriving.as_mut().ok_or_else(none_begun)?;
        let written = arriving.file.write_all(bytes);
        written.map_err(|error| told("write", &self.folder.join(&arriving.name), &error))
    }

    /// `InvalidData`, and no file, if the bytes are no image.
    fn keep(&mut self) -> io::Result<()> {
        let Arriving { name, file } = self.take_arriving()?;
        let staged = finished(file).and_then(|file| file.describe(&name));
        let failed = match staged {
            Ok(image) => {
                self.kept.push(image);
                return Ok(());
            }
            Err(error) => told("keep", &self.folder.join(&name), &error),
        };
        self.remove(&name)?;
        Err(failed)
    }

    fn discard(&mut self) -> io::Result<()> {
        let arriving = self.take_arriving()?;
        // What is still in the buffer need not reach the disk.
        drop(arriving.file.into_parts());
        self.remove(&arriving.name)
    }

    fn kept(&self) -> &[StagedImage] {
        &self.kept
    }

    fn finish(mut self: Box<Self>) -> Vec<StagedImage> {
        std::mem::take(&mut self.kept)
    }
}

impl Drop for LocalStaging {
    /// What `finish` did not hand out leaves nothing behind. A file that cannot be removed is swept by the next run.
    fn drop(&mut self) {
        for unused in self.ready.take().into_iter().chain(self.arriving.take()) {
            drop(unused.file.into_parts());
            let _ = self.remove(&unused.name);
        }
        for image in std::mem::take(&mut self.kept) {
            let _ = self.remove(&image.staged);
        }
    }
}

/// A file that knows the length and the hash of what was written into it.
struct HashedFile {
    file: File,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl HashedFile {
    fn create(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).write(true).create_new(true).open(path)?;
        Ok(Self { file, hasher: blake3::Hasher::new(), bytes: 0 })
    }

    /// What arrived, as it will be recorded. Its size in pixels is read back from the file, not from a copy of the
    /// first bytes: profiles and provenance marks (C2PA) may stand before it, and they have no bound.
    fn describe(mut self, name: &str) -> io::Result<StagedImage> {
        let format = self.format()?;
        self.file.rewind()?;
        let size = imagesize::reader_size(BufReader::with_capacity(1024, &self.file)).ok();
        Ok(StagedImage {
            staged: name.to_owned(),
            format,
            bytes: self.bytes,
            blake3: self.hasher.finalize().to_hex().to_string(),
            width: size.and_then(|size| u32::try_from(size.width).ok()),
            height: size.and_then(|size| u32::try_from(size.height).ok()),
        })
    }

    fn format(&mut self) -> io::Result<ImageFormat> {
        let mut first = Vec::with_capacity(ImageFormat::SNIFF_BYTES);
        self.file.rewind()?;
        (&self.file).take(ImageFormat::SNIFF_BYTES as u64).read_to_end(&mut first)?;
        ImageFormat::sniff(&first)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "its first bytes are neither JPEG, PNG nor WebP"))
    }
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn finished(file: BufWriter<HashedFile>) -> io::Result<HashedFile> {
    file.into_inner().map_err(io::IntoInnerError::into_error)
}

/// The same error with the file it is about.
fn told(action: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {action} {}: {}", path.display(), io_words(error)))
}

fn none_begun() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "no image was begun in this staging")
}
