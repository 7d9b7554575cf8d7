//! The reference images of all requests in flight: one that several of them use is read once, and together they stay
//! within a budget of memory. Never hands out what an edited file held before, and never waits for a disk on a thread
//! of the runtime.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

use super::base64_stream::BLOCK_BYTES;
use super::reference_file::{Reading, ReferenceChanged, ReferenceError, ReferenceFile, Stamp};
use crate::domain::ImageFormat;
use crate::provider::{ReadyFile, ReferenceSource};

/// Bytes of references kept in memory, in use or for the next request: 32 MiB. What finds no room is read block by
/// block while it is sent, for each request anew.
const BUDGET: u32 = 32 << 20;
/// Files read at once: more make no disk faster, and each takes a thread.
const READERS: usize = 16;

/// The reference images of a source.
pub(super) struct References {
    source: Arc<dyn ReferenceSource>,
    /// A permit for each byte of the budget.
    room: Arc<Semaphore>,
    kept: Mutex<Kept>,
    readers: Readers,
}

impl References {
    /// Those of this source.
    pub(super) fn of(source: Arc<dyn ReferenceSource>) -> Self {
        Self::within(BUDGET, source)
    }

    fn within(budget: u32, source: Arc<dyn ReferenceSource>) -> Self {
        let room = Arc::new(Semaphore::new(budget as usize));
        Self { source, room, kept: Mutex::default(), readers: Readers(Arc::new(Semaphore::new(READERS))) }
    }

    /// Opens one and makes sure that it is a picture that can be sent. As long as what this returns lives, others get
    /// the same bytes, if there is room for them.
    pub(super) async fn open(&self, reference: &str) -> Result<Reference, ReferenceError> {
        let ReadyFile { folder, written } = self.source.ready(reference).await?;
        let now = SystemTime::now();
        let path = folder.path().join(&written);
        let found = self.readers.run(move || ReferenceFile::inspect(folder, written)).await;
        let file = found.map_err(|reason| ReferenceError::Unreadable { path, reason: reason.into() })??;
        let bytes = match self.shared(&file, now) {
            Some(shared) => Some(self.read_once(shared, &file).await?),
            None => None,
        };
        Ok(Reference { file, bytes, readers: self.readers.clone() })
    }

    /// Where the bytes of this file are or will be, for all who use it; none if they cannot be shared.
    fn shared(&self, file: &ReferenceFile, now: SystemTime) -> Option<Arc<Shared>> {
        // One that was written a moment ago may be written once more within the same tick of the file system's clock.
        if !file.is_settled(now) {
            return None;
        }
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).share(file, &self.room)
    }

    /// Whoever comes first reads; the others wait for the same bytes.
    async fn read_once(&self, shared: Arc<Shared>, file: &ReferenceFile) -> Result<Bytes, ReferenceChanged> {
        let whole = async || self.readers.read(Reading::new(file.clone()), u32::MAX).await.map(|(bytes, _)| bytes);
        shared.bytes.get_or_try_init(whole).await?;
        Ok(Bytes::from_owner(InUse(shared)))
    }
}

impl fmt::Debug for References {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("References").field("source", &self.source).finish_non_exhaustive()
    }
}

/// A reference image, ready to be sent.
pub(super) struct Reference {
    file: ReferenceFile,
    /// All of it, where there was room.
    bytes: Option<Bytes>,
    readers: Readers,
}

impl Reference {
    pub(super) fn format(&self) -> ImageFormat {
        self.file.format()
    }

    /// Its bytes.
    pub(super) fn length(&self) -> u64 {
        self.file.length().into()
    }

    /// What it holds, in blocks of [`BLOCK_BYTES`]; only the last is shorter.
    pub(super) fn blocks(self) -> impl Stream<Item = Result<Bytes, ReferenceChanged>> + Send + Sync {
        match self.bytes {
            Some(bytes) => stream::iter(blocks_of(bytes).map(Ok)).left_stream(),
            None => blocks_from_disk(self.file, self.readers).right_stream(),
        }
    }
}

fn blocks_of(bytes: Bytes) -> impl Iterator<Item = Bytes> + Send + Sync {
    let length = bytes.len();
    (0..length).step_by(BLOCK_BYTES).map(move |start| bytes.slice(start..length.min(start + BLOCK_BYTES)))
}

/// One block in memory at a time, read when it is asked for.
fn blocks_from_disk(
    file: ReferenceFile,
    readers: Readers,
) -> impl Stream<Item = Result<Bytes, ReferenceChanged>> + Send + Sync {
    stream::try_unfold(Reading::new(file), move |reading| {
        let readers = readers.clone();
        async move {
            if reading.is_at_end() {
                return Ok(None);
            }
            let (bytes, reading) = readers.read(reading, BLOCK_BYTES as u32).await?;
            Ok(Some((bytes.into(), reading)))
        }
    })
}

/// What is in memory, by path.
#[derive(Default)]
struct Kept {
    files: HashMap<PathBuf, Entry>,
    /// How often one was asked for: the clock of what was used least recently.
    uses: u64,
}

struct Entry {
    shared: Arc<Shared>,
    last_use: u64,
}

impl Kept {
    /// The place of this file as it is now: an older state of it is forgotten. None if there is no room.
    fn share(&mut self, file: &ReferenceFile, room: &Arc<Semaphore>) -> Option<Arc<Shared>> {
        self.uses += 1;
        if let Some(entry) = self.files.get_mut(file.path()).filter(|entry| entry.shared.stamp == file.stamp()) {
            entry.last_use = self.uses;
            return Some(Arc::clone(&entry.shared));
        }
        self.files.remove(file.path());
        let room = self.make_room(file.length(), room)?;
        let shared = Arc::new(Shared { stamp: file.stamp(), bytes: OnceCell::new(), _room: room });
        let entry = Entry { shared: Arc::clone(&shared), last_use: self.uses };
        self.files.insert(file.path().to_owned(), entry);
        Some(shared)
    }

    /// Room for so many bytes. Of the files that nobody uses, the one whose last use is longest ago leaves first.
    fn make_room(&mut self, length: u32, room: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
        loop {
            if let Ok(room) = Arc::clone(room).try_acquire_many_owned(length) {
                return Some(room);
            }
            let idle = self.files.iter().filter(|(_, entry)| Arc::strong_count(&entry.shared) == 1);
            let oldest = idle.min_by_key(|(_, entry)| entry.last_use).map(|(path, _)| path.clone())?;
            self.files.remove(&oldest);
        }
    }
}

/// One state of a file in memory, and the room that it takes until nobody uses it any more.
struct Shared {
    stamp: Stamp,
    bytes: OnceCell<Vec<u8>>,
    _room: OwnedSemaphorePermit,
}

/// Keeps a file in memory for as long as any of its bytes are about.
struct InUse(Arc<Shared>);

impl AsRef<[u8]> for InUse {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes.get().map_or(&[], Vec::as_slice)
    }
}

/// The threads that may wait for a disk: a file can lie on a slow or a hanging network drive, which must not hold up
/// everything else.
#[derive(Clone)]
struct Readers(Arc<Semaphore>);

impl Readers {
    /// Does this on one of them. The error is that the work itself broke.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
        // It is never closed, so this waits for a turn and nothing else.
        let turn = Arc::clone(&self.0).acquire_owned().await;
        let working = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        working.await.map_err(io::Error::other)
    }

    async fn read(&self, reading: Reading, most: u32) -> Result<(Vec<u8>, Reading), ReferenceChanged> {
        let file = reading.file().clone();
        self.run(move || reading.next(most)).await.map_err(|error| file.unreadable(&error))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::ListFolder;
    use futures::TryStreamExt;
    use futures::future::join_all;
    use std::fs::{self, File};
    use std::time::Duration;
    use tempfile::TempDir;

    /// A JPEG by its first bytes, `length` bytes long, all of them `filling`, and when it was last written.
    fn write(folder: &TempDir, name: &str, filling: u8, length: usize, written: SystemTime) -> Vec<u8> {
        let bytes = [b"\xFF\xD8\xFF", vec![filling; length - 3].as_slice()].concat();
        let path = folder.path().join(name);
        fs::write(&path, &bytes).unwrap();
        File::options().write(true).open(path).unwrap().set_modified(written).unwrap();
        bytes
    }

    fn list(folder: &TempDir) -> Arc<ListFolder> {
        Arc::new(ListFolder::new(folder.path().to_owned(), false))
    }

    fn minutes_ago(minutes: u64) -> SystemTime {
        SystemTime::now() - Duration::from_secs(60 * minutes)
    }

    /// As a file that is still being written, however slow the test is.
    fn not_yet() -> SystemTime {
        SystemTime::now() + Duration::from_secs(3600)
    }

    /// A budget of 100 bytes, and four files of 30 bytes that were written long ago.
    fn four_of_thirty() -> (TempDir, References) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c", "d"] {
            write(&folder, name, name.as_bytes()[0], 30, minutes_ago(60));
        }
        let references = References::within(100, list(&folder));
        (folder, references)
    }

    async fn open(references: &References, name: &str) -> Reference {
        references.open(name).await.unwrap()
    }

    async fn contents(reference: Reference) -> Vec<u8> {
        reference.blocks().try_collect::<Vec<_>>().await.unwrap().concat()
    }

    fn in_memory(references: &References) -> Vec<String> {
        let kept = references.kept.lock().unwrap();
        let mut names: Vec<_> = kept.files.keys().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        names.sort_unstable();
        names.into_iter().map(str::to_owned).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn fifty_who_want_a_file_at_the_same_time_share_what_one_of_them_read() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = write(&folder, "a", 7, 200_000, minutes_ago(60));
        let references = References::of(list(&folder));
        let users = join_all((0..50).map(|_| open(&references, "a"))).await;
        // Each reading would have made memory of its own.
        let places: Vec<_> = users.iter().map(|user| user.bytes.as_ref().unwrap().as_ptr()).collect();
        assert!(places.iter().all(|place| *place == places[0]));
        for user in users {
            assert_eq!(contents(user).await, bytes);
        }
    }

    #[tokio::test]
    async fn what_nobody_uses_stays_until_others_need_its_room() {
        let (_folder, references) = four_of_thirty();
        for name in ["a", "b", "c", "a"] {
            open(&references, name).await;
        }
        assert_eq!((in_memory(&references), references.room.available_permits()), (names("a b c"), 10));
        open(&references, "d").await;
        assert_eq!(in_memory(&references), names("a c d"), "b was used least recently");
    }

    fn names(names: &str) -> Vec<String> {
        names.split(' ').map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn what_finds_no_room_comes_from_the_disk_and_is_the_same() {
        let (_folder, references) = four_of_thirty();
        let mut users = Vec::new();
        for name in ["a", "b", "c"] {
            users.push(open(&references, name).await);
        }
        let without_room = open(&references, "d").await;
        assert!(without_room.bytes.is_none(), "all the others are in use");
        let first = contents(users.remove(0)).await;
        let with_room = open(&references, "d").await;
        assert!(with_room.bytes.is_some(), "a is not in use any more");
        assert_eq!(in_memory(&references), names("b c d"));
        assert_eq!(contents(with_room).await, contents(without_room).await);
        assert_eq!((first[3], first.len()), (b'a', 30));
    }

    #[tokio::test]
    async fn a_block_that_is_still_on_its_way_takes_its_room() {
        let (_folder, references) = four_of_thirty();
        let block = Box::pin(open(&references, "a").await.blocks()).try_next().await.unwrap().unwrap();
        for name in ["b", "c", "d"] {
            open(&references, name).await;
        }
        assert_eq!(in_memory(&references), names("a c d"));
        assert_eq!(block.len(), 30);
    }

    #[tokio::test]
    async fn an_edited_file_is_read_anew_and_who_had_the_old_one_keeps_it() {
        let (folder, references) = four_of_thirty();
        let before = open(&references, "a").await;
        let edited = write(&folder, "a", b'e', 30, minutes_ago(59));
        let after = open(&references, "a").await;
        assert_eq!(references.room.available_permits(), 40, "both take room");
        assert_eq!((contents(before).await[3], contents(after).await), (b'a', edited));
        assert_eq!(references.room.available_permits(), 70, "the old one is gone");
    }

    #[tokio::test]
    async fn a_reading_that_failed_stands_in_nobodys_way() {
        let (folder, references) = four_of_thirty();
        let file = ReferenceFile::inspect(list(&folder), "a".to_owned()).unwrap();
        let shared = references.shared(&file, SystemTime::now()).unwrap();
        let edited = write(&folder, "a", b'e', 20, minutes_ago(59));
        assert!(references.read_once(shared, &file).await.is_err(), "it changed before it was read");
        assert_eq!(contents(open(&references, "a").await).await, edited);
        assert_eq!(references.room.available_permits(), 80);
    }

    #[tokio::test]
    async fn what_was_written_a_moment_ago_is_not_shared() {
        let (folder, references) = four_of_thirty();
        let fresh = write(&folder, "fresh", 1, 30, not_yet());
        let reference = open(&references, "fresh").await;
        assert!(reference.bytes.is_none() && in_memory(&references).is_empty());
        assert_eq!(contents(reference).await, fresh);
    }

    #[tokio::test]
    async fn blocks_are_full_but_for_the_last_wherever_they_come_from() {
        let folder = tempfile::tempdir().unwrap();
        let references = References::of(list(&folder));
        for (length, expected) in [
            (BLOCK_BYTES - 1, vec![BLOCK_BYTES - 1]),
            (BLOCK_BYTES, vec![BLOCK_BYTES]),
            (2 * BLOCK_BYTES + 1, vec![BLOCK_BYTES, BLOCK_BYTES, 1]),
        ] {
            for written in [not_yet(), minutes_ago(60)] {
                write(&folder, "a", 9, length, written);
                let blocks = open(&references, "a").await.blocks().map_ok(|block| block.len());
                assert_eq!(blocks.try_collect::<Vec<_>>().await.unwrap(), expected);
            }
        }
    }
}
