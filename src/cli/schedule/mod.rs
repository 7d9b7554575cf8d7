//! `overnight schedule`: runs jobs at their times, tells when these are, or prints what lets cron or systemd run them. Never
//! runs a job otherwise than `run` does.

mod files;
mod keeper;
mod known;
mod next;
mod print;
mod runs;
mod voice;

use super::args::ScheduleArgs;
use super::exit::Code;
use super::{current_dir, open};
use files::Files;

pub(super) fn run(args: &ScheduleArgs) -> anyhow::Result<Code> {
    let files = Files::of(args, &current_dir()?)?;
    match (args.next, args.print) {
        (Some(number), _) => next::print(&files, number, args.json),
        (_, Some(what)) => print::print(args, what, &files, open::clock().now()),
        _ => keeper::keep(args, files),
    }
}
