//! What a run would do with a manifest, item by item: read, compared, counted. Never writes or sends anything.

use std::collections::HashSet;

use super::super::enqueue::{MOST_FAULTS, clashing, nothing_listed};
use super::super::read_ahead::{Ahead, Batch, read_ahead};
use super::differences::differences;
use crate::domain::{Item, ItemId, PriceSource, Usd, is_address};
use crate::job::manifest::{NamePlaces, Row};
use crate::job::{Fault, Job, Manifest};
use crate::queue::{Before, Fate, ItemState, Preview, QueueError};
use crate::references::ReferenceCache;

/// So many requests are shown in full.
const EXAMPLES: usize = 3;

/// The bytes of one picture, roughly: a PNG of a million pixels as the model sends it.
const PICTURE_BYTES: u64 = 2_000_000;

/// What a run would do.
#[derive(Debug, Default)]
pub(super) struct Forecast {
    pub rows: u64,
    /// Rows that `where` leaves out.
    pub left_out: u64,
    pub items: u64,
    pub new: u64,
    /// Items whose rows read otherwise, with what a run would do about it.
    pub changed: u64,
    /// Of these, the finished ones that keep their pictures unless they are to be made again.
    pub kept: u64,
    pub unchanged: u64,
    /// Of these, those that have their pictures.
    pub done: u64,
    /// Of these, those that failed and that nobody has put back.
    pub failed: u64,
    pub removed: u64,
    pub requests: u64,
    /// Items that would be sent when the pilot is approved.
    pub beyond_pilot: u64,
    /// Items that would be sent if the run were not narrowed to others.
    pub not_chosen: u64,
    /// Items that would be sent but for the limit.
    pub beyond_limit: u64,
    pub expected: Option<Usd>,
    pub worst: Option<Usd>,
    /// Requests whose price a person gave, and those at the list price.
    pub at_given_price: u64,
    pub at_list_price: u64,
    /// The first model of which nobody knows what it costs.
    pub unpriced: Option<String>,
    /// What is to be told of single items, in the order of the manifest; those gone come last.
    pub marks: Vec<Marked>,
    /// The first requests that would be sent.
    pub examples: Vec<Item>,
    /// Addresses of references that a run would fetch, in order of their rows.
    pub unfetched: Vec<String>,
    pub problems: Vec<Fault>,
    /// Whether there were so many problems that the rest of the manifest was not read.
    pub is_cut_off: bool,
    pub warnings: Vec<Fault>,
}

/// An item and what would become of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Marked {
    pub mark: Mark,
    pub item: String,
    /// For what is changed, what differs.
    pub what: Vec<String>,
}

/// What would become of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    New,
    /// It takes what its row says now.
    Updated,
    /// It is finished and keeps its picture.
    Kept,
    Same,
    Gone,
}

impl Mark {
    /// As people read it in front of an item.
    pub const fn sign(self) -> char {
        match self {
            Self::New => '+',
            Self::Updated | Self::Kept => '~',
            Self::Same => '=',
            Self::Gone => '-',
        }
    }
}

impl Forecast {
    /// The bytes that the pictures would take, roughly.
    pub fn disk_bytes(&self) -> u64 {
        self.requests * PICTURE_BYTES
    }
}

/// What a run would be kept to, and what is told.
#[derive(Debug, Default)]
pub(super) struct Extent {
    /// The items it would be narrowed to.
    pub chosen: Option<HashSet<ItemId>>,
    /// The items of a pilot that nobody approved.
    pub pilot: Option<u64>,
    /// Whether each item is marked, also the new and the unchanged ones.
    pub lists_all: bool,
}

/// Reads a job's manifest to its end beside what is known of its items.
pub(super) fn foresee(
    job: &Job,
    manifest: &mut Manifest,
    preview: &mut dyn Preview,
    cache: &ReferenceCache,
    extent: Extent,
) -> Result<Forecast, QueueError> {
    preview.files_seen(&mut |seen| {
        manifest.remember(seen);
        true
    })?;
    let forecast = Forecast { expected: Some(Usd::ZERO), worst: Some(Usd::ZERO), ..Forecast::default() };
    let mut reading = Reading { job, preview, cache, extent, forecast, addresses: HashSet::new() };
    read_ahead(manifest, &|| false, |ahead| match ahead {
        Ahead::Rows(batch) => reading.take(batch),
        Ahead::Nothing => Ok(true),
    })?;
    let Reading { mut forecast, .. } = reading;
    preview.gone(&mut |gone| {
        // What a person or an earlier reading took out is no news.
        if gone.state != ItemState::Cancelled {
            forecast.removed += 1;
            forecast.marks.push(Marked { mark: Mark::Gone, item: gone.id.to_string(), what: Vec::new() });
        }
        true
    })?;
    if forecast.items == 0 && forecast.problems.is_empty() {
        forecast.problems.push(nothing_listed(job, forecast.rows));
    }
    forecast.warnings = manifest.warnings();
    forecast.warnings.extend(manifest.notes().iter().cloned());
    Ok(forecast)
}

/// A manifest on its way past the queue.
struct Reading<'a> {
    job: &'a Job,
    preview: &'a mut dyn Preview,
    cache: &'a ReferenceCache,
    extent: Extent,
    forecast: Forecast,
    /// By their hashes: of a million addresses, none is held twice.
    addresses: HashSet<[u8; 16]>,
}

impl Reading<'_> {
    fn take(&mut self, batch: Batch) -> Result<bool, QueueError> {
        for (row, named) in batch.rows {
            self.forecast.rows += 1;
            let row = match row {
                Ok(row) => Some(row),
                Err(bad) => {
                    self.forecast.problems.extend(bad.faults);
                    bad.row
                }
            };
            if let Some(row) = row {
                self.look(&row, named)?;
            }
            if self.forecast.problems.len() >= MOST_FAULTS {
                self.forecast.is_cut_off = true;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn look(&mut self, (row, items): &Row, named: NamePlaces) -> Result<(), QueueError> {
        self.forecast.left_out += u64::from(items.is_empty());
        let foreseen = self.preview.look(row, items)?;
        let clashes = foreseen.clashes.into_iter().map(|clash| clashing(self.job, (row, named), clash));
        self.forecast.problems.extend(clashes);
        for (item, fate) in items.iter().zip(foreseen.items) {
            self.count(item, fate);
        }
        Ok(())
    }

    fn count(&mut self, item: &Item, fate: Fate) {
        let forecast = &mut self.forecast;
        forecast.items += u64::from(fate != Fate::Repeated);
        match fate {
            Fate::Repeated => {}
            Fate::New => self.is_new(item),
            Fate::Same(state) => {
                forecast.unchanged += 1;
                forecast.done += u64::from(state == ItemState::Done);
                forecast.failed += u64::from(state == ItemState::Failed);
                self.mark(Mark::Same, item, Vec::new());
                if matches!(state, ItemState::Queued | ItemState::Running) {
                    self.sends(item);
                }
            }
            Fate::SentBack(request) => {
                forecast.unchanged += 1;
                self.mark(Mark::Same, item, Vec::new());
                self.sends(&Item { request: *request, ..item.clone() });
            }
            Fate::Updated { state, before } => self.updates(item, state, &before),
            Fate::Redone { before } => self.updates(item, ItemState::Done, &before),
            Fate::Changed { state, before } => {
                forecast.changed += 1;
                forecast.kept += u64::from(state == ItemState::Done);
                self.mark(Mark::Kept, item, differences(&before, item));
                if matches!(state, ItemState::Queued | ItemState::Running) {
                    self.sends(&Item { request: before.request, ..item.clone() });
                }
            }
        }
    }

    fn is_new(&mut self, item: &Item) {
        self.forecast.new += 1;
        self.mark(Mark::New, item, Vec::new());
        self.sends(item);
    }

    fn updates(&mut self, item: &Item, state: ItemState, before: &Before) {
        let what = differences(before, item);
        // A row that was gone and is back is as good as new.
        if what.is_empty() {
            return self.is_new(item);
        }
        self.forecast.changed += 1;
        self.mark(Mark::Updated, item, what);
        if state != ItemState::Cancelled {
            self.sends(item);
        }
    }

    fn mark(&mut self, mark: Mark, item: &Item, what: Vec<String>) {
        if self.extent.lists_all || !matches!(mark, Mark::New | Mark::Same) {
            self.forecast.marks.push(Marked { mark, item: item.id.to_string(), what });
        }
    }

    /// Counts an item that waits: a run asks for it, unless it is kept to others.
    fn sends(&mut self, item: &Item) {
        let forecast = &mut self.forecast;
        if self.extent.pilot.is_some_and(|pilot| forecast.items > pilot) {
            forecast.beyond_pilot += 1;
            return;
        }
        if self.extent.chosen.as_ref().is_some_and(|chosen| !chosen.contains(&item.id)) {
            forecast.not_chosen += 1;
            return;
        }
        if self.job.limit.is_some_and(|limit| forecast.requests >= limit.get()) {
            forecast.beyond_limit += 1;
            return;
        }
        self.asks(item);
    }

    /// Counts a request, and what it takes.
    fn asks(&mut self, item: &Item) {
        let forecast = &mut self.forecast;
        forecast.requests += 1;
        let (request, prices) = (&item.request, &self.job.prices);
        let (price, attempts) = (prices.of(&request.model), u64::from(self.job.max_attempts.get()));
        let plus = |sum: Option<Usd>, one: Option<Usd>| sum.zip(one).map(|(sum, one)| sum + one);
        forecast.expected = plus(forecast.expected, price.map(|price| price.expected(request)));
        forecast.worst = plus(forecast.worst, price.map(|price| price.reserve(request).times(attempts)));
        match prices.source(&request.model) {
            Some(PriceSource::Given) => forecast.at_given_price += 1,
            Some(PriceSource::Listed) => forecast.at_list_price += 1,
            None => drop(forecast.unpriced.get_or_insert_with(|| request.model.clone())),
        }
        if forecast.examples.len() < EXAMPLES {
            forecast.examples.push(item.clone());
        }
        self.fetches(item);
    }

    /// Notes the addresses that nobody fetched yet.
    fn fetches(&mut self, item: &Item) {
        for address in item.request.references.iter().filter(|reference| is_address(reference)) {
            let hash = *blake3::hash(address.as_bytes()).as_bytes();
            let half = hash.first_chunk().copied().unwrap_or_default();
            if self.addresses.insert(half) && !self.cache.has(address) {
                self.forecast.unfetched.push(address.clone());
            }
        }
    }
}
