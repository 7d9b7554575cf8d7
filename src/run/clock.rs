//! What counts is the time that passes: when the clock is set, all that waits is moved along. Never sets the clock.

use super::Run;

impl Run<'_> {
    /// Moves whatever waits by as much as the clock was moved; waiting rows follow with the next turn.
    pub(super) fn follow_clock(&mut self) {
        let clock = &self.parts.clock;
        let Some(by) = self.steady.moved(clock.now(), clock.passed()) else { return };
        self.rows_to_move = Some(self.rows_to_move.unwrap_or_default().saturating_add(by));
        self.admission.clock_moved(by, clock.now());
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

    /// Moves the waiting rows too; at first by nothing, for what an earlier run left waiting by a clock that was set
    /// back since. Where they cannot be written now, they are next time, and the turn that meets the same fault tells
    /// it.
    pub(super) fn move_rows(&mut self) {
        let Some(by) = self.rows_to_move else { return };
        let (now, queue) = (self.parts.clock.now(), &mut self.parts.queue);
        if tokio::task::block_in_place(|| queue.move_waits(now, by)).is_err() {
            return;
        }
        self.rows_to_move = None;
        // Somebody may have put an item back in between, by the moved clock.
        self.next_claim_at = None;
    }
}
