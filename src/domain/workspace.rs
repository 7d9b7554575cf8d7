//! What is true of a whole workspace: its mark, and the room on its disks. Never opens anything.

use std::fmt;

/// What tells the files of one workspace's database from another's where both use the same output folder: eight
/// hexadecimal digits, drawn when the database is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark(String);

impl Mark {
    /// Digits of a mark.
    pub const LENGTH: usize = 8;

    /// A mark as the database keeps it.
    pub fn new(digits: impl Into<String>) -> Self {
        Self(digits.into())
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is left of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes that may still be written; none once the disk was found full, whatever it says since.
    pub free: u64,
    /// Which file system it is: two folders may share one.
    pub volume: u64,
}
