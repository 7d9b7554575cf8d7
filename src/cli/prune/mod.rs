//! `overnight prune`: removes what no job needs any more. Never a picture that an item has, never while a run of its job is
//! on, and never without saying what.

mod job;
mod told;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::PruneArgs;
use super::exit::{Code, UsageError};
use super::status::databases;
use super::{current_dir, open};
use crate::domain::Timestamp;
use crate::queue::{Health, JobStatus, QueueError, Upkeep};
use crate::store::StoreError;
use told::{Kind, Removed, Report};

/// What is younger stays, unless somebody says otherwise.
const USUAL_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What may go.
struct Limits {
    /// Whether all stays as it is.
    dry: bool,
    /// What was replaced or made before this moment.
    before: Timestamp,
    /// What was left in staging before this one.
    staged_before: Timestamp,
    /// Whether also what nobody knows the age of.
    any_age: bool,
    /// So many earlier versions of an item stay.
    keep: usize,
}

impl Limits {
    fn of(args: &PruneArgs, now: Timestamp) -> Self {
        let ago = |age: Duration| {
            Timestamp::from_millis(now.millis() - i64::try_from(age.as_millis()).unwrap_or(now.millis()))
        };
        let any_age = args.older_than == Some(Duration::ZERO);
        let end_of_time = Timestamp::from_millis(i64::MAX);
        Self {
            dry: args.dry_run,
            before: if any_age { end_of_time } else { ago(args.older_than.unwrap_or(USUAL_AGE)) },
            staged_before: args.older_than.filter(|age| !age.is_zero()).map_or(end_of_time, ago),
            any_age,
            keep: args.keep,
        }
    }
}

pub(super) fn run(args: &PruneArgs) -> anyhow::Result<Code> {
    let (now, current_dir) = (open::clock().now(), current_dir()?);
    let limits = Limits::of(args, now);
    let mut report = Report::of(args.dry_run);
    for Place { db, mut upkeep, jobs } in places(args, now, &current_dir)? {
        for job in jobs {
            match job::prune(&job, &db, &mut *upkeep, &limits, now, &mut report) {
                Ok(()) => {}
                Err(error) if is_held(&error) => report.held.push(error.to_string()),
                Err(error) => report.failed.push(error.to_string()),
            }
        }
        if args.jobs.is_empty()
            && let Err(error) = copies(&*upkeep, &limits, &mut report)
        {
            report.failed.push(error.to_string());
        }
    }
    let text = if args.json { told::document(&report)? } else { told::page(&report, &current_dir) };
    std::io::stdout().write_all(text.as_bytes())?;
    let _ = std::io::stderr().write_all(told::complaints(&report, &current_dir).as_bytes());
    Ok(match (report.problems.is_empty() && report.failed.is_empty(), report.held.is_empty()) {
        (false, _) => Code::Unexpected,
        (true, false) => Code::Held,
        (true, true) => Code::Complete,
    })
}

/// A workspace to tidy up.
struct Place {
    db: PathBuf,
    upkeep: Box<dyn Upkeep>,
    jobs: Vec<JobStatus>,
}

/// All of them, before anything is removed: a mistake in the last name is told while all is still there.
fn places(args: &PruneArgs, now: Timestamp, current_dir: &Path) -> anyhow::Result<Vec<Place>> {
    let place = |(db, named): (PathBuf, Vec<String>)| {
        if args.dry_run {
            refuse_older(&db)?;
        }
        let (upkeep, jobs) = (open::upkeep(&db)?, open::ledger(&db)?.status(now, &named)?);
        Ok(Place { db, upkeep, jobs })
    };
    named(args, current_dir)?.into_iter().map(place).collect()
}

/// Who only asks what would go changes nothing, and so does not bring an older database up to date, as whatever opens
/// it would.
fn refuse_older(db: &Path) -> anyhow::Result<()> {
    match open::health(db)? {
        Some(Health { version, known, .. }) if version < known => Err(UsageError(format!(
            "{} is of schema {version}, which --dry-run does not bring to {known}; `overnight status` does, after a copy",
            db.display()
        ))
        .into()),
        _ => Ok(()),
    }
}

/// The databases with the jobs that are meant, each job once.
fn named(args: &PruneArgs, current_dir: &Path) -> anyhow::Result<Vec<(PathBuf, Vec<String>)>> {
    let mut named = databases(&args.workspace, &args.jobs, current_dir)?;
    let mut seen = std::collections::HashSet::new();
    named.retain(|one| seen.insert(one.clone()));
    Ok(named)
}

fn is_held(error: &anyhow::Error) -> bool {
    let of_queue = matches!(error.downcast_ref(), Some(QueueError::Held { .. }));
    of_queue || matches!(error.downcast_ref(), Some(StoreError::Held { .. }))
}

fn copies(upkeep: &dyn Upkeep, limits: &Limits, report: &mut Report) -> anyhow::Result<()> {
    for copy in upkeep.copies()?.into_iter().filter(|copy| copy.made_at < limits.before) {
        match if limits.dry { Ok(()) } else { upkeep.remove_copy(&copy) } {
            Ok(()) => report.removed.push(Removed {
                kind: Kind::Copy,
                job: None,
                item: None,
                path: copy.path,
                bytes: copy.bytes,
            }),
            Err(QueueError::Remove { path, source }) => {
                report.problem(Path::new(&path), &crate::domain::io_words(&source));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
