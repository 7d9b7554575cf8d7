//! The end of a job's run in its output folder and its database. Never says anything to a person.

use std::path::Path;

use super::super::open;
use crate::domain::{Course, Summary};
use crate::export::{self, About};
use crate::job::Job;
use crate::queue::Queue;

/// Writes the results if they are owed, then says in the database that this run is over.
pub(super) fn finish(job: &Job, queue: &mut dyn Queue, summary: &Summary, course: &Course) -> anyhow::Result<()> {
    queue.leave_unsent()?;
    let missing = ["results.csv", "index.html"].iter().any(|file| !job.output.join(file).exists());
    if queue.results_stale()? || missing {
        let ledger = open::ledger(&job.db)?;
        export::write_results(&*ledger, &about(job, job.references_folder().path(), summary, course))?;
        queue.results_written()?;
    }
    Ok(queue.end_run(open::clock().now(), summary.ending.as_str())?)
}

/// What the contact sheet says at its top.
fn about<'a>(job: &'a Job, references: &'a Path, summary: &Summary, course: &'a Course) -> About<'a> {
    About {
        job: &job.name,
        output: &job.output,
        references,
        now: open::clock().now(),
        took: summary.took,
        rehearsal: job.rehearse,
        list_price_of: job.prices.listed_at(job.defaults.model.as_str()),
        course: Some(course),
        foreseen: None,
    }
}
