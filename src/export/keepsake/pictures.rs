//! Pictures of a folder that is passed on: what they are called there, and their reduction, several at a time. Never
//! changes an original, and never holds more of them than there are threads.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::num::NonZero;
use std::sync::Mutex;
use std::thread;

use super::folder::Folder;
use crate::domain::ImageFormat;
use crate::reshape::regard;

/// A name begins with so many characters of an item's.
const LONGEST_STEM: usize = 60;
/// So many digits of a hash keep names apart, and say whether a picture is the same.
const DIGITS: usize = 12;
/// More threads than this would hold too many large pictures in memory.
const MOST_THREADS: usize = 4;

/// A picture to be reduced.
pub(super) struct Original {
    /// What it is called in the folder.
    pub name: String,
    /// It, from wherever it was read to.
    pub file: File,
}

/// What a picture is called there: after its item, and by its bytes.
pub(super) fn name(item: &str, blake3: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let stem: String = item.chars().take(LONGEST_STEM).map(|c| if fits(c) { c } else { '_' }).collect();
    let digits: String = blake3.chars().filter(char::is_ascii_hexdigit).take(DIGITS).collect();
    format!("{}-{digits}.jpg", stem.trim_start_matches(['.', '-']))
}

/// Reduces these and puts them into the folder. Returns the names of those that are no pictures, or broken; fails if the
/// folder cannot be written.
pub(super) fn reduce(folder: &Folder, originals: Vec<Original>, side: u32) -> io::Result<Vec<String>> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS).min(originals.len());
    let (left, broken) = (Mutex::new(originals), Mutex::new(Vec::new()));
    let next = || left.lock().map(|mut left| left.pop()).ok().flatten();
    let work = || -> io::Result<()> {
        while let Some(Original { name, file }) = next() {
            match reduced(file, side) {
                Some(bytes) => folder.put(&name, &bytes)?,
                None => broken.lock().map(|mut broken| broken.push(name)).unwrap_or_default(),
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let ended = |worker: thread::ScopedJoinHandle<'_, io::Result<()>>| {
            worker.join().unwrap_or_else(|_| Err(io::Error::other("a thread broke off")))
        };
        workers.into_iter().try_for_each(ended)
    })?;
    Ok(broken.into_inner().unwrap_or_default())
}

fn reduced(mut file: File, side: u32) -> Option<Vec<u8>> {
    let mut first = Vec::new();
    file.rewind().ok()?;
    (&mut file).take(ImageFormat::SNIFF_BYTES as u64).read_to_end(&mut first).ok()?;
    regard(file, ImageFormat::sniff(&first)?, side).ok().map(|regarded| regarded.thumbnail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_and_means_nothing() {
        let hash = "0123456789abcdef0123";
        assert_eq!(name("red/lamp v2.0", hash), "red_lamp_v2.0-0123456789ab.jpg");
        assert_eq!(name("../../etc/passwd", hash), "_.._etc_passwd-0123456789ab.jpg");
        assert_eq!(name("Möbel", "../../x"), "M_bel-.jpg");
    }
}
