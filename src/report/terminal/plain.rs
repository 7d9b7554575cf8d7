//! Progress where there is no terminal: a line now and then, for log files and cron's mail. Never more than a few dozen
//! lines an hour, but for failures; where nobody asked for lines, never more than one an hour, and none of a short run.

use std::io::Write;
use std::time::Duration;

use crate::domain::{Event, News, Reporter, Timestamp};
use crate::report::rest::Frame;
use crate::report::words::{count, from_to, rate};

use super::money::sums;
use super::paused;
use super::tally::{Pause, Tally, wall_clock};
use super::view::{self, Look};

/// Lines of progress are at least so far apart.
const CLOSEST: Duration = Duration::from_secs(30);
/// A line is due when this share of the items has ended since the last: one in twenty.
const SHARE: u64 = 20;
/// A line is due after so long in any case, as a sign of life.
const FARTHEST: Duration = Duration::from_secs(10 * 60);
/// Where nobody asked for lines, they are so far apart, and so is the first from the start.
const RARE: Duration = Duration::from_secs(60 * 60);
/// So many failures get a line of their own; the summary groups them all.
const MOST_FAILURES: u64 = 100;

/// Writes lines of progress. A line that cannot be written is dropped: the run matters more.
#[derive(Debug)]
pub struct Plain<W> {
    writer: W,
    look: Look,
    tally: Tally,
    last_line: Timestamp,
    last_ended: u64,
    told_pause: Option<Pause>,
    /// Nobody asked for lines.
    is_rare: bool,
}

impl<W: Write + Send> Plain<W> {
    /// Lines go to `writer`. Their width is the log's, so nothing is cut but to `look.columns`.
    pub fn new(writer: W, look: Look) -> Self {
        let (tally, last_line) = (Tally::default(), Timestamp::default());
        Self { writer, look, tally, last_line, last_ended: 0, told_pause: None, is_rare: false }
    }

    /// The same where nobody asked for lines: a run that goes well and is short has none, so that cron's mail of it is
    /// the closing line alone.
    pub fn rare(self) -> Self {
        Self { is_rare: true, ..self }
    }

    /// The same for a run that was told this.
    pub fn within(self, frame: Frame) -> Self {
        Self { tally: Tally::within(frame), ..self }
    }

    fn line(&mut self, text: &str) {
        let now = self.tally.now;
        let _ = writeln!(self.writer, "{} {text}", wall_clock(now, now, &self.look.zone));
    }

    /// A line that says of itself nothing of the job: several may share what it is written to.
    fn of_job(&mut self, text: &str) {
        self.line(&format!("{}: {text}", self.tally.job));
    }

    fn progress(&mut self) {
        self.last_line = self.tally.now;
        self.last_ended = self.tally.ended();
        self.line(&progress_line(&self.tally, &self.look));
    }

    fn progress_is_due(&self) -> bool {
        let apart = self.tally.now.since(self.last_line);
        let ended = self.tally.ended() - self.last_ended;
        let is_last = self.tally.ended() == self.tally.items();
        if self.is_rare {
            return !is_last && apart >= RARE;
        }
        !is_last && (apart >= FARTHEST || (apart >= CLOSEST && ended * SHARE >= self.tally.items() && ended > 0))
    }

    fn lasting(&mut self, text: &str) {
        if self.tally.failed <= MOST_FAILURES || self.tally.halted {
            self.of_job(text);
        } else if self.tally.failed == MOST_FAILURES + 1 {
            self.of_job("further failures are counted, and grouped in the summary");
        }
    }

    /// A pause gets a line when it begins; longer ones that follow at once only now and then.
    fn pause(&mut self) {
        let apart = self.tally.now.since(self.last_line);
        let due = match self.is_rare {
            true => apart >= RARE,
            false => apart >= CLOSEST || self.told_pause.is_none(),
        };
        if let Some(pause) = self.tally.pause.clone().filter(|_| due) {
            self.last_line = self.tally.now;
            self.of_job(&paused::asked_for(&pause, &self.tally, &self.look));
            self.told_pause = Some(pause);
        }
    }
}

impl<W: Write + Send> Reporter for Plain<W> {
    fn tell(&mut self, event: &Event) {
        self.tally.take(event);
        match &event.news {
            News::RunStarted { .. } => {
                (self.last_line, self.last_ended, self.told_pause) = (event.time, 0, None);
                if self.tally.items() > 0 && !self.is_rare {
                    self.line(&view::start(&self.tally, &self.look));
                }
            }
            News::Slowed { .. } => self.pause(),
            News::Paused { .. } | News::Resumed { .. } => {
                if let Some(line) = paused::news(&event.news, &self.tally, &self.look) {
                    self.of_job(&line);
                }
            }
            News::RunEnded(_) if self.tally.items() > 0 && !self.is_rare => self.progress(),
            _ => match view::lasting(event, &self.look) {
                Some(line) => self.lasting(&line),
                None if self.progress_is_due() => self.progress(),
                None => {}
            },
        }
    }
}

fn progress_line(tally: &Tally, look: &Look) -> String {
    let mut parts = vec![format!("{}: {}/{} done", tally.job, count(tally.done), count(tally.items()))];
    if tally.failed > 0 {
        parts.push(format!("{} failed", count(tally.failed)));
    }
    if tally.in_flight() > 0 {
        parts.push(format!("{} in flight", tally.in_flight()));
    }
    if let Some(per_minute) = tally.pictures_per_minute() {
        parts.push(format!("{} a minute", rate(per_minute)));
    }
    if let Some(rest) = tally.rest().filter(|rest| !rest.latest.is_zero()) {
        parts.push(format!("about {} left", from_to(rest)));
    }
    parts.extend(view::outlook(tally, look));
    parts.extend(sums(tally, look));
    parts.join(", ")
}
