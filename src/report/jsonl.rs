//! Events for programs: one JSON object a line. Never stops a run because nobody can read it.

use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, OnceLock};

use serde::Serialize;

use crate::domain::{Ending, Event, Failure, FailureKind, News, Reporter, Summary, Usd};

use super::shape::{CountsShape, MoneyShape, rfc3339};
use super::words::signal;

/// Writes every event as one line and flushes it, so that a reader can follow along.
///
/// After the first error nothing more is written: the stream ends where it broke, without torn lines in its middle,
/// and pictures go on being made. [`WriteFault`] tells of it afterwards.
#[derive(Debug)]
pub struct JsonLines<W: Write + Send> {
    writer: W,
    fault: WriteFault,
}

/// What became of a stream of events; it may be asked while another hand holds the [`JsonLines`].
#[derive(Debug, Clone, Default)]
pub struct WriteFault(Arc<OnceLock<io::Error>>);

impl WriteFault {
    /// Why the stream of events ended early, worth telling a person: full disk, lost mount. A reader that went away,
    /// as `head` does, is no fault.
    pub fn error(&self) -> Option<&io::Error> {
        self.0.get().filter(|error| error.kind() != ErrorKind::BrokenPipe)
    }

    fn is_broken(&self) -> bool {
        self.0.get().is_some()
    }
}

impl<W: Write + Send> JsonLines<W> {
    /// Events go to `writer`, each in a single call of `write_all`.
    pub fn new(writer: W) -> Self {
        Self { writer, fault: WriteFault::default() }
    }

    /// Where to ask, when the run is over, whether all events were written.
    pub fn fault(&self) -> WriteFault {
        self.fault.clone()
    }

    fn write(&mut self, event: &Event) -> io::Result<()> {
        let Some(line) = Line::of(event) else { return Ok(()) };
        let mut line = serde_json::to_vec(&line)?;
        line.push(b'\n');
        self.writer.write_all(&line)?;
        self.writer.flush()
    }
}

impl<W: Write + Send> Reporter for JsonLines<W> {
    fn tell(&mut self, event: &Event) {
        if self.fault.is_broken() {
            return;
        }
        if let Err(error) = self.write(event) {
            // Nobody else sets it, so it cannot be set already.
            let _ = self.fault.0.set(error);
        }
    }
}

/// An event as it is written, to be flattened by whoever tells more. The order of the fields is the order of the keys.
#[derive(Serialize)]
pub struct Line<'a> {
    event: &'static str,
    time: String,
    job: &'a str,
    #[serde(flatten)]
    body: Body<'a>,
}

/// What is said beside the event's name, its time and its job.
#[derive(Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Started {
        items: u64,
        #[serde(flatten)]
        counts: CountsShape,
    },
    AttemptStarted {
        item: &'a str,
        attempt: u32,
        reserved_usd: Option<Usd>,
    },
    AttemptEnded {
        item: &'a str,
        attempt: u32,
        outcome: &'static str,
        #[serde(flatten)]
        failure: Option<Cause<'a>>,
        cost_usd: Option<Usd>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<&'a str>,
    },
    Slowed {
        until: String,
        message: &'a str,
    },
    Paused {
        since: String,
    },
    Resumed {
        paused_s: f64,
    },
    Halted {
        message: &'a str,
    },
    Ended(Box<SummaryBody<'a>>),
}

/// Why something gave nothing.
#[derive(Serialize)]
struct Cause<'a> {
    kind: FailureKind,
    message: &'a str,
}

/// A run in figures. `limit`, `signal`, `paused_since`, `kind` and `message` stand where the ending has them.
#[derive(Serialize)]
struct SummaryBody<'a> {
    ending: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_since: Option<String>,
    #[serde(flatten)]
    cause: Option<Cause<'a>>,
    /// Of a cap that was reached: what stands against it. Of a run that broke off: why.
    #[serde(rename = "message", skip_serializing_if = "Option::is_none")]
    reached: Option<String>,
    took_s: f64,
    attempts: u64,
    done: u64,
    failed: u64,
    images: u64,
    lost: u64,
    cost_usd: Option<Usd>,
    #[serde(flatten)]
    money: MoneyShape,
    #[serde(flatten)]
    counts: CountsShape,
}

impl<'a> Line<'a> {
    /// The event's line; none for what is only progress, since a record tells what is durable.
    pub fn of(event: &'a Event) -> Option<Self> {
        let (name, body) = name_and_body(&event.news)?;
        Some(Self { event: name, time: rfc3339(event.time), job: &event.job, body })
    }
}

fn name_and_body(news: &News) -> Option<(&'static str, Body<'_>)> {
    Some(match news {
        News::RunStarted { counts, items } => ("run_started", Body::Started { items: *items, counts: counts.into() }),
        News::AttemptStarted { item, attempt, reserved } => {
            let (attempt, reserved_usd) = (*attempt, *reserved);
            ("attempt_started", Body::AttemptStarted { item, attempt, reserved_usd })
        }
        News::AttemptEnded { item, attempt, outcome, failure, cost, file, .. } => (
            "attempt_ended",
            Body::AttemptEnded {
                item,
                attempt: *attempt,
                outcome,
                failure: failure.as_ref().map(Cause::from),
                cost_usd: *cost,
                file: file.as_deref(),
            },
        ),
        News::Slowed { until, message } => {
            let until = rfc3339(*until);
            ("slowed", Body::Slowed { until, message })
        }
        News::Paused { since } => ("paused", Body::Paused { since: rfc3339(*since) }),
        News::Resumed { after } => ("resumed", Body::Resumed { paused_s: after.as_millis() as f64 / 1e3 }),
        News::Halted { message } => ("halted", Body::Halted { message }),
        News::RunEnded(summary) => ("run_ended", Body::Ended(Box::new(summary.into()))),
        News::AttemptLanded { .. } => return None,
    })
}

impl<'a> From<&'a Failure> for Cause<'a> {
    fn from(failure: &'a Failure) -> Self {
        Self { kind: failure.kind, message: &failure.message }
    }
}

impl<'a> From<&'a Summary> for SummaryBody<'a> {
    fn from(summary: &'a Summary) -> Self {
        let (limit, signal, cause) = match &summary.ending {
            Ending::Complete => (None, None, None),
            Ending::Halted(failure) => (None, None, Some(failure.into())),
            Ending::Broken(_) => (None, None, None),
            Ending::Limit(flag) | Ending::Deadline(flag) => (Some(flag.trim_start_matches('-')), None, None),
            Ending::Budget(reached) => (Some(reached.kind.flag().trim_start_matches('-')), None, None),
            Ending::Pilot => (Some("pilot"), None, None),
            Ending::Paused { .. } => (None, None, None),
            Ending::Interrupted(interrupt) => (None, Some(signal(*interrupt)), None),
        };
        Self {
            ending: summary.ending.as_str(),
            limit,
            signal,
            paused_since: match &summary.ending {
                Ending::Paused { since } => Some(rfc3339(*since)),
                _ => None,
            },
            cause,
            reached: match &summary.ending {
                Ending::Budget(reached) => Some(reached.told()),
                Ending::Broken(message) => Some(message.clone()),
                _ => None,
            },
            took_s: summary.took.as_millis() as f64 / 1e3,
            attempts: summary.attempts,
            done: summary.done,
            failed: summary.failed,
            images: summary.images,
            lost: summary.lost,
            cost_usd: summary.cost,
            money: MoneyShape::of(summary.money(), summary.projected),
            counts: (&summary.counts).into(),
        }
    }
}
