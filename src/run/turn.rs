//! A turn of the run: what is written together, and what follows once it is durable. Never decides an outcome.

use std::mem;
use std::time::Duration;

use tokio::time::Instant;
use tracing::{Instrument, info_span};

use super::admission::{Flights, Permit};
use super::score::Gain;
use super::{Run, RunError, Stop, worker};
use crate::domain::{
    AttemptId, Ending, Failure, FailureKind, News, Outcome, PriceSource, Receipt, Sent, Timestamp, money,
};
use crate::queue::{Attempt, Claim, LEASE, Settlement, Start, Turn, Uncommitted};
use crate::store::Publication;

/// How long after a failed write the same is tried again.
const WRITE_AGAIN: Duration = Duration::from_secs(1);
/// How long a database is waited for that another program keeps locked.
pub const PATIENCE: Duration = Duration::from_secs(600);

impl Run<'_> {
    /// Writes everything that is ready in one transaction, then acts on it. Returns whether another turn can follow at
    /// once, because there are claims to look at.
    pub(super) fn take_turn(&mut self) -> Result<bool, RunError> {
        let now = self.parts.clock.now();
        if self.write_again_at.is_some_and(|at| now < at) {
            return Ok(false);
        }
        self.halt_after_failures();
        self.look_for_room();
        self.ask_for_others(now);
        let turn = self.gather(now);
        if is_idle(&turn) && !self.score.is_lease_due(now) {
            return Ok(false);
        }
        let receipts = turn.receipts.clone();
        let told: Vec<_> =
            turn.settlements.iter().map(|settlement| (self.gain(settlement), note(settlement))).collect();
        let want = turn.want;
        let queue = &mut self.parts.queue;
        let turned = match tokio::task::block_in_place(|| queue.commit(now, turn)) {
            Ok(turned) => turned,
            Err(uncommitted) => return self.put_off(*uncommitted, now).map(|()| false),
        };
        (self.write_again_at, self.unwritten_since) = (None, None);
        self.turned_at = Instant::now();
        self.score.leased(now);
        for (id, receipt) in receipts {
            self.publish_next(id, receipt);
        }
        // Before what leaves now: who adds up what is told finds no moment at which a cap is passed.
        for (gain, news) in told {
            self.score.add(&gain);
            self.tell(news);
        }
        for attempt in turned.attempts {
            self.launch(attempt, now);
        }
        self.admission.counted(&turned.held);
        if let Some(sent) = turned.sent_today {
            self.admission.counted_today(sent, now);
        }
        self.heed_pause(turned.paused_since);
        if turned.claims.len() < want {
            self.next_claim_at = Some(self.next_due().unwrap_or(now.after(LEASE)));
        }
        let again = !turned.claims.is_empty() || !turned.unstarted.is_empty();
        self.stay(turned.unstarted);
        self.ready.extend(turned.claims);
        Ok(again)
    }

    /// Another run took the room below a cap, or of the day, meanwhile: these are the next again.
    fn stay(&mut self, unstarted: Vec<Claim>) {
        for claim in unstarted.into_iter().rev() {
            if claim.tries.made == 0 {
                self.admitted.remove(&claim.item.id);
            }
            self.ready.push_front(claim);
        }
    }

    /// When the next item may be claimed. Requests have just left: a fault here must not give them up.
    fn next_due(&mut self) -> Option<Timestamp> {
        let (only_attempted, queue) = (self.is_limit_reached(), &mut self.parts.queue);
        match tokio::task::block_in_place(|| queue.next_due(only_attempted)) {
            Ok(due) => due,
            Err(error) => {
                self.break_off(&error.to_string());
                None
            }
        }
    }

    /// Nothing is sent that cannot be written down. A database that another program keeps locked is waited for; any
    /// other fault ends the run, when what is in flight has landed. The same is written again until then: what cannot
    /// be is written down in staging, and the next run goes on from there.
    fn put_off(&mut self, uncommitted: Uncommitted, now: Timestamp) -> Result<(), RunError> {
        let Uncommitted { error, turn } = uncommitted;
        let since = *self.unwritten_since.get_or_insert(now);
        let again_at = now.after(WRITE_AGAIN);
        if !error.is_busy() || now.since(since) > PATIENCE {
            self.break_off(&error.to_string());
        } else if self.stopping.is_none() && since == now {
            self.tell(News::Slowed { until: again_at, message: error.to_string() });
        }
        let in_flight = !self.flights.is_empty() || self.keeper.is_busy();
        if self.stopping.is_some() && (!in_flight || matches!(*self.parts.stop.borrow(), Stop::Now(_))) {
            return Err(error.into());
        }
        self.receipts.extend(turn.receipts);
        self.settlements.extend(turn.settlements);
        self.ready.extend(turn.releases);
        self.ready.extend(turn.starts.into_iter().map(|start| start.claim));
        self.write_again_at = Some(again_at);
        Ok(())
    }

    /// Asks the queue what counts against the caps, where other runs had filled one with what they have on their way:
    /// no answer of this run's tells when there is room again. What is settled here and not yet written comes first.
    fn ask_for_others(&mut self, now: Timestamp) {
        if !self.admission.awaits_others(now) || !self.settlements.is_empty() {
            return;
        }
        if !mem::replace(&mut self.told_of_others, true) {
            let message = "what other runs have on their way may cost all that a cap leaves; as soon as it costs less, this \
                           run goes on";
            self.tell(News::Slowed { until: now, message: message.to_owned() });
        }
        let (caps, queue) = (self.admission.begin_turn(now), &mut self.parts.queue);
        match tokio::task::block_in_place(|| queue.held(&caps)) {
            Ok(held) => self.admission.counted(&held),
            Err(error) => self.break_off(&error.to_string()),
        }
    }

    /// Asks the disks what they have room for. Where an answer more might not fit, nothing more is sent.
    fn look_for_room(&mut self) {
        if self.ready.is_empty() || self.stopping.is_some() {
            return;
        }
        self.places = match tokio::task::block_in_place(|| self.places()) {
            Ok(places) => places,
            Err(error) => {
                self.break_off(&error.to_string());
                0
            }
        };
    }

    fn places(&self) -> Result<usize, RunError> {
        Ok(self.reserve.places(self.parts.store.room()?, self.parts.queue.room()?)?)
    }

    fn gather(&mut self, now: Timestamp) -> Turn {
        let caps = self.admission.begin_turn(now);
        let starts = self.starts(now);
        let day = self.admission.day_to_count(now);
        // While it is paused a person may take out what waits.
        let holds_on = self.stopping.is_none() && !self.pause.is_on();
        let releases = if holds_on { vec![] } else { mem::take(&mut self.ready).into() };
        Turn {
            lease_until: now.after(LEASE),
            receipts: mem::take(&mut self.receipts),
            settlements: mem::take(&mut self.settlements),
            releases,
            want: self.want(now),
            prices: self.price_sources(&starts),
            starts,
            caps,
            day,
            only_attempted: self.is_limit_reached(),
        }
    }

    /// The claims whose request may leave now.
    fn starts(&mut self, now: Timestamp) -> Vec<Start> {
        let mut starts = Vec::new();
        self.next_start_at = None;
        while let Some(next) = self.ready.front().filter(|_| self.has_place(starts.len())) {
            let flights = Flights { under_way: self.flights.len(), leaving: starts.len() };
            let request = &next.item.request;
            if let Some(why) = self.unpriced(&request.model) {
                self.stop_sending(Ending::Halted(Failure::new(FailureKind::Fatal, why)));
                break;
            }
            let (reserve, known_tokens) = (self.reserve_of(request), money::reference_tokens(request));
            match self.admission.permit(flights, reserve, known_tokens, now) {
                Permit::Granted => starts.extend(self.ready.pop_front().map(|claim| self.start(claim))),
                Permit::AfterNext => break,
                Permit::At(moment) => {
                    self.next_start_at = Some(moment);
                    self.tell_used_up(flights, now);
                    break;
                }
                Permit::Over(ending) => {
                    self.stop_sending(ending);
                    break;
                }
            }
        }
        if self.settings.limit.is_some() {
            self.admitted.extend(starts.iter().map(|start| start.claim.item.id.clone()));
        }
        starts
    }

    /// Why a cap cannot be kept for this model: a person may have put back an item of which nobody knows the price.
    fn unpriced(&self, model: &str) -> Option<String> {
        let (cap, _) = self.settings.rules.caps.given().next()?;
        let has_price = self.settings.prices.of(model).is_some();
        (!has_price).then(|| cap.unpriced(model) + "; nothing more is sent")
    }

    /// Waiting for the quota's next day is told as any pause is.
    fn tell_used_up(&mut self, flights: Flights, now: Timestamp) {
        if let Some((until, message)) = self.admission.slowed_by_day(flights, now) {
            self.tell(News::Slowed { until, message });
        }
    }

    /// Whether one request more may leave beside so many that are about to, as far as disks and reasons to stop or pause
    /// go.
    fn has_place(&self, leaving: usize) -> bool {
        self.stopping.is_none() && !self.pause.is_on() && self.flights.len() + leaving < self.places
    }

    fn price_sources(&self, starts: &[Start]) -> Vec<PriceSource> {
        let source = |source| {
            let is_of = |start: &&Start| self.settings.prices.source(&start.claim.item.request.model) == Some(source);
            starts.iter().find(is_of).map(|_| source)
        };
        [PriceSource::Given, PriceSource::Listed].into_iter().filter_map(source).collect()
    }

    fn start(&self, claim: Claim) -> Start {
        let price = self.settings.prices.of(&claim.item.request.model);
        let reserve = price.map(|price| price.reserve(&claim.item.request));
        Start { claim, reserve }
    }

    fn gain(&self, settlement: &Settlement) -> Gain {
        Gain::of(settlement, self.reserve_of(&settlement.attempt.claim.item.request))
    }

    /// As many claims are held ahead as may be in flight, so that a place is filled in the turn that frees it.
    fn want(&self, now: Timestamp) -> usize {
        let dry = self.next_claim_at.is_some_and(|at| now < at);
        if self.stopping.is_some() || self.pause.is_on() || dry {
            return 0;
        }
        let ahead = self.admission.concurrency().saturating_sub(self.ready.len());
        match self.settings.limit {
            Some(limit) if !self.is_limit_reached() => {
                let taken = self.admitted.len() + self.ready.len();
                ahead.min(usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(taken))
            }
            _ => ahead,
        }
    }

    /// Whether as many items were sent for as this run may take; what was sent for is still tried again.
    pub(super) fn is_limit_reached(&self) -> bool {
        self.settings.limit.is_some_and(|limit| self.admitted.len() as u64 >= limit)
    }

    fn halt_after_failures(&mut self) {
        let failed = self.settlements.iter().filter(|it| matches!(it.outcome, Outcome::Failed(_))).count() as u64;
        if self.settings.halt_after.is_some_and(|most| self.score.failed() + failed >= most) {
            self.stop(Ending::Limit("--halt-after"), "as many items have failed as --halt-after allows");
        }
    }

    /// Gives a request its wings: it was admitted at `now`, and its intent is durable since.
    fn launch(&mut self, attempt: Attempt, now: Timestamp) {
        let item = &attempt.claim.item;
        let reserve = self.reserve_of(&item.request);
        self.score.sent(reserve);
        self.admission.sent(&item.id, self.flights.len(), reserve, now);
        let reserved = self.settings.prices.of(&item.request.model).map(|_| reserve);
        self.tell(News::AttemptStarted { item: item.id.to_string(), attempt: attempt.number, reserved });
        let (item, request) = (item.id.clone(), item.request.clone());
        let sent = Sent { attempt: attempt.id, digest: attempt.claim.item.digest };
        let span = info_span!("attempt", item = item.as_str(), attempt = attempt.number);
        self.flights.spawn(worker::attempt(sent, item, request, self.crew.clone()).instrument(span));
        self.open.insert(attempt.id, attempt);
    }

    /// Puts a received answer in line for its final names: its receipt is durable.
    pub(super) fn publish_next(&mut self, id: AttemptId, receipt: Receipt) {
        if let Some(attempt) = self.open.get(&id) {
            let (name, earlier) = (attempt.claim.item.name.clone(), attempt.claim.earlier.clone());
            self.keeper.publish(id, Publication { name, receipt, earlier });
        }
    }
}

/// What will be told of a settlement once it is durable.
fn note(settlement: &Settlement) -> News {
    let (file, images) = match &settlement.outcome {
        Outcome::Done(artifact) => {
            (artifact.images.first().map(|image| image.file.clone()), artifact.images.len() as u64)
        }
        _ => (None, 0),
    };
    News::AttemptEnded {
        item: settlement.attempt.claim.item.id.to_string(),
        attempt: settlement.attempt.number,
        outcome: settlement.outcome.as_str(),
        failure: settlement.outcome.failure().cloned(),
        cost: settlement.cost,
        file,
        images,
    }
}

fn is_idle(turn: &Turn) -> bool {
    turn.receipts.is_empty()
        && turn.settlements.is_empty()
        && turn.releases.is_empty()
        && turn.starts.is_empty()
        && turn.want == 0
}
