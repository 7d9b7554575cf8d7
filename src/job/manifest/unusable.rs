//! Why a reference image cannot be sent, in a person's words. Never looks at one.

use std::io;
use std::path::Path;

use crate::disk::{FileError, ListFolder, PatternError, is_pattern};
use crate::domain::io_words;

/// The most references of one request (the API's documentation).
pub const MOST: usize = 14;

/// No more of an address is told, in characters.
const MOST_SHOWN: usize = 200;

/// A file that cannot be opened.
pub fn unusable(folder: &ListFolder, reference: &str, error: &FileError) -> String {
    match error {
        FileError::NotAFile => format!("`{reference}` is not a file; name one image"),
        FileError::Io(error) if error.kind() == io::ErrorKind::NotFound => not_there(folder.path(), reference),
        FileError::Io(error) => format!("`{reference}` cannot be read: {}; check its permissions", io_words(error)),
        FileError::LedNowhere { target } => {
            format!("`{reference}` is a link to {}, which is not there; correct the link", target.display())
        }
        FileError::LedAway { target, bounds } => format!(
            "`{reference}` is a link to {}, which is outside {}; if you know why, allow such links with --follow-links, \
             else copy the image to where the list says it is",
            target.display(),
            bounds.display()
        ),
    }
}

fn not_there(folder: &Path, reference: &str) -> String {
    if reference.starts_with('~') {
        return format!("`{reference}` is not there; `~` means your home to a shell only, so write the path in full");
    }
    let sign = reference.chars().find(|c| is_pattern(&c.to_string()));
    if let Some(sign) = sign {
        return format!(
            "`{reference}` is not there in {}; if the `{sign}` is meant as a pattern, write it as it is, and in a \
             template outside of {{{{ }}}}",
            folder.display()
        );
    }
    format!("`{reference}` is not there; paths start at the manifest's folder, {}", folder.display())
}

/// A pattern that stands for nothing.
pub fn no_match(pattern: &str, error: &PatternError) -> String {
    match error {
        PatternError::Nothing { folder } => {
            format!("`{pattern}` matches nothing in {}; correct the pattern, or put the images there", folder.display())
        }
        PatternError::Unreadable(why) => {
            format!("`{pattern}` is not there, and it is no pattern: {why}; write [*], [?] or [[] for the sign itself")
        }
        PatternError::Folder { folder, error } => {
            let why = match error {
                FileError::Io(error) => io_words(error),
                FileError::NotAFile => "it is no folder".to_owned(),
                FileError::LedAway { .. } => format!("{error}; --follow-links allows such links"),
                FileError::LedNowhere { .. } => error.to_string(),
            };
            format!("`{pattern}` matches nothing, since the folder {} cannot be read: {why}", folder.display())
        }
    }
}

/// More references than a request takes; `by_pattern` if fewer were written.
pub fn too_many(number: usize, by_pattern: bool) -> String {
    match by_pattern {
        false => format!("{number} reference images are too many; a request takes {MOST}"),
        true => format!(
            "{number} reference images match, and a request takes {MOST}; write a narrower pattern, or limit what each \
             gives with `most` in [references] of the job file"
        ),
    }
}

/// An address as far as it is told: some hold an image as a whole.
pub fn short(address: &str) -> String {
    match address.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", &address[..end]),
        None => address.to_owned(),
    }
}

/// Bytes in millions, rounded up so that what is over a limit looks so.
pub fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    if tenths.is_multiple_of(10) {
        format!("{} MB", tenths / 10)
    } else {
        format!("{}.{} MB", tenths / 10, tenths % 10)
    }
}
