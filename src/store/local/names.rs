//! What files are called below the output folder. Never touches the disk.
//!
//! A cleaned name holds no `~`, so none of the names made here can be the name of another item. A name may hold dots
//! (`lamp.v2`), so extensions are always appended and never replaced.

use super::super::StoreError;
use crate::domain::{AttemptId, ImageFormat, Mark};

/// The folder in which images arrive.
pub(super) const STAGING: &str = ".staging";

/// The folder for what was replaced.
pub(super) const VERSIONS: &str = ".versions";

/// The room in staging that is given back when the disk is full.
pub(super) const BALLAST: &str = "ballast";

/// The extension of a caption.
pub(super) const CAPTION: &str = "txt";

/// The extension of what is written down of a whole answer beside its images, while they wait in staging.
const RECEIPT: &str = "receipt";

/// Every extension a published image can have.
pub(super) const IMAGES: [&str; 3] =
    [ImageFormat::Jpeg.extension(), ImageFormat::Png.extension(), ImageFormat::Webp.extension()];

/// An item's `number`th image (1, 2, 3 …), or its caption, without extension.
pub(super) fn stem(name: &str, number: usize) -> String {
    match number {
        1 => name.to_owned(),
        _ => format!("{name}~{number}"),
    }
}

/// The file in staging for the `number`th image (1, 2, 3 …) of an attempt.
pub(super) fn arriving(mark: &Mark, attempt: AttemptId, number: u32) -> String {
    format!("{mark}-{attempt}-{number}.part")
}

/// The file in staging for what is written down of an attempt's whole answer.
pub(super) fn receipt(mark: &Mark, attempt: AttemptId) -> String {
    format!("{mark}-{attempt}.{RECEIPT}")
}

/// The same, from the name of one of the answer's images.
pub(super) fn receipt_beside(staged: &str) -> String {
    format!("{}.{RECEIPT}", attempt_of(staged))
}

/// The part that all staged files of an attempt have in common.
pub(super) fn attempt_of(file: &str) -> &str {
    noted(file).or_else(|| file.rsplit_once('-').map(|(attempt, _)| attempt)).unwrap_or(file)
}

/// The same, if this is what was written down of its whole answer.
pub(super) fn noted(file: &str) -> Option<&str> {
    file.strip_suffix(RECEIPT)?.strip_suffix('.')
}

/// Whether a file in staging was made under another mark. One without any mark is as old as the first programs.
pub(super) fn is_strange(file: &str, mark: &Mark) -> bool {
    let stranger = file.split_once('-').map(|(first, _)| first).filter(|first| {
        first.len() == Mark::LENGTH && first.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    });
    stranger.is_some_and(|stranger| stranger != mark.to_string())
}

/// A file below the output folder.
pub(super) fn file(stem: &str, extension: &str) -> String {
    format!("{stem}.{extension}")
}

/// The stem and the extension of a file; nothing if it has none.
pub(super) fn parts(file: &str) -> Option<(&str, &str)> {
    file.rsplit_once('.').filter(|(_, extension)| !extension.contains('/'))
}

/// The name of the item that has an image or a caption with this stem.
pub(super) fn item_of(stem: &str) -> &str {
    match stem.rsplit_once('~') {
        Some((name, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => stem,
    }
}

/// Where a replaced file goes, as its item's `number`th version.
pub(super) fn version(stem: &str, number: usize, extension: &str) -> String {
    format!("{VERSIONS}/{stem}~{number}.{extension}")
}

/// What an earlier file was called before: `.versions/red/lamp~2.jpg` was `red/lamp.jpg`. None if it is not called so.
pub(super) fn was(path: &str) -> Option<String> {
    let (stem, extension) = parts(path.strip_prefix(VERSIONS)?.strip_prefix('/')?)?;
    let known = IMAGES.iter().chain([&CAPTION]).any(|known| extension == *known);
    let before = item_of(stem);
    (known && before.len() < stem.len()).then(|| file(before, extension))
}

/// The folder part of a path below the output folder; empty for the output folder itself.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Names are checked with the manifest, before anything is sent; this is the second lock on the same door.
pub(super) fn check(name: &str) -> Result<(), StoreError> {
    let first = name.split('/').next().unwrap_or_default();
    if [STAGING, VERSIONS].contains(&first) {
        return Err(unusable(name, "that folder is the store's own"));
    }
    name.split('/').try_for_each(|part| check_part(name, part))
}

/// A job's name becomes one folder of the staging.
pub(super) fn check_job(job: &str) -> Result<(), StoreError> {
    if job.contains('/') {
        return Err(unusable(job, "the name of a job must not hold `/`"));
    }
    check_part(job, job)
}

fn check_part(name: &str, part: &str) -> Result<(), StoreError> {
    match part {
        "" => Err(unusable(name, "it is absolute, or a part of it is empty")),
        "." | ".." => Err(unusable(name, "it could leave the output folder")),
        _ if part.contains('\0') => Err(unusable(name, "it holds a NUL character")),
        _ => Ok(()),
    }
}

fn unusable(name: &str, why: &'static str) -> StoreError {
    StoreError::Name { name: name.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_in_a_name_are_no_extension() {
        assert_eq!(file(&stem("lamp.v2", 1), "jpg"), "lamp.v2.jpg");
        assert_eq!(file(&stem("lamp.v2", 2), "jpg"), "lamp.v2~2.jpg");
        assert_eq!(version("red/lamp.v2", 3, "txt"), ".versions/red/lamp.v2~3.txt");
    }

    #[test]
    fn only_what_bears_another_mark_is_strange() {
        let mark = Mark::new("0123abcd");
        for ours in [arriving(&mark, AttemptId(7), 1), receipt(&mark, AttemptId(7)), "7-1.part".into(), "probe".into()]
        {
            assert!(!is_strange(&ours, &mark), "{ours}");
            assert_eq!(is_strange(&ours, &Mark::new("ffffffff")), ours.starts_with("0123abcd-"), "{ours}");
        }
    }

    #[test]
    fn a_file_leads_back_to_its_item() {
        for (file, item) in [("a/lamp.v2.jpg", "a/lamp.v2"), ("lamp~2.png", "lamp"), ("lamp~x.txt", "lamp~x")] {
            assert_eq!(parts(file).map(|(stem, _)| item_of(stem)), Some(item));
        }
        assert_eq!((parts("lamp"), parts("a.b/lamp")), (None, None));
    }

    #[test]
    fn a_name_that_could_leave_the_folder_or_enter_our_own_is_refused() {
        for name in ["", "..", "../x", "a/../x", "/x", "a//b", "a/", "./a", "a\0b", ".staging/x", ".versions/x"] {
            assert!(check(name).is_err(), "{name:?}");
        }
        for name in ["a", "a/b", "a.b", "..a", "a..", ".hidden", "a/.versions"] {
            assert!(check(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn a_job_is_one_folder() {
        assert!(check_job("spring").is_ok());
        assert!(check_job("a/b").is_err() && check_job("..").is_err() && check_job("").is_err());
    }

    #[test]
    fn an_earlier_file_leads_back_to_what_it_was_called() {
        assert_eq!(was(".versions/red/lamp.v2~12.jpg").as_deref(), Some("red/lamp.v2.jpg"));
        assert_eq!(was(".versions/lamp~2~1.txt").as_deref(), Some("lamp~2.txt"), "a further image of an answer");
        for other in [".versions/lamp.jpg", ".versions/lamp~x.jpg", ".versions/lamp~1.psd", "lamp~1.jpg", ".versions"] {
            assert_eq!(was(other), None, "{other}");
        }
    }
}
