//! A log file that is put aside when it has grown, and a few of the older ones kept. Never keeps a run from going on, and
//! never holds a torn line: what cannot be written whole is dropped.
//!
//! The file is looked up by its name at every line. So whoever moves it away, as `logrotate` does, needs no signal and no
//! `copytruncate`: the next line begins a new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

use super::LogWriter;
use crate::domain::io_words;

/// The older ones: `PATH.1`, the youngest, to `PATH.5`.
const KEPT: u32 = 5;

/// A log file; its clones write the same one.
#[derive(Clone)]
pub(super) struct RotatingFile(Arc<Shared>);

struct Shared {
    path: PathBuf,
    /// Bytes at most, unless a single line is longer.
    most: u64,
    open: Mutex<Option<File>>,
    stderr: LogWriter,
    is_told: AtomicBool,
}

impl RotatingFile {
    /// Opens it to write behind what stands there. That it cannot be written later on is told there, once.
    pub fn open(path: &Path, most: u64, stderr: LogWriter) -> io::Result<Self> {
        if is_database(path)? {
            return Err(io::Error::new(ErrorKind::InvalidInput, "it is a database"));
        }
        let open = Mutex::new(Some(opened(path)?));
        Ok(Self(Arc::new(Shared { path: path.to_owned(), most, open, stderr, is_told: AtomicBool::new(false) })))
    }
}

impl Shared {
    /// Writes a whole line.
    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match open.take() {
            Some(file) if self.is_where_it_was(&file) => file,
            _ => opened(&self.path)?,
        };
        let (file, length) = self.with_room(file, line.len() as u64)?;
        let written = open.insert(file).write_all(line);
        if written.is_err()
            && let Some(file) = open.as_ref()
            && file.metadata()?.len() > length
        {
            // Half a line is none.
            file.set_len(length)?;
        }
        written
    }

    /// Whether the name still leads to the open file.
    fn is_where_it_was(&self, file: &File) -> bool {
        let place = |about: fs::Metadata| (about.dev(), about.ino());
        let (named, open) = (fs::metadata(&self.path).map(place), file.metadata().map(place));
        named.ok().zip(open.ok()).is_some_and(|(named, open)| named == open)
    }

    /// The file, or a new one if so many bytes more would be too many for it; and how long it is. One that cannot be put
    /// aside grows on.
    fn with_room(&self, file: File, more: u64) -> io::Result<(File, u64)> {
        let about = file.metadata()?;
        if !about.is_file() || about.len() == 0 || about.len() + more <= self.most {
            return Ok((file, about.len()));
        }
        match self.put_aside().and_then(|()| opened(&self.path)) {
            Ok(new) => Ok((new, 0)),
            Err(error) => {
                self.tell(&error);
                Ok((file, about.len()))
            }
        }
    }

    fn put_aside(&self) -> io::Result<()> {
        for number in (1..KEPT).rev() {
            match fs::rename(self.older(number), self.older(number + 1)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&self.path, self.older(1))
    }

    fn older(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }

    fn tell(&self, error: &io::Error) {
        if !self.is_told.swap(true, Ordering::Relaxed) {
            let (path, why) = (self.path.display(), io_words(error));
            let words =
                format!("warning: --log-file: {path} cannot be written: {why}; log lines get lost, nothing else\n");
            // Where nobody listens either, that is all that can be done.
            let _ = self.stderr.clone().write_all(words.as_bytes());
        }
    }
}

/// Whether a database stands there, of whatever job: to put one aside as a log would lose it.
fn is_database(path: &Path) -> io::Result<bool> {
    // To read a pipe would wait for whoever fills it.
    if !fs::metadata(path).is_ok_and(|about| about.is_file()) {
        return Ok(false);
    }
    let mut first = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(DATABASE.len() as u64).read_to_end(&mut first)?,
        // A file that may be written need not be one that may be read.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(first == DATABASE)
}

/// How every SQLite file begins.
const DATABASE: &[u8] = b"SQLite format 3\0";

fn opened(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

impl Write for RotatingFile {
    /// Takes a whole line, as the subscriber writes it, and says that all went well: it can do nothing about what did not.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Err(error) = self.0.append(line) {
            self.0.tell(&error);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for RotatingFile {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn file(folder: &Path, most: u64) -> RotatingFile {
        RotatingFile::open(&folder.join("a.log"), most, LogWriter::default()).unwrap()
    }

    fn read(folder: &Path, name: &str) -> String {
        fs::read_to_string(folder.join(name)).unwrap_or_default()
    }

    #[test]
    fn several_hands_lose_and_tear_no_line_while_files_are_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        // 4 hands write 100 lines of 12 bytes: 4,800 bytes in six files.
        let log = file(folder.path(), 900);
        thread::scope(|scope| {
            for hand in 0..4 {
                let mut log = log.clone();
                scope.spawn(move || {
                    (0..100).for_each(|line| log.write_all(format!("hand {hand}, {line:03}\n").as_bytes()).unwrap());
                });
            }
        });
        let names = ["a.log", "a.log.1", "a.log.2", "a.log.3", "a.log.4", "a.log.5"];
        let all: Vec<String> = names.map(|name| read(folder.path(), name)).to_vec();
        assert!(all.iter().all(|text| text.len() <= 900));
        let mut lines: Vec<&str> = all.iter().flat_map(|text| text.lines()).collect();
        lines.sort_unstable();
        let mut expected: Vec<String> =
            (0..4).flat_map(|hand| (0..100).map(move |line| format!("hand {hand}, {line:03}"))).collect();
        expected.sort_unstable();
        assert_eq!(lines, expected);
    }

    #[test]
    fn the_oldest_goes_and_a_line_longer_than_a_file_stays_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = file(folder.path(), 10);
        for number in 1..=8 {
            log.write_all(format!("{number} is a long line\n").as_bytes()).unwrap();
        }
        assert_eq!(read(folder.path(), "a.log"), "8 is a long line\n");
        assert_eq!(read(folder.path(), "a.log.5"), "3 is a long line\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 6);
    }

    #[test]
    fn a_file_that_others_move_or_empty_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, path) = (file(folder.path(), 1_000), folder.path().join("a.log"));
        log.write_all(b"one\n").unwrap();
        fs::rename(&path, folder.path().join("moved")).unwrap();
        log.write_all(b"two\n").unwrap();
        assert_eq!((read(folder.path(), "moved"), read(folder.path(), "a.log")), ("one\n".into(), "two\n".into()));
        File::options().write(true).truncate(true).open(&path).unwrap();
        log.write_all(b"three\n").unwrap();
        assert_eq!(read(folder.path(), "a.log"), "three\n");
    }

    #[test]
    fn lines_that_cannot_be_written_are_dropped_until_they_can() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("logs");
        fs::create_dir(&inner).unwrap();
        let mut log = file(&inner, 1_000);
        fs::remove_dir_all(&inner).unwrap();
        log.write_all(b"lost\n").unwrap();
        fs::create_dir(&inner).unwrap();
        log.write_all(b"kept\n").unwrap();
        assert_eq!(read(&inner, "a.log"), "kept\n");
    }

    #[test]
    fn a_file_that_cannot_be_put_aside_grows_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = file(folder.path(), 10);
        // Folders that hold something have the names.
        fs::create_dir_all(folder.path().join("a.log.4/x")).unwrap();
        fs::create_dir_all(folder.path().join("a.log.5/x")).unwrap();
        for _ in 0..3 {
            log.write_all(b"a whole line\n").unwrap();
        }
        assert_eq!(read(folder.path(), "a.log"), "a whole line\n".repeat(3));
    }
}
