//! How a run comes to its end, also before its time: what is still told and given back. Never waits.

use tokio::sync::watch;

use super::{Run, RunError};
use crate::domain::{Ending, Interrupt, News, Summary};

/// Whether a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It does.
    No,
    /// Nothing more is sent; what is in flight is finished.
    Finish(Interrupt),
    /// What is in flight is given up.
    Now(Interrupt),
}

/// Waits until what is in flight is given up; for ever, where nobody can say so any more.
pub async fn given_up(mut stop: watch::Receiver<Stop>) {
    if stop.wait_for(|stop| matches!(stop, Stop::Now(_))).await.is_err() {
        std::future::pending::<()>().await;
    }
}

impl Run<'_> {
    /// What was said before anybody waited for it counts as well: nothing is sent after a signal.
    pub(super) fn look_for_stop(&mut self) {
        if self.parts.stop.has_changed().unwrap_or(false) {
            self.told_to_stop();
        }
    }

    /// A person's word goes above whatever else was about to end the run, but not above a fault.
    pub(super) fn told_to_stop(&mut self) {
        let stop = *self.parts.stop.borrow_and_update();
        let (Stop::Finish(interrupt) | Stop::Now(interrupt)) = stop else {
            return;
        };
        if !matches!(self.stopping, Some(Ending::Broken(_))) {
            self.stopping = None;
        }
        let why = match stop {
            Stop::Now(_) => "a second signal came; what is in flight is given up",
            _ => "a signal asked for it; a second one gives up what is in flight",
        };
        self.stop(Ending::Interrupted(interrupt), why);
    }

    /// Nothing more is sent from now on; the first reason stands.
    pub(super) fn stop(&mut self, ending: Ending, why: &str) {
        if self.stopping.is_none() {
            self.stopping = Some(ending);
            self.tell(News::Halted { message: why.to_owned() });
        }
    }

    /// What the run was given is used up: money, time, or the number of its images.
    pub(super) fn stop_sending(&mut self, ending: Ending) {
        let why = match &ending {
            Ending::Budget(reached) => reached.told(),
            Ending::Deadline(flag) => format!("what is sent now would not be back in time for {flag}"),
            Ending::Limit(flag) => format!("as many images have come as {flag} allows"),
            Ending::Halted(failure) => failure.message.clone(),
            Ending::Paused { .. } => "the job is paused: nothing is sent until it is resumed".to_owned(),
            ending => ending.as_str().to_owned(),
        };
        self.stop(ending, &why);
    }

    /// A fault ends the run. It goes above what the run was about to end by, but for a person's word; and the first one
    /// is told even so.
    pub(super) fn break_off(&mut self, fault: &str) {
        if self.is_broken {
            return;
        }
        self.is_broken = true;
        if !matches!(self.stopping, Some(Ending::Interrupted(_))) {
            self.stopping = Some(Ending::Broken(fault.to_owned()));
        }
        self.tell(News::Halted { message: fault.to_owned() });
    }

    /// Nothing is in flight, on the disk or waiting to be written, and nothing more will be sent.
    pub(super) fn is_over(&mut self) -> Result<bool, RunError> {
        let busy = !self.flights.is_empty()
            || self.keeper.is_busy()
            || !self.ready.is_empty()
            || !self.receipts.is_empty()
            || !self.settlements.is_empty();
        if busy {
            return Ok(false);
        }
        if self.stopping.is_some() {
            return Ok(true);
        }
        let due = self.parts.queue.next_due(self.is_limit_reached())?;
        // A person may have put items back since the queue was asked.
        self.next_claim_at = due;
        let now = self.parts.clock.now();
        if let Some(due) = due
            && let Some(ending) = self.admission.over(due, now).or_else(|| self.over_while_paused(now))
        {
            self.stop_sending(ending);
        }
        Ok(due.is_none() || self.stopping.is_some())
    }

    /// How a run ends that cannot go on.
    pub(super) fn broken(&mut self, error: &RunError) -> Ending {
        let fault = error.to_string();
        self.break_off(&fault);
        self.stopping.take().unwrap_or(Ending::Broken(fault))
    }

    pub(super) fn ending(&mut self) -> Result<Ending, RunError> {
        let stopped = self.stopping.take();
        let is_cut_short = stopped.is_none() && self.is_limit_reached() && self.parts.queue.next_due(false)?.is_some();
        if let Some(ending) = stopped.or(is_cut_short.then_some(Ending::Limit("--limit"))) {
            let now = self.parts.clock.now();
            return Ok(self.admission.foremost(ending, self.score.last_reserve(), now));
        }
        let is_pilot = self.settings.narrowed.is_some_and(|narrowed| narrowed.is_pilot);
        let others_wait = is_pilot && self.parts.queue.counts()?.left() > 0;
        Ok(if others_wait { Ending::Pilot } else { Ending::Complete })
    }

    pub(super) fn end(mut self, ending: Ending) -> Summary {
        // After a broken database there is nothing more to count.
        let counts = self.parts.queue.counts().unwrap_or_default();
        let narrowed = self.settings.narrowed;
        let summary = Summary { narrowed, ..self.score.summary(ending, counts, self.parts.clock.now()) };
        self.tell(News::RunEnded(summary.clone()));
        summary
    }
}
