//! The fingerprint of a manifest: from it and the files its rows name follows all that reading it gives. Taken of the
//! very bytes that are read, or of the file without reading its rows. Never understands what it hashes.

use std::fs::File;
use std::io;

use super::folder::Listing;
use crate::domain::Fingerprint;
use crate::job::shape::Shaping;
use crate::job::{Job, ManifestFormat};

/// How this program reads: raise the number when the same manifest gives other rows. Another version of the program may
/// do so anyway, so it reads everything once.
const READER: &str = concat!(env!("CARGO_PKG_VERSION"), "/2");

/// The fingerprint of a job's manifest as it lies there now. None of standard input.
pub fn of_file(job: &Job) -> io::Result<Option<Fingerprint>> {
    if job.reads_stdin() {
        return Ok(None);
    }
    let mut hasher = shape(job);
    match job.manifest_format {
        ManifestFormat::FOLDER => hasher.update(&Listing::of(job)?.bytes()),
        _ => hasher.update_reader(File::open(&job.manifest)?)?,
    };
    Ok(Some(Fingerprint(hasher.finalize().into())))
}

/// A hash of what shapes the rows beside the manifest's bytes. What derives `Debug` shows every field, also one that
/// is added later; if it shows it otherwise one day, everything is read once more.
pub fn shape(job: &Job) -> blake3::Hasher {
    // How messages name the job file depends on where somebody stands.
    let shaping = Shaping { file: String::new(), ..job.shaping.clone() };
    let columns: Vec<&str> = job.references.columns.iter().map(|(column, _)| column.as_str()).collect();
    let always: Vec<&str> = job.references.always.iter().map(|(path, _)| path.as_str()).collect();
    let wanted = (job.references.most, job.references.shape, job.references_folder());
    let read = (READER, job.manifest_format, &job.sheet);
    let shape = format!("{:?}", (read, &job.defaults, &shaping, columns, always, wanted));
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(shape.len() as u64).to_le_bytes());
    hasher.update(shape.as_bytes());
    hasher
}
