//! `status --watch`: the same again and again, until a signal comes. Never leaves more of it on a terminal than how it stood
//! at the end, and elsewhere never says twice what has not changed.

use std::io::{self, Write};
use std::time::Duration;

use console::Term;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::super::args::StatusArgs;
use super::super::exit::Code;
use super::super::{open, runtime, signals};
use super::{Standing, as_json, as_text, standings};
use crate::domain::{Interrupt, Timestamp};
use crate::queue::{JobStatus, QueueError};
use crate::report::shape::rfc3339;
use crate::report::terminal::{Canvas, can_draw};
use crate::report::words::cut;
use crate::run::Stop;

/// A terminal that does not tell its size.
const USUAL: (u16, u16) = (24, 80);

pub(super) fn run(args: &StatusArgs, jobs: &[String], every: Duration) -> anyhow::Result<Code> {
    let mut page = Page::of(args.json, every);
    runtime()?.block_on(async {
        let mut stop = signals::listen(|| {})?;
        // What is wrong with the question is told at once.
        page.look(args, jobs)?;
        loop {
            let stopped = tokio::select! {
                stopped = stop.wait_for(|stop| *stop != Stop::No) => {
                    stopped.map_or(Stop::Finish(Interrupt::Term), |stop| *stop)
                }
                () = tokio::time::sleep(every) => Stop::No,
            };
            match stopped {
                Stop::No if is_deserted() => return page.end(Code::Pipe),
                Stop::No => {}
                // There is no other way to end it: it has done all that was asked.
                Stop::Finish(Interrupt::Int) | Stop::Now(Interrupt::Int) => return page.end(Code::Complete),
                Stop::Finish(Interrupt::Term) | Stop::Now(Interrupt::Term) => return page.end(Code::Terminated),
            }
            match page.look(args, jobs) {
                Ok(()) => {}
                // Another program keeps the database locked: next time.
                Err(error) if error.downcast_ref().is_some_and(QueueError::is_busy) => {}
                Err(error) => return page.end(Code::Unexpected).and(Err(error)),
            }
        }
    })
}

/// Whether whoever read this went away, such as `head`: only a write would tell, and nothing is written while nothing
/// changes.
fn is_deserted() -> bool {
    let stdout = io::stdout();
    let mut asked = [PollFd::new(&stdout, PollFlags::empty())];
    poll(&mut asked, Some(&Timespec::default())).is_ok() && asked[0].revents().contains(PollFlags::ERR)
}

/// Where it is shown.
enum Page {
    /// On a terminal, in place: what is there, and whether it can be told from what was there before.
    Drawn { canvas: Canvas, last: String, every: Duration },
    /// Elsewhere, in words, and what they told last.
    Blocks(Option<Vec<Standing>>),
    /// As lines of JSON, and what they told last.
    Lines(Option<Vec<Standing>>),
}

impl Page {
    fn of(json: bool, every: Duration) -> Self {
        match (json, can_draw(&io::stdout())) {
            (true, _) => Self::Lines(None),
            (false, true) => Self::Drawn { canvas: Canvas::default(), last: String::new(), every },
            (false, false) => Self::Blocks(None),
        }
    }

    fn look(&mut self, args: &StatusArgs, jobs: &[String]) -> anyhow::Result<()> {
        let now = open::clock().now();
        self.show(standings(&args.workspace, jobs, now)?, now)
    }

    fn show(&mut self, jobs: Vec<Standing>, now: Timestamp) -> anyhow::Result<()> {
        match self {
            Self::Drawn { canvas, last, every } => {
                *last = as_text(&jobs, now);
                let (rows, columns) = size();
                let footer = format!("every {} s; Ctrl-C ends it\n", every.as_secs_f64());
                let fitted = fitted(&(last.clone() + &footer), rows, columns);
                put(&canvas.draw(&fitted, columns))
            }
            Self::Blocks(last) if differ(last.as_deref(), &jobs, now) => {
                let gap = if last.is_none() { "" } else { "\n" };
                put(&format!("{gap}{}\n{}", rfc3339(now), as_text(&jobs, now)))?;
                *last = Some(jobs);
                Ok(())
            }
            Self::Lines(last) if differ(last.as_deref(), &jobs, now) => {
                put(&as_json(&jobs)?)?;
                *last = Some(jobs);
                Ok(())
            }
            Self::Blocks(_) | Self::Lines(_) => Ok(()),
        }
    }

    /// What was drawn gives way to how it stood, whole, as the same command without `--watch` would have left it.
    fn end(&mut self, code: Code) -> anyhow::Result<Code> {
        if let Self::Drawn { canvas, last, .. } = self {
            put(&(canvas.erase(size().1) + last))?;
        }
        Ok(code)
    }
}

/// The rows and columns of the terminal, now.
fn size() -> (usize, usize) {
    let (rows, columns) = Term::stdout().size_checked().unwrap_or(USUAL);
    (rows.into(), columns.into())
}

/// The lines, cut so that none is broken and all can be drawn over: what scrolled away is out of reach.
fn fitted(text: &str, rows: usize, columns: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let room = rows.saturating_sub(1).max(2);
    let cut_off = match lines.len() > room {
        true => lines.len() - (room - 2) - 1,
        false => 0,
    };
    let shown = lines.iter().take(lines.len() - 1 - cut_off).copied();
    let more = (cut_off > 0).then(|| format!("… {cut_off} more lines"));
    let all = shown.map(str::to_owned).chain(more).chain(lines.last().map(|&footer| footer.to_owned()));
    all.map(|line| cut(&line, columns.saturating_sub(1)).into_owned() + "\n").collect()
}

/// Whether anything happened, beyond that time passes.
fn differ(before: Option<&[Standing]>, jobs: &[Standing], now: Timestamp) -> bool {
    let Some(before) = before else { return true };
    // What is due is due, however long ago.
    let told = |job: &Standing| {
        let next_due = job.status.next_due.filter(|due| *due > now);
        JobStatus { next_due, ..job.status.clone() }
    };
    before.len() != jobs.len() || before.iter().zip(jobs).any(|(before, job)| told(before) != told(job))
}

/// In one piece, so that no half of it is ever seen.
fn put(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted_and_the_last_line_stays() {
        let text: String = (1..=6).map(|line| format!("line {line} of many\n")).collect();
        assert_eq!(fitted(&text, 24, 80), text);
        assert_eq!(fitted(&text, 7, 80), text);
        assert_eq!(fitted(&text, 6, 9), "line 1 …\nline 2 …\nline 3 …\n… 2 mor…\nline 6 …\n");
        assert_eq!(fitted(&text, 1, 80).lines().count(), 2);
    }

    #[test]
    fn that_time_passes_is_no_news() {
        let at = Timestamp::from_millis;
        let job = |done, due: i64| {
            let counts = crate::domain::Counts { done, ..Default::default() };
            let status = JobStatus { counts, next_due: Some(at(due)), ..JobStatus::default() };
            [Standing { status, rest: None, rehearsal: false }]
        };
        assert!(!differ(Some(&job(1, 5)), &job(1, 9), at(9)), "both are due");
        assert!(differ(Some(&job(1, 5)), &job(1, 10), at(9)) && differ(Some(&job(1, 5)), &job(2, 5), at(9)));
        assert!(differ(Some(&[]), &job(1, 5), at(9)) && differ(None, &[], at(9)));
    }
}
