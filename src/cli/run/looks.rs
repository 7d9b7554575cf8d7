//! How a job's pictures look: brought to a run that accepts no two that look nearly the same, and noted when it is over.
//! Never decodes one.

use super::super::open;
use crate::job::Job;
use crate::queue::QueueError;
use crate::run::Seen;

/// What is known of the pictures that the job's items have: of those that a run with `[accept]` kept, or a review showed.
pub(super) fn before(job: &Job) -> Result<Seen, QueueError> {
    if !job.accept.duplicate {
        return Ok(Seen::default());
    }
    let mut pictures = Vec::new();
    open::ledger(&job.db)?.rows(&job.name, &mut |row| {
        let items = row.items.into_iter().filter(|record| !record.repeated);
        pictures.extend(items.filter_map(|record| Some((record.item.id, record.artifact?.images.into_iter().next()?))));
        true
    })?;
    let inspection = open::inspection(&job.db)?;
    let mut looks = Vec::new();
    for (item, picture) in pictures {
        looks.extend(inspection.impression(&picture.blake3)?.map(|look| (item, look)));
    }
    Ok(Seen::before(looks))
}

/// Notes how those look that the run kept, so that nobody decodes them again for that. Where that fails, whoever looks
/// next does.
pub(super) fn note(job: &Job, seen: &Seen) {
    let taken = seen.taken();
    if !taken.is_empty() {
        let noted = open::inspection(&job.db).and_then(|mut inspection| inspection.note(&job.name, &taken, &[]));
        if let Err(error) = noted {
            tracing::debug!(%error, "how the pictures look was not noted");
        }
    }
}
