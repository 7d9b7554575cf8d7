//! Brings a picture into the shape that a job wants, and keeps it. Never touches one that has it already.

use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use super::cache;
use super::{Shared, aside, never, not_kept, not_now};
use crate::disk::FileError;
use crate::domain::ImageFormat;
use crate::provider::{ReadyFile, Unready};
use crate::reshape::{self, ReshapeError, Reshaped};

/// What is to be done with a picture.
enum Task {
    /// Nothing: it goes as it is.
    None,
    /// Nothing any more.
    Done(ReadyFile),
    /// It is written anew, under this key.
    Reshape { format: ImageFormat, key: String },
}

/// The file to send instead of this one, if it has not the shape that is wanted; `picture` is what messages call it.
pub(super) async fn in_shape(shared: Arc<Shared>, original: ReadyFile, picture: String) -> Result<ReadyFile, Unready> {
    let (looking, looked_at) = (Arc::clone(&shared), original.clone());
    // Whoever cannot be opened is told by who sends it.
    let task = aside(move || Ok(looking.task(&looked_at).unwrap_or(Task::None))).await?;
    let (format, key) = match task {
        Task::None => return Ok(original),
        Task::Done(done) => return Ok(done),
        Task::Reshape { format, key } => (format, key),
    };
    // It is never closed, so this waits for a turn and nothing else.
    let turn = Arc::clone(&shared.presses).acquire_owned().await;
    aside(move || {
        // Also when nobody waits for it any more.
        let _turn = turn;
        shared.press(&original, &picture, format, key)
    })
    .await
}

impl Shared {
    fn task(&self, original: &ReadyFile) -> Result<Task, FileError> {
        let ReadyFile { folder, written } = original;
        let (_, format) = folder.look(written)?;
        let Some(format) = format else { return Ok(Task::None) };
        let mut file = folder.open(written)?;
        let about = file.metadata()?;
        if !self.settings.shape.changes(&reshape::look(&mut file, format)?, about.len()) {
            return Ok(Task::None);
        }
        // Another state of the file, or another shape, is another picture.
        let path = folder.find(written)?;
        let state = (about.len(), about.mtime(), about.mtime_nsec(), self.settings.shape);
        let key = cache::key(format!("{path:?} {state:?}").as_bytes());
        Ok(match self.settings.cache.find(&key) {
            Some((done, _)) => Task::Done(done),
            None => Task::Reshape { format, key },
        })
    }

    fn press(
        &self,
        original: &ReadyFile,
        picture: &str,
        format: ImageFormat,
        key: String,
    ) -> Result<ReadyFile, Unready> {
        let file = original.folder.open(&original.written);
        let file = file.map_err(|error| not_now(format!("{picture} cannot be opened any more: {error}")))?;
        let Reshaped { format, bytes } = reshape::reshape(file, format, self.settings.shape).map_err(|error| {
            let message = format!("{picture}: {error}");
            if matches!(error, ReshapeError::Io(_)) { not_now(message) } else { never(message) }
        })?;
        let kept = self.settings.cache.begin(key).and_then(|mut draft| {
            draft.write(&bytes)?;
            draft.keep(format)
        });
        kept.map_err(|error| not_kept(picture, &error))
    }
}
