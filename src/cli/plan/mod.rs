//! `overnight plan`: what a run would do and cost. Sends nothing, writes nothing.

mod differences;
mod forecast;
mod machine;
mod text;

use std::io::{self, Write};
use std::path::Path;

use super::args::PlanArgs;
use super::exit::{Code, UsageError};
use super::{current_dir, faults, open};
use crate::disk;
use crate::domain::Room;
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
    let forecast = forecast::foresee(&job, &mut manifest, &mut *preview, &cache, args.items)?;
    if args.json {
        print(&machine::document(&job, &forecast))?;
    } else if forecast.problems.is_empty() {
        print(&text::page(
            &job,
            &forecast,
            &text::Around { room: room_for(&job.output), args, current_dir: &current_dir },
        ))?;
    }
    if forecast.problems.is_empty() {
        return Ok(Code::Complete);
    }
    if args.json {
        return Ok(Code::Usage);
    }
    Err(UsageError(faults::refused(&job, &args.target, &forecast.problems)).into())
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
