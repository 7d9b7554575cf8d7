//! The long life of `overnight schedule`: it looks at the clock and at the job files, and begins what is due. Never
//! decides when that is, and never runs a job itself.

use std::collections::{BTreeMap, HashSet};
use std::mem;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;

use super::super::accounts::Accounts;
use super::super::args::ScheduleArgs;
use super::super::exit::Code;
use super::super::metrics::Exposition;
use super::super::run::Process;
use super::super::{logs, open, runtime, signals};
use super::files::{Files, Said, Stamp};
use super::known::{Unfinished, known};
use super::runs::{Ended, Shared};
use super::voice::Voice;
use crate::domain::{Timestamp, io_words};
use crate::job::schedule::{Due, Lapse, due, ran_ahead};
use crate::job::{Job, Schedule, Start};
use crate::run::Stop;

/// The files are looked at so often, and the clock at least: it may have been set, or the machine asleep.
const LOOK: Duration = Duration::from_secs(5);

/// Runs jobs at their times until a signal comes.
pub(super) fn keep(args: &ScheduleArgs, files: Files) -> anyhow::Result<Code> {
    // Before the file is opened: a full one is put aside, and a database may look full.
    files.spare()?;
    let most = args.log_file_size.unwrap_or_default().0;
    let log_file = files.log_file().map(|path| logs::Wanted { path: path.to_owned(), most });
    let logs = logs::start(args.told.verbose, args.told.quiet, args.log_format.unwrap_or_default(), log_file)?;
    let runtime = runtime()?;
    let code = runtime.block_on(async {
        let tidy = logs.clone();
        let (stop, asked) = signals::listen_staying(move || tidy.clear())?;
        let (sender, ended) = unbounded_channel();
        let process = Process {
            logs,
            accounts: Accounts::default(),
            exposition: Exposition::default(),
            stop,
            current_dir: files.current_dir().to_owned(),
        };
        let shared = Shared { handle: runtime.handle().clone(), process, quiet: args.told.quiet, ended: sender };
        let voice = Voice { quiet: args.told.quiet };
        let mut keeper = Keeper {
            files,
            shared,
            voice,
            seen: BTreeMap::new(),
            jobs: BTreeMap::new(),
            on: HashSet::new(),
            tellers: Vec::new(),
            told_unlisted: false,
        };
        let code = keeper.stay(ended, asked).await;
        keeper.tellers.into_iter().for_each(|teller| drop(teller.join()));
        code
    });
    runtime.shutdown_background();
    code
}

/// A job and how far its starts have been dealt with.
struct Scheduled {
    job: Box<Job>,
    schedule: Schedule,
    handled: Timestamp,
    unfinished: Option<Unfinished>,
}

/// What was seen of a file.
#[derive(Clone, Copy)]
struct Look {
    stamp: Stamp,
    /// Whether it was taken in so: one that has just changed may still be written.
    is_taken: bool,
    /// Of one at fault: how far the starts of its job had been dealt with.
    handled: Option<Timestamp>,
}

struct Keeper {
    files: Files,
    shared: Shared,
    voice: Voice,
    seen: BTreeMap<PathBuf, Look>,
    jobs: BTreeMap<PathBuf, Scheduled>,
    /// The files of the jobs that run.
    on: HashSet<PathBuf>,
    /// Those who tell of files at fault.
    tellers: Vec<JoinHandle<()>>,
    /// It was told that the files cannot be listed.
    told_unlisted: bool,
}

impl Keeper {
    async fn stay(
        &mut self,
        mut ended: UnboundedReceiver<Ended>,
        mut asked: watch::Receiver<u64>,
    ) -> anyhow::Result<Code> {
        self.look(true);
        if self.jobs.is_empty() {
            return Err(self.files.nothing().into());
        }
        let (mut stop, mut looked) = (self.shared.process.stop.clone(), tokio::time::Instant::now());
        loop {
            // Copied: a second signal could not be told while this were still borrowed.
            let told = *stop.borrow_and_update();
            if let Stop::Finish(interrupt) | Stop::Now(interrupt) = told {
                // The runs that are on have heard it themselves.
                while !self.on.is_empty()
                    && let Some(end) = ended.recv().await
                {
                    self.over(&end);
                }
                return Ok(interrupt.into());
            }
            let next = self.begin_what_is_due(open::clock().now());
            let wait = next.map_or(LOOK, |next| next.since(open::clock().now())).min(LOOK);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = stop.changed() => {}
                Some(end) = ended.recv() => self.over(&end),
                Ok(()) = asked.changed() => {
                    looked = tokio::time::Instant::now();
                    self.look(true);
                }
            }
            if looked.elapsed() >= LOOK {
                looked = tokio::time::Instant::now();
                self.look(false);
            }
        }
    }

    /// Takes in what is new among the files or was changed, and lets go of what is gone. Unless `at_once`, a file that
    /// has just changed is left alone until it stays as it is.
    fn look(&mut self, at_once: bool) {
        let found = match self.files.list() {
            Ok(found) => found,
            // They may be there again the next time; until then all is as it was.
            Err(error) => {
                if !mem::replace(&mut self.told_unlisted, true) {
                    let why = io_words(&error);
                    let words =
                        format!("the job files cannot be listed: {why}; those that are known go on as they are");
                    self.voice.important("schedule", &words);
                }
                return;
            }
        };
        self.told_unlisted = false;
        let gone: Vec<_> = self.seen.keys().filter(|file| !found.contains_key(*file)).cloned().collect();
        for file in gone {
            self.seen.remove(&file);
            if let Some(gone) = self.jobs.remove(&file) {
                // One that is on is counted to its end.
                if !self.on.contains(&file) {
                    self.shared.process.exposition.forget(&gone.job);
                }
                self.voice.important(&gone.job.name, &format!("{} is gone: it starts no more", file.display()));
            }
        }
        for (file, stamp) in found {
            let before = self.seen.get(&file).copied();
            let is_same = before.is_some_and(|look| look.stamp == stamp);
            if is_same && before.is_some_and(|look| look.is_taken) {
                continue;
            }
            let is_taken = at_once || is_same;
            let handled = before.and_then(|look| look.handled);
            self.seen.insert(file.clone(), Look { stamp, is_taken, handled });
            if is_taken {
                self.take_in(&file);
            }
        }
    }

    fn take_in(&mut self, file: &Path) {
        let before = self.jobs.remove(file);
        let loaded = match self.files.load(file) {
            Said::Scheduled(loaded) => loaded,
            Said::Unscheduled => return self.voice.unscheduled(file, before.is_some()),
            // What a person wrote last is what they want, and nobody knows what that is: better no run than the wrong.
            Said::Faulty(fault) => return self.at_fault(file, before.map(|before| before.handled), fault),
        };
        let now = open::clock().now();
        let job = Box::new(loaded.job);
        if let Some((other, _)) = self.jobs.iter().find(|(_, other)| is_same_job(&other.job, &job)) {
            return self.voice.named_twice(&job.name, file, other);
        }
        let Some(schedule) = job.schedule.clone() else { return };
        let (handled, unfinished) = match before {
            Some(before) if is_same_job(&before.job, &job) => {
                // What another schedule would have started before now was never missed.
                (if before.schedule == schedule { before.handled } else { now }, before.unfinished)
            }
            _ => match known(&job, now) {
                // What passed while its file was at fault was missed, also of a job that never ran.
                Ok(known) => {
                    let handled = self.handled_before(file).map_or(known.handled, |before| known.handled.min(before));
                    (handled, known.unfinished)
                }
                Err(error) => {
                    self.voice.important(&job.name, &format!("what it did before cannot be read: {error}"));
                    (now, None)
                }
            },
        };
        let handled = self.believed(&job.name, handled, &schedule, now);
        self.voice.taken_in(&job.name, file, &schedule, handled.max(now), now);
        self.jobs.insert(file.to_owned(), Scheduled { job, schedule, handled, unfinished });
    }

    /// How far a job's starts are dealt with: not as far as a clock said that had run ahead.
    fn believed(&self, job: &str, handled: Timestamp, schedule: &Schedule, now: Timestamp) -> Timestamp {
        if !ran_ahead(handled, now) {
            return handled;
        }
        self.voice.ran_ahead(job, handled, schedule, now);
        now
    }

    /// A file cannot be understood: its job does not start, and whoever is to hear of that is told, once for each fault.
    fn at_fault(&mut self, file: &Path, handled: Option<Timestamp>, fault: String) {
        self.voice.faulty(file, &fault);
        if let Some(look) = self.seen.get_mut(file) {
            look.handled = handled.or(look.handled).or_else(|| Some(open::clock().now()));
        }
        self.tellers.retain(|teller| !teller.is_finished());
        self.tellers.push(self.shared.faulty(file, self.files.options(file), fault));
    }

    fn handled_before(&mut self, file: &Path) -> Option<Timestamp> {
        self.seen.get_mut(file)?.handled.take()
    }

    /// Begins every start whose time has come. Returns when the next comes.
    fn begin_what_is_due(&mut self, now: Timestamp) -> Option<Timestamp> {
        let files: Vec<PathBuf> = self.jobs.keys().cloned().collect();
        files.iter().filter_map(|file| self.attend(file, now)).min()
    }

    /// Does what is due for one job. Returns when its next start begins.
    fn attend(&mut self, file: &Path, now: Timestamp) -> Option<Timestamp> {
        let scheduled = self.jobs.get_mut(file)?;
        if let Some(unfinished) = scheduled.unfinished.take() {
            self.go_on(file, unfinished, now);
        }
        let Scheduled { job, schedule, handled, .. } = self.jobs.get(file)?;
        let believed = self.believed(&job.name, *handled, schedule, now);
        self.jobs.get_mut(file)?.handled = believed;
        loop {
            let scheduled = self.jobs.get_mut(file)?;
            let name = scheduled.job.name.clone();
            let (start, is_late) = match due(&scheduled.schedule, &name, scheduled.handled, now) {
                Due::Later(next) => return next.map(|next| next.begins),
                Due::Lapsed(start, why) => {
                    scheduled.handled = start.at;
                    self.voice.lapsed(&name, start, why, &scheduled.schedule, now);
                    continue;
                }
                Due::Now(start) => (start, false),
                Due::CatchUp(start) => (start, true),
            };
            if self.on.contains(file) {
                scheduled.handled = start.at;
                self.voice.still_on(&name, start, &scheduled.schedule, now);
                continue;
            }
            let how = if is_late { "catches up with the start of" } else { "starts, as due at" };
            if self.begin(file, start, now, how) {
                self.jobs.get_mut(file)?.handled = start.at;
            }
        }
    }

    /// Goes on with a run that was cut off, unless its time is over.
    fn go_on(&mut self, file: &Path, unfinished: Unfinished, now: Timestamp) {
        if self.on.contains(file) {
            return;
        }
        let Unfinished { start, began } = unfinished;
        let Some(scheduled) = self.jobs.get(file) else { return };
        match scheduled.schedule.send_by(start, began) {
            Some(by) if by <= now => {
                self.voice.lapsed(&scheduled.job.name, start, Lapse::TooLate(by), &scheduled.schedule, now);
            }
            _ => _ = self.begin(file, start, began, "goes on with the run of"),
        }
    }

    /// Begins the run of a start that counts from the moment `began`, by what the job's file says now. Returns whether the
    /// start is dealt with.
    fn begin(&mut self, file: &Path, start: Start, began: Timestamp, how: &str) -> bool {
        let Said::Scheduled(mut loaded) = self.files.load(file) else {
            // It has changed since it was looked at. Its start is missed, and caught up with when it is right again.
            let stamp = self.files.list().ok().and_then(|mut found| found.remove(file));
            if let (Some(stamp), Some(look)) = (stamp, self.seen.get_mut(file)) {
                (look.stamp, look.is_taken) = (stamp, true);
            }
            self.take_in(file);
            return false;
        };
        loaded.job = loaded.job.started(start, began);
        self.voice.begins(&loaded.job, how, open::clock().now());
        match self.shared.begin(file, *loaded) {
            Ok(()) => _ = self.on.insert(file.to_owned()),
            Err(error) => self.voice.important(&file.display().to_string(), &format!("cannot start: {error}")),
        }
        true
    }

    fn over(&mut self, ended: &Ended) {
        self.on.remove(&ended.file);
        let now = open::clock().now();
        let next = self.jobs.get(&ended.file).and_then(|scheduled| {
            let next = scheduled.schedule.next_start(&scheduled.job.name, scheduled.handled.max(now))?;
            Some((next, &scheduled.schedule))
        });
        let is_stopping = *self.shared.process.stop.borrow() != Stop::No;
        self.voice.over(ended, next.filter(|_| !is_stopping), now);
    }
}

/// Whether two files are one job to their database.
fn is_same_job(one: &Job, other: &Job) -> bool {
    (&one.db, &one.name) == (&other.db, &other.name)
}
