//! Every file of a job against what is known of it. Never changes a file, but for a caption that is gone and wanted
//! back, and never sends anything.

mod claims;
mod crew;
mod names;

use std::path::{Path, PathBuf};

pub use claims::Neighbour;
pub use names::Names;

use crate::domain::{StagedImage, Timestamp};
use crate::queue::{Desk, Inventory, QueueError, StoredItem};
use crate::store::{FolderId, Found, Presence, Shelf, StoreError};
use claims::Claims;
use crew::Look;

/// What a verification works with.
pub struct Parts<'a> {
    /// What should be there.
    pub inventory: &'a dyn Inventory,
    /// What is there.
    pub shelf: &'a dyn Shelf,
    /// Who puts items back, if that is wanted, and what time it is then.
    pub desk: Option<(&'a mut dyn Desk, Timestamp)>,
    /// Told after every few items how many items and how many bytes are checked.
    pub progress: &'a mut dyn FnMut(u64, u64),
}

/// What is to be verified.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The job.
    pub job: &'a str,
    /// Its output folder, for messages.
    pub output: &'a Path,
    /// Every job whose files may lie in the same folder, itself among them.
    pub neighbours: &'a [Neighbour],
    /// Whether none of them has a run on: what belongs to nobody cannot be told from work in progress.
    pub is_quiet: bool,
    /// So many names of each kind are kept, the first by the alphabet; all if none is given.
    pub most_names: Option<usize>,
}

/// What was found. Paths are relative to the output folder.
#[derive(Debug)]
pub struct Findings {
    /// Files that were looked at, or looked for.
    pub checked: u64,
    /// Where nothing lies.
    pub missing: Names,
    /// Where something else lies, beginnings of pictures not among them.
    pub changed: Names,
    /// Where the beginning of a picture lies.
    pub truncated: Names,
    /// What no item claims.
    pub orphaned: Names,
    /// What was left in staging.
    pub staged: Names,
    /// How many files in staging another database has there: they stay, and are no finding.
    pub strange: u64,
    /// What could not be read, each with why.
    pub unreadable: Names,
    /// Items of which a picture is missing or truncated.
    pub pictureless: u64,
    /// Captions that are missing while their pictures are there.
    pub captionless: u64,
    /// Items that were put back.
    pub put_back: u64,
    /// Captions written again.
    pub restored: u64,
}

impl Findings {
    fn new(most_names: Option<usize>) -> Self {
        let names = || Names::at_most(most_names);
        Self {
            checked: 0,
            missing: names(),
            changed: names(),
            truncated: names(),
            orphaned: names(),
            staged: names(),
            strange: 0,
            unreadable: names(),
            pictureless: 0,
            captionless: 0,
            put_back: 0,
            restored: 0,
        }
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        let lists = [&self.missing, &self.changed, &self.truncated, &self.orphaned, &self.staged, &self.unreadable];
        lists.iter().map(|list| list.count()).sum()
    }

    /// Without what may belong to a run that began meanwhile.
    pub fn of_items_only(self) -> Self {
        Self { orphaned: Names::at_most(None), staged: Names::at_most(None), ..self }
    }

    fn note(&mut self, file: &str, presence: &Presence) {
        match presence {
            Presence::Same => {}
            Presence::Missing => self.missing.add(file.to_owned()),
            Presence::Changed => self.changed.add(file.to_owned()),
            Presence::Truncated => self.truncated.add(file.to_owned()),
            Presence::Unreadable(why) => self.unreadable.add(format!("{file}: {why}")),
        }
    }
}

/// Why a verification could not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The output folder failed as a whole.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The whole folder is gone: more likely a disk that is not there than a million pictures that somebody removed.
    #[error(
        "the output folder {} is not there, so none of its pictures could be checked, and nothing was put back; mount it or \
         move it back; or, to have all of them made again, make an empty folder there and add --requeue", output.display()
    )]
    Gone {
        /// The folder.
        output: PathBuf,
    },
    /// Another folder lies there than when the verification began: a disk went or came, whose pictures are not gone.
    #[error(
        "the output folder {} is another one than when this began, as when a disk goes or comes; what was found is not \
         told, and nothing more was put back ({put_back} before); see that the disk is there, then verify again", output.display()
    )]
    Replaced {
        /// The folder.
        output: PathBuf,
        /// Items that were put back before.
        put_back: u64,
    },
}

/// The output folder as it was when the verification began.
#[derive(Debug, Clone, Copy)]
struct Ground(Option<FolderId>);

impl Ground {
    /// That it is the same still.
    fn check(self, shelf: &dyn Shelf, subject: &Subject<'_>, findings: &Findings) -> Result<(), VerifyError> {
        match shelf.folder()? == self.0 {
            true => Ok(()),
            false => Err(VerifyError::Replaced { output: subject.output.to_owned(), put_back: findings.put_back }),
        }
    }
}

/// Looks at every file of the job's done items, then, if nothing is at work there, for files that belong to nobody.
pub fn verify(mut parts: Parts<'_>, subject: &Subject<'_>) -> Result<Findings, VerifyError> {
    let mut findings = Findings::new(subject.most_names);
    let ground = Ground(parts.shelf.folder()?);
    check_items(&mut parts, subject, ground, &mut findings)?;
    ground.check(parts.shelf, subject, &findings)?;
    if subject.is_quiet && ground.0.is_some() {
        find_orphans(&parts, subject, &mut findings)?;
        find_left_over(&parts, subject, &mut findings)?;
    }
    Ok(findings)
}

fn check_items(
    parts: &mut Parts<'_>,
    subject: &Subject<'_>,
    ground: Ground,
    findings: &mut Findings,
) -> Result<(), VerifyError> {
    let (mut items, mut bytes, mut fault) = (0, 0, None);
    parts.inventory.items(subject.job, &mut |page| {
        let mut look = crew::look(page, parts.shelf);
        look.again(parts.shelf);
        items += look.items;
        bytes += look.bytes;
        findings.checked += look.files;
        look.odd.iter().for_each(|odd| findings.note(&odd.file.file, &odd.presence));
        // What lies in another folder than before says nothing of what was kept.
        let mended = ground.check(parts.shelf, subject, findings);
        let mended = mended.and_then(|()| mend(page, &look, subject.job, parts.shelf, &mut parts.desk, findings));
        (parts.progress)(items, bytes);
        fault = mended.err();
        fault.is_none()
    })?;
    fault.map_or(Ok(()), Err)
}

/// Puts back what lost a picture, and writes captions again, if that is wanted.
fn mend(
    page: &[StoredItem],
    look: &Look,
    job: &str,
    shelf: &dyn Shelf,
    desk: &mut Option<(&mut dyn Desk, Timestamp)>,
    findings: &mut Findings,
) -> Result<(), VerifyError> {
    let pictureless: Vec<&StoredItem> = look.pictureless().map(|item| &page[item]).collect();
    findings.pictureless += pictureless.len() as u64;
    findings.captionless += look.captions_gone().count() as u64;
    let Some((desk, now)) = desk else { return Ok(()) };
    for odd in look.captions_gone() {
        if let Some(text) = page[odd.item].artifact.as_ref().and_then(|artifact| artifact.caption.as_deref()) {
            findings.restored += u64::from(shelf.restore(&odd.file, text)?);
        }
    }
    if !pictureless.is_empty() {
        findings.put_back += desk.remake(*now, job, &pictureless)?;
    }
    Ok(())
}

fn find_orphans(parts: &Parts<'_>, subject: &Subject<'_>, findings: &mut Findings) -> Result<(), VerifyError> {
    let mut claims = Claims::default();
    for neighbour in subject.neighbours {
        parts.inventory.items(&neighbour.job, &mut |page| {
            page.iter().for_each(|item| claims.enter(neighbour, item, parts.shelf));
            true
        })?;
    }
    let roots: Vec<String> = subject.neighbours.iter().filter_map(Neighbour::root).collect();
    parts.shelf.walk(&roots, &mut |found| match found {
        Found::File { file, item } if !claims.has(&file, &item) => findings.orphaned.add(file),
        Found::File { .. } => {}
        Found::Closed { folder, why } => findings.unreadable.add(format!("{folder}/: {why}")),
    })?;
    Ok(())
}

fn find_left_over(parts: &Parts<'_>, subject: &Subject<'_>, findings: &mut Findings) -> Result<(), VerifyError> {
    let received: Vec<StagedImage> = parts.inventory.staged(subject.job)?;
    let received: Vec<&str> = received.iter().map(|image| image.staged.as_str()).collect();
    let mark = parts.inventory.mark()?;
    findings.strange = parts.shelf.walk_staging(&mark, &received, &mut |file| findings.staged.add(file))?;
    Ok(())
}
