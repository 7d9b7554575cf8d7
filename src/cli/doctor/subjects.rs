//! Which jobs are looked at. Never looks at them itself.

use std::path::{Path, PathBuf};

use super::super::args::DoctorArgs;
use super::super::exit::UsageError;
use super::super::{faults, job_files, open};
use crate::job::{Job, Workspace, names_a_file};

/// A job to look at.
pub(super) struct Subject {
    pub name: String,
    /// It, or why it cannot be understood.
    pub job: Result<Job, String>,
    /// Whether there is no such job: it stands for what the environment says.
    pub is_made_up: bool,
    pub current_dir: PathBuf,
}

/// What the job is called that nobody wrote: it stands for all that could be.
const ANY: &str = "any job";

/// The jobs that are meant: those named, else those of the folder `jobs`, else whatever the environment says.
pub(super) fn of(args: &DoctorArgs, current_dir: &Path) -> anyhow::Result<Vec<Subject>> {
    if !args.jobs.is_empty() {
        return args.jobs.iter().map(|job| named(job, args, current_dir)).collect();
    }
    let files = job_files::of(current_dir);
    if files.is_empty() {
        // The list is never read.
        let job = Job::load(Path::new("any.csv"), &args.options, current_dir)?;
        let current_dir = current_dir.to_owned();
        return Ok(vec![Subject { name: ANY.to_owned(), job: Ok(job), is_made_up: true, current_dir }]);
    }
    Ok(files.iter().map(|file| by_file(file, args, current_dir)).collect())
}

fn by_file(file: &Path, args: &DoctorArgs, current_dir: &Path) -> Subject {
    let stem = || file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let job = Job::load(file, &args.options, current_dir);
    let name = job.as_ref().map_or_else(|_| stem(), |job| job.name.clone());
    Subject {
        name,
        job: job.map_err(|error| faults::in_a_line(&error.to_string())),
        is_made_up: false,
        current_dir: current_dir.to_owned(),
    }
}

fn named(job: &str, args: &DoctorArgs, current_dir: &Path) -> anyhow::Result<Subject> {
    if names_a_file(job) || Path::new(job).is_dir() {
        return Ok(by_file(Path::new(job), args, current_dir));
    }
    let files = job_files::of(current_dir).into_iter().map(|file| by_file(&file, args, current_dir));
    if let Some(subject) = files.into_iter().find(|subject| subject.name == job) {
        return Ok(subject);
    }
    // A bare list is known to the database that it ran with.
    let workspace = Workspace { db: args.options.db.as_deref(), rehearse: args.options.rehearse, current_dir };
    let known = open::ledger(&workspace.database())
        .and_then(|ledger| ledger.status(open::clock().now(), &[job.to_owned()]))
        .map_err(|error| UsageError(format!("no job file in jobs/ is called `{job}`, and {error}")))?;
    let manifest = known.into_iter().next().map(|status| status.manifest).unwrap_or_default();
    Ok(by_file(&manifest, args, current_dir))
}
