//! Whether a database is well, for someone who looks before a run. Never changes it, not even to bring it up to date.

/// A database, looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The version of its schema.
    pub version: usize,
    /// The version that this program knows.
    pub known: usize,
    /// What a check of its pages complains of.
    pub damage: Vec<String>,
    /// Why nothing can be written into it now, if so.
    pub unwritable: Option<String>,
}
