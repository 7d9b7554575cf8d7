//! A file of metrics, as node_exporter's textfile collector reads it. Never takes the place of a file that is none.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::super::exit::UsageError;
use crate::domain::io_words;
use crate::export::AtomicFile;

/// What the file is named with.
pub(super) const OPTION: &str = "--metrics-file";

/// How every such file begins.
const FIRST: &[u8] = b"# HELP overnight_";

/// The collector is somebody else.
const FOR_ALL: u32 = 0o644;

/// That this file can be written in the end, and that nothing of worth stands there.
pub(super) fn check(path: &Path, job: &str) -> Result<(), UsageError> {
    let unwritable = |error: io::Error| {
        UsageError(format!(
            "{OPTION}: {} cannot be written: {}; name a file in a folder that is there",
            path.display(),
            io_words(&error)
        ))
    };
    if !is_ours_or_none(path).map_err(unwritable)? {
        let message = format!(
            "{OPTION}: {} is there already and holds no metrics of this program; choose another file",
            path.display()
        );
        return Err(UsageError(message));
    }
    // Dropped, it leaves nothing behind. A run of the job that is on may be writing at this moment, under its own name.
    let looking = format!("{job}.{}", std::process::id());
    AtomicFile::create(&whole(path), &looking).map(drop).map_err(unwritable)
}

/// Writes it in one instant, readable for all.
pub(super) fn write(path: &Path, job: &str, text: &str) -> Result<(), String> {
    let written = || -> io::Result<()> {
        let mut file = AtomicFile::create(&whole(path), job)?;
        file.set_permissions(fs::Permissions::from_mode(FOR_ALL))?;
        file.write_all(text.as_bytes())?;
        file.commit()
    };
    written().map_err(|error| {
        format!("{OPTION}: {} could not be written: {}; the run itself went on", path.display(), io_words(&error))
    })
}

fn is_ours_or_none(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        // To open a pipe would wait for whoever fills it.
        Ok(about) if !about.is_file() => return Ok(false),
        about => about.map(drop)?,
    }
    let mut first = Vec::new();
    File::open(path)?.take(FIRST.len() as u64).read_to_end(&mut first)?;
    Ok(first.is_empty() || first == FIRST)
}

/// Where a link leads: what is written takes the place of the file, not of the link.
fn whole(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_only_looks_whether_it_can_be_written_takes_no_draft_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("night.prom");
        let mut draft = AtomicFile::create(&path, "night").unwrap();
        draft.write_all(FIRST).unwrap();
        check(&path, "night").unwrap();
        draft.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), FIRST);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "and leaves none behind");
    }
}
