//! What lies on the table: the job's items as they were found, and who may look and speak. Never waits for a run, and never
//! decides what a picture is worth.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::asked::Asked;
use super::{Offices, ReviewError};
use crate::domain::{ItemId, Timestamp};
use crate::queue::{Card, CardKey, Gallery, Inspection, ItemStory, JobStatus, Jury, Ledger, PictureMark, ReviewTally};

/// So many lists of what was found are remembered: a browser has few windows, and goes back a few times.
const MOST_FOUND: usize = 24;

/// What somebody found, as it was then: it stays as it is while they go through it, whatever they decide.
#[derive(Debug)]
pub(super) struct Found {
    /// How the page calls it.
    pub id: u64,
    /// What was asked for.
    pub asked: Asked,
    /// In their order.
    pub keys: Vec<CardKey>,
    /// The picture that each had then, in the same order.
    pub pictures: Vec<PictureMark>,
}

impl Found {
    /// What whoever decides on all of it has seen.
    pub fn seen(&self) -> HashMap<CardKey, PictureMark> {
        self.keys.iter().copied().zip(self.pictures.iter().copied()).collect()
    }
}

/// The table of one job.
pub(super) struct Table {
    job: String,
    gallery: Mutex<Box<dyn Gallery>>,
    jury: Mutex<Box<dyn Jury>>,
    inspection: Mutex<Box<dyn Inspection>>,
    ledger: Mutex<Box<dyn Ledger>>,
    found: Mutex<(u64, VecDeque<Arc<Found>>)>,
}

/// Whoever panicked with it did not leave a database half written.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Table {
    pub fn new(job: String, offices: Offices) -> Self {
        let Offices { gallery, jury, inspection, ledger } = offices;
        Self {
            job,
            gallery: Mutex::new(gallery),
            jury: Mutex::new(jury),
            inspection: Mutex::new(inspection),
            ledger: Mutex::new(ledger),
            found: Mutex::default(),
        }
    }

    /// The job's name.
    pub fn job(&self) -> &str {
        &self.job
    }

    /// Looks for what is asked, and remembers it.
    pub fn find(&self, asked: Asked) -> Result<Arc<Found>, ReviewError> {
        let (wanted, order) = asked.wanted()?;
        let (keys, pictures) = hold(&self.gallery).find_pictures(&self.job, &wanted, order)?.into_iter().unzip();
        let mut found = hold(&self.found);
        found.0 += 1;
        let new = Arc::new(Found { id: found.0, asked, keys, pictures });
        found.1.push_back(new.clone());
        if found.1.len() > MOST_FOUND {
            found.1.pop_front();
        }
        Ok(new)
    }

    /// What was found then, as long as it is remembered.
    pub fn found(&self, id: u64) -> Result<Arc<Found>, ReviewError> {
        let found = hold(&self.found).1.iter().find(|found| found.id == id).cloned();
        found.ok_or(ReviewError::Forgotten)
    }

    /// How many would be found now that were not then.
    pub fn come_since(&self, found: &Found) -> Result<usize, ReviewError> {
        let (wanted, order) = found.asked.wanted()?;
        let now = hold(&self.gallery).find(&self.job, &wanted, order)?;
        let then: std::collections::HashSet<&CardKey> = found.keys.iter().collect();
        Ok(now.iter().filter(|key| !then.contains(key)).count())
    }

    pub fn cards(&self, keys: &[CardKey]) -> Result<Vec<Card>, ReviewError> {
        Ok(hold(&self.gallery).cards(&self.job, keys)?)
    }

    pub fn card(&self, key: CardKey) -> Result<Card, ReviewError> {
        self.cards(&[key])?.pop().ok_or(ReviewError::NoSuchItem)
    }

    pub fn story(&self, item: &ItemId) -> Result<ItemStory, ReviewError> {
        Ok(hold(&self.ledger).item(&self.job, item)?)
    }

    pub fn tally(&self) -> Result<ReviewTally, ReviewError> {
        Ok(hold(&self.gallery).review_tally(&self.job)?)
    }

    pub fn status(&self, now: Timestamp) -> Result<JobStatus, ReviewError> {
        let status = hold(&self.ledger).status(now, std::slice::from_ref(&self.job))?;
        status.into_iter().next().ok_or(ReviewError::NoSuchItem)
    }

    pub fn columns(&self) -> Result<Vec<String>, ReviewError> {
        Ok(hold(&self.ledger).columns(&self.job)?)
    }

    pub fn values(&self, column: usize, most: usize) -> Result<Vec<(String, u64)>, ReviewError> {
        Ok(hold(&self.gallery).values(&self.job, column, most)?)
    }

    /// A number that is another one whenever anything has changed.
    pub fn change(&self) -> Result<i64, ReviewError> {
        Ok(hold(&self.gallery).change()?)
    }

    /// Lets somebody speak.
    pub fn jury<T>(&self, speak: impl FnOnce(&mut dyn Jury, &str) -> T) -> T {
        speak(&mut **hold(&self.jury), &self.job)
    }

    /// Lets somebody note what was seen.
    pub fn inspection<T>(&self, act: impl FnOnce(&mut dyn Inspection, &str) -> T) -> T {
        act(&mut **hold(&self.inspection), &self.job)
    }
}
