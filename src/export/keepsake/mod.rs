//! What of a review can be passed on: the contact sheet with what was decided, in a folder of its own that needs nothing
//! else. Never leads out of that folder, never asks the network for anything, and never holds more than a few items.

mod folder;
mod passable;
mod pictures;
mod reduced;
mod seen;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use self::folder::{Folder, PAGE};
use self::passable::passable;
use self::reduced::Reduced;
use self::seen::Seen;
use super::AtomicFile;
use super::sheet::{Beside, Head, Page};
use crate::domain::{ImageFile, Timestamp, io_words};
use crate::queue::{Gallery, Ledger, Order, QueueError, Wanted};

/// Pixels of the longer side of its pictures: a screen's height.
const SIDE: u32 = 1280;

/// Items that are read, and whose pictures are reduced, at a time.
const AT_A_TIME: usize = 32;

const ALONE: Beside =
    Beside { elsewhere: "", instead: "The pictures lie in the folder <code>pictures</code> beside it." };

/// Opens a picture that was kept, wherever it lies.
pub type OpenPicture<'a> = &'a dyn Fn(&ImageFile) -> Option<File>;
/// Opens a reference, by what the manifest calls it.
pub type OpenReference<'a> = &'a dyn Fn(&str) -> Option<File>;

/// What is passed on, and where things lie.
#[derive(Clone, Copy)]
pub struct Keepsake<'a> {
    /// The job.
    pub job: &'a str,
    /// The present moment.
    pub now: Timestamp,
    /// Whether a simulator drew the pictures.
    pub rehearsal: bool,
    /// Everything a card shows.
    pub gallery: &'a dyn Gallery,
    /// What else is known of items.
    pub ledger: &'a dyn Ledger,
    /// The job's pictures.
    pub picture: OpenPicture<'a>,
    /// Its references.
    pub reference: OpenReference<'a>,
}

/// What was passed on.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The page.
    pub page: PathBuf,
    /// Items, those that the page has no room for among them.
    pub items: usize,
    /// Pictures of these that are there.
    pub pictures: usize,
    /// Pictures of these that are not there any more, or are none.
    pub missing: usize,
}

/// It cannot be passed on.
#[derive(Debug, thiserror::Error)]
pub enum KeepsakeError {
    /// What was said cannot be read.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// Something else lies there.
    #[error("{} holds something else already, and nothing of that is touched; name a new folder", path.display())]
    Strange {
        /// The folder.
        path: PathBuf,
    },
    /// Another job's review lies there.
    #[error("{} holds the review of another job, {job}; name another folder", path.display())]
    OtherJob {
        /// The folder.
        path: PathBuf,
        /// That job.
        job: String,
    },
    /// Somebody else writes it.
    #[error("another command writes into {} at this moment; wait for it, or name another folder", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// The folder cannot be written.
    #[error("cannot write {}: {}; put that right and type the same command again", path.display(), io_words(.source))]
    Write {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Writes it into a folder that is not there yet, is empty, or was made so before for this job. The page changes in one
/// instant, when its pictures are there; until then, and if anything fails, the one from before stands, with its own.
/// `progress` is told of how many items how many are done.
pub fn keep(
    keepsake: &Keepsake<'_>,
    path: &Path,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Kept, KeepsakeError> {
    let keys = keepsake.gallery.find(keepsake.job, &Wanted::default(), Order::Manifest)?;
    let columns = keepsake.ledger.columns(keepsake.job)?;
    let columns: Vec<String> = columns.iter().map(|column| passable(column).into_owned()).collect();
    let folder = Folder::open(path, keepsake.job, SIDE)?;
    let failed = |source| KeepsakeError::Write { path: path.to_owned(), source };
    let head = Head::of_review(keepsake.job, keepsake.now, keepsake.rehearsal, &columns);
    let mut page = Page::begin(&head, &ALONE, folder.page().map_err(failed)?).map_err(failed)?;
    let mut kept = Kept { page: path.join(PAGE), ..Kept::default() };
    let mut reduced = Reduced::new(&folder, keepsake.picture, keepsake.reference);
    for some in keys.chunks(AT_A_TIME) {
        let cards = keepsake.gallery.cards(keepsake.job, some)?;
        let seen = cards.into_iter().map(|card| Seen::of(keepsake, card)).collect::<Result<Vec<_>, _>>()?;
        if !page.is_full() {
            reduced.prepare(&seen, SIDE).map_err(failed)?;
        }
        for seen in &seen {
            kept.items += 1;
            if page.has_room(seen.state()) {
                let (all, there) = (seen.images().count(), reduced.pictures_of(seen).len());
                kept.pictures += there;
                kept.missing += all - there;
                page.entry(&seen.entry(&mut reduced)).map_err(failed)?;
            }
        }
        progress(kept.items, keys.len());
    }
    let shown = reduced.into_shown();
    page.finish().and_then(AtomicFile::commit).map_err(failed)?;
    folder.sweep(&shown).map_err(failed)?;
    Ok(kept)
}
