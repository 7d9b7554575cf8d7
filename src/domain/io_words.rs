//! What the operating system says, in words that people know. Never does I/O itself.

use std::io::{Error, ErrorKind};

/// Why the system said no, as a clause: `there is no such file or folder`.
pub fn io_words(error: &Error) -> String {
    let words = match error.kind() {
        // Someone of ours has said it better already.
        _ if error.get_ref().is_some() => return without_number(&error.to_string()),
        ErrorKind::NotFound => "there is no such file or folder",
        ErrorKind::PermissionDenied => "permission denied",
        ErrorKind::AlreadyExists => "something of that name is there already",
        ErrorKind::NotADirectory => "a part of its path is a file, not a folder",
        ErrorKind::IsADirectory => "it is a folder",
        ErrorKind::StorageFull => "the disk is full",
        ErrorKind::QuotaExceeded => "the disk quota is used up",
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        ErrorKind::FileTooLarge => "the file would be larger than is allowed",
        ErrorKind::InvalidFilename => "its name is too long, or not allowed here",
        ErrorKind::AddrInUse => "something else listens there already",
        ErrorKind::AddrNotAvailable => "this machine has no such address",
        ErrorKind::TimedOut => "it took too long",
        ErrorKind::BrokenPipe => "nobody reads it any more",
        ErrorKind::InvalidData => "it is not UTF-8 text",
        _ => return without_number(&error.to_string()),
    };
    words.to_owned()
}

/// Without Rust's own `(os error 2)`.
fn without_number(text: &str) -> String {
    match text.rsplit_once(" (os error ") {
        Some((words, rest)) if rest.ends_with(')') => words.to_lowercase(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_the_system_reaches_people() {
        // EPERM, ENOENT, EIO, EACCES, EEXIST, ENOTDIR, EISDIR, EMFILE, ENOSPC, EROFS
        for code in [1, 2, 5, 13, 17, 20, 21, 24, 28, 30] {
            let words = io_words(&Error::from_raw_os_error(code));
            assert!(!words.contains("os error") && !words.is_empty(), "{words}");
        }
        assert_eq!(io_words(&Error::from_raw_os_error(2)), "there is no such file or folder");
    }

    #[test]
    fn what_was_said_by_us_stays() {
        assert_eq!(
            io_words(&Error::other("cannot create a/b: the disk is full")),
            "cannot create a/b: the disk is full"
        );
    }
}
