//! `overnight doctor`: whether a night would go well, as far as that can be known in the evening. Never queues anything,
//! and sends nothing that costs unless it is told to.

mod endpoint;
mod findings;
mod machine;
mod paid;
mod place;
mod subjects;
mod telling;

use std::io::Write;

use super::args::DoctorArgs;
use super::exit::Code;
use super::{current_dir, runtime};
use crate::job::{Job, Manifest, paths};
use crate::report::words::counted;
use endpoint::Endpoints;
use findings::{Findings, Level};
use subjects::Subject;

pub(super) fn run(args: &DoctorArgs) -> anyhow::Result<Code> {
    let current_dir = current_dir()?;
    let subjects = subjects::of(args, &current_dir)?;
    let mut findings = Findings::default();
    machine::look(&mut findings);
    let runtime = runtime()?;
    let mut endpoints = Endpoints::default();
    for subject in &subjects {
        findings.about(&subject.name);
        match &subject.job {
            Ok(job) => {
                let rows = list(subject, job, &mut findings);
                place::look(job, rows, &current_dir, &mut findings);
                telling::look(job, &current_dir, &mut findings);
                runtime.block_on(endpoints.look(job, &mut findings));
            }
            Err(problem) => findings.add(Level::Fault, "job", problem),
        }
    }
    if args.paid {
        runtime.block_on(paid::ask(&subjects, &endpoints, &mut findings));
    }
    runtime.shutdown_background();
    let text = if args.json { findings.document()? } else { findings.page(subjects.len() > 1) };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(if findings.has_faults() { Code::Unexpected } else { Code::Complete })
}

/// Reads the job's list to its end; how many items it has, if it has no mistakes.
fn list(subject: &Subject, job: &Job, findings: &mut Findings) -> Option<u64> {
    if let Some(file) = &job.file {
        findings.add(Level::Ok, "job", &format!("{} is understood", paths::shown(file, &subject.current_dir)));
    }
    if subject.is_made_up {
        return None;
    }
    if job.reads_stdin() {
        findings.add(Level::Note, "list", "it comes on standard input, and is looked at when it runs");
        return None;
    }
    let manifest = match Manifest::open(job) {
        Ok(manifest) => manifest,
        Err(error) => {
            findings.add(Level::Fault, "list", &error.to_string());
            return None;
        }
    };
    let (mut rows, mut items, mut mistakes, mut first) = (0, 0, 0, None);
    for row in manifest {
        rows += 1;
        match row {
            Ok((_, row_items)) => items += row_items.len() as u64,
            Err(bad) => {
                mistakes += bad.faults.len() as u64;
                first = first.or_else(|| bad.faults.first().map(ToString::to_string));
            }
        }
    }
    let list = &job.manifest_shown;
    match first {
        Some(first) => {
            let mistakes = counted(mistakes, "mistake", "mistakes");
            findings.add(
                Level::Fault,
                "list",
                &format!("{list}: {mistakes}; `overnight plan` tells all; the first: {first}"),
            );
            None
        }
        None => {
            let (rows, all) = (counted(rows, "row", "rows"), counted(items, "item", "items"));
            findings.add(Level::Ok, "list", &format!("{list}: {rows}, {all}, without a mistake"));
            Some(items)
        }
    }
}
