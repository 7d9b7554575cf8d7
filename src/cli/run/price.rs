//! Whether a run that was given caps on money can be held to them. Never sends anything.

use super::super::exit::UsageError;
use crate::domain::CapKind;
use crate::job::Job;
use crate::queue::Queue;

/// Refuses caps for what has no price, also where only a row names the model.
pub(super) fn check(job: &Job, queue: &mut dyn Queue) -> anyhow::Result<()> {
    if let Some((kind, _)) = job.caps.given().next()
        && let Some(model) = queue.waiting_models()?.into_iter().find(|model| job.prices.of(model).is_none())
    {
        return Err(UsageError(unpriced(kind, &model)).into());
    }
    Ok(())
}

/// That a cap cannot be kept for what has no price.
pub(in crate::cli) fn unpriced(cap: CapKind, model: &str) -> String {
    cap.unpriced(model) + "; nothing was sent"
}
