//! The jobs of a workspace as a table. Never printed here.

use jiff::tz::TimeZone;

use super::{Line, State};
use crate::domain::Timestamp;
use crate::job::zone_of;
use crate::queue::JobStatus;
use crate::report::terminal::wall_clock;
use crate::report::words::{count, money, one_line};

const HEADINGS: [&str; 6] = ["job", "state", "done", "spent", "last run", "file"];
/// Where nothing is known.
const NOTHING: &str = "–";
/// Columns of figures.
const FIGURES: [usize; 2] = [2, 3];

type Row = [String; HEADINGS.len()];

/// A line a job below the headings.
pub(super) fn table(lines: &[Line], now: Timestamp) -> String {
    if lines.is_empty() {
        return "no jobs yet\n".to_owned();
    }
    let zone = zone_of(None);
    let rows = lines.iter().map(|line| row(line, now, &zone));
    let rows: Vec<Row> = std::iter::once(HEADINGS.map(str::to_owned)).chain(rows).collect();
    let widths: [usize; HEADINGS.len()] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default());
    let line = |row: &Row| {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| match FIGURES.contains(&column) {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

fn row(line: &Line, now: Timestamp, zone: &TimeZone) -> Row {
    let status = line.status.as_ref();
    let of = |words: fn(&JobStatus) -> String| status.map_or(NOTHING.to_owned(), words);
    let spent = |status: &JobStatus| match (status.cost, line.rehearsal) {
        (_, true) => "rehearsal".to_owned(),
        (Some(_), false) => money(status.held.settled),
        (None, false) => NOTHING.to_owned(),
    };
    let file = line.file.as_deref().map(one_line);
    [
        one_line(&line.name),
        state(line),
        of(|status| {
            format!("{}/{}", count(status.counts.done), count(status.counts.total() - status.counts.cancelled))
        }),
        status.map_or(NOTHING.to_owned(), spent),
        status.map_or(NOTHING.to_owned(), |status| last_run(status, now, zone)),
        match (&line.problem, file) {
            (Some(problem), Some(file)) if !problem.starts_with(&file) => format!("{file}: {problem}"),
            (Some(problem), _) => problem.clone(),
            (None, file) => file.unwrap_or(NOTHING.to_owned()),
        },
    ]
}

fn state(line: &Line) -> String {
    let (left, failed) =
        line.status.as_ref().map_or((0, 0), |status| (status.counts.left(), status.counts.failed_total()));
    let failures = if failed > 0 { format!(", {} failed", count(failed)) } else { String::new() };
    let is_paused = line.status.as_ref().is_some_and(|status| status.paused_since.is_some());
    match State::of(line) {
        State::Unreadable => "cannot be read".to_owned(),
        State::NeverRun => "never run".to_owned(),
        State::Running if is_paused => "running, paused".to_owned() + &failures,
        State::Running => "running".to_owned() + &failures,
        State::Paused => format!("paused, {} left{failures}", count(left)),
        State::AwaitingApproval => format!("waiting for approval, {} left{failures}", count(left)),
        State::Waiting => format!("{} left{failures}", count(left)),
        State::Failed => format!("{} failed", count(failed)),
        State::Finished if is_paused => "finished, paused".to_owned(),
        State::Finished => "finished".to_owned(),
    }
}

/// When the last run ended, or began if it is on or was killed, and how it ended.
fn last_run(status: &JobStatus, now: Timestamp, zone: &TimeZone) -> String {
    let Some(run) = &status.last_run else { return NOTHING.to_owned() };
    let clock = |time| wall_clock(time, now, zone);
    match (run.ended_at, run.ending.as_deref()) {
        (Some(ended), Some("died")) => format!("killed before {}", clock(ended)),
        (Some(ended), Some(ending)) => format!("{} {ending}", clock(ended)),
        _ if status.running_since.is_some() => format!("{} on", clock(run.began_at)),
        _ => format!("{} killed", clock(run.began_at)),
    }
}
