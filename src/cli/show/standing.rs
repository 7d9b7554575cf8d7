//! Where an item stands, in a few words. Never says why.

use super::Told;
use super::text::Look;
use crate::queue::{CancelledBy, ItemState};

/// What heads an item's story.
pub(super) fn standing(told: &Told<'_>, look: &Look) -> String {
    let story = told.story;
    match (story.record.state, &story.record.failure, story.due_at) {
        (ItemState::Done, ..) => "done".to_owned(),
        (ItemState::Failed, Some((kind, _)), _) => format!("failed, {kind}"),
        (ItemState::Failed, None, _) => "failed".to_owned(),
        (ItemState::Queued, ..) if story.is_sent_back => "was sent back, and waits to be made again".to_owned(),
        (ItemState::Queued, _, Some(due)) if due > look.now => {
            format!("waits to be tried again, not before {}", look.moment(due))
        }
        (ItemState::Queued, _, Some(_)) => "waits to be tried again".to_owned(),
        (ItemState::Queued, _, None) => "waits to be tried".to_owned(),
        (ItemState::Running, ..) if told.job.running_since.is_some() => "is being tried now".to_owned(),
        (ItemState::Running, ..) => "was in hand when its run died".to_owned(),
        (ItemState::Cancelled, ..) if story.cancelled_by == Some(CancelledBy::Manifest) => {
            "taken out, the manifest lists it no more".to_owned()
        }
        (ItemState::Cancelled, ..) => "taken out by a person".to_owned(),
    }
}
