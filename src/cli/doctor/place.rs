//! Where a job keeps what it makes: its database, its folders, the room there, and who is at work in them. Never leaves
//! anything behind.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::super::open;
use super::super::run::{files_allowed, files_needed};
use super::findings::{Findings, Level};
use crate::disk;
use crate::domain::io_words;
use crate::job::Job;
use crate::job::paths::shown;
use crate::queue::{Health, JobStatus, lock};
use crate::report::words::{count, counted, shell_word};

/// About what a picture of the usual size takes, in bytes.
const A_PICTURE: u64 = 2_000_000;
/// What a run keeps free beside them.
const BESIDE: u64 = 30_000_000;

/// `items` are those of the job's list, where that is known.
pub(super) fn look(job: &Job, items: Option<u64>, current_dir: &Path, findings: &mut Findings) {
    let is_current = database(job, current_dir, findings);
    if let Some(holder) = lock::holder(&job.db, &job.name) {
        findings.add(Level::Note, "run", &format!("one of `{}` is on: {holder}", job.name));
    }
    let database_folder = job.db.parent().unwrap_or(Path::new("/"));
    for (check, folder) in [("database", database_folder), ("output", &*job.output)] {
        writable(check, folder, current_dir, findings);
    }
    let status = is_current.then(|| status(job)).flatten();
    if status.as_ref().is_some_and(|status| status.paused_since.is_some()) {
        let resume = format!("overnight resume {}", shell_word(&job.name));
        findings.add(Level::Note, "pause", &format!("the job is paused, and sends nothing until `{resume}`"));
    }
    room(job, status.map(|status| status.counts.left()).or(items), findings);
    let (needed, allowed) = (files_needed(job.concurrency.highest().get()), files_allowed());
    let highest = job.concurrency.highest();
    match allowed {
        Some(allowed) if allowed < needed => findings.add(
            Level::Fault,
            "open files",
            &format!(
                "{} requests in flight need {}, and {} are allowed; raise the limit with `ulimit -n`, or run with less \
                 --concurrency",
                highest,
                count(needed),
                count(allowed)
            ),
        ),
        _ => findings.add(Level::Ok, "open files", &format!("enough for {highest} requests in flight")),
    }
}

/// Returns whether there is a database that this program can read as it is.
fn database(job: &Job, current_dir: &Path, findings: &mut Findings) -> bool {
    let db = shown(&job.db, current_dir);
    let Health { version, known, damage, unwritable } = match open::health(&job.db) {
        Ok(Some(health)) => health,
        Ok(None) => {
            findings.add(Level::Ok, "database", &format!("{db} is made by the first run"));
            return false;
        }
        Err(error) => {
            findings.add(Level::Fault, "database", &error.to_string());
            return false;
        }
    };
    if !damage.is_empty() {
        let damage = damage.join("; ");
        findings.add(
            Level::Fault,
            "database",
            &format!("{db} is damaged: {damage}; bring back a copy, and keep this one"),
        );
    } else if let Some(why) = unwritable {
        findings.add(Level::Fault, "database", &why);
    } else if version < known {
        let words = format!("{db} is of schema {version}; the next command brings it to {known}, after a copy");
        findings.add(Level::Note, "database", &words);
    } else {
        findings.add(Level::Ok, "database", &format!("{db} is whole, and can be written"));
    }
    if let Some(name) = disk::far_file_system(&job.db) {
        let words =
            format!("{db} lies on a network file system ({name}), whose locks may not hold; keep it on a local disk");
        findings.add(Level::Note, "database", &words);
    }
    version == known
}

/// How the job stands, as the database knows it.
fn status(job: &Job) -> Option<JobStatus> {
    let jobs = open::ledger(&job.db).ok()?.status(open::clock().now(), std::slice::from_ref(&job.name)).ok()?;
    jobs.into_iter().next()
}

/// That files can be made in a folder, or in the one in which it will be made.
fn writable(check: &'static str, folder: &Path, current_dir: &Path, findings: &mut Findings) {
    let Some(there) = folder.ancestors().find(|above| fs::symlink_metadata(above).is_ok()) else { return };
    let place = shown(there, current_dir);
    let place = if place == "." { "this folder".to_owned() } else { place };
    let is_made =
        if there == folder { String::new() } else { format!(", where {} is made", shown(folder, current_dir)) };
    match probe(there) {
        Ok(()) => findings.add(Level::Ok, check, &format!("{place} can be written{is_made}")),
        Err(error) => {
            let why = io_words(&error);
            findings.add(
                Level::Fault,
                check,
                &format!("{place} cannot be written: {why}{is_made}; change who may write there"),
            );
        }
    }
}

/// Makes a file and removes it.
fn probe(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!(".overnight-doctor-{}", std::process::id()));
    let mut file = fs::File::create_new(&path)?;
    let written = file.write_all(b"to see whether this can be written");
    let removed = fs::remove_file(&path);
    written.and(removed)
}

fn room(job: &Job, waiting: Option<u64>, findings: &mut Findings) {
    let there = job.output.ancestors().find(|above| above.exists());
    let Some(free) = there.and_then(|there| disk::room(there).ok()).map(|room| room.free) else { return };
    // Some file systems do not know.
    if free == u64::MAX {
        return;
    }
    let limit = job.limit.map_or(u64::MAX, |limit| limit.get());
    let waiting = waiting.unwrap_or_default().min(limit);
    let wanted = waiting.saturating_mul(A_PICTURE) + BESIDE;
    let (free_mb, wanted_mb) = (count(free / 1_000_000), count(wanted.div_ceil(1_000_000)));
    let items = counted(waiting, "waiting item takes", "waiting items take");
    match free {
        _ if free < BESIDE => {
            findings.add(
                Level::Fault,
                "room",
                &format!("{free_mb} MB are free for pictures; make room, or nothing is sent"),
            );
        }
        _ if free < wanted => {
            let words = format!(
                "{free_mb} MB are free for pictures, and {items} about {wanted_mb} MB; a run stops before the disk is full"
            );
            findings.add(Level::Note, "room", &words);
        }
        _ => findings.add(
            Level::Ok,
            "room",
            &format!("{free_mb} MB are free for pictures; {items} about {wanted_mb} MB"),
        ),
    }
}
