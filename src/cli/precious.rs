//! Files that nothing a command writes may take the place of. Never touches them.

use std::fs;
use std::path::{Path, PathBuf};

use super::exit::UsageError;

/// What a workspace cannot do without.
pub(super) struct Precious<'a> {
    pub db: &'a Path,
    pub manifest: &'a Path,
    pub output: &'a Path,
}

/// The endings of what is no table and no record: job files, pieces of prompts, pictures.
const OTHERS: [&str; 6] = ["toml", "jpg", "jpeg", "png", "webp", "xlsx"];

impl Precious<'_> {
    /// That a file may be written that a person named with this option; one that is not there yet always may, but for the
    /// places of the database and of pictures.
    pub fn spare(&self, option: &str, file: &Path) -> Result<(), UsageError> {
        let found = whole(file);
        let what = if found == whole(self.manifest) {
            "is the job's manifest"
        } else if self.is_of_the_database(&found) {
            "belongs to the workspace database"
        } else if found.starts_with(whole(self.output)) {
            "lies among the job's pictures and results"
        } else if found.exists() && is_another(&found) {
            "is there already and looks like a job file, a workbook or a picture"
        } else {
            return Ok(());
        };
        Err(UsageError(format!("{option}: {} {what}; choose another file", file.display())))
    }

    /// The database, its log, its locks and its copies.
    fn is_of_the_database(&self, file: &Path) -> bool {
        let db = whole(self.db);
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        file.parent() == db.parent() && name(file).strip_prefix(&name(&db)).is_some_and(is_suffix)
    }
}

/// What stands behind the database's name in those of its side files.
fn is_suffix(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['-', '.'])
}

fn is_another(file: &Path) -> bool {
    let ending = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    OTHERS.contains(&ending.as_str())
}

/// The path with its links followed, as far as it is there.
fn whole(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = absolute.parent().and_then(|folder| fs::canonicalize(folder).ok());
    fs::canonicalize(&absolute).ok().or_else(|| Some(folder?.join(absolute.file_name()?))).unwrap_or(absolute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_workspace_needs_is_spared() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("output")).unwrap();
        for name in ["a.csv", "a.db", "job.toml", "style.PNG", "old.csv"] {
            fs::write(at(name), "x").unwrap();
        }
        let precious = Precious { db: &at("a.db"), manifest: &at("a.csv"), output: &at("output") };
        for name in ["a.csv", "a.db", "a.db-wal", "a.db.job.lock", "job.toml", "style.PNG", "output/x.csv", "./a.csv"] {
            assert!(precious.spare("-o", &at(name)).is_err(), "{name}");
        }
        for name in ["old.csv", "new.csv", "new.toml", "a.dbx", "b/c.csv"] {
            assert!(precious.spare("-o", &at(name)).is_ok(), "{name}");
        }
    }
}
