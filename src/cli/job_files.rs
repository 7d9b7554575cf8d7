//! The job files that a workspace keeps in its folder `jobs`. Never reads one.

use std::fs;
use std::path::{Path, PathBuf};

/// Those of the workspace in this folder, in the order of their names. Hidden files are none; what cannot be listed has none.
pub(super) fn of(workspace: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(workspace.join("jobs")).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| is_job_file(path)).collect();
    files.sort();
    files
}

fn is_job_file(path: &Path) -> bool {
    let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    let ends_so = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    ends_so && !is_hidden && !path.is_dir()
}
