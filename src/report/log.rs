//! A run as log lines, for `-v` and for whoever collects logs. Never decides where the lines go.

use tracing::{debug, info, trace};

use crate::domain::{Event, News, Reporter};

/// Tells a run to the log: its course at `info`, every attempt at `debug`.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogLines;

impl Reporter for LogLines {
    fn tell(&mut self, event: &Event) {
        let job = event.job.as_str();
        match &event.news {
            News::RunStarted { items, .. } => info!(job, items, "run started"),
            News::AttemptStarted { item, attempt, .. } => debug!(job, item, attempt, "attempt started"),
            News::AttemptLanded { item, attempt } => trace!(job, item, attempt, "attempt landed"),
            News::AttemptEnded { item, attempt, outcome, failure, file, .. } => {
                let kind = failure.as_ref().map(|failure| failure.kind.as_str());
                // What a line says itself is its `message`.
                let reason = failure.as_ref().map(|failure| failure.message.as_str());
                debug!(job, item, attempt, outcome, kind, reason, file, "attempt ended");
            }
            News::Slowed { until, message } => {
                info!(job, until_ms = until.millis(), reason = message.as_str(), "slowed");
            }
            News::Paused { since } => info!(job, since_ms = since.millis(), "paused"),
            News::Resumed { after } => info!(job, after_s = after.as_secs(), "resumed"),
            News::Halted { message } => info!(job, reason = message.as_str(), "halted"),
            News::RunEnded(summary) => {
                let (ending, attempts, done, failed) =
                    (summary.ending.as_str(), summary.attempts, summary.done, summary.failed);
                info!(job, ending, attempts, done, failed, "run ended");
            }
        }
    }
}
