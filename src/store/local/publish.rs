//! From staging to final names, a batch at a time. Never half: a publication whose bytes are gone moves nothing.
//!
//! The steps, each for the whole batch: look what stands where, write captions into staging, move away what is
//! replaced, rename into place, sync the folders. A publication that fails in one step takes no part in the next.
//! Whatever step a process dies in, the same call again goes on: a staged file is there until the instant in which it
//! stands under its final name.

use std::path::Path;

use super::super::{Publication, Published, StoreError};
use super::disk::{self, failed};
use super::folders::Folders;
use super::names;
use super::recovery;
use super::spool::Spool;
use super::versions::Standing;
use crate::domain::{Artifact, ImageFile, StagedImage};

/// Publishes a batch of received answers; the results are in the same order.
pub(super) fn publish(
    output: &Path,
    spool: &Spool,
    publications: &[Publication],
) -> Vec<Result<Published, StoreError>> {
    if let Err(moved) = spool.is_in_place() {
        return publications.iter().map(|_| Err(moved.clone())).collect();
    }
    let mut batch = Batch { output, spool, folders: Folders::below(output) };
    let mut plans: Vec<_> = publications.iter().map(|publication| batch.plan(publication)).collect();
    stage_captions(spool, &mut plans);
    batch.retire(&mut plans);
    batch.place(&mut plans);
    each(&mut plans, |plan| {
        recovery::forget(spool, &plan.publication.receipt);
        Ok(())
    });
    plans.into_iter().map(|plan| plan.map(|plan| plan.result())).collect()
}

/// Takes a step with each plan that can be carried out; one that fails ends with its fault.
fn each<'a>(plans: &mut [Result<Plan<'a>, StoreError>], mut step: impl FnMut(&Plan<'a>) -> Result<(), StoreError>) {
    for slot in plans {
        if let Ok(plan) = slot
            && plan.missing().is_none()
            && let Err(fault) = step(plan)
        {
            *slot = Err(fault);
        }
    }
}

struct Batch<'a> {
    output: &'a Path,
    spool: &'a Spool,
    folders: Folders<'a>,
}

/// What one publication takes.
struct Plan<'a> {
    publication: &'a Publication,
    images: Vec<Placement>,
    caption: Option<Placement>,
}

/// One file on its way.
struct Placement {
    /// Where its bytes wait.
    staged: String,
    /// Where they go: a path below the output folder.
    file: String,
    /// Whether they do wait. A caption always can: its text is in the receipt.
    waits: bool,
    /// Whether they stand there already.
    stands: bool,
}

impl<'a> Plan<'a> {
    fn placements(&self) -> impl Iterator<Item = &Placement> {
        self.caption.iter().chain(&self.images)
    }

    /// The first image that neither waits nor stands.
    fn missing(&self) -> Option<&'a StagedImage> {
        let mut images = self.publication.receipt.images.iter().zip(&self.images);
        let gone = images.find(|(_, placement)| !placement.waits && !placement.stands);
        gone.map(|(image, _)| image)
    }

    /// The caption's staged file and its text, where it does not stand yet.
    fn waiting_caption(&self) -> Option<(&str, &'a str)> {
        let placement = self.caption.as_ref().filter(|placement| placement.waits)?;
        Some((&placement.staged, caption(self.publication)?))
    }

    fn result(&self) -> Published {
        if let Some(image) = self.missing() {
            return Published::Vanished { staged: image.staged.clone() };
        }
        let receipt = &self.publication.receipt;
        Published::Kept(Artifact {
            images: receipt.images.iter().zip(&self.images).map(image_file).collect(),
            caption: caption(self.publication).map(str::to_owned),
            finish_reason: receipt.reply.finish_reason.clone(),
        })
    }
}

impl Batch<'_> {
    fn plan<'p>(&mut self, publication: &'p Publication) -> Result<Plan<'p>, StoreError> {
        names::check(&publication.name)?;
        self.folders.enter(names::folder_of(&publication.name))?;
        let images = publication.receipt.images.iter().zip(1..);
        Ok(Plan {
            publication,
            images: images
                .map(|(image, number)| self.plan_image(&publication.name, image, number))
                .collect::<Result<_, _>>()?,
            caption: self.plan_caption(publication)?,
        })
    }

    fn plan_image(&self, name: &str, image: &StagedImage, number: usize) -> Result<Placement, StoreError> {
        let file = names::file(&names::stem(name, number), image.format.extension());
        Ok(Placement {
            waits: disk::is_file_of(&self.spool.path_of(&image.staged), image.bytes)?,
            stands: disk::holds(&self.output.join(&file), image.bytes, &image.blake3)?,
            staged: image.staged.clone(),
            file,
        })
    }

    fn plan_caption(&self, publication: &Publication) -> Result<Option<Placement>, StoreError> {
        let (Some(text), Some(first)) = (caption(publication), publication.receipt.images.first()) else {
            return Ok(None);
        };
        let file = names::file(&publication.name, names::CAPTION);
        let blake3 = blake3::hash(text.as_bytes()).to_hex();
        let stands = disk::holds(&self.output.join(&file), text.len() as u64, &blake3)?;
        Ok(Some(Placement { staged: names::file(&first.staged, names::CAPTION), file, waits: !stands, stands }))
    }

    /// Moves what would be replaced to `.versions`, durably, before anything takes its place.
    fn retire(&mut self, plans: &mut [Result<Plan<'_>, StoreError>]) {
        let mut moved = false;
        each(plans, |plan| {
            let mut stale = Standing::of(self.output, &plan.publication.name)?;
            stale.keep_in_place(|file| plan.placements().any(|placement| placement.stands && placement.file == file));
            moved |= stale.retire(&mut self.folders)?;
            moved |= self.retire_renamed(plan.publication)?;
            Ok(())
        });
        if moved {
            let synced = self.folders.sync();
            each(plans, |_| synced.clone());
        }
    }

    /// Moves what the item had under another name to `.versions`; its picture says whether the files there are still
    /// the item's. Returns whether there were any.
    fn retire_renamed(&mut self, publication: &Publication) -> Result<bool, StoreError> {
        let Some(first) = publication.earlier.as_ref().and_then(|earlier| earlier.images.first()) else {
            return Ok(false);
        };
        let stem = names::parts(&first.file).map(|(stem, _)| stem).filter(|stem| *stem != publication.name);
        let Some(stem) = stem else { return Ok(false) };
        if !disk::holds(&self.output.join(&first.file), first.bytes, &first.blake3)? {
            return Ok(false);
        }
        self.folders.enter(names::folder_of(stem))?;
        Standing::of(self.output, stem)?.retire(&mut self.folders)
    }

    /// Renames what waits, then syncs each folder once: after that the batch is published for good.
    fn place(&mut self, plans: &mut [Result<Plan<'_>, StoreError>]) {
        each(plans, |plan| {
            plan.placements().try_for_each(|placement| {
                self.folders.enter(names::folder_of(&placement.file))?;
                match placement.waits {
                    true => self.spool.publish(&placement.staged, &self.output.join(&placement.file)),
                    false => Ok(()),
                }
            })
        });
        let synced = self.folders.sync();
        each(plans, |_| synced.clone());
    }
}

/// Captions that do not stand yet are written and made durable before they are renamed, like images.
fn stage_captions(spool: &Spool, plans: &mut [Result<Plan<'_>, StoreError>]) {
    let mut written = Vec::new();
    each(plans, |plan| {
        if let Some((name, text)) = plan.waiting_caption() {
            spool.write(name, text.as_bytes()).map_err(failed("write", &spool.path_of(name)))?;
            written.push(name.to_owned());
        }
        Ok(())
    });
    let mut synced = disk::in_parallel(&written, |name| spool.sync(name)).into_iter();
    each(plans, |plan| plan.waiting_caption().and_then(|_| synced.next()).unwrap_or(Ok(())));
}

fn image_file((image, placement): (&StagedImage, &Placement)) -> ImageFile {
    ImageFile {
        file: placement.file.clone(),
        bytes: image.bytes,
        blake3: image.blake3.clone(),
        width: image.width,
        height: image.height,
    }
}

/// What the model said beside the picture, if it said anything.
fn caption(publication: &Publication) -> Option<&str> {
    let text = publication.receipt.reply.text.as_deref()?.trim();
    (!text.is_empty()).then_some(text)
}
