//! Makes received answers durable and gives them their final names, in groups. Never touches the queue.

use std::sync::Arc;

use tokio::task::{JoinError, JoinSet};

use crate::domain::{AttemptId, Receipt, StagedImage};
use crate::store::{ArtifactStore, Publication, Published, StoreError};

/// A group that made a step, durably; each has its own result.
#[derive(Debug)]
pub(super) enum Kept {
    /// Their images survive a power cut, in staging.
    Synced(Vec<(AttemptId, Result<Receipt, StoreError>)>),
    /// They stand under their final names.
    Published(Vec<(AttemptId, Result<Published, StoreError>)>),
}

/// So many answers take a step together at most: enough that what a group costs as a whole hardly shows (beside other
/// work that wrote, 87 files of 1.5 MB a second in groups of 32, 130 of 128, 166 of 256), and few enough that a disk
/// that falls behind still has what came first recorded soon: what is recorded, a kill cannot take away.
const MOST_A_GROUP: usize = 256;

/// Two lines of waiting answers, each served a group at a time: what arrives while a group is on the disk forms the
/// next one, so the groups grow by themselves when the disk is slow.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    landed: Vec<(AttemptId, Receipt)>,
    recorded: Vec<(AttemptId, Publication)>,
    syncing: bool,
    publishing: bool,
    steps: JoinSet<Kept>,
}

impl Keeper {
    /// An answer has landed in staging.
    pub fn land(&mut self, id: AttemptId, receipt: Receipt) {
        self.landed.push((id, receipt));
    }

    /// The queue has recorded an answer as received.
    pub fn publish(&mut self, id: AttemptId, publication: Publication) {
        self.recorded.push((id, publication));
    }

    /// Puts the next groups on the disk, where it is free.
    pub fn advance(&mut self, store: &Arc<dyn ArtifactStore>) {
        if !self.syncing && !self.landed.is_empty() {
            let (store, group) = (store.clone(), next_group(&mut self.landed));
            self.syncing = true;
            self.steps.spawn_blocking(move || sync(&*store, group));
        }
        if !self.publishing && !self.recorded.is_empty() {
            let (store, group) = (store.clone(), next_group(&mut self.recorded));
            self.publishing = true;
            self.steps.spawn_blocking(move || publish(&*store, group));
        }
    }

    /// The next group that made its step; `None` while nothing is on the disk. May be dropped at any await.
    pub async fn next(&mut self) -> Option<Kept> {
        let step = self.steps.join_next().await?;
        Some(self.stepped(step))
    }

    /// The next group that has made its step already.
    pub fn try_next(&mut self) -> Option<Kept> {
        let step = self.steps.try_join_next()?;
        Some(self.stepped(step))
    }

    fn stepped(&mut self, step: Result<Kept, JoinError>) -> Kept {
        let step = step.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        match &step {
            Kept::Synced(_) => self.syncing = false,
            Kept::Published(_) => self.publishing = false,
        }
        step
    }

    /// Whether anything is on the disk, or can still get there.
    pub fn is_busy(&self) -> bool {
        !(self.steps.is_empty() && self.landed.is_empty() && self.recorded.is_empty())
    }
}

fn next_group<T>(line: &mut Vec<T>) -> Vec<T> {
    line.drain(..line.len().min(MOST_A_GROUP)).collect()
}

fn sync(store: &dyn ArtifactStore, group: Vec<(AttemptId, Receipt)>) -> Kept {
    let images: Vec<&StagedImage> = group.iter().flat_map(|(_, receipt)| &receipt.images).collect();
    let mut synced = store.sync(&images).into_iter();
    // An answer is safe when all of its images are.
    let safe: Vec<_> = group.iter().map(|(_, receipt)| synced.by_ref().take(receipt.images.len()).collect()).collect();
    let results = group.into_iter().zip(safe);
    Kept::Synced(results.map(|((id, receipt), safe): (_, Result<(), _>)| (id, safe.map(|()| receipt))).collect())
}

fn publish(store: &dyn ArtifactStore, group: Vec<(AttemptId, Publication)>) -> Kept {
    let (ids, publications): (Vec<AttemptId>, Vec<Publication>) = group.into_iter().unzip();
    Kept::Published(ids.into_iter().zip(store.publish(&publications)).collect())
}
