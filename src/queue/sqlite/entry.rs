//! What a job is to its database: its name, its manifest, where its pictures are. Never touches its items.

use std::path::Path;

use rusqlite::{Connection, params};

use super::super::QueueError;
use super::{Doing, beside};
use crate::domain::Timestamp;

/// What the database has to know of a job before it can be run.
#[derive(Debug, Clone)]
pub struct JobEntry {
    /// Its name.
    pub name: String,
    /// Its manifest, relative to the database's folder if it lies below, so that a workspace can be moved.
    pub manifest: String,
    /// Its output folder, likewise.
    pub output: String,
    /// Who runs it: process and machine, for people.
    pub holder: String,
    /// The start of the job's schedule that the run is for; none where somebody asked for it.
    pub scheduled_for: Option<Timestamp>,
}

/// The key of the job, which is made if it is new. A name stands for one manifest.
pub(super) fn know_job(connection: &Connection, path: &Path, entry: &JobEntry) -> Result<i64, QueueError> {
    let insert = "INSERT OR IGNORE INTO jobs (name, manifest, output) VALUES (?1, ?2, ?3)";
    connection.execute(insert, [&entry.name, &entry.manifest, &entry.output]).doing(path, "adding the job")?;
    // A manifest that was never accepted has no claim on the name.
    let unclaimed = "UPDATE jobs SET manifest = ?2 WHERE name = ?1 AND revision = 0";
    connection.execute(unclaimed, [&entry.name, &entry.manifest]).doing(path, "adding the job")?;
    let job = connection
        .query_row("SELECT id FROM jobs WHERE name = ?1", [&entry.name], |row| row.get(0))
        .doing(path, "looking for the job")?;
    check_entry(connection, path, job, entry)?;
    let update = "UPDATE jobs SET output = ?2 WHERE id = ?1 AND output <> ?2";
    connection.execute(update, params![job, entry.output]).doing(path, "updating the job")?;
    Ok(job)
}

/// That the job is the one its name stands for, with its pictures where they are.
pub(super) fn check_entry(connection: &Connection, path: &Path, job: i64, entry: &JobEntry) -> Result<(), QueueError> {
    let known: String = connection
        .query_row("SELECT manifest FROM jobs WHERE id = ?1", [job], |row| row.get(0))
        .doing(path, "looking for the job")?;
    if known != entry.manifest {
        let (job, given) = (entry.name.clone(), entry.manifest.clone());
        return Err(QueueError::OtherManifest { job, known, given });
    }
    check_output(connection, path, job, entry)
}

/// While pictures lie in the folder the job had before, another one would part what is done from what comes, and leave
/// what was received behind.
fn check_output(connection: &Connection, path: &Path, job: i64, entry: &JobEntry) -> Result<(), QueueError> {
    let keeps = "SELECT output, images > 0 OR EXISTS (SELECT 1 FROM attempts WHERE job_id = ?1 AND state = 'received')
                 FROM jobs WHERE id = ?1";
    let (known, keeps): (String, bool) = connection
        .query_row(keeps, [job], |row| Ok((row.get(0)?, row.get(1)?)))
        .doing(path, "looking for the job's pictures")?;
    if !keeps || known == entry.output || !beside(path, &known).exists() {
        return Ok(());
    }
    let at = |place: &str| beside(path, place).display().to_string();
    let (known, given) = (at(&known), at(&entry.output));
    Err(QueueError::OtherOutput { job: entry.name.clone(), known, given })
}
