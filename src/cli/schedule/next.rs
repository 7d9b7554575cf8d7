//! `overnight schedule --next`: the coming starts of each job. Never starts one.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::files::{Files, Loaded};
use crate::cli::exit::Code;
use crate::cli::open;
use crate::domain::Timestamp;
use crate::job::{Schedule, Start};
use crate::report::shape::rfc3339;
use crate::report::words::{counted, duration, one_line};

/// The document of `schedule --next --json`.
#[derive(Serialize)]
struct Document {
    jobs: Vec<Coming>,
}

#[derive(Serialize)]
struct Coming {
    job: String,
    file: String,
    cron: String,
    timezone: String,
    next: Vec<Moment>,
}

#[derive(Serialize)]
struct Moment {
    /// The time that the schedule names.
    at: String,
    /// When the job begins: later by its part of the jitter.
    begins: String,
    /// On the clocks of its zone.
    local: String,
    in_seconds: u64,
    /// When sending stops, where that is said.
    until: Option<String>,
}

/// Prints so many starts of each job.
pub(super) fn print(files: &Files, number: usize, json: bool) -> anyhow::Result<Code> {
    let now = open::clock().now();
    let jobs = files.scheduled()?;
    let text = if json {
        let jobs = jobs.iter().filter_map(|(file, loaded)| coming(file, loaded, number, now)).collect();
        serde_json::to_string(&Document { jobs })? + "\n"
    } else {
        as_text(&jobs, number, now)
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Code::Complete)
}

fn starts<'a>(schedule: &'a Schedule, job: &'a str, number: usize, now: Timestamp) -> impl Iterator<Item = Start> + 'a {
    schedule.after(now).take(number).map(move |at| schedule.start(job, at))
}

fn coming(file: &Path, loaded: &Loaded, number: usize, now: Timestamp) -> Option<Coming> {
    let (job, schedule) = (&loaded.job, loaded.job.schedule.as_ref()?);
    let zone = schedule.zone();
    let next = starts(schedule, &job.name, number, now).map(|start| Moment {
        at: rfc3339(start.at),
        begins: rfc3339(start.begins),
        local: local(start.begins, schedule, "%Y-%m-%dT%H:%M:%S%:z"),
        in_seconds: start.begins.since(now).as_secs(),
        until: job.clone().started(start, start.begins).end.deadline(start.begins).at(start.begins).map(rfc3339),
    });
    Some(Coming {
        job: job.name.clone(),
        file: file.display().to_string(),
        cron: schedule.cron.written.clone(),
        timezone: zone.iana_name().unwrap_or("UTC").to_owned(),
        next: next.collect(),
    })
}

fn as_text(jobs: &[(std::path::PathBuf, Loaded)], number: usize, now: Timestamp) -> String {
    let mut lines: Vec<(Timestamp, String)> = Vec::new();
    let widest = jobs.iter().map(|(_, loaded)| loaded.job.name.chars().count()).max().unwrap_or_default();
    for (_, Loaded { job, .. }) in jobs {
        let Some(schedule) = &job.schedule else { continue };
        for start in starts(schedule, &job.name, number, now) {
            let name = one_line(&job.name);
            lines.push((start.begins, format!("{name:widest$}  {}\n", shown(start, schedule, now))));
        }
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

/// A start as a person says it: `Mon 2026-11-30 22:00 CET, in 3 h 20 min`.
pub(super) fn shown(start: Start, schedule: &Schedule, now: Timestamp) -> String {
    let begins = local(start.begins, schedule, "%a %Y-%m-%d %H:%M");
    let zone = local(start.begins, schedule, "%Z");
    format!("{begins} {zone}, in {}", roughly(start.begins.since(now)))
}

/// A length of time to the minute, where it is not short.
fn roughly(length: Duration) -> String {
    match length.as_secs() {
        ..60 => counted(length.as_secs(), "second", "seconds"),
        seconds => duration(Duration::from_secs(seconds / 60 * 60)),
    }
}

fn local(time: Timestamp, schedule: &Schedule, format: &str) -> String {
    let time = jiff::Timestamp::from_millisecond(time.millis()).unwrap_or(jiff::Timestamp::MAX);
    time.to_zoned(schedule.zone()).strftime(format).to_string()
}
