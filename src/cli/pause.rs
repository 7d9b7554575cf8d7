//! `overnight pause` and `overnight resume`: whether a job's runs send anything. Never ends a run, never starts one.

use std::io::Write;

use super::args::PauseArgs;
use super::exit::Code;
use super::{current_dir, open};
use crate::queue::JobStatus;
use crate::report::shape::rfc3339;
use crate::report::words::{counted, one_line, shell_word};

pub(super) fn pause(args: &PauseArgs) -> anyhow::Result<Code> {
    let job = args.workspace.at(&current_dir()?).locate(&args.job)?;
    let now = open::clock().now();
    let before = open::desk(&job.db)?.pause(now, &job.name)?;
    let status = open::ledger(&job.db)?.status(now, std::slice::from_ref(&job.name))?.remove(0);
    let paused = match before {
        None => "paused".to_owned(),
        Some(since) => format!("was paused already, since {}", rfc3339(since)),
    };
    writeln!(std::io::stdout(), "{}: {paused}; {}", one_line(&job.name), what_follows(&status))?;
    // How to undo it, for people and not for scripts.
    let words = [vec!["resume".to_owned(), args.job.clone()], args.workspace.words()].concat();
    let words: Vec<_> = words.iter().map(|word| shell_word(&one_line(word))).collect();
    let _ = writeln!(std::io::stderr(), "`overnight {}` ends the pause", words.join(" "));
    Ok(Code::Complete)
}

/// What it means for the job as it stands.
fn what_follows(status: &JobStatus) -> String {
    let left = status.counts.left();
    let in_flight = status.in_flight.min(left);
    match (status.running_since, in_flight) {
        (None, _) if left == 0 => "nothing is left to send now".to_owned(),
        (None, _) => format!("its runs send nothing, {} left", counted(left, "item is", "items are")),
        (Some(_), 0) => format!("the run that is on sends nothing, {} left", counted(left, "item is", "items are")),
        (Some(_), _) => format!(
            "the run that is on finishes {} in flight and sends nothing more",
            counted(in_flight, "request", "requests")
        ),
    }
}

pub(super) fn resume(args: &PauseArgs) -> anyhow::Result<Code> {
    let job = args.workspace.at(&current_dir()?).locate(&args.job)?;
    let before = open::desk(&job.db)?.resume(&job.name)?;
    let status = open::ledger(&job.db)?.status(open::clock().now(), std::slice::from_ref(&job.name))?.remove(0);
    let resumed = match before {
        Some(since) => format!("resumed, after a pause since {}", rfc3339(since)),
        None => "was not paused".to_owned(),
    };
    let next = match (status.running_since, status.counts.left()) {
        (_, 0) => "nothing is left to send".to_owned(),
        (Some(_), _) => "the run that is on goes on".to_owned(),
        (None, left) => format!("the next run sends {}", counted(left, "item", "items")),
    };
    writeln!(std::io::stdout(), "{}: {resumed}; {next}", one_line(&job.name))?;
    Ok(Code::Complete)
}
