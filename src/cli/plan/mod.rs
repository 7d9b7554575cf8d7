//! `overnight plan`: what a run would do and cost. Sends nothing, writes nothing.

mod differences;
mod forecast;
mod machine;
mod night;
mod text;

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::Path;

use self::forecast::Extent;
use super::args::PlanArgs;
use super::exit::{Code, UsageError};
use super::run::unpriced;
use super::{current_dir, faults, narrow, open};
use crate::disk;
use crate::domain::{ItemId, Room};
use crate::job::{Job, JobError, Manifest};
use crate::queue::Redo;

pub(super) fn run(args: &PlanArgs) -> anyhow::Result<Code> {
    let current_dir = current_dir()?;
    let job = match Job::load(&args.target, &args.options, &current_dir) {
        Ok(job) => job,
        Err(JobError::Faults(faults)) if args.json => {
            print(&machine::refused(&args.target, &faults))?;
            return Ok(Code::Usage);
        }
        Err(error) => return Err(error.into()),
    };
    let mut manifest = Manifest::open(&job)?;
    let redo = if job.changed { Redo::Yes } else { Redo::No };
    let mut preview = open::preview(&job, redo)?;
    let cache = open::reference_cache(&job);
    let is_approved = preview.is_approved()?;
    let extent = Extent {
        chosen: chosen(args, &job)?,
        pilot: job.pilot.filter(|_| !is_approved).map(|pilot| pilot.get() as u64),
        lists_all: args.items,
    };
    let forecast = forecast::foresee(&job, &mut manifest, &mut *preview, &cache, extent)?;
    if let Some((model, (cap, _))) = forecast.unpriced.as_ref().zip(job.caps.given().next()) {
        return Err(UsageError(unpriced(cap, model)).into());
    }
    let night = match forecast.problems.is_empty() {
        true => night::foreseen(&job, &forecast, &*preview, open::clock().now())?,
        false => None,
    };
    if args.json {
        print(&machine::document(&job, &forecast, night.as_ref()))?;
    } else if forecast.problems.is_empty() {
        let around = text::Around { room: room_for(&job.output), args, current_dir: &current_dir };
        print(&text::page(&job, &forecast, night.as_ref(), &around))?;
    }
    if forecast.problems.is_empty() {
        return Ok(Code::Complete);
    }
    if args.json {
        return Ok(Code::Usage);
    }
    Err(UsageError(faults::refused(&job, &args.target, &forecast.problems)).into())
}

/// The items that the run would be narrowed to, for which the manifest is read once more.
fn chosen(args: &PlanArgs, job: &Job) -> anyhow::Result<Option<HashSet<ItemId>>> {
    if args.narrow.is_empty() {
        return Ok(None);
    }
    if job.reads_stdin() {
        let message =
            "a list on standard input is read once, and choosing among its rows takes twice; save it as a file";
        return Err(UsageError(message.to_owned()).into());
    }
    narrow::chosen_of(&args.narrow, &mut Manifest::open(job)?)
}

/// The room on the disk where a folder is or will be.
fn room_for(folder: &Path) -> Option<Room> {
    disk::room(folder.ancestors().find(|above| above.exists())?).ok()
}

fn print(words: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(words.as_bytes())?;
    out.flush()
}
