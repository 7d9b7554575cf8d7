//! `overnight schedule --print`: what has cron or systemd run the jobs instead, as it works when it is put there. Never
//! holds a key, and never changes what cron or systemd know.

mod calendar;
mod command;
mod crontab;
mod systemd;

use std::io::{self, Write};

use super::files::Files;
use crate::cli::args::{Print, ScheduleArgs};
use crate::cli::exit::{Code, UsageError};
use crate::domain::Timestamp;
use command::{Printing, strangers};

/// Prints it, or writes it into the folder that was named.
pub(super) fn print(args: &ScheduleArgs, print: Print, files: &Files, now: Timestamp) -> anyhow::Result<Code> {
    let now = jiff::Timestamp::from_millisecond(now.millis())?;
    let printing = Printing::of(files.current_dir(), args.rehearse, now)?;
    let jobs = files.scheduled()?;
    let units = match (print, &args.output) {
        (Print::Crontab, Some(_)) => {
            let message = "--output is for units of systemd; a crontab is one file, and `crontab -e` opens it";
            return Err(UsageError(message.to_owned()).into());
        }
        (Print::Crontab, None) => {
            let printed = crontab::print(&printing, &jobs)?;
            io::stdout().write_all(printed.text.as_bytes())?;
            warn(&strangers());
            warn(&printed.unsaid);
            return Ok(if printed.unsaid.is_empty() { Code::Complete } else { Code::Usage });
        }
        (Print::Systemd, _) => systemd::units(&printing, &jobs)?,
        (Print::Scheduler, _) => vec![systemd::scheduler(&printing, files, &jobs)?],
    };
    warn(&strangers());
    match &args.output {
        None => io::stdout().write_all(systemd::as_one_text(&units).as_bytes())?,
        Some(folder) => {
            let told = systemd::write(&units, &files.current_dir().join(folder))?;
            let _ = io::stderr().write_all(told.as_bytes());
        }
    }
    Ok(Code::Complete)
}

/// Says what does not stand in what is printed.
fn warn(warnings: &[String]) {
    for warning in warnings {
        let _ = writeln!(io::stderr(), "warning: {warning}");
    }
}
