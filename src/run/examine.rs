//! Looks at an answer's pictures before they are kept, for what a job does not accept. Never keeps one, never asks for
//! another, and decodes none unless the job wants that.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::{OnceCell, Semaphore};
use tracing::warn;

use super::seen::Seen;
use crate::domain::{
    Accept, ImageFormat, Impression, ItemId, Reply, Request, StagedImage, is_uncaptioned, misshapen, tiny,
};
use crate::provider::{ReadyFile, ReferenceSource};
use crate::reshape;

/// What all attempts of a run have in common when their pictures are looked at.
pub(super) struct Examiner {
    accept: Accept,
    references: Arc<dyn ReferenceSource>,
    seen: Seen,
    /// How the references look, each state of a file once.
    looks: Mutex<HashMap<State, Arc<OnceCell<Option<Impression>>>>>,
    /// As many are decoded at once as there are processors: more would only take memory.
    turns: Arc<Semaphore>,
}

/// What tells one state of a file from another without reading it: where it is, its length, when it was written, and when
/// anything about it was changed.
type State = (PathBuf, u64, [i64; 4]);

impl Examiner {
    pub(super) fn new(accept: Accept, references: Arc<dyn ReferenceSource>, seen: Seen) -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self { accept, references, seen, looks: Mutex::default(), turns: Arc::new(Semaphore::new(processors)) }
    }

    /// What is not accepted about these pictures that shows without a look at them.
    pub(super) fn at_a_glance(&self, request: &Request, pictures: &[StagedImage], reply: &Reply) -> Option<String> {
        let sizes = || pictures.iter().map(|picture| (picture.width, picture.height));
        if let Some((width, height)) = misshapen(request, sizes()).filter(|_| self.accept.shape) {
            let asked = request.aspect_ratio.map_or("", |ratio| ratio.as_str());
            return Some(format!(
                "the answer's picture has {width}x{height} pixels, which is not {asked} as asked; \
                 to keep such pictures, leave out `strict`, and `shape` in [accept]"
            ));
        }
        let own = sizes().next();
        if let Some((least, (width, height))) = self.accept.tiny.and_then(|least| Some((least, tiny(own?, least)?))) {
            return Some(format!(
                "the answer's picture has {width}x{height} pixels, and the shorter side must have {least}; \
                 to keep such pictures, set a lower `tiny` in [accept]"
            ));
        }
        (self.accept.uncaptioned && is_uncaptioned(request, reply.text.as_deref())).then(|| {
            "the answer has a picture and no caption, though one was asked for; to keep such pictures, leave \
             `uncaptioned` out of [accept], or ask for pictures alone: modalities = \"image\""
                .to_owned()
        })
    }

    /// Whether pictures have to be decoded.
    pub(super) fn looks(&self) -> bool {
        self.accept.looks()
    }

    /// What is not accepted about the item's picture, which is in this file. One that nobody can look at is kept: it was
    /// paid for, its form and its end are right, and what no decoder of ours reads, another may.
    pub(super) async fn fault(
        &self,
        item: &ItemId,
        request: &Request,
        file: io::Result<File>,
        picture: &StagedImage,
    ) -> Option<String> {
        let format = picture.format;
        let impression = match self.decoded(move || Ok((file?, format))).await {
            Ok(impression) => impression,
            Err(why) => {
                warn!("the picture of {item} could not be looked at, and is kept: {why}");
                return None;
            }
        };
        if self.accept.blank && impression.is_blank {
            let why = "the answer's picture is blank: one colour all over, or next to that; to keep such pictures, leave \
                       `blank` out of [accept]";
            return Some(why.to_owned());
        }
        if self.accept.unchanged
            && let Some(number) = self.unchanged(request, &impression).await
        {
            return Some(format!(
                "the answer's picture is nearly the same as reference image {number}, which was sent along; say in the \
                 prompt what shall change, or, to keep such pictures, leave `unchanged` out of [accept]"
            ));
        }
        let twin = self.seen.take(item, &picture.blake3, impression, self.accept.duplicate).err()?;
        Some(format!(
            "the answer's picture is nearly the same as that of {twin}; say in the prompt what sets it apart, or, to keep \
             such pictures, leave `duplicate` out of [accept]"
        ))
    }

    /// The number, from 1, of the reference that the picture is nearly the same as.
    async fn unchanged(&self, request: &Request, impression: &Impression) -> Option<usize> {
        for (number, reference) in (1..).zip(&request.references) {
            if self.reference(reference).await.is_some_and(|look| impression.resembles(&look)) {
                return Some(number);
            }
        }
        None
    }

    /// How a reference looks as it is sent; nothing where that cannot be told.
    async fn reference(&self, reference: &str) -> Option<Impression> {
        let ready = self.references.ready(reference).await.ok()?;
        let (state, ready) = aside(move || Some((state(&ready)?, ready))).await??;
        let look = {
            let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(looks.entry(state).or_default())
        };
        // Whoever comes first looks; the others wait for what it sees.
        *look.get_or_init(|| async { self.decoded(move || open(&ready)).await.ok() }).await
    }

    /// The impression of the picture in a file, made on a thread for such things.
    async fn decoded(
        &self,
        file: impl FnOnce() -> io::Result<(File, ImageFormat)> + Send + 'static,
    ) -> Result<Impression, String> {
        // It is never closed, so this waits for a turn and nothing else.
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let look = move || {
            // Also when nobody waits for it any more.
            let _turn = turn;
            let (file, format) = file().map_err(|error| error.to_string())?;
            reshape::impression(file, format).map_err(|error| error.to_string())
        };
        aside(look).await.unwrap_or_else(|| Err("the decoder broke off".to_owned()))
    }
}

/// Does what waits for a disk, or takes a processor for a while, on a thread for such things. Nothing if it broke off.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

fn state(ready: &ReadyFile) -> Option<State> {
    let path = ready.folder.find(&ready.written).ok()?;
    let (about, _): (Metadata, _) = ready.folder.look(&ready.written).ok()?;
    Some((path, about.len(), [about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec()]))
}

fn open(ready: &ReadyFile) -> io::Result<(File, ImageFormat)> {
    let (_, format) = ready.folder.look(&ready.written).map_err(io::Error::other)?;
    let format = format.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok((ready.folder.open(&ready.written).map_err(io::Error::other)?, format))
}
