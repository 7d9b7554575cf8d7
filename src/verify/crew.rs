//! Looks at the files of many items at once. Never decides what follows from what it saw.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::queue::StoredItem;
use crate::store::{KeptFile, Presence, Shelf};

/// Fewer threads leave a disk waiting that could read several files at once, however few cores there are to hash with:
/// 1,500 pictures of 1.5 MB took 10 s from a cloud machine's disk with one thread, 3.5 s with four, 2.8 s with eight.
const LEAST_THREADS: usize = 8;
const MOST_THREADS: usize = 16;

/// What was seen of some items.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Done items among them.
    pub items: u64,
    /// Their files.
    pub files: u64,
    /// The bytes these should have together.
    pub bytes: u64,
    /// Those that are not as they were kept, in the order of the items.
    pub odd: Vec<Odd>,
}

/// A file that is not as it was kept.
#[derive(Debug)]
pub(super) struct Odd {
    /// Which item it belongs to.
    pub item: usize,
    pub file: KeptFile,
    pub presence: Presence,
}

impl Odd {
    /// Whether it is not there, or not to its end.
    fn is_gone(&self) -> bool {
        matches!(self.presence, Presence::Missing | Presence::Truncated)
    }

    fn is_picture_gone(&self) -> bool {
        !self.file.is_caption && self.is_gone()
    }
}

impl Look {
    /// Looks once more at what was gone: a disk that went and came back within a moment took nothing with it that has to
    /// be bought again.
    pub fn again(&mut self, shelf: &dyn Shelf) {
        for odd in self.odd.iter_mut().filter(|odd| odd.is_gone()) {
            odd.presence = shelf.look(&odd.file);
        }
        self.odd.retain(|odd| odd.presence != Presence::Same);
    }

    /// The items that lost a picture, each once.
    pub fn pictureless(&self) -> impl Iterator<Item = usize> {
        let mut items: Vec<usize> = self.odd.iter().filter(|odd| odd.is_picture_gone()).map(|odd| odd.item).collect();
        items.dedup();
        items.into_iter()
    }

    /// The captions that are gone while their pictures are there; others come back with their pictures.
    pub fn captions_gone(&self) -> impl Iterator<Item = &Odd> {
        let pictureless: HashSet<usize> = self.pictureless().collect();
        let gone = self.odd.iter().filter(|odd| odd.file.is_caption && odd.presence == Presence::Missing);
        gone.filter(move |odd| !pictureless.contains(&odd.item))
    }

    fn take(&mut self, other: Self) {
        self.items += other.items;
        self.files += other.files;
        self.bytes += other.bytes;
        self.odd.extend(other.odd);
    }
}

/// Looks at all files of the done items in a page. Whoever is free takes the next item.
pub(super) fn look(page: &[StoredItem], shelf: &dyn Shelf) -> Look {
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism().map_or(LEAST_THREADS, usize::from);
    let threads = threads.clamp(LEAST_THREADS, MOST_THREADS).min(page.len());
    let mut all = Look::default();
    thread::scope(|scope| {
        let crew: Vec<_> = (0..threads).map(|_| scope.spawn(|| work(page, &next, shelf))).collect();
        for worker in crew {
            all.take(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    all.odd.sort_by_key(|odd| odd.item);
    all
}

fn work(page: &[StoredItem], next: &AtomicUsize, shelf: &dyn Shelf) -> Look {
    let mut look = Look::default();
    loop {
        let item = next.fetch_add(1, Ordering::Relaxed);
        let Some(stored) = page.get(item) else { return look };
        let Some(artifact) = &stored.artifact else { continue };
        look.items += 1;
        for file in shelf.files(artifact) {
            look.files += 1;
            look.bytes += file.bytes;
            match shelf.look(&file) {
                Presence::Same => {}
                presence => look.odd.push(Odd { item, file, presence }),
            }
        }
    }
}
