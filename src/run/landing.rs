//! What becomes of an attempt that came back, for its item and for the run, on to its final names. Never writes the
//! queue: the next turn does.

use std::time::Duration;

use super::Run;
use super::keep::Kept;
use super::outage::{Sign, Verdict};
use super::worker::{Landed, Miss};
use crate::domain::{AttemptId, Ending, Failure, FailureKind, News, Outcome, Reach, Timestamp};
use crate::queue::Settlement;
use crate::store::Published;

impl Run<'_> {
    pub(super) fn landed(&mut self, landed: Landed) {
        self.follow_clock();
        self.flying.remove(&landed.id);
        if let Some(attempt) = self.open.get(&landed.id) {
            let (item, attempt) = (attempt.claim.item.id.to_string(), attempt.number);
            self.tell(News::AttemptLanded { item, attempt });
        }
        let (now, jitter) = (self.parts.clock.now(), fastrand::f64());
        let verdict = self.judge(&landed, jitter, now);
        match landed.result {
            Ok(receipt) => {
                self.pace.answered();
                self.reserve.saw(&receipt);
                self.keeper.land(landed.id, receipt);
            }
            Err(Miss::Failure(failure)) => self.failed(landed.id, failure, verdict, jitter, now),
            Err(Miss::Unsent(message)) => {
                self.break_off(&message);
                let failure = Failure { reach: Reach::Unsent, ..Failure::new(FailureKind::Transient, message) };
                self.settle(landed.id, Outcome::Returned { due_at: now, failure });
            }
            Err(Miss::Broken(message)) => {
                self.break_off(&message);
                self.lose(landed.id, message);
            }
        }
    }

    /// Whether anybody is there, as far as this attempt tells.
    fn judge(&mut self, landed: &Landed, jitter: f64, now: Timestamp) -> Verdict {
        let (sign, asked) = match &landed.result {
            Ok(_) => (Sign::Answered, None),
            Err(Miss::Failure(failure)) => (Sign::of(failure), failure.retry_after),
            Err(Miss::Unsent(_) | Miss::Broken(_)) => (Sign::Nothing, None),
        };
        let Some(attempt) = self.open.get(&landed.id) else { return Verdict::Present };
        let item = &attempt.claim.item.id;
        let is_lost_probe = self.outage.is_probe(item) && is_lost(landed);
        match self.outage.ended(item, sign, asked, jitter, now) {
            // It may have been billed: an outage must not buy it without end.
            Verdict::Lasting(_) if is_lost_probe => Verdict::Present,
            verdict => verdict,
        }
    }

    fn failed(&mut self, id: AttemptId, failure: Failure, verdict: Verdict, jitter: f64, now: Timestamp) {
        let Some(tries) = self.open.get(&id).map(|attempt| attempt.claim.tries) else {
            return;
        };
        let resume_at = match failure.kind {
            FailureKind::Throttled => Some(self.slow_down(&failure, jitter, now)),
            FailureKind::Transient => self.sit_out(verdict, &failure, now),
            _ => None,
        };
        if failure.kind == FailureKind::Fatal {
            self.stop(Ending::Halted(failure.clone()), &failure.message);
        }
        let outcome = self.settings.policy.decide(failure, tries, jitter, now, resume_at);
        self.settle(id, outcome);
    }

    fn slow_down(&mut self, failure: &Failure, jitter: f64, now: Timestamp) -> Timestamp {
        let until = self.pace.throttled(failure.retry_after, jitter, now);
        if self.score.is_news(until) {
            self.tell(News::Slowed { until, message: failure.message.clone() });
        }
        until
    }

    /// Until when nothing but a probe is sent, if that is why the attempt failed.
    fn sit_out(&mut self, verdict: Verdict, failure: &Failure, now: Timestamp) -> Option<Timestamp> {
        if !failure.absent && failure.reach != Reach::Lost {
            return None;
        }
        match verdict {
            Verdict::Present => None,
            Verdict::Begun(until) => {
                self.tell(News::Slowed { until, message: gone(failure) });
                Some(until)
            }
            Verdict::Lasting(until) => Some(until),
            Verdict::GivenUp(lasted) => {
                let message = given_up(failure, lasted);
                self.stop(Ending::Halted(Failure { message: message.clone(), ..failure.clone() }), &message);
                Some(now)
            }
        }
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

    /// An answer is gone through no fault of the server: billed, as far as anyone knows, and given back uncounted, or
    /// held for a person.
    pub(super) fn lose(&mut self, id: AttemptId, why: String) {
        let failure = Failure { reach: Reach::Lost, ..Failure::new(FailureKind::Transient, why) };
        let outcome = self.settings.policy.after_loss(failure, self.parts.clock.now());
        self.settle(id, outcome);
    }

    pub(super) fn settle(&mut self, id: AttemptId, outcome: Outcome) {
        let Some(attempt) = self.open.remove(&id) else { return };
        let price = self.settings.prices.of(&attempt.claim.item.request.model);
        let cost = price.and_then(|price| Some(price.per_image.times(outcome.billed_images()?)));
        if let Outcome::Retry { due_at, .. } | Outcome::Returned { due_at, .. } = &outcome {
            self.next_claim_at = self.next_claim_at.map(|at| at.min(*due_at));
        }
        self.settlements.push(Settlement { attempt, outcome, cost });
    }
}

fn is_lost(landed: &Landed) -> bool {
    matches!(&landed.result, Err(Miss::Failure(failure)) if failure.reach == Reach::Lost)
}

fn gone(failure: &Failure) -> String {
    format!(
        "{}; it is so for everybody, so one request at a time asks whether the server is back, and the run goes on by \
         itself with the first answer",
        failure.message
    )
}

fn given_up(failure: &Failure, lasted: Duration) -> String {
    let minutes = lasted.as_secs() / 60;
    let (number, unit) = if minutes < 120 { (minutes, "minutes") } else { (minutes / 60, "hours") };
    format!(
        "nobody has answered for {number} {unit}: check the base URL and the network, then run the same command again; \
         every unfinished item is still queued ({})",
        failure.message
    )
}
