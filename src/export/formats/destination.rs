//! The place that someone named for what they asked for. Never replaces what is no file, such as a terminal.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::super::atomic::AtomicFile;

/// Where bytes go.
pub(super) enum Destination {
    /// A file that changes in one instant.
    File(AtomicFile),
    /// A device or a pipe, which takes what comes.
    Stream(BufWriter<File>),
}

impl Destination {
    /// Begins to write there. Where a link stands, what it leads to is written.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        // Two who write the same file at one time must not share a draft.
        let writer = std::process::id().to_string();
        match fs::metadata(path) {
            Ok(known) if known.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(known) if known.is_file() => AtomicFile::create(&fs::canonicalize(path)?, &writer).map(Self::File),
            Ok(_) => Ok(Self::Stream(BufWriter::new(File::options().write(true).open(path)?))),
            Err(_) => AtomicFile::create(path, &writer).map(Self::File),
        }
    }

    /// Makes it all stand there.
    pub(super) fn commit(self) -> io::Result<()> {
        match self {
            Self::File(file) => file.commit(),
            Self::Stream(mut stream) => stream.flush(),
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Stream(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Stream(stream) => stream.flush(),
        }
    }
}
