//! What Prometheus asks of a run: counts of what it told, and how its job stands. Never holds what has no bound, such as
//! the id of an item or a message, in a label.
//!
//! One registry serves all runs of a process. Counters begin at nothing with the process, as Prometheus expects; how a
//! job stands is read from its database by whoever holds the registry, and shown here.

mod exposition;
mod figures;
mod histogram;
mod page;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::{Counts, Event, Held, Reporter, Timestamp};
use figures::Figures;

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The counts of all runs of a process, by job; its clones share them.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Arc<Mutex<BTreeMap<String, Figures>>>);

/// How a job stands by its database.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// Its items by state.
    pub counts: Counts,
    /// Where its money is, where any price is known.
    pub held: Option<Held>,
    /// When a run of it last left nothing to do.
    pub completed_at: Option<Timestamp>,
    /// Whether a person paused it.
    pub is_paused: bool,
}

impl Metrics {
    /// Who counts the runs of the job that is shown by this name.
    pub fn of(&self, job: &str) -> JobMetrics {
        self.lock().entry(job.to_owned()).or_default();
        JobMetrics { metrics: self.clone(), job: job.to_owned() }
    }

    /// What was counted of the job that is shown by this name is shown no more.
    pub fn forget(&self, job: &str) {
        self.lock().remove(job);
    }

    /// All that is counted of these jobs, or of every one, in Prometheus' text format.
    pub fn text(&self, jobs: Option<&[String]>) -> String {
        let all = self.lock();
        let wanted = all.iter().filter(|(job, _)| jobs.is_none_or(|jobs| jobs.contains(job)));
        exposition::text(&wanted.map(|(job, figures)| (job.as_str(), figures)).collect::<Vec<_>>())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Figures>> {
        // A count is still a count when another thread panicked beside it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts the runs of one job.
#[derive(Debug, Clone)]
pub struct JobMetrics {
    metrics: Metrics,
    job: String,
}

impl JobMetrics {
    /// How the job stands now.
    pub fn stands(&self, standing: Standing) {
        self.change(|figures| figures.stands(standing));
    }

    /// A run of it ended now, or could not begin, with this exit code.
    pub fn exited(&self, code: u8, now: Timestamp) {
        self.change(|figures| figures.exited(code, now));
    }

    fn change(&self, change: impl FnOnce(&mut Figures)) {
        if let Some(figures) = self.metrics.lock().get_mut(&self.job) {
            change(figures);
        }
    }
}

impl Reporter for JobMetrics {
    fn tell(&mut self, event: &Event) {
        self.change(|figures| figures.tell(event));
    }
}
