//! A line of a crontab for each job, as Debian's cron takes it. Never says what cron cannot do without saying so.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::command::{Printing, key_variable, text};
use crate::cli::schedule::files::Loaded;
use crate::job::schedule::{Cron, Missed};
use crate::job::{Job, Schedule, zone_of};
use crate::report::words::{one_line, shell_word};

/// What is printed, and which jobs are not in it, and why.
pub(super) struct Printed {
    pub text: String,
    pub unsaid: Vec<String>,
}

/// The lines for these jobs.
pub(super) fn print(printing: &Printing, jobs: &[(PathBuf, Loaded)]) -> anyhow::Result<Printed> {
    let mut printed = Printed { text: "# For `crontab -e`. Made by overnight schedule.\n".to_owned(), unsaid: vec![] };
    let schedules = jobs.iter().filter_map(|(_, loaded)| Some((&loaded.job, loaded.job.schedule.as_ref()?)));
    if schedules.clone().any(|(_, schedule)| schedule.missed == Missed::Run) {
        printed.text +=
            "# Cron lets be what it missed while the machine was off: systemd and `overnight schedule` catch up.\n";
    }
    for (job, schedule) in schedules {
        let (name, cron) = (one_line(&job.name), one_line(&schedule.cron.written));
        write!(printed.text, "\n# {name} ({cron})\n")?;
        let machine = zone_of(None);
        if !printing.have_same_clocks(&schedule.zone(), &machine) {
            let (theirs, ours) = (shown(&schedule.zone()), shown(&machine));
            // Not by CRON_TZ, which other crons know: this one takes it for any variable, and starts at the wrong time.
            let why = format!(
                "{name} goes by the clocks of {theirs}, and cron by the machine's, {ours}: use --print systemd or \
                 `overnight schedule`"
            );
            writeln!(printed.text, "# Not here: {why}.")?;
            printed.unsaid.push(why);
            continue;
        }
        printed.text += &line(printing, job, schedule)?;
    }
    Ok(printed)
}

fn shown(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

fn line(printing: &Printing, job: &Job, schedule: &Schedule) -> anyhow::Result<String> {
    let mut line = String::new();
    if let Some(variable) = key_variable(job) {
        let file = text(job.file.as_deref().unwrap_or(Path::new("")))?;
        writeln!(
            line,
            "# Its key: cron has no {variable}. Keep the key in a file that only you can read, and name that in {file} as \
             api_key_file.",
        )?;
    }
    let mut words = printing.words(job, schedule)?;
    // Cron mails whatever is said.
    words.push("-q".to_owned());
    let command = words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ");
    let most = schedule.jitter.map_or(0, |jitter| jitter.as_secs());
    let wait = if most > 0 { format!("sleep \"$(shuf -i 0-{most} -n 1)\" && ") } else { String::new() };
    // An unescaped % ends the command.
    let command = format!("{wait}{command}").replace('%', "\\%");
    writeln!(line, "{} {command}", fields(&schedule.cron))?;
    Ok(line)
}

/// The five fields in the words that every cron knows.
fn fields(cron: &Cron) -> String {
    [&cron.minutes, &cron.hours, &cron.days, &cron.months, &cron.weekdays].map(|field| field.plain()).join(" ")
}
