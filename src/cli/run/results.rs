//! The end of a job's run in its output folder and its database. Never says anything to a person.

use std::path::Path;

use super::super::open;
use crate::domain::{Course, Summary};
use crate::export::{self, About};
use crate::job::Job;
use crate::queue::Queue;

/// How a run went.
pub(super) struct Story<'a> {
    pub summary: &'a Summary,
    pub course: Course,
    /// How it had been foreseen.
    pub foreseen: Option<Course>,
}

/// Writes the results if they are owed, then says in the database that this run is over.
pub(super) fn finish(job: &Job, queue: &mut dyn Queue, story: &Story<'_>) -> anyhow::Result<()> {
    queue.leave_unsent()?;
    let missing = ["results.csv", "index.html"].iter().any(|file| !job.output.join(file).exists());
    if queue.results_stale()? || missing {
        // Before they are read: what a person says meanwhile is not lost, for the next run writes it.
        queue.results_begun()?;
        if let Err(error) = write(job, story) {
            // What came first is what helps.
            let _ = queue.results_failed();
            return Err(error);
        }
    }
    Ok(queue.end_run(open::clock().now(), story.summary.ending.as_str())?)
}

fn write(job: &Job, story: &Story<'_>) -> anyhow::Result<()> {
    let ledger = open::ledger(&job.db)?;
    Ok(export::write_results(&*ledger, &about(job, job.references_folder().path(), story))?)
}

/// What the contact sheet says at its top.
fn about<'a>(job: &'a Job, references: &'a Path, story: &'a Story<'_>) -> About<'a> {
    About {
        job: &job.name,
        output: &job.output,
        references,
        now: open::clock().now(),
        took: story.summary.took,
        rehearsal: job.rehearse,
        list_price_of: job.prices.listed_at(job.defaults.model.as_str()),
        course: Some(&story.course),
        foreseen: story.foreseen.as_ref(),
    }
}
