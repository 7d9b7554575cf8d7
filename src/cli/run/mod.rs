//! `overnight run`: check every job, then drain one after the other.

mod painter;
mod price;
mod results;
mod settings;

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::args::RunArgs;
use super::enqueue::{Taken, enqueue};
use super::exit::{self, Code, UsageError};
use super::logs::{self, LogWriter};
use super::{announce, current_dir, events, faults, narrow, open, outlook, runtime, signals};
use crate::domain::{Course, Ending, Interrupt, Narrowed, Progress, Received, Summary, Timestamp};
use crate::job::{Job, Manifest};
use crate::provider::Provider;
use crate::queue::{Queue, QueueError, Rescued};
use crate::report::{LogLines, Recorder, Reporters, Terminal, WriteFault};
use crate::run::{PATIENCE, Parts, Rules, Stop, drain};
pub(super) use price::unpriced;
pub(super) use settings::{files_allowed, files_needed, rules};

/// A job whose manifest is queued, in the hand of this process.
struct Prepared {
    job: Job,
    target: PathBuf,
    queue: Box<dyn Queue>,
    taken: TakenIn,
}

/// What a job's run begins with.
struct TakenIn {
    rescued: Rescued,
    /// What this run is narrowed to.
    narrowed: Option<Narrowed>,
    /// Who makes its pictures; a rehearsal's is made when its simulator runs.
    provider: Option<Arc<dyn Provider>>,
}

/// What the jobs of one command share.
struct Session<'a> {
    args: &'a RunArgs,
    logs: LogWriter,
    stop: watch::Receiver<Stop>,
    current_dir: PathBuf,
    /// When the command was given: `until` means the next such time after it, for every job.
    given: Timestamp,
}

pub(super) fn run(args: &RunArgs) -> anyhow::Result<Code> {
    let (given, current_dir) = (open::clock().now(), current_dir()?);
    let jobs = load(args, &current_dir)?;
    let format = jobs.first().map(|(job, _)| job.log_format).unwrap_or_default();
    let logs = logs::start(args.verbose, args.quiet, format);
    let runtime = runtime()?;
    let code = runtime.block_on(async {
        let tidy = logs.clone();
        let stop = signals::listen(move || tidy.clear())?;
        Session { args, logs, stop, current_dir, given }.run(jobs).await
    });
    // Whoever still holds a file or a connection was given up: what they did is written down.
    runtime.shutdown_background();
    code
}

/// Reads every job; what is wrong with any of them is told before any is touched.
fn load(args: &RunArgs, current_dir: &Path) -> anyhow::Result<Vec<(Job, PathBuf)>> {
    let several = args.targets.len() > 1;
    if several && (args.options.output.is_some() || args.options.name.is_some()) {
        let message = "--output and --name belong to one job; leave them out, or run the jobs one by one";
        return Err(UsageError(message.to_owned()).into());
    }
    let mut jobs = Vec::new();
    let mut mistakes = Vec::new();
    for target in &args.targets {
        match Job::load(target, &args.options, current_dir) {
            Ok(job) => jobs.push((job, target.clone())),
            Err(error) if several => mistakes.push(error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    if jobs.iter().filter(|(job, _)| job.reads_stdin()).count() > 1 {
        mistakes.push("two jobs would read their manifest from standard input; run them one by one".to_owned());
    }
    let mut names = HashSet::new();
    if let Some((job, _)) = jobs.iter().find(|(job, _)| !names.insert((&job.db, &job.name))) {
        mistakes.push(format!("two jobs are called `{}`; give one another name, or run it by itself", job.name));
    }
    if mistakes.is_empty() { Ok(jobs) } else { Err(UsageError(mistakes.join("\n")).into()) }
}

impl Session<'_> {
    async fn run(mut self, jobs: Vec<(Job, PathBuf)>) -> anyhow::Result<Code> {
        let mut worst = Code::Complete;
        let mut prepared = Vec::new();
        let mut at_fault = false;
        for (job, target) in jobs {
            match tokio::task::block_in_place(|| self.prepare(job, target)) {
                Ok(job) => prepared.push(job),
                Err(error) => {
                    let code = super::told(&error);
                    at_fault |= !matches!(code, Code::Held);
                    worst = worst.min(code);
                }
            }
            if self.is_stopped() {
                break;
            }
        }
        // All are checked before one is run: a mistake in the last must not be found in the morning.
        for mut job in prepared {
            if at_fault || self.is_stopped() {
                job.queue.end_run(open::clock().now(), "not run")?;
                continue;
            }
            let code = self.drain(job).await.unwrap_or_else(|error| super::told(&error));
            worst = worst.min(code);
        }
        // Also one that came before anything could be sent.
        Ok(self.stopped_by().map_or(worst, |interrupt| worst.min(interrupt.into())))
    }

    fn stopped_by(&self) -> Option<Interrupt> {
        match *self.stop.borrow() {
            Stop::No => None,
            Stop::Finish(interrupt) | Stop::Now(interrupt) => Some(interrupt),
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped_by().is_some()
    }

    /// Takes the job in hand. If it cannot be run, its row in the database does not stay open.
    fn prepare(&self, job: Job, target: PathBuf) -> anyhow::Result<Prepared> {
        painter::rehearsed_faults(&job)?;
        // Before the database learns of the job: a mistyped path is none.
        let manifest = Manifest::open(&job)?;
        let mut queue = self.patiently(|| open::queue(&job))?;
        match self.take_in(&job, &target, manifest, &mut *queue) {
            Ok(taken) => Ok(Prepared { job, target, queue, taken }),
            Err(error) => {
                // What came first is what helps.
                let _ = queue.end_run(open::clock().now(), "not run");
                Err(error)
            }
        }
    }

    /// Waits for a database that another program keeps locked, as a run does that is on; each try waits for half a
    /// minute itself.
    fn patiently<T>(&self, open: impl Fn() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let since = Instant::now();
        loop {
            match open() {
                Err(error) if is_busy(&error) && since.elapsed() < PATIENCE && !self.is_stopped() => {
                    self.say(&format!("{error}\nwaiting for it\n"));
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
        let found = found_in_staging(job, queue)?;
        let rescued = queue.rescue(open::clock().now(), job.on_lost, found)?;
        // What a dead run was asked to make again is asked of this one, or of none.
        queue.leave_unsent()?;
        let taken = enqueue(job, &mut manifest, queue, &self.stop)?;
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
        self.say(&announce::enqueued(&job.name, &enqueued, &rescued));
        let narrowed = self.narrow(job, queue)?;
        if enqueued.kept + enqueued.removed + enqueued.redone > 0
            && let Some(displaced) = queue.displacing()?
        {
            return Err(UsageError(announce::displaced(job, &displaced)).into());
        }
        price::check(job, queue)?;
        if job.rehearse {
            return Ok(TakenIn { rescued, narrowed, provider: None });
        }
        if let Some(path) = job.key.open_to_others() {
            self.say(&announce::key_open_to_others(path));
        }
        let waiting = narrowed.map_or(queue.counts()?.queued, |narrowed| narrowed.waiting);
        let provider = Some(painter::provider(job, waiting > 0)?);
        Ok(TakenIn { rescued, narrowed, provider })
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

    /// Says something that is no error; pictures are made also when nobody listens any more.
    fn say(&self, words: &str) {
        if !self.args.quiet {
            let _ = io::stderr().write_all(words.as_bytes());
        }
    }

    /// Makes the pictures, writes the results, says how it went.
    async fn drain(&mut self, prepared: Prepared) -> anyhow::Result<Code> {
        let Prepared { job, target, mut queue, taken } = prepared;
        let TakenIn { rescued, narrowed, provider } = taken;
        // Whoever plays a rehearsal through answers as long as it is held.
        let (provider, _simulator) = match provider {
            Some(provider) => (provider, None),
            None => painter::rehearsal(&job).await?,
        };
        let recorder = Recorder::starting(open::clock().now());
        let (mut reporters, events) = self.reporters(&job)?;
        reporters.add(recorder.clone());
        let (queued, sent_today) = (queue.counts()?.queued, settings::sent_today(&job, &mut *queue)?);
        let settings = settings::settings(&job, queued, sent_today, narrowed, self.given);
        let foreseen = foresee(&job, settings.rules.clone(), settings::items(&job, queued, narrowed));
        settings::raise_open_files(settings.rules.concurrency.highest.get())?;
        let store = open::store(&job, &*queue)?;
        let parts = Parts {
            queue: &mut *queue,
            provider,
            store,
            clock: open::clock(),
            reporter: &mut reporters,
            stop: self.stop.clone(),
        };
        let summary = drain(parts, settings, rescued.received).await;
        let story = results::Story { summary: &summary, course: recorder.course(), foreseen: in_time(foreseen).await };
        let written = tokio::task::block_in_place(|| results::finish(&job, &mut *queue, &story));
        // Whatever goes wrong from here on, requests were sent: no mistake of the user's any more.
        let after = |error: anyhow::Error| anyhow::anyhow!("{error}");
        self.close(&job, &target, &summary).map_err(after)?;
        match (&summary.ending, written) {
            // The results could not be written for the same fault, which has just been told as the last word.
            (Ending::Broken(_), Err(_)) => {}
            (_, written) => written.map_err(after)?,
        }
        events::told_in_full(events)?;
        Ok(exit::of_summary(&summary))
    }

    /// Who listens to the job's run, and where to ask whether its events were written in full.
    fn reporters(&self, job: &Job) -> anyhow::Result<(Reporters, Option<WriteFault>)> {
        let progress = if self.args.quiet { Progress::None } else { job.progress };
        let frame = settings::frame(job, self.given)?;
        let terminal = Terminal::new(progress, job.rehearse, job.end.zone(), frame);
        self.logs.go_through(terminal.stderr());
        let mut reporters = Reporters::new();
        let events = events::listen(job, &mut reporters)?;
        reporters.add(LogLines);
        reporters.add(terminal);
        Ok((reporters, events))
    }

    /// The closing words; a quiet run has some only when a person is needed.
    fn close(&self, job: &Job, target: &Path, summary: &Summary) -> anyhow::Result<()> {
        if self.args.quiet && exit::of_summary(summary) == Code::Complete {
            return Ok(());
        }
        let words = announce::closing_words(job, target, self.args, summary, &self.current_dir)?;
        // The run is what it is, heard or not.
        let _ = io::stderr().write_all(words.as_bytes());
        Ok(())
    }
}

/// What was foreseen, if it is there by now: nobody waits for it, and whatever went wrong with it is no fault of the run.
async fn in_time(foreseen: JoinHandle<Option<Course>>) -> Option<Course> {
    tokio::time::timeout(A_MOMENT, foreseen).await.ok()?.ok().flatten()
}

/// The forecast of a run that was over at once.
const A_MOMENT: Duration = Duration::from_millis(200);

/// Plays the run through while it is on, for whoever compares both in the morning.
fn foresee(job: &Job, rules: Rules, items: u64) -> JoinHandle<Option<Course>> {
    let (job, start) = (job.clone(), open::clock().now());
    tokio::task::spawn_blocking(move || outlook::course(&job, rules, items, start))
}

fn is_busy(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(QueueError::is_busy)
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
