//! The command that runs a job from anywhere: the program and the job by their whole paths, and the schedule's deadline
//! as the options that say it. Never quotes anything: each place has its own way.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp as Moment;
use jiff::tz::TimeZone;

use crate::cli::exit::UsageError;
use crate::job::schedule::SendBy;
use crate::job::{ClockTime, Job, KeySource, Schedule, paths};

/// What every printed form goes by.
pub(super) struct Printing {
    /// Where this program lies, by the path by which it was called: one that is a link goes on meaning what it links to.
    pub program: String,
    pub rehearse: bool,
    /// When it is printed: zones are compared, and their changes looked for, from then on.
    pub now: Moment,
}

impl Printing {
    /// By this program, called by someone who stands in `current_dir`.
    pub fn of(current_dir: &Path, rehearse: bool, now: Moment) -> anyhow::Result<Self> {
        let itself =
            env::current_exe().map_err(|error| anyhow::anyhow!("where this program lies cannot be told: {error}"))?;
        let called = env::args_os().next().map(PathBuf::from).unwrap_or_default();
        let candidates: Vec<PathBuf> = if called.components().count() > 1 {
            vec![paths::resolve(current_dir, &called)]
        } else {
            let places = env::var_os("PATH").unwrap_or_default();
            env::split_paths(&places).map(|place| paths::resolve(current_dir, &place).join(&called)).collect()
        };
        let is_this = |path: &PathBuf| path.canonicalize().is_ok_and(|path| Some(path) == itself.canonicalize().ok());
        Ok(Self { program: text(&candidates.into_iter().find(is_this).unwrap_or(itself))?, rehearse, now })
    }

    /// The words that run a job as its schedule says.
    pub fn words(&self, job: &Job, schedule: &Schedule) -> anyhow::Result<Vec<String>> {
        let file = job.file.as_deref().unwrap_or(Path::new(""));
        let mut words = vec![self.program.clone(), "run".to_owned(), text(file)?];
        let is_alike = self.have_same_clocks(&schedule.zone(), &job.end.zone());
        words.extend(deadline(job, schedule, is_alike)?);
        words.extend(self.rehearse.then(|| "--rehearse".to_owned()));
        Ok(words)
    }

    /// Whether clocks of two zones will show the same, as far as anybody knows: zones have several names.
    pub fn have_same_clocks(&self, one: &TimeZone, other: &TimeZone) -> bool {
        const CHANGES: usize = 8;
        let changes = |zone: &TimeZone| -> Vec<_> {
            let changes = zone.following(self.now).take(CHANGES);
            changes.map(|change| (change.timestamp(), change.offset())).collect()
        };
        one.to_offset(self.now) == other.to_offset(self.now) && changes(one) == changes(other)
    }
}

/// A path as it can stand in a file of lines.
pub(super) fn text(path: &Path) -> Result<String, UsageError> {
    let plain = path.to_str().filter(|path| !path.contains(char::is_control));
    let message = || format!("{} holds what no line of a file can; give it another name", path.display());
    plain.map(str::to_owned).ok_or_else(|| UsageError(message()))
}

/// The options that say the deadline of the schedule; what the job says itself holds anyhow, and the earlier counts. The
/// clocks of both may be alike.
fn deadline(job: &Job, schedule: &Schedule, is_alike: bool) -> Result<Vec<String>, UsageError> {
    let flag = |flag: &str, value: String| vec![flag.to_owned(), value];
    match schedule.deadline {
        None => Ok(vec![]),
        Some(SendBy::Length(length)) => match job.end.max_duration {
            Some(own) if own <= length => Ok(vec![]),
            _ => Ok(flag("--max-duration", span(length))),
        },
        Some(SendBy::Clock(time)) => match (job.end.until, is_alike) {
            (None, false) if goes_by_no_clocks(job) => {
                let zone = schedule.timezone.iter().flat_map(|zone| flag("--timezone", zone.to_string()));
                Ok(zone.chain(flag("--until", time.to_string())).collect())
            }
            (_, false) => Err(unsaid(job, "its deadline is by other clocks than what else it says")),
            (None, _) => Ok(flag("--until", time.to_string())),
            (Some(own), _) => {
                let order = starts_of_day(schedule).map(|start| (after(start, time)).cmp(&after(start, own)));
                let order: Vec<_> = order.collect();
                if order.iter().all(|order| order.is_ge()) {
                    Ok(vec![])
                } else if order.iter().all(|order| order.is_le()) {
                    Ok(flag("--until", time.to_string()))
                } else {
                    Err(unsaid(job, "now its deadline and now its `until` is the earlier"))
                }
            }
        },
    }
}

/// Whether the job itself says nothing that depends on its zone.
fn goes_by_no_clocks(job: &Job) -> bool {
    job.end.timezone.is_none() && job.caps.day.is_none() && job.caps.month.is_none()
}

fn unsaid(job: &Job, why: &str) -> UsageError {
    let name = &job.name;
    UsageError(format!("{name}: {why}, which one command cannot say; let both be the same, or use overnight schedule"))
}

/// The times of day at which a schedule starts its job, in minutes.
pub(super) fn starts_of_day(schedule: &Schedule) -> impl Iterator<Item = i64> + '_ {
    let hours = schedule.cron.hours.values();
    hours.flat_map(|hour| schedule.cron.minutes.values().map(move |minute| i64::from(hour) * 60 + i64::from(minute)))
}

/// How many minutes lie between a time of day and the next such other.
fn after(start: i64, time: ClockTime) -> i64 {
    match (time.minutes() - start).rem_euclid(24 * 60) {
        0 => 24 * 60,
        minutes => minutes,
    }
}

/// A length of time in its largest whole unit.
pub(super) fn span(length: Duration) -> String {
    match length.as_secs() {
        seconds if seconds > 0 && seconds % 3_600 == 0 => format!("{}h", seconds / 3_600),
        seconds if seconds > 0 && seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{}s", seconds.max(1)),
    }
}

/// The variable of the environment that must hold the job's key where it runs, if it needs one.
pub(super) fn key_variable(job: &Job) -> Option<&str> {
    match &job.key {
        KeySource::Env(variable) if !job.rehearse && !job.base_url.is_loopback() => Some(variable),
        _ => None,
    }
}

/// What the environment says here to the jobs, and will not say there.
pub(super) fn strangers() -> Vec<String> {
    let ours = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut ours: Vec<String> =
        ours.filter(|name| name.starts_with("OVERNIGHT_") && !name.starts_with("OVERNIGHT_API_KEY")).collect();
    ours.sort();
    match ours.is_empty() {
        true => vec![],
        false => vec![format!(
            "neither cron nor systemd has {} of this environment; what they say belongs into the job files",
            ours.join(", ")
        )],
    }
}
