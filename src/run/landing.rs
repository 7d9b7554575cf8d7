//! What becomes of an attempt that came back, for its item and for the run, on to its final names. Never writes the
//! queue: the next turn does.

use super::Run;
use super::admission::Aftermath;
use super::keep::Kept;
use super::pace::Consumed;
use super::worker::{Landed, Miss};
use crate::domain::{AttemptId, Ending, Failure, FailureKind, News, Outcome, Reach, Receipt, Timestamp, Usd};
use crate::queue::{Attempt, Claim, Settlement};
use crate::store::Published;

impl Run<'_> {
    pub(super) fn landed(&mut self, landed: Landed) {
        self.follow_clock();
        if let Some(attempt) = self.open.get(&landed.id) {
            let (item, attempt) = (attempt.claim.item.id.to_string(), attempt.number);
            self.tell(News::AttemptLanded { item, attempt });
        }
        let now = self.parts.clock.now();
        match landed.result {
            Ok(receipt) => {
                self.answered(landed.id, &receipt, now);
                self.reserve.saw(&receipt);
                self.note_usage(landed.id, &receipt);
                self.keeper.land(landed.id, receipt);
            }
            Err(Miss::Failure(failure)) => self.failed(landed.id, *failure, now),
            Err(Miss::Unsent(message)) => {
                self.break_off(&message);
                let failure = Failure { reach: Reach::Unsent, ..Failure::new(FailureKind::Transient, message) };
                self.settle(landed.id, Outcome::Returned { due_at: now, failure });
            }
            Err(Miss::Broken(message)) => {
                self.break_off(&message);
                self.lose(landed.id, message);
            }
            // It was sent, and nobody will hear its answer: given back uncounted.
            Err(Miss::GivenUp) => {
                self.lose(landed.id, "stopped by a second signal while the answer was on its way".to_owned());
            }
        }
    }

    fn answered(&mut self, id: AttemptId, receipt: &Receipt, now: Timestamp) {
        if let Some(attempt) = self.open.get(&id) {
            let consumed = Consumed::by(receipt.images.len() as u64, receipt.reply.usage);
            self.admission.answered(&attempt.claim.item.id, &consumed, now);
        }
    }

    fn failed(&mut self, id: AttemptId, failure: Failure, now: Timestamp) {
        let Some(Claim { item, tries, .. }) = self.open.get(&id).map(|attempt| &attempt.claim) else { return };
        let Aftermath { outcome, slowed, halted } =
            self.admission.failed(&item.id, *tries, failure, fastrand::f64(), now);
        if let Some((until, message)) = slowed {
            self.tell(News::Slowed { until, message });
        }
        if let Some(failure) = halted {
            let message = failure.message.clone();
            self.stop(Ending::Halted(failure), &message);
        }
        self.settle(id, outcome);
    }

    /// A store that fails ends the run, but not before whatever it did keep, and what is in flight, went its way.
    pub(super) fn kept(&mut self, kept: Kept) {
        match kept {
            Kept::Synced(group) => group.into_iter().for_each(|(id, synced)| match synced {
                Ok(receipt) => self.receipts.push((id, receipt)),
                // Its attempt stays open. What is written down beside it tells the next run, which reads whether its
                // bytes are there, and writes them anew.
                Err(error) => self.break_off(&error.to_string()),
            }),
            Kept::Published(group) => group.into_iter().for_each(|(id, published)| match published {
                Ok(published) => self.published(id, published),
                // Its receipt is in the database: a later run goes on with it.
                Err(error) => self.break_off(&error.to_string()),
            }),
        }
    }

    fn published(&mut self, id: AttemptId, published: Published) {
        match published {
            Published::Kept(artifact) => self.settle(id, Outcome::Done(artifact)),
            Published::Vanished { staged } => {
                self.lose(id, format!("its picture had been received, and someone removed {staged} from staging"));
            }
        }
    }

    /// An answer is gone through no fault of the server.
    pub(super) fn lose(&mut self, id: AttemptId, why: String) {
        let outcome = self.admission.lost(why, self.parts.clock.now());
        self.settle(id, outcome);
    }

    pub(super) fn settle(&mut self, id: AttemptId, outcome: Outcome) {
        let Some(attempt) = self.open.remove(&id) else { return };
        let cost = self.cost_of(&attempt, &outcome);
        self.admission.settled(&attempt.claim.item.id, cost);
        if let Outcome::Retry { due_at, .. } | Outcome::Returned { due_at, .. } = &outcome {
            self.next_claim_at = self.next_claim_at.map(|at| at.min(*due_at));
        }
        self.settlements.push(Settlement { attempt, outcome, cost });
    }

    /// What an attempt cost that ended so; unknown if it was lost, or where no price is known.
    fn cost_of(&mut self, attempt: &Attempt, outcome: &Outcome) -> Option<Usd> {
        let request = &attempt.claim.item.request;
        let kept = self.usages.remove(&attempt.id);
        let usage = outcome.failure().map_or(kept, |failure| failure.reply.usage);
        self.settings.prices.of(&request.model)?.cost(request, outcome.billed_images(), usage)
    }
}
