//! A person's pause: while it lasts nothing is sent, and what is in flight is finished and kept. The run waits for its end
//! with its lock and its lease. Never ends a run that is on; one that begins within it is over at once.

use std::time::Duration;

use super::{Run, RunError};
use crate::domain::{Ending, News, Timestamp};

/// How often a run looks that has nothing to write. A turn looks anyhow.
const LOOK: Duration = Duration::from_secs(1);

/// What a run knows of the pause. Durations are the time passed, which nobody can set.
#[derive(Debug, Default)]
pub(super) struct Pause {
    /// Since when it is paused, if it is, and when this run noticed.
    paused: Option<(Timestamp, Duration)>,
    looked: Duration,
}

impl Pause {
    /// Whether nothing may be sent.
    pub fn is_on(&self) -> bool {
        self.paused.is_some()
    }

    /// How long until the next look.
    fn until_look(&self, passed: Duration) -> Duration {
        (self.looked + LOOK).saturating_sub(passed)
    }

    /// The queue was asked. Returns what is news about it.
    fn heed(&mut self, since: Option<Timestamp>, passed: Duration) -> Option<News> {
        self.looked = passed;
        let before = self.paused;
        let noticed = before.map_or(passed, |(_, noticed)| noticed);
        self.paused = since.map(|since| (since, noticed));
        match (before, since) {
            (None, Some(since)) => Some(News::Paused { since }),
            (Some(_), None) => Some(News::Resumed { after: passed.saturating_sub(noticed) }),
            _ => None,
        }
    }
}

impl Run<'_> {
    /// A run that begins while its job is paused is over, unless nothing is left to do: whoever started it, such as cron,
    /// waits for its end.
    pub(super) fn begin_unless_paused(&mut self) -> Result<(), RunError> {
        let since = self.parts.queue.paused_since()?;
        if let Some(since) = since
            && self.parts.queue.next_due(false)?.is_some()
        {
            self.stop_sending(Ending::Paused { since });
        }
        Ok(())
    }

    /// Asks the queue from time to time whether the job is paused. A fault here is met by the next turn, which tells it.
    pub(super) fn look_for_pause(&mut self) {
        if self.until_look().is_some_and(|wait| wait.is_zero()) {
            let queue = &mut self.parts.queue;
            if let Ok(since) = tokio::task::block_in_place(|| queue.paused_since()) {
                self.heed_pause(since);
            }
        }
    }

    /// How long until the next look; none when it does not matter any more.
    pub(super) fn until_look(&self) -> Option<Duration> {
        self.stopping.is_none().then(|| self.pause.until_look(self.parts.clock.passed()))
    }

    /// Sends nothing while the job is paused, and goes on when it is not: as if it had not been, as far as anything is
    /// learned from time.
    pub(super) fn heed_pause(&mut self, since: Option<Timestamp>) {
        if self.stopping.is_some() {
            return;
        }
        let Some(news) = self.pause.heed(since, self.parts.clock.passed()) else { return };
        if let News::Resumed { after } = news {
            self.admission.resumed(after, self.parts.clock.now());
            self.next_claim_at = None;
        }
        self.tell(news);
    }

    /// How the run ends although it is paused: what the next request would cost, or the time it would take, is no longer
    /// there.
    pub(super) fn over_while_paused(&mut self, now: Timestamp) -> Option<Ending> {
        let is_on = self.pause.is_on();
        is_on.then(|| self.admission.used_up(self.score.last_reserve(), now)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_pause_is_told_once_and_lasts_from_when_it_was_noticed() {
        let (since, mut pause) = (Timestamp::from_millis(1_000), Pause::default());
        assert_eq!(pause.heed(None, seconds(5)), None);
        assert_eq!((pause.until_look(seconds(5)), pause.until_look(seconds(7))), (LOOK, Duration::ZERO));
        assert_eq!(pause.heed(Some(since), seconds(6)), Some(News::Paused { since }));
        assert_eq!(pause.heed(Some(since), seconds(7)), None);
        let again = Timestamp::from_millis(9_000);
        assert_eq!(pause.heed(Some(again), seconds(8)), None, "it went on between two looks, and paused again");
        assert!(pause.is_on());
        assert_eq!(pause.heed(None, seconds(66)), Some(News::Resumed { after: seconds(60) }));
        assert!(!pause.is_on());
    }
}
