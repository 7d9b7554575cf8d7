//! What the queue's errors say beside the facts: why, and what to do. Never decides which error it is.

use rusqlite::{ErrorCode, ffi};

/// What to do about an id that is not there.
pub(super) fn did_you_mean(alike: &[String]) -> String {
    match alike {
        [] => {
            "ids stand in the manifest's column `id`; without that column they are the names of the pictures".to_owned()
        }
        [one] => format!("did you mean `{one}`?"),
        several => format!("did you mean one of `{}`?", several.join("`, `")),
    }
}

/// Whether SQLite found no room, also for what lies beside the database: then it speaks of a disk that failed.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    let full = [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_SHMSIZE];
    error.sqlite_error().is_some_and(|error| full.contains(&error.extended_code))
}

/// Why SQLite said no, and what to do about it.
pub(super) fn sqlite_words(error: &rusqlite::Error) -> String {
    let words = match error {
        rusqlite::Error::StatementChangedRows(_) => {
            "something else has changed it meanwhile; end whatever that is, then run the same command again"
        }
        _ if is_full(error) => "the disk is full; make room, then run the same command again",
        _ => match error.sqlite_error_code() {
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                "it cannot be opened for writing; check the permissions of the file and of its folder"
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "another program has kept it locked for half a minute; end that, then run the same command again"
            }
            Some(ErrorCode::DatabaseCorrupt) => {
                "the file is damaged; bring back a copy: a new one, named with --db, would ask for every picture again"
            }
            Some(ErrorCode::SystemIoFailure) => "the disk failed; see that it is well, then run the same command again",
            _ => return format!("{error}; run the same command again, and keep the file for whoever looks into it"),
        },
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_happen_to_a_disk_is_said_with_what_to_do() {
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_READONLY, ffi::SQLITE_BUSY, ffi::SQLITE_CORRUPT, ffi::SQLITE_IOERR] {
            let words = sqlite_words(&rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
            assert!(words.contains("; ") && !words.contains("rror"), "{words}");
        }
    }
}
