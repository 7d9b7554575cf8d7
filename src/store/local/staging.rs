//! The images of one attempt as they arrive, each in a file of its own. Never gives a file a final name.

use std::fs::File;
use std::io::{self, BufReader, Seek};
use std::path::Path;
use std::sync::Arc;

use super::super::{Staging, StoreError};
use super::disk::failed;
use super::recovery;
use super::spool::Spool;
use crate::domain::{ImageFormat, Receipt, Reply, Sent, StagedImage, io_words};

/// Smaller pieces are gathered to so much before they are hashed and written: all the memory an arriving image takes,
/// and enough for the hash to use its widest instructions (16 blocks of 1 KiB). Larger pieces pass it by.
const BLOCK: usize = 16 * 1024;

/// One attempt's place in the staging folder.
pub(super) struct LocalStaging {
    spool: Arc<Spool>,
    sent: Sent,
    begun: u32,
    /// The file of the first image, made before anything is sent: where none can be made, none is asked for.
    ready: Option<Arriving>,
    arriving: Option<Arriving>,
    kept: Vec<StagedImage>,
}

/// The image that is being written.
struct Arriving {
    name: String,
    file: HashedFile,
}

impl LocalStaging {
    pub(super) fn new(spool: Arc<Spool>, sent: Sent) -> Result<Self, StoreError> {
        let mut staging = Self { spool, sent, begun: 0, ready: None, arriving: None, kept: Vec::new() };
        let (name, created) = staging.create();
        staging.ready = Some(created.map_err(failed("create", &staging.spool.path_of(&name)))?);
        Ok(staging)
    }

    /// A file for the next image, and what it is called.
    fn create(&mut self) -> (String, io::Result<Arriving>) {
        self.begun += 1;
        let (name, file) = self.spool.arriving(self.sent.attempt, self.begun);
        let arriving = file.map(|file| Arriving { name: name.clone(), file: HashedFile::new(file) });
        (name, arriving)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.spool.remove(name).map_err(|error| self.told("remove", name, &error))
    }

    fn take_arriving(&mut self) -> io::Result<Arriving> {
        self.arriving.take().ok_or_else(none_begun)
    }

    /// The same error with the file it is about.
    fn told(&self, action: &str, name: &str, error: &io::Error) -> io::Error {
        told(action, &self.spool.path_of(name), error)
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
                let (name, created) = self.create();
                Some(created.map_err(|error| self.told("create", &name, &error))?)
            }
        };
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let arriving = self.arriving.as_mut().ok_or_else(none_begun)?;
        let written = arriving.file.write(bytes, &self.spool);
        written.map_err(|error| told("write", &self.spool.path_of(&arriving.name), &error))
    }

    /// `InvalidData`, and no file, if the bytes are no image.
    fn keep(&mut self) -> io::Result<()> {
        let Arriving { name, file } = self.take_arriving()?;
        let staged = file.describe(&name, &self.spool);
        let failed = match staged {
            Ok(image) => {
                self.kept.push(image);
                return Ok(());
            }
            Err(error) => self.told("keep", &name, &error),
        };
        self.remove(&name)?;
        Err(failed)
    }

    fn discard(&mut self) -> io::Result<()> {
        let name = self.take_arriving()?.name;
        self.remove(&name)
    }

    fn retain(&mut self, finals: &[usize]) -> io::Result<()> {
        let mut kept: Vec<_> = std::mem::take(&mut self.kept).into_iter().map(Some).collect();
        self.kept = finals.iter().filter_map(|number| kept.get_mut(*number)?.take()).collect();
        // One that cannot be removed keeps none of the others.
        kept.into_iter().flatten().map(|image| self.remove(&image.staged)).fold(Ok(()), io::Result::and)
    }

    fn open(&self, place: usize) -> io::Result<File> {
        let name = &self.kept.get(place).ok_or_else(none_begun)?.staged;
        self.spool.read(name).map_err(|error| self.told("open", name, &error))
    }

    fn kept(&self) -> &[StagedImage] {
        &self.kept
    }

    fn finish(mut self: Box<Self>, reply: Reply) -> Receipt {
        let receipt = Receipt { images: std::mem::take(&mut self.kept), reply };
        recovery::write_down(&self.spool, self.sent, &receipt);
        receipt
    }
}

impl Drop for LocalStaging {
    /// What `finish` did not hand out leaves nothing behind. A file that cannot be removed is swept by the next run.
    fn drop(&mut self) {
        for unused in self.ready.take().into_iter().chain(self.arriving.take()) {
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
    /// The first bytes, by which an image is known.
    head: Vec<u8>,
    /// Small pieces that are neither hashed nor written yet.
    gathered: Vec<u8>,
}

impl HashedFile {
    fn new(file: File) -> Self {
        Self { file, hasher: blake3::Hasher::new(), bytes: 0, head: Vec::new(), gathered: Vec::new() }
    }

    fn write(&mut self, mut bytes: &[u8], spool: &Spool) -> io::Result<()> {
        if !self.gathered.is_empty() {
            let (first, rest) = bytes.split_at(bytes.len().min(BLOCK - self.gathered.len()));
            self.gathered.extend_from_slice(first);
            if self.gathered.len() < BLOCK {
                return Ok(());
            }
            self.flush(spool)?;
            bytes = rest;
        }
        if bytes.len() >= BLOCK {
            return self.put(bytes, spool);
        }
        if !bytes.is_empty() {
            self.gathered.reserve_exact(BLOCK);
            self.gathered.extend_from_slice(bytes);
        }
        Ok(())
    }

    /// Hashes and writes what was gathered.
    fn flush(&mut self, spool: &Spool) -> io::Result<()> {
        let mut gathered = std::mem::take(&mut self.gathered);
        self.put(&gathered, spool)?;
        gathered.clear();
        self.gathered = gathered;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8], spool: &Spool) -> io::Result<()> {
        spool.write_all(&mut self.file, bytes)?;
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        let missing = ImageFormat::SNIFF_BYTES - self.head.len();
        self.head.extend_from_slice(&bytes[..missing.min(bytes.len())]);
        Ok(())
    }

    /// What arrived, as it will be recorded. Its size in pixels is read back from the file, not from a copy of the
    /// first bytes: profiles and provenance marks (C2PA) may stand before it, and they have no bound.
    fn describe(mut self, name: &str, spool: &Spool) -> io::Result<StagedImage> {
        self.flush(spool)?;
        let no_image = "its first bytes are neither JPEG, PNG nor WebP";
        let format =
            ImageFormat::sniff(&self.head).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, no_image))?;
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
}

/// The same error with the file it is about.
fn told(action: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {action} {}: {}", path.display(), io_words(error)))
}

fn none_begun() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "no image was begun in this staging")
}
