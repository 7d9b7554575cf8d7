//! The job files that lie in a folder, such as a workspace's `jobs`. Never reads one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Those of the workspace in this folder; what cannot be listed has none.
pub(super) fn of(workspace: &Path) -> Vec<PathBuf> {
    in_folder(&workspace.join("jobs")).unwrap_or_default()
}

/// Those that lie in this folder, in the order of their names. Hidden files are none.
pub(super) fn in_folder(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| is_job_file(path)).collect();
    files.sort();
    Ok(files)
}

fn is_job_file(path: &Path) -> bool {
    let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    let ends_so = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    ends_so && !is_hidden && !path.is_dir()
}
