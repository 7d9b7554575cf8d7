//! What an item had before it was made again, for people and for programs. Never looks for the files.

use serde::Serialize;

use super::text::Look;
use crate::queue::{JobStatus, VersionRecord};
use crate::report::shape::rfc3339;
use crate::report::words::one_line;

/// An earlier picture in the document of `show --json`.
#[derive(Serialize)]
pub(super) struct Version<'a> {
    version: u32,
    attempt: Option<u32>,
    made_at: Option<String>,
    name: &'a str,
    prompt: &'a str,
    blake3: Vec<&'a str>,
    /// Whether it lies under its name still; else it lies in `.versions`.
    stands: bool,
    /// When `prune` removed its files.
    pruned_at: Option<String>,
}

impl<'a> From<&'a VersionRecord> for Version<'a> {
    fn from(version: &'a VersionRecord) -> Self {
        Self {
            version: version.number,
            attempt: version.attempt,
            made_at: version.made_at.map(rfc3339),
            name: &version.name,
            prompt: &version.request.prompt,
            blake3: version.artifact.images.iter().map(|image| image.blake3.as_str()).collect(),
            stands: version.stands,
            pruned_at: version.pruned_at.map(rfc3339),
        }
    }
}

/// The lines of an earlier picture: when it was made, where it lies, what was asked for.
pub(super) fn lines(version: &VersionRecord, job: &JobStatus, look: &Look) -> Vec<String> {
    let made = version.made_at.map(|made| format!("  {}", look.moment(made))).unwrap_or_default();
    let by = version.attempt.map(|attempt| format!("  made by attempt {attempt}")).unwrap_or_default();
    let mut lines = vec![format!("  {}{made}{by}", version.number)];
    let place = match (version.stands, version.artifact.images.first()) {
        _ if let Some(pruned) = version.pruned_at => format!("removed by `overnight prune` on {}", look.moment(pruned)),
        (true, Some(image)) => {
            format!("stands as {} until its successor comes", job.output.join(&image.file).display())
        }
        _ => format!("lies in {}, called {}", job.output.join(".versions").display(), version.name),
    };
    lines.extend(look.below(&place));
    lines.extend(look.below(&format!("prompt {}", one_line(&version.request.prompt))));
    lines
}
