//! A service and a timer of systemd for each job. Never puts a key into them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use jiff::tz::AmbiguousOffset;

use super::calendar::calendar;
use super::command::{Printing, key_variable, span, starts_of_day, text};
use crate::cli::exit::UsageError;
use crate::cli::run::time_to_tell;
use crate::cli::schedule::files::{Files, Loaded};
use crate::domain::io_words;
use crate::export::AtomicFile;
use crate::job::schedule::{Missed, SendBy};
use crate::job::{Job, Schedule, paths, zone_of};
use crate::report::words::one_line;

/// The first line of every unit: only what begins so is ever written over.
const MADE: &str = "# Made by overnight schedule.";

/// Codes that are no failure: a limit, a cap, a deadline, another run that is on, a stop that was asked for.
const SUCCESSES: &str = "5 8 10 75 130 143";

/// What a run may need beside the longest answer and its hooks to come to its end.
const TO_THE_END: Duration = Duration::from_secs(60);

/// A file for systemd.
pub(super) struct Unit {
    pub name: String,
    pub text: String,
}

/// The units of these jobs.
pub(super) fn units(printing: &Printing, jobs: &[(PathBuf, Loaded)]) -> anyhow::Result<Vec<Unit>> {
    let (mut units, mut names) = (Vec::new(), BTreeMap::new());
    for (file, Loaded { job, .. }) in jobs {
        let Some(schedule) = &job.schedule else { continue };
        if let Some(other) = names.insert(&job.name, file) {
            return Err(UsageError(format!(
                "{} and {} are both called `{}`, and so would be their units; give one another `name`",
                other.display(),
                file.display(),
                job.name
            ))
            .into());
        }
        let name = format!("overnight-{}", escaped(&job.name));
        units.push(Unit { text: service(printing, job, schedule)?, name: format!("{name}.service") });
        units.push(Unit { text: timer(printing, job, schedule)?, name: format!("{name}.timer") });
    }
    Ok(units)
}

/// The unit that keeps `overnight schedule` itself running.
pub(super) fn scheduler(printing: &Printing, files: &Files, jobs: &[(PathBuf, Loaded)]) -> anyhow::Result<Unit> {
    let mut words = vec![printing.program.clone(), "schedule".to_owned()];
    words.extend(files.targets().iter().map(|target| text(target)).collect::<Result<Vec<_>, _>>()?);
    words.extend(printing.rehearse.then(|| "--rehearse".to_owned()));
    let longest = jobs.iter().map(|(_, loaded)| to_the_end(&loaded.job)).max().unwrap_or(TO_THE_END);
    let keys: String = jobs.iter().filter_map(|(_, loaded)| key_hint(&loaded.job)).take(1).collect();
    let text = format!(
        "{MADE}\n[Unit]\nDescription=Overnight: jobs at their times\nWants=network-online.target\n\
         After=network-online.target\n\n[Service]\nType=exec\n{keys}ExecStart={}\nExecReload=/bin/kill -HUP $MAINPID\n\
         Restart=on-failure\nRestartPreventExitStatus=2\nSuccessExitStatus=130 143\nKillMode=mixed\n\
         TimeoutStopSec={}\nNoNewPrivileges=yes\n\n[Install]\nWantedBy=default.target\n",
        command(&words),
        longest.as_secs(),
    );
    Ok(Unit { name: "overnight.service".to_owned(), text })
}

fn service(printing: &Printing, job: &Job, schedule: &Schedule) -> anyhow::Result<String> {
    let mut text = format!(
        "{MADE}\n[Unit]\nDescription=Overnight: {}\nWants=network-online.target\nAfter=network-online.target\n\n\
         [Service]\nType=exec\n",
        one_line(&job.name).replace('%', "%%")
    );
    text += &key_hint(job).unwrap_or_default();
    text += &condition(printing, schedule).unwrap_or_default();
    writeln!(text, "ExecStart={}", command(&printing.words(job, schedule)?))?;
    writeln!(text, "SuccessExitStatus={SUCCESSES}\nKillMode=mixed")?;
    // The first signal lets what is in flight come back.
    writeln!(text, "TimeoutStopSec={}", to_the_end(job).as_secs())?;
    text += "NoNewPrivileges=yes\n";
    Ok(text)
}

/// How long a run may take to its end when it is asked to stop: its hooks tell of that.
fn to_the_end(job: &Job) -> Duration {
    job.request_timeout + time_to_tell(&job.hooks) + TO_THE_END
}

fn key_hint(job: &Job) -> Option<String> {
    key_variable(job).map(|variable| {
        format!(
            "# The key: write {variable}=... into a file that only you can read, name it here and take the # away; or \
             name a file of the key alone in the job, as api_key_file.\n#EnvironmentFile=/etc/overnight.env\n"
        )
    })
}

/// What keeps a start that is caught up with from going on past its deadline until that of the next day: between the
/// deadline and the first start behind it, nothing is started.
fn condition(printing: &Printing, schedule: &Schedule) -> Option<String> {
    let Some(SendBy::Clock(deadline)) = schedule.deadline.filter(|_| schedule.missed == Missed::Run) else {
        return None;
    };
    let deadline = deadline.minutes();
    let first = starts_of_day(schedule).min_by_key(|start| (start - deadline).rem_euclid(24 * 60))?;
    let joined = match deadline.cmp(&first) {
        std::cmp::Ordering::Less => "||",
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Greater => "&&",
    };
    let clock = |minutes: i64| format!("{:02}{:02}", minutes / 60, minutes % 60);
    let zone = named_zone(printing, schedule).map_or(String::new(), |zone| format!("TZ={zone} "));
    let script =
        format!("now=$({zone}date +%H%M); [ $now -lt {} ] {joined} [ $now -ge {} ]", clock(deadline), clock(first));
    Some(format!(
        "# A start that is caught up with past the deadline would go on until that of the next day.\nExecCondition={}\n",
        command(&["/bin/sh".to_owned(), "-c".to_owned(), script])
    ))
}

fn timer(printing: &Printing, job: &Job, schedule: &Schedule) -> anyhow::Result<String> {
    let mut text = format!("{MADE}\n[Unit]\nDescription=Overnight: {} (", one_line(&job.name).replace('%', "%%"));
    writeln!(text, "{})\n\n[Timer]", one_line(&schedule.cron.written))?;
    let zone = schedule.zone();
    for value in calendar(&schedule.cron, named_zone(printing, schedule).map(|_| &zone)) {
        writeln!(text, "OnCalendar={value}")?;
    }
    if let Some(time) = leapt_over(printing, schedule) {
        writeln!(text, "# In a night in which clocks leap over {time}, systemd starts nothing then.")?;
    }
    // Without it, systemd lets a minute pass.
    text += "AccuracySec=1s\n";
    if let Some(jitter) = schedule.jitter {
        writeln!(text, "RandomizedDelaySec={}", span(jitter))?;
    }
    if let Some(within) = schedule.missed_within.filter(|_| schedule.missed == Missed::Run) {
        let within = span(within);
        writeln!(
            text,
            "# Catches up however long ago a start was missed: missed_within = \"{within}\" holds elsewhere."
        )?;
    }
    writeln!(text, "Persistent={}", schedule.missed == Missed::Run)?;
    text += "\n[Install]\nWantedBy=timers.target\n";
    Ok(text)
}

/// A time of day at which the job starts, and which clocks will leap over.
fn leapt_over(printing: &Printing, schedule: &Schedule) -> Option<String> {
    const CHANGES: usize = 4;
    let zone = schedule.zone();
    let changes = zone.following(printing.now).take(CHANGES);
    let nights: Vec<_> = changes.map(|change| change.timestamp().to_zoned(zone.clone()).date()).collect();
    let mut times = starts_of_day(schedule).filter_map(|start| {
        let time = jiff::civil::Time::new((start / 60) as i8, (start % 60) as i8, 0, 0).ok()?;
        let is_leapt = |night: &jiff::civil::Date| {
            matches!(zone.to_ambiguous_timestamp(night.to_datetime(time)).offset(), AmbiguousOffset::Gap { .. })
        };
        nights.iter().any(is_leapt).then(|| time.strftime("%H:%M").to_string())
    });
    times.next().filter(|_| schedule.cron.is_fixed())
}

/// The name of the schedule's zone, unless it is the machine's own.
fn named_zone(printing: &Printing, schedule: &Schedule) -> Option<String> {
    let zone = schedule.timezone.as_ref().map(|_| schedule.zone())?;
    let is_own = printing.have_same_clocks(&zone_of(None), &zone);
    zone.iana_name().filter(|_| !is_own).map(str::to_owned)
}

/// A command as systemd reads it back.
fn command(words: &[String]) -> String {
    let mut words = words.iter();
    // What is run is looked up as it stands; the words behind it may name variables.
    let program = words.next().map(|word| quoted(&word.replace('%', "%%"))).into_iter();
    let others = words.map(|word| quoted(&word.replace('%', "%%").replace('$', "$$")));
    program.chain(others).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,~$".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A job's name as part of a unit's: what systemd has other uses for is written by its number.
fn escaped(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":_.-".contains(&byte);
    name.bytes().fold(String::new(), |mut escaped, byte| {
        match plain(byte) {
            true => escaped.push(byte.into()),
            false => escaped += &format!("\\x{byte:02x}"),
        }
        escaped
    })
}

const HOW: &str = "\
# Made by overnight schedule. Each unit below is a file of the name above it; --output DIR writes them.
# For you: put them into ~/.config/systemd/user, then
#     systemctl --user daemon-reload && systemctl --user enable --now NAME.timer (of overnight.service: that itself)
#     loginctl enable-linger            so that they run while you are not logged in
# For the machine: into /etc/systemd/system, with User= in each service, then the same without --user.
";

/// All units as one text, each below its name.
pub(super) fn as_one_text(units: &[Unit]) -> String {
    let parts = units.iter().map(|Unit { name, text }| format!("\n# {name}\n{text}"));
    HOW.to_owned() + &parts.collect::<String>()
}

/// Writes the units into a folder. Returns what is told of it.
pub(super) fn write(units: &[Unit], folder: &Path) -> anyhow::Result<String> {
    let failed = |path: &Path, error| {
        UsageError(format!("{} cannot be written: {}; name a folder of yours", path.display(), io_words(&error)))
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let files: Vec<_> = units.iter().map(|unit| (paths::resolve(folder, Path::new(&unit.name)), &unit.text)).collect();
    for (path, _) in &files {
        match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(bytes) if bytes.starts_with(MADE.as_bytes()) => {}
            _ => {
                let message = format!("{} is there and was not made by this program; move it away", path.display());
                return Err(UsageError(message).into());
            }
        }
    }
    for (path, text) in &files {
        let written = AtomicFile::create(path, "schedule").and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.commit()
        });
        written.map_err(|error| failed(path, error))?;
    }
    Ok(files.iter().map(|(path, _)| format!("made {}\n", path.display())).collect())
}
