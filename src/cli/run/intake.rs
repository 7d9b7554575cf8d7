//! A job taken in hand: its lock, what a dead run left, its manifest, who will make its pictures. Never sends anything.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::enqueue::{Taken, enqueue};
use super::super::exit::{self, UsageError};
use super::super::{announce, faults, narrow, open};
use super::painter::Painter;
use super::session::Session;
use super::{hooks, painter, price};
use crate::domain::{Narrowed, Received};
use crate::job::{Job, Manifest};
use crate::queue::{Queue, QueueError, Rescued};
use crate::report::terminal::is_unattended;
use crate::run::PATIENCE;

/// How long until a job that is being tidied up is tried again.
const AGAIN: Duration = Duration::from_millis(200);

/// A job whose manifest is queued, in the hand of this process.
pub(super) struct Prepared {
    pub job: Job,
    pub target: PathBuf,
    pub queue: Box<dyn Queue>,
    pub taken: TakenIn,
}

/// What a job's run begins with.
pub(super) struct TakenIn {
    pub rescued: Rescued,
    /// What this run is narrowed to.
    pub narrowed: Option<Narrowed>,
    /// Who makes its pictures; a rehearsal's is made when its simulator runs.
    pub painter: Option<Painter>,
}

impl Session<'_> {
    /// Takes the job in hand. If it cannot be run, its row in the database does not stay open.
    pub(super) fn prepare(&self, job: Job, target: PathBuf) -> anyhow::Result<Prepared> {
        painter::rehearsed_faults(&job)?;
        self.process.exposition.check(&job)?;
        hooks::check(&job, &self.process.current_dir)?;
        // Before the database learns of the job: a mistyped path is none.
        let manifest = Manifest::open(&job)?;
        let mut queue = self.patiently(|| open::queue(&job))?;
        match self.take_in(&job, &target, manifest, &mut *queue) {
            Ok(taken) => Ok(Prepared { job, target, queue, taken }),
            Err(error) => {
                // What came first is what helps.
                let _ = queue.end_run(open::clock().now(), self.unbegun());
                Err(error)
            }
        }
    }

    /// Waits for a database that another program keeps locked, as a run does that is on, and for who only tidies up the
    /// job's files: nobody would be told that the night did not begin. Each try at a database waits for half a minute
    /// itself.
    fn patiently<T>(&self, open: impl Fn() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let (since, mut is_told) = (Instant::now(), false);
        let may_wait = || since.elapsed() < PATIENCE && !self.is_stopped();
        loop {
            match open() {
                Err(error) if is_busy(&error) && may_wait() => {
                    self.say(&format!("{error}\nwaiting for it\n"));
                }
                Err(error) if is_tidied_up(&error) && may_wait() => {
                    if !std::mem::replace(&mut is_told, true) {
                        self.say(&format!("{error}\nwaiting for it\n"));
                    }
                    std::thread::sleep(AGAIN);
                }
                opened => return opened,
            }
        }
    }

    /// What a dead run left, then what the manifest says now, then who will make the pictures, key in hand.
    fn take_in(
        &self,
        job: &Job,
        target: &Path,
        mut manifest: Manifest,
        queue: &mut dyn Queue,
    ) -> anyhow::Result<TakenIn> {
        // Nobody else has the job in hand: another process would be asked for its metrics, and would write its file.
        if let Some(address) = self.process.exposition.show(job)? {
            self.say(&address);
        }
        let found = found_in_staging(job, queue)?;
        let rescued = queue.rescue(open::clock().now(), job.on_lost, found)?;
        // What a dead run was asked to make again is asked of this one, or of none.
        queue.leave_unsent()?;
        let taken = enqueue(job, &mut manifest, queue, &self.process.stop)?;
        self.say(&announce::suspicions(&manifest.warnings()));
        self.say(&announce::notes(manifest.notes()));
        let enqueued = match taken {
            Taken::Enqueued(enqueued) => enqueued,
            Taken::Refused(faults) => return Err(UsageError(faults::refused(job, target, &faults)).into()),
            Taken::Interrupted(interrupt) => return Err(exit::Interrupted(interrupt).into()),
        };
        if let Some(neighbour) = queue.crowded()? {
            return Err(UsageError(announce::crowded(job, &neighbour)).into());
        }
        self.say(&announce::enqueued(&job.name, &enqueued, &rescued, is_unattended(job.progress)));
        let narrowed = self.narrow(job, queue)?;
        if enqueued.kept + enqueued.removed + enqueued.redone > 0
            && let Some(displaced) = queue.displacing()?
        {
            return Err(UsageError(announce::displaced(job, &displaced)).into());
        }
        price::check(job, queue)?;
        if job.rehearse {
            return Ok(TakenIn { rescued, narrowed, painter: None });
        }
        if let Some(path) = job.key.open_to_others() {
            self.say(&announce::key_open_to_others(path));
        }
        let waiting = narrowed.map_or(queue.counts()?.queued, |narrowed| narrowed.waiting);
        let painter = Some(painter::painter(job, waiting > 0, &self.process.accounts)?);
        Ok(TakenIn { rescued, narrowed, painter })
    }

    /// Leaves in the run's hand only the items that were chosen, if any were, and of those only the pilot, as long as
    /// nobody approved it.
    fn narrow(&self, job: &Job, queue: &mut dyn Queue) -> anyhow::Result<Option<Narrowed>> {
        let ledger = open::ledger(&job.db)?;
        let chosen = narrow::chosen(&self.args.narrow, &*ledger, &job.name)?;
        let pilot = narrow::pilot(job, &*ledger, open::clock().now())?;
        let is_pilot = pilot.is_some();
        let Some(chosen) = narrow::both(chosen, pilot) else { return Ok(None) };
        Ok(Some(Narrowed { chosen: chosen.len() as u64, waiting: queue.narrow(&chosen)?, is_pilot }))
    }
}

fn is_busy(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(QueueError::is_busy)
}

fn is_tidied_up(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(QueueError::Held { holder, .. }) if holder.ends_with(open::TIDIES_UP))
}

/// The answers of a dead run that lie in staging whole though the queue has not heard of them.
fn found_in_staging(job: &Job, queue: &mut dyn Queue) -> anyhow::Result<Vec<Received>> {
    let left = queue.left_open()?;
    let waits = !left.sent.is_empty() || left.received > 0;
    open::still_there(job, waits, queue.counts()?.done > 0)?;
    if left.sent.is_empty() {
        return Ok(vec![]);
    }
    Ok(open::store(job, queue)?.recover(&left.sent)?)
}
