//! Which job files there are, what they say, and whether they have changed. Never starts a job.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::args::{Command, RunArgs, ScheduleArgs, read_from};
use super::super::exit::UsageError;
use super::super::{job_files, logs, told_as};
use crate::domain::{Progress, io_words};
use crate::job::{Job, Options, paths};

/// Where job files lie unless somebody says otherwise.
const JOBS: &str = "jobs";

/// What tells a file from what it was before: its length and when it was written.
pub(super) type Stamp = (u64, SystemTime);

/// The job files that are looked after.
pub(super) struct Files {
    targets: Vec<PathBuf>,
    current_dir: PathBuf,
    rehearse: bool,
    progress: Option<Progress>,
    /// Where the log lines of all runs go.
    log_file: Option<PathBuf>,
}

/// A job as `run` would take it.
pub(super) struct Loaded {
    pub args: RunArgs,
    /// The words that ask for it, for whoever is told to type them.
    pub typed: Vec<String>,
    pub job: Job,
}

/// What a job file says.
pub(super) enum Said {
    /// A job, and when it starts.
    Scheduled(Box<Loaded>),
    /// A job that starts only when it is asked to.
    Unscheduled,
    /// What is wrong with it, as it is told.
    Faulty(String),
}

impl Files {
    /// Those that a command names, for someone who stands in `current_dir`.
    pub fn of(args: &ScheduleArgs, current_dir: &Path) -> Result<Self, UsageError> {
        let mut targets = args.targets.clone();
        if targets.is_empty() {
            let has_jobs = current_dir.join(JOBS).is_dir();
            targets.push(PathBuf::from(if has_jobs { JOBS } else { "." }));
        }
        for target in &targets {
            let there = fs::metadata(current_dir.join(target)).map_err(|error| {
                let why = io_words(&error);
                UsageError(format!("{}: {why}; name a job file, or a folder of them", target.display()))
            })?;
            if there.is_file() && paths::extension(target) != "toml" {
                let message = "only a job file (.toml) says when a job starts; name one, or a folder of them";
                return Err(UsageError(format!("{}: {message}", target.display())));
            }
        }
        // Who only looks writes no log.
        let stays = args.next.is_none() && args.print.is_none();
        let log_file = args.log_file.as_deref().filter(|_| stays).map(|path| paths::resolve(current_dir, path));
        let current_dir = current_dir.to_owned();
        Ok(Self { targets, current_dir, rehearse: args.rehearse, progress: args.progress, log_file })
    }

    /// The job files that are there now, as a person here writes them, each with its stamp; or why a folder cannot be
    /// looked into, which says nothing of what lies in it.
    pub fn list(&self) -> io::Result<BTreeMap<PathBuf, Stamp>> {
        let mut found = BTreeMap::new();
        for target in &self.targets {
            let place = self.current_dir.join(target);
            if !place.is_dir() {
                found.extend(stamp(&place).map(|stamp| (target.clone(), stamp)));
                continue;
            }
            for file in job_files::in_folder(&place)? {
                let name = PathBuf::from(file.file_name().unwrap_or_default());
                let shown = if target == Path::new(".") { name } else { target.join(name) };
                found.extend(stamp(&file).map(|stamp| (shown, stamp)));
            }
        }
        Ok(found)
    }

    /// What the environment says to the job of this file, as far as that can be understood.
    pub fn options(&self, file: &Path) -> Options {
        self.asked(file).map(|(args, _)| args.options).unwrap_or_default()
    }

    /// Reads a job file, and what the environment says for all of them.
    pub fn load(&self, file: &Path) -> Said {
        match self.loaded(file) {
            Ok(loaded) if loaded.job.schedule.is_none() => Said::Unscheduled,
            Ok(loaded) if loaded.job.reads_stdin() => Said::Faulty(format!(
                "{}: its list comes on standard input, which nobody gives it at its time; write the list into a file",
                file.display()
            )),
            Ok(loaded) => match self.spared_by(&loaded.job) {
                Ok(()) => Said::Scheduled(Box::new(loaded)),
                Err(error) => Said::Faulty(told_as(&error.into())),
            },
            Err(error) => Said::Faulty(told_as(&error)),
        }
    }

    /// Refuses a log file that takes the place of what any of the jobs needs.
    pub fn spare(&self) -> Result<(), UsageError> {
        let files = self.list().unwrap_or_default();
        files.keys().filter_map(|file| self.loaded(file).ok()).try_for_each(|loaded| self.spared_by(&loaded.job))
    }

    fn spared_by(&self, job: &Job) -> Result<(), UsageError> {
        self.log_file.as_deref().map_or(Ok(()), |path| logs::spare(job, path))
    }

    /// The log file of all runs, by its whole path.
    pub fn log_file(&self) -> Option<&Path> {
        self.log_file.as_deref()
    }

    /// The words that ask for the job of this file, and what they mean here.
    fn asked(&self, file: &Path) -> anyhow::Result<(RunArgs, Vec<String>)> {
        let mut typed = vec!["run".to_owned(), file.display().to_string()];
        typed.extend(self.rehearse.then(|| "--rehearse".to_owned()));
        let words = std::iter::once("overnight").chain(typed.iter().map(String::as_str)).map(Into::into);
        let line = read_from(words.collect()).map_err(|error| {
            let told = error.to_string();
            UsageError(told.strip_prefix("error: ").unwrap_or(&told).trim_end().to_owned())
        })?;
        match line.command {
            Command::Run(args) => Ok((*args, typed)),
            _ => Err(UsageError(typed.join(" ")).into()),
        }
    }

    fn loaded(&self, file: &Path) -> anyhow::Result<Loaded> {
        let (args, typed) = self.asked(file)?;
        let mut job = Job::load(file, &args.options, &self.current_dir)?;
        // Several runs share one stderr: none may draw over what another says.
        job.progress = match self.progress.unwrap_or(job.progress) {
            Progress::None => Progress::None,
            _ => Progress::Plain,
        };
        Ok(Loaded { args, typed, job })
    }

    /// What was named, by whole paths.
    pub fn targets(&self) -> Vec<PathBuf> {
        self.targets.iter().map(|target| paths::resolve(&self.current_dir, target)).collect()
    }

    /// Where its reader stands.
    pub fn current_dir(&self) -> &Path {
        &self.current_dir
    }

    /// All jobs that say when they start, where none is at fault: for a command that only looks.
    pub fn scheduled(&self) -> anyhow::Result<Vec<(PathBuf, Loaded)>> {
        let (mut found, mut faults) = (Vec::new(), Vec::new());
        let unreadable = |error: io::Error| UsageError(format!("the job files cannot be listed: {}", io_words(&error)));
        for (file, _) in self.list().map_err(unreadable)? {
            match self.load(&file) {
                Said::Scheduled(loaded) => found.push((file, *loaded)),
                Said::Unscheduled => {}
                Said::Faulty(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(UsageError(faults.join("\n")).into());
        }
        if found.is_empty() { Err(self.nothing().into()) } else { Ok(found) }
    }

    /// That nothing here starts by itself.
    pub fn nothing(&self) -> UsageError {
        let places: Vec<String> = self.targets.iter().map(|target| target.display().to_string()).collect();
        UsageError(format!(
            "no job here says when it starts ({}); write below the heading [schedule] of a job file, for example cron = \
             \"0 22 * * *\"",
            places.join(", ")
        ))
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let file = fs::metadata(file).ok().filter(fs::Metadata::is_file)?;
    Some((file.len(), file.modified().ok()?))
}
