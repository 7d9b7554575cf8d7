//! What counts is the time that passes: when the clock is set, all that waits is moved along. Never sets the clock.

use super::{Run, RunError};

impl Run<'_> {
    /// Moves whatever waits by as much as the clock was moved; waiting rows follow with the next turn.
    pub(super) fn follow_clock(&mut self) {
        let clock = &self.parts.clock;
        let Some(by) = self.steady.moved(clock.now(), clock.passed()) else { return };
        self.rows_to_move = self.rows_to_move.saturating_add(by);
        self.pace.clock_moved(by);
        self.outage.clock_moved(by);
        self.score.clock_moved(by);
        for moment in
            [&mut self.write_again_at, &mut self.unwritten_since, &mut self.next_claim_at, &mut self.next_start_at]
        {
            *moment = moment.map(|moment| moment.moved(by));
        }
        for settlement in &mut self.settlements {
            settlement.outcome.clock_moved(by);
        }
    }

    /// Moves the waiting rows too. Where they cannot be written now, they are next time, and the turn that meets the
    /// same fault tells it.
    pub(super) fn move_rows(&mut self) {
        if self.rows_to_move == 0 {
            return;
        }
        let (now, by, queue) = (self.parts.clock.now(), self.rows_to_move, &mut self.parts.queue);
        if tokio::task::block_in_place(|| queue.move_waits(now, by)).is_err() {
            return;
        }
        self.rows_to_move = 0;
        // Somebody may have put an item back in between, by the moved clock.
        self.next_claim_at = None;
    }

    /// What an earlier run left waiting by a clock that was set back since must not wait for the clock to catch up.
    pub(super) fn mend_waits(&mut self) -> Result<(), RunError> {
        Ok(self.parts.queue.move_waits(self.parts.clock.now(), 0)?)
    }
}
