//! A ledger made by hand, for what is told from one. Never a database.

use std::ops::Range;

use overnight::domain::{
    Artifact, AspectRatio, Digest, FailureGroup, FailureKind, ImageFile, Item, ItemId, Reply, Request, Sources,
    Timestamp, Usd,
};
use overnight::queue::{
    AttemptEntry, ItemRecord, ItemState, ItemStory, JobStatus, Ledger, PastRun, QueueError, RecentAttempt, RowRecord,
};
use serde_json::Value;

/// A ledger that has one job, of these rows. It breaks after the last one if it is told to.
#[derive(Default)]
pub struct Rows {
    /// The columns of its manifest.
    pub columns: Vec<&'static str>,
    /// The rows, in order.
    pub rows: Vec<RowRecord>,
    /// Whether it breaks.
    pub breaks: bool,
    /// How its job stands, where that is told.
    pub status: Option<JobStatus>,
}

impl Ledger for Rows {
    fn lately(&self, _: &str, _: Timestamp, _: &mut dyn FnMut(RecentAttempt)) -> Result<(), QueueError> {
        Ok(())
    }

    fn account(
        &self,
        _: &[String],
        _: Range<Timestamp>,
        _: &mut dyn FnMut(&AttemptEntry<'_>),
    ) -> Result<(), QueueError> {
        Ok(())
    }

    fn status(&self, _: Timestamp, _: &[String]) -> Result<Vec<JobStatus>, QueueError> {
        Ok(self.status.clone().into_iter().collect())
    }

    fn newest_run(&self, _: &str) -> Result<Option<PastRun>, QueueError> {
        Ok(None)
    }

    fn columns(&self, _: &str) -> Result<Vec<String>, QueueError> {
        Ok(self.columns.iter().map(|&column| column.to_owned()).collect())
    }

    fn rows(&self, job: &str, each: &mut dyn FnMut(RowRecord) -> bool) -> Result<(), QueueError> {
        for row in &self.rows {
            if !each(row.clone()) {
                return Ok(());
            }
        }
        match self.breaks {
            true => Err(QueueError::NoSuchItem { job: job.into(), item: ItemId::new("x"), alike: vec![] }),
            false => Ok(()),
        }
    }

    fn failures(&self, _: &str) -> Result<Vec<FailureGroup>, QueueError> {
        Ok(vec![])
    }

    fn item(&self, job: &str, item: &ItemId) -> Result<ItemStory, QueueError> {
        Err(QueueError::NoSuchItem { job: job.into(), item: item.clone(), alike: vec![] })
    }
}

/// A row of these cells.
pub fn row(cells: &[Value], items: &[ItemRecord]) -> RowRecord {
    RowRecord { line: 2, cells: cells.to_vec(), items: items.to_vec() }
}

/// An item that nobody has tried.
pub fn waiting(id: &str) -> ItemRecord {
    let request = Request { aspect_ratio: Some(AspectRatio::R4x5), ..Request::new("model", format!("Draw \"{id}\"")) };
    ItemRecord {
        item: Item {
            id: ItemId::new(id),
            name: id.into(),
            request,
            digest: Digest([0; 32]),
            sources: Sources::default(),
        },
        state: ItemState::Queued,
        attempts: 0,
        artifact: None,
        failure: None,
        reply: Reply::default(),
        cost: None,
        verdict: None,
        repeated: false,
    }
}

/// The same row once more, as the ledger tells it of one that shares its items.
pub fn repeated(row: &RowRecord) -> RowRecord {
    let again = |item: &ItemRecord| ItemRecord { repeated: true, ..item.clone() };
    RowRecord { items: row.items.iter().map(again).collect(), ..row.clone() }
}

/// An item that gave these pictures.
pub fn done(id: &str, caption: Option<&str>, files: &[&str]) -> ItemRecord {
    let image = |file: &&str| ImageFile {
        file: (*file).into(),
        bytes: 7,
        blake3: "abc".into(),
        width: Some(928),
        height: Some(1152),
    };
    ItemRecord {
        state: ItemState::Done,
        attempts: 2,
        artifact: Some(Artifact {
            images: files.iter().map(image).collect(),
            caption: caption.map(str::to_owned),
            finish_reason: Some("STOP".into()),
        }),
        cost: Some(Usd::from_nanos(67_200_000)),
        ..waiting(id)
    }
}

/// An item that the model refused.
pub fn refused(id: &str) -> ItemRecord {
    ItemRecord {
        state: ItemState::Failed,
        attempts: 1,
        failure: Some((FailureKind::Refused, "unsafe, says the model".into())),
        reply: Reply { finish_reason: Some("IMAGE_SAFETY".into()), ..Reply::default() },
        ..waiting(id)
    }
}
