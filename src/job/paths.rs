//! Which path is meant: relative to what, and in which workspace. Never creates anything.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// `path`, starting at `folder` if it is relative, without `.` and `..`. A link before a `..` is followed first, as
/// the file system does it.
pub fn resolve(folder: &Path, path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for component in folder.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if let Some(target) = resolved.is_symlink().then(|| resolved.canonicalize().ok()).flatten() {
                    resolved = target;
                }
                resolved.pop();
            }
            other => resolved.push(other),
        }
    }
    resolved
}

/// A file's ending in small letters, without its dot; nothing where it has none.
pub fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// The folder that holds a file.
pub fn folder_of(file: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("/")).to_path_buf()
}

/// The workspace of a job file: the parent of the `jobs` folder that holds it, else its own folder.
pub fn workspace_of(job_file: &Path) -> PathBuf {
    let folder = folder_of(job_file);
    match folder.parent() {
        Some(parent) if folder.file_name().is_some_and(|name| name == "jobs") => parent.to_path_buf(),
        _ => folder,
    }
}

/// How a person standing in `current_dir` would write `path`: relative where it lies below, else in full.
pub fn shown(path: &Path, current_dir: &Path) -> String {
    match from(path, current_dir) {
        here if here.as_os_str().is_empty() => ".".to_owned(),
        path => path.display().to_string(),
    }
}

/// The same as a path. Nobody who stands at the root, as cron and service managers do, leaves out the `/`: what they are
/// told is read elsewhere.
pub fn from<'a>(path: &'a Path, current_dir: &Path) -> &'a Path {
    match current_dir.parent() {
        Some(_) => path.strip_prefix(current_dir).unwrap_or(path),
        None => path,
    }
}

/// `path` with `-rehearsal` after its stem: `a/overnight.db` becomes `a/overnight-rehearsal.db`.
pub fn rehearsal_file(path: &Path) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push("-rehearsal");
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// The hidden folder of a workspace, beside its database: what can be had again, and nobody has to keep.
pub fn hidden_folder(db: &Path) -> PathBuf {
    db.with_file_name(if is_rehearsal(db) { ".overnight-rehearsal" } else { ".overnight" })
}

/// Whether a database's path is one of [`rehearsal_file`]'s.
pub fn is_rehearsal(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("-rehearsal"))
}

/// A folder's path with `-rehearsal` after its whole name, since a dot in it begins no extension.
pub fn rehearsal_folder(path: &Path) -> PathBuf {
    let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
    name.push("-rehearsal");
    path.with_file_name(name)
}

/// The folder whose [`rehearsal_folder`] this is; one that is none is itself.
pub fn without_rehearsal(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix("-rehearsal").map_or_else(|| path.to_path_buf(), |name| path.with_file_name(name))
}

/// A file's name without the ending of a compressed one, in whatever case.
pub fn without_gz(name: &str) -> &str {
    match name.len().checked_sub(3).and_then(|end| name.split_at_checked(end)) {
        Some((stem, ending)) if ending.eq_ignore_ascii_case(".gz") => stem,
        _ => name,
    }
}
