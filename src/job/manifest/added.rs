//! The reference images that a job adds to those of every row, and what it wants of all. Never looks at the images themselves.

use std::num::NonZeroUsize;

use super::columns::Columns;
use super::raw_row::READ;
use crate::job::fault::{Fault, Place, Problem};
use crate::reshape::Shape;

/// What the table `[references]` of a job file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddedReferences {
    /// The job file, as messages name it.
    pub file: String,
    /// Columns whose cells name references as `images` does, and where each stands in the job file.
    pub columns: Vec<(String, Place)>,
    /// Paths of references that every request gets, relative to the manifest's folder, and where each stands.
    pub always: Vec<(String, Place)>,
    /// A pattern gives no more files than this, the first by their names.
    pub most: Option<NonZeroUsize>,
    /// What is done to pictures before they are sent.
    pub shape: Shape,
}

impl AddedReferences {
    /// What is wrong with the columns named, in a manifest that has these.
    pub(super) fn missing_from(&self, columns: &Columns, manifest: &str) -> Vec<Fault> {
        let wrong = self.columns.iter().filter_map(|(name, place)| {
            let message = if READ.contains(&name.as_str()) {
                format!("`references.columns`: `{name}` has a meaning of its own; name other columns here")
            } else if columns.get(name).is_none() {
                format!("`references.columns`: {}", columns.lack(name, manifest))
            } else {
                return None;
            };
            Some(Problem::new(*place, message).in_file(&self.file))
        });
        wrong.collect()
    }

    /// Whether the job names this column for references.
    pub(super) fn maps(&self, column: &str) -> bool {
        self.columns.iter().any(|(mapped, _)| mapped == column)
    }

    /// Something about one of the references that every request gets, or about all of them, where they stand.
    pub(super) fn at_always(&self, number: Option<usize>, message: &str) -> Option<Fault> {
        let (_, place) = self.always.get(number.unwrap_or(0))?;
        Some(Problem::new(*place, format!("`references.always`: {message}")).in_file(&self.file))
    }
}
