//! Looks at every picture of a job once, beside the review, for what strikes the eye. Never hurries: a run, and whoever
//! reviews, come first.

use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::ReviewError;
use super::pictures::Picture;
use super::server::{Room, Shared};
use crate::domain::{Impression, LEAST_SIDE, Looked};
use crate::queue::{CardKey, Finding, Unseen};
use crate::reshape::impression;

/// Pictures looked at before what was found is written down.
const BATCH: usize = 16;

/// How long until the next look for new pictures, where there was none.
const PAUSE: Duration = Duration::from_secs(2);

/// How much less of a processor it gets than others, where they want it: the most that a system gives to nobody in
/// particular is 19.
const NICE: i32 = 15;

/// A thread that looks, until it is told to end.
pub(super) struct Lookout {
    ending: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Lookout {
    /// Begins to look.
    pub fn start(room: Shared) -> Self {
        let (ending, end) = mpsc::channel();
        let looking = move || {
            // Where it cannot be made less, it takes its share like others.
            let _ = rustix::process::nice(NICE);
            let mut known = None;
            loop {
                // A database that cannot be read now may be later; the page says so to whoever looks.
                let pause = match batch(&room, &mut known, &end) {
                    Ok(true) => Duration::ZERO,
                    Ok(false) | Err(_) => PAUSE,
                };
                if end.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("lookout".to_owned()).spawn(looking).ok();
        Self { ending, thread }
    }

    /// Ends with the picture that is looked at now.
    pub fn end(self) {
        drop(self.ending);
        if let Some(thread) = self.thread {
            let _ = thread.join();
        }
    }
}

/// How the pictures of the job look, each under the item that has it.
type Known = HashMap<CardKey, Impression>;

/// Looks at some pictures, unless it is to end; returns whether there were any.
fn batch(room: &Room, known: &mut Option<Known>, end: &Receiver<()>) -> Result<bool, ReviewError> {
    let unseen = room.table.inspection(|inspection, job| inspection.unseen(job, BATCH))?;
    if unseen.is_empty() {
        return Ok(false);
    }
    let known = match known {
        Some(known) => known,
        None => {
            let before = room.table.inspection(|inspection, job| inspection.impressions(job))?;
            known.insert(before.into_iter().collect())
        }
    };
    let mut noted = Vec::new();
    let mut findings = Vec::new();
    for item in &unseen {
        if end.try_recv() != Err(TryRecvError::Empty) {
            break;
        }
        findings.extend(look(room, item, known, &mut noted)?);
    }
    room.table.inspection(|inspection, job| inspection.note(job, &noted, &findings))?;
    Ok(true)
}

/// Looks at an item's picture; what was decoded is `noted`, under the hash of its bytes.
fn look(
    room: &Room,
    item: &Unseen,
    known: &mut Known,
    noted: &mut Vec<(String, Impression)>,
) -> Result<Option<Finding>, ReviewError> {
    let Some(picture) = item.artifact.images.first() else { return Ok(None) };
    let places = room.places();
    let own = of(room, Some(&picture.blake3), || places.candidate(picture), noted)?;
    let references = item.item.request.references.iter().zip(0..);
    let references = references.map(|(written, number)| {
        let hash = item.item.sources.0.get(number).and_then(Option::as_deref);
        of(room, hash, || places.reference(written), noted)
    });
    let references: Vec<Impression> = references.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    let twin = own.and_then(|own| twin(&own, item.key, known));
    let sizes: Vec<_> = item.artifact.images.iter().map(|image| (image.width, image.height)).collect();
    let looked = Looked {
        request: &item.item.request,
        sizes: &sizes,
        caption: item.artifact.caption.as_deref(),
        impression: own.as_ref(),
        references: &references,
        has_twin: twin.is_some(),
    };
    let found = looked.found(LEAST_SIDE);
    if let Some(own) = own {
        known.insert(item.key, own);
    }
    Ok(Some(Finding { key: item.key, picture: picture.blake3.clone(), found, twin }))
}

/// Another item whose picture looks nearly the same, the earliest of them.
fn twin(own: &Impression, key: CardKey, known: &Known) -> Option<CardKey> {
    known.iter().filter(|(other, look)| **other != key && own.resembles(look)).map(|(other, _)| *other).min()
}

/// How a picture looks: as somebody noted it under this hash, or by looking. None where it is not there, or cannot be
/// decoded: that is no finding of a check.
fn of(
    room: &Room,
    hash: Option<&str>,
    open: impl FnOnce() -> Option<Picture>,
    noted: &mut Vec<(String, Impression)>,
) -> Result<Option<Impression>, ReviewError> {
    if let Some(hash) = hash {
        let now = noted.iter().find(|(noted, _)| noted == hash).map(|(_, impression)| *impression);
        let before = || room.table.inspection(|inspection, _| inspection.impression(hash));
        if let Some(impression) = now.map_or_else(before, |now| Ok(Some(now)))? {
            return Ok(Some(impression));
        }
    }
    let Some(mut picture) = open() else { return Ok(None) };
    // A reference may be another one by now than was sent.
    if hash.is_some_and(|hash| picture.hash().as_deref() != Some(hash)) {
        return Ok(None);
    }
    let seen = impression(picture.file, picture.format).ok();
    if let (Some(hash), Some(seen)) = (hash, seen) {
        noted.push((hash.to_owned(), seen));
    }
    Ok(seen)
}
