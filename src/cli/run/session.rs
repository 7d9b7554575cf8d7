//! The jobs of one command: each checked and taken in, then one drained after the other. Never decides what a run does.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::super::accounts::Accounts;
use super::super::args::RunArgs;
use super::super::exit::{self, Code};
use super::super::logs::LogWriter;
use super::super::metrics::Exposition;
use super::super::{announce, open, outlook, told};
use super::hooks::Hooked;
use super::intake::{Prepared, TakenIn};
use super::listeners::Listeners;
use super::{looks, painter, results, settings};
use crate::domain::{Course, Ending, Interrupt, Summary, Timestamp};
use crate::hooks::ItemTeller;
use crate::job::{HookHome, Job};
use crate::queue::{NOT_RUN, STOPPED_EARLY};
use crate::report::terminal::is_unattended;
use crate::run::{Parts, Rules, Stop, drain};

/// What all runs of this process share.
#[derive(Clone)]
pub(in crate::cli) struct Process {
    pub logs: LogWriter,
    /// Those whose limits are shared by whoever uses them.
    pub accounts: Accounts,
    /// Where the metrics are shown.
    pub exposition: Exposition,
    pub stop: watch::Receiver<Stop>,
    pub current_dir: PathBuf,
}

/// The jobs of one command.
pub(in crate::cli) struct Session<'a> {
    pub args: &'a RunArgs,
    /// The words of the command line, for whoever is told to type them again.
    pub typed: &'a [String],
    pub process: Process,
    /// When the command was given: `until` means the next such time after it, for every job.
    pub given: Timestamp,
}

impl Session<'_> {
    /// Checks every job, then drains one after the other.
    pub async fn run(self, jobs: Vec<(Job, PathBuf)>) -> anyhow::Result<Code> {
        let mut worst = Code::Complete;
        let mut prepared = Vec::new();
        let mut at_fault = false;
        // What was wanted of this command and will not be done, with the code and the words of why.
        let mut not_run = Vec::new();
        for (job, target) in jobs {
            let home = HookHome::of(&job);
            if let Some(by) = self.stopped_by() {
                not_run.push((home, by.into(), STOPPED.to_owned()));
                continue;
            }
            match tokio::task::block_in_place(|| self.prepare(job.clone(), target)) {
                Ok(job) => prepared.push(job),
                Err(error) => {
                    let code = told(&error);
                    // Whoever has it in hand shows how it goes.
                    if code != Code::Held {
                        self.process.exposition.not_begun(&job);
                        self.ended(&job, code);
                    }
                    at_fault |= !matches!(code, Code::Held);
                    worst = worst.min(code);
                    not_run.push((home, code, error.to_string()));
                }
            }
        }
        // All are checked before one is run: a mistake in the last must not be found in the morning.
        for mut job in prepared {
            if at_fault || self.is_stopped() {
                let why = match self.stopped_by() {
                    Some(by) => (by.into(), STOPPED.to_owned()),
                    None => (worst, "another job of the same command is at fault".to_owned()),
                };
                not_run.push((HookHome::of(&job.job), why.0, why.1));
                if let Err(error) = job.queue.end_run(open::clock().now(), self.unbegun()) {
                    worst = worst.min(told(&error.into()));
                }
                continue;
            }
            let code = self.drain(job).await;
            worst = worst.min(code);
        }
        for (home, code, why) in not_run {
            self.hooked(home).not_run(code, &why, self.process.stop.clone()).await;
        }
        // Also one that came before anything could be sent.
        Ok(self.stopped_by().map_or(worst, |interrupt| worst.min(interrupt.into())))
    }

    /// A job's run ended, or could not begin: its metrics tell so. That they cannot is worth a word also in a quiet run,
    /// and changes nothing.
    fn ended(&self, job: &Job, code: Code) {
        if let Some(fault) = tokio::task::block_in_place(|| self.process.exposition.ended(job, code)) {
            let _ = writeln!(io::stderr(), "warning: {fault}");
        }
    }

    pub(super) fn stopped_by(&self) -> Option<Interrupt> {
        match *self.process.stop.borrow() {
            Stop::No => None,
            Stop::Finish(interrupt) | Stop::Now(interrupt) => Some(interrupt),
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped_by().is_some()
    }

    /// How a run ends that never began to work: whoever was stopped is at no fault, and goes on by itself where it started by
    /// itself.
    pub(super) fn unbegun(&self) -> &'static str {
        if self.is_stopped() { STOPPED_EARLY } else { NOT_RUN }
    }

    /// Says something that is no error; pictures are made also when nobody listens any more.
    pub(super) fn say(&self, words: &str) {
        if !self.args.told.quiet {
            let _ = io::stderr().write_all(words.as_bytes());
        }
    }

    fn hooked(&self, home: HookHome) -> Hooked<'_> {
        Hooked::of(home, &self.process.current_dir, self.process.logs.clone(), self.args.told.quiet)
    }

    /// Makes the pictures, and tells the job's hooks how it went, when the job is in nobody's hand any more.
    async fn drain(&self, prepared: Prepared) -> Code {
        let (job, hooked) = (prepared.job.clone(), self.hooked(HookHome::of(&prepared.job)));
        let (items, teller) = hooked.items(&job, self.process.stop.clone()).unzip();
        let mut summary = None;
        let (code, error) = match self.drained(prepared, teller, &mut summary).await {
            Ok(code) => (code, None),
            Err(error) => (told(&error), Some(error.to_string())),
        };
        self.ended(&job, code);
        hooked.finish(items).await;
        match (&summary, &error) {
            (Some(summary), error) => {
                hooked.ended(&job, summary, error.as_deref(), code, self.process.stop.clone()).await
            }
            (None, Some(error)) => hooked.not_run(code, error, self.process.stop.clone()).await,
            (None, None) => {}
        }
        code
    }

    /// Makes the pictures, writes the results, says how it went. The summary is there as soon as there is one, whatever
    /// goes wrong after it.
    async fn drained(
        &self,
        prepared: Prepared,
        teller: Option<ItemTeller>,
        told: &mut Option<Summary>,
    ) -> anyhow::Result<Code> {
        let Prepared { job, target, mut queue, taken } = prepared;
        let TakenIn { rescued, narrowed, painter } = taken;
        // Whoever plays a rehearsal through answers as long as it is held.
        let (painter, _simulator) = match painter {
            Some(painter) => (painter, None),
            None => painter::rehearsal(&job).await?,
        };
        let mut listeners = Listeners::of(&job, self.args.told.quiet, self.given, &self.process.logs)?;
        if let Some(metrics) = self.process.exposition.listener(&job) {
            listeners.reporters.add(metrics);
        }
        if let Some(teller) = teller {
            listeners.reporters.add(teller);
        }
        let (queued, sent_today) = (queue.counts()?.queued, settings::sent_today(&job, &mut *queue)?);
        let settings = settings::settings(&job, queued, sent_today, narrowed, self.given);
        let foreseen = foresee(&job, settings.rules.clone(), settings::items(&job, queued, narrowed));
        settings::raise_open_files(settings.rules.concurrency.highest.get())?;
        let store = open::store(&job, &*queue)?;
        let seen = looks::before(&job)?;
        let parts = Parts {
            queue: &mut *queue,
            provider: painter.provider,
            store,
            references: painter.references,
            seen: seen.clone(),
            account: painter.account,
            clock: open::clock(),
            reporter: &mut listeners.reporters,
            stop: self.process.stop.clone(),
        };
        let summary = &*told.insert(drain(parts, settings, rescued.received).await);
        tokio::task::block_in_place(|| looks::note(&job, &seen));
        let story = results::Story { summary, course: listeners.course(), foreseen: in_time(foreseen).await };
        let written = tokio::task::block_in_place(|| results::finish(&job, &mut *queue, &story));
        // Whatever goes wrong from here on, requests were sent: no mistake of the user's any more.
        let after = |error: anyhow::Error| anyhow::anyhow!("{error}");
        self.close(&job, &target, summary).map_err(after)?;
        match (&summary.ending, written) {
            // The results could not be written for the same fault, which has just been told as the last word.
            (Ending::Broken(_), Err(_)) => {}
            (_, written) => written.map_err(after)?,
        }
        listeners.told_in_full()?;
        Ok(exit::of_summary(summary))
    }

    /// The closing words: one line of what goes well while nobody watches; a quiet run has some only when a person is
    /// needed.
    fn close(&self, job: &Job, target: &Path, summary: &Summary) -> anyhow::Result<()> {
        let went_well = exit::of_summary(summary) == Code::Complete;
        let words = match went_well {
            true if self.args.told.quiet => return Ok(()),
            true if is_unattended(job.progress) => announce::in_brief(job, summary),
            _ => announce::closing_words(job, target, self, summary)?,
        };
        // The run is what it is, heard or not.
        let _ = io::stderr().write_all(words.as_bytes());
        Ok(())
    }
}

/// Why a job was not run that stood behind in the list.
const STOPPED: &str = "stopped before its turn came";

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
