//! Whether a run that was given caps on money can be held to them. Never sends anything.

use super::super::exit::UsageError;
use crate::domain::PriceSource;
use crate::job::Job;
use crate::queue::Queue;

/// Refuses caps for what has no price, also where only a row names the model; and notes whose price is counted with.
pub(super) fn check(job: &Job, queue: &mut dyn Queue) -> anyhow::Result<()> {
    if job.prices.source(job.defaults.model.as_str()) == Some(PriceSource::Given) {
        queue.price_given()?;
    }
    let Some((kind, _)) = job.caps.given().next() else { return Ok(()) };
    let models = queue.waiting_models()?;
    match models.into_iter().find(|model| job.prices.of(model).is_none()) {
        Some(model) => Err(UsageError(unpriced(kind.flag(), &model)).into()),
        None => Ok(()),
    }
}

/// That a cap cannot be kept for what has no price.
pub(in crate::cli) fn unpriced(flag: &str, model: &str) -> String {
    format!(
        "{flag} cannot be kept: nobody knows what `{model}` costs; say it with --price-per-image, or in the job file below \
         [price.\"{model}\"]; nothing was sent"
    )
}
