//! How a run comes to its end before its time: what is still told and given back. Never waits.

use std::mem;

use tokio::task::JoinSet;

use super::{Run, Stop};
use crate::domain::{Ending, Failure, FailureKind, News, Outcome, Reach};

impl Run<'_> {
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
        if matches!(stop, Stop::Now(_)) {
            self.give_up_flights();
        }
    }

    /// What is in flight was sent, and nobody will hear its answer: lost, and given back uncounted.
    fn give_up_flights(&mut self) {
        self.take_landed();
        let now = self.parts.clock.now();
        self.flights = JoinSet::new();
        for id in mem::take(&mut self.flying) {
            let mut failure =
                Failure::new(FailureKind::Transient, "stopped by a second signal while the answer was on its way");
            failure.reach = Reach::Lost;
            self.settle(id, Outcome::Returned { due_at: now, failure });
        }
    }

    /// Nothing more is sent from now on; the first reason stands.
    pub(super) fn stop(&mut self, ending: Ending, why: &str) {
        if self.stopping.is_none() {
            self.stopping = Some(ending);
            self.tell(News::Halted { message: why.to_owned() });
        }
    }
}
