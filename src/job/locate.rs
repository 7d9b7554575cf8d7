//! Which job a person means, for the commands that look at one. Never opens the database.

use std::path::{Path, PathBuf};

use super::{DATABASE, Job, JobError, ManifestFormat, Options, paths, setting};

/// A job to look up in a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The job's name.
    pub name: String,
    /// The database that should know it, absolute.
    pub db: PathBuf,
}

/// Which workspace a person means beside the job.
#[derive(Debug, Clone, Copy)]
pub struct Workspace<'a> {
    /// The database they named.
    pub db: Option<&'a Path>,
    /// Whether they mean the rehearsal; if they do not say, the job's file does.
    pub rehearse: Option<bool>,
    /// Where they are; absolute.
    pub current_dir: &'a Path,
}

impl Workspace<'_> {
    /// The database they named, or else the current directory's.
    pub fn database(&self) -> PathBuf {
        let db = paths::resolve(self.current_dir, self.db.unwrap_or(Path::new(DATABASE)));
        if self.rehearse == Some(true) { paths::rehearsal_file(&db) } else { db }
    }

    /// Finds the job that a person means by `job`: its name in the current directory's workspace, or the path of its
    /// job file or manifest, which selects its workspace and keys. A database they named wins over either.
    pub fn locate(&self, job: &str) -> Result<Located, JobError> {
        if !setting::names_a_file(job) {
            let (name, db) = (job.to_owned(), self.database());
            return Ok(Located { name, db });
        }
        let options = Options {
            db: self.db.map(Path::to_path_buf),
            rehearse: self.rehearse,
            // The manifest is not read here, so whoever named its format when it was need not do so again.
            manifest_format: Some(ManifestFormat::CSV),
            ..Options::default()
        };
        let Job { name, db, .. } = Job::load(Path::new(job), &options, self.current_dir)?;
        Ok(Located { name, db })
    }
}
