//! Takes a job's manifest into its queue: whole, or not at all. Never sends anything.

use tokio::sync::watch;

use super::read_ahead::{Ahead, Batch, read_ahead};
use crate::domain::{Interrupt, ManifestRow};
use crate::job::fault::Problem;
use crate::job::manifest::NamePlaces;
use crate::job::{Fault, Job, Manifest, Place, fingerprint, is_as_seen};
use crate::queue::{Clash, ClashOver, Enqueued, Intake, Queue, QueueError, Redo};
use crate::run::Stop;

/// What became of a manifest.
pub(super) enum Taken {
    /// It is queued.
    Enqueued(Enqueued),
    /// It is refused whole, with everything that is wrong with it.
    Refused(Vec<Fault>),
    /// Someone asked to stop while it was read; nothing was queued.
    Interrupted(Interrupt),
}

/// No more faults are listed: someone who sees so many looks for one cause.
pub(super) const MOST_FAULTS: usize = 10_000;

/// Reads the manifest to its end; only when no row is at fault does the queue see any of it. The very manifest that was
/// read last is not read again.
pub(super) fn enqueue(
    job: &Job,
    manifest: &mut Manifest,
    queue: &mut dyn Queue,
    stop: &watch::Receiver<Stop>,
) -> anyhow::Result<Taken> {
    if let Some(enqueued) = recognised(job, queue)? {
        return Ok(Taken::Enqueued(enqueued));
    }
    let redo = if job.changed { Redo::Yes } else { Redo::No };
    // What was hashed then and is as it was is not hashed again.
    queue.files_seen(&mut |seen| {
        manifest.remember(seen);
        true
    })?;
    let told_at_opening = manifest.warnings();
    let mut taking = Taking { job, intake: queue.intake(redo)?, faults: Vec::new(), rows: 0, items: 0 };
    let is_stopped = || asked_to_stop(stop).is_some();
    read_ahead(manifest, &is_stopped, |ahead| match ahead {
        Ahead::Rows(batch) => taking.take(batch),
        Ahead::Nothing => taking.intake.rest().map(|()| true),
    })?;
    let Taking { intake, mut faults, rows, items, .. } = taking;
    // Also after the last row: who stops the program that writes to our standard input makes the list end early.
    if let Some(interrupt) = asked_to_stop(stop) {
        intake.abandon()?;
        return Ok(Taken::Interrupted(interrupt));
    }
    if items == 0 && faults.is_empty() {
        faults.push(nothing_listed(job, rows));
    }
    if !faults.is_empty() {
        intake.abandon()?;
        return Ok(Taken::Refused(faults));
    }
    // A warning that only the last row gave must be given again, so everything is read again.
    let fingerprint = manifest.fingerprint().filter(|_| manifest.warnings() == told_at_opening);
    Ok(Taken::Enqueued(intake.publish(manifest.columns(), fingerprint)?))
}

/// What reading the manifest would tell, where it is the one that was read last: its bytes, all that shapes its rows,
/// and the files they name.
fn recognised(job: &Job, queue: &mut dyn Queue) -> anyhow::Result<Option<Enqueued>> {
    let Some(reading) = queue.last_reading()? else { return Ok(None) };
    // What changed and was kept is to be made again this time.
    let would_redo = job.changed && reading.again.finished > 0;
    if would_redo || fingerprint(job) != Some(reading.fingerprint) {
        return Ok(None);
    }
    let folder = job.references_folder();
    let mut all_as_seen = true;
    queue.files_seen(&mut |seen| {
        all_as_seen = is_as_seen(&folder, seen);
        all_as_seen
    })?;
    Ok(all_as_seen.then_some(reading.again))
}

/// A manifest on its way into the queue.
struct Taking<'a> {
    job: &'a Job,
    intake: Box<dyn Intake>,
    faults: Vec<Fault>,
    rows: u64,
    items: usize,
}

impl Taking<'_> {
    /// Takes what was read next; returns whether to go on.
    fn take(&mut self, batch: Batch) -> Result<bool, QueueError> {
        for file in &batch.seen {
            self.intake.see(file)?;
        }
        for (row, named) in batch.rows {
            self.rows += 1;
            let row = match row {
                Ok(row) => Some(row),
                Err(bad) => {
                    self.faults.extend(bad.faults);
                    bad.row
                }
            };
            if let Some((row, items)) = row {
                self.items += items.len();
                let clashes = self.intake.push(&row, &items)?;
                self.faults.extend(clashes.into_iter().map(|clash| clashing(self.job, (&row, named), clash)));
            }
            if self.faults.len() >= MOST_FAULTS {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn asked_to_stop(stop: &watch::Receiver<Stop>) -> Option<Interrupt> {
    match *stop.borrow() {
        Stop::Finish(interrupt) | Stop::Now(interrupt) => Some(interrupt),
        Stop::No => None,
    }
}

/// An export that went wrong looks like this; taken at its word, it would take every waiting item out.
pub(super) fn nothing_listed(job: &Job, rows: u64) -> Fault {
    if let Some(condition) = job.shaping.condition.as_ref().filter(|_| rows > 0) {
        let message = format!("`where`: none of the {rows} rows of {} is taken; correct it", job.manifest_shown);
        return Problem::new(condition.start(), message).in_file(&job.shaping.file);
    }
    let message =
        "the manifest lists nothing; write a row for each picture, or cancel what waits with `overnight cancel`";
    Fault { file: job.manifest_shown.clone(), place: Place { line: 1, column: None }, message: message.to_owned() }
}

/// Two rows that want the same id or the same file, as a fault of the second.
pub(super) fn clashing(job: &Job, (row, named): (&ManifestRow, NamePlaces), clash: Clash) -> Fault {
    let place = match clash.over {
        ClashOver::Id(_) => named.id,
        ClashOver::Name(_) => named.name.or(named.id),
    };
    let place = place.unwrap_or(Place::line(row.line));
    let first = clash.first_line;
    let message = match clash.over {
        ClashOver::Id(id) => format!("the id `{id}` stands on line {first} already; give every row an id of its own"),
        ClashOver::Name(name) => format!(
            "its picture would be called `{name}`, as that of line {first}; \
             give one of them another id, or another name in the column `name`"
        ),
    };
    Problem::new(place, message).in_file(&job.manifest_shown)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::open;
    use super::*;
    use crate::job::Options;

    #[test]
    fn a_list_that_ended_when_someone_asked_to_stop_is_not_taken_for_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("list.csv"), "id,prompt\n").unwrap();
        let job = Job::load(Path::new("list.csv"), &Options::default(), folder.path()).unwrap();
        let mut queue = open::queue(&job).unwrap();
        let stop = watch::Sender::new(Stop::Finish(Interrupt::Int)).subscribe();
        let taken = enqueue(&job, &mut Manifest::open(&job).unwrap(), &mut *queue, &stop).unwrap();
        assert!(matches!(taken, Taken::Interrupted(Interrupt::Int)));
    }
}
