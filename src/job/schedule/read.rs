//! The table `[schedule]` of a job file: every mistake at its own place. Never fills in what another key says.

use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::{Cron, Missed, Schedule, SendBy};
use crate::job::nearest::nearest;
use crate::job::plain;
use crate::job::setting::{BadSetting, TimeSpan};
use crate::job::shape::Written;

/// What is wrong, and where in the file.
type Wrong = (Range<usize>, String);

type Key<'text> = Spanned<DeString<'text>>;
type Value<'text> = Spanned<DeValue<'text>>;

/// The keys of the table.
const KEYS: [&str; 6] = ["cron", "timezone", "jitter", "missed", "missed_within", "deadline"];

const HOW: &str = "write for example cron = \"0 22 * * *\" for ten at night";

/// What `[schedule]` says, or all that is wrong with it.
pub(in crate::job) fn read(value: &Value<'_>, file_text: &str) -> Result<Schedule, Vec<Wrong>> {
    let Some(table) = value.get_ref().as_table() else {
        return Err(vec![(value.span(), format!("`schedule`: write a table: [schedule], and below it {HOW}"))]);
    };
    let mut wrong = Vec::new();
    let mut read = Reading { table, file_text, wrong: &mut wrong };
    let timezone = read.setting("timezone");
    let jitter = read.setting("jitter").map(|TimeSpan(length)| length);
    let missed = read.setting("missed").unwrap_or_default();
    let missed_within = read.setting("missed_within").map(|TimeSpan(length)| length);
    let deadline = read.setting("deadline");
    let cron = read.cron();
    wrong.extend(table.iter().filter_map(|(key, _)| unknown(key)));
    if !table.contains_key("cron") {
        wrong.push((value.span(), format!("`schedule`: the key `cron` is missing; {HOW}")));
    }
    match cron {
        Some(cron) if wrong.is_empty() => {
            reaching_its_deadline(Schedule { cron, timezone, jitter, missed, missed_within, deadline }, table)
        }
        _ => Err(wrong),
    }
}

/// The schedule, if none of its starts waits until its time is up: such a one would send nothing, or, where a command
/// says the time of day, all of the next day.
fn reaching_its_deadline(schedule: Schedule, table: &DeTable<'_>) -> Result<Schedule, Vec<Wrong>> {
    let (Some(jitter), Some(most)) = (schedule.jitter, schedule.shortest_to_deadline()) else { return Ok(schedule) };
    if jitter < most {
        return Ok(schedule);
    }
    let minutes = most.as_secs() / 60;
    let message = format!(
        "`schedule.jitter`: a start may wait until its deadline is over, which comes after {minutes} minutes; write less, \
         or a later deadline"
    );
    let span = table.iter().find(|(key, _)| key.get_ref() == "jitter").map(|(_, value)| value.span());
    Err(vec![(span.unwrap_or(0..0), message)])
}

fn unknown(key: &Key<'_>) -> Option<Wrong> {
    let name: &str = key.get_ref();
    if KEYS.contains(&name) {
        return None;
    }
    let message = match nearest(name, &KEYS) {
        Some(near) => format!("`schedule`: unknown key `{name}`; did you mean `{near}`?"),
        None => format!("`schedule`: unknown key `{name}`; the keys are {}", KEYS.join(", ")),
    };
    Some((key.span(), message))
}

struct Reading<'a, 'text> {
    table: &'a DeTable<'text>,
    file_text: &'a str,
    wrong: &'a mut Vec<Wrong>,
}

impl Reading<'_, '_> {
    /// What a key says, if it is there and right.
    fn setting<T: FromStr<Err = BadSetting>>(&mut self, name: &str) -> Option<T> {
        let (text, span) = self.text(name)?;
        text.parse().map_err(|error| self.wrong.push((span, format!("`schedule.{name}`: {error}")))).ok()
    }

    fn cron(&mut self) -> Option<Cron> {
        let (text, span) = self.text("cron")?;
        let place = |at| {
            let written = Written::new(text.clone(), self.file_text, span.clone());
            span.start + written.raw_offset(at)
        };
        match Cron::parse(&text) {
            Ok(cron) => Some(cron),
            Err(bad) => {
                let at = place(bad.at);
                self.wrong.push((at..span.end, format!("`schedule.cron`: {}", bad.message)));
                None
            }
        }
    }

    /// The text of a key, and where it stands.
    fn text(&mut self, name: &str) -> Option<(String, Range<usize>)> {
        let (_, value) = self.table.iter().find(|(key, _)| key.get_ref() == name)?;
        match value.get_ref() {
            DeValue::String(text) => Some((text.to_string(), value.span())),
            other => {
                let message = plain::toml(&format!("invalid type: {}, expected a string", other.type_str()));
                self.wrong.push((value.span(), format!("`schedule.{name}`: {message}")));
                None
            }
        }
    }
}

impl FromStr for Missed {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        match text {
            "run" => Ok(Self::Run),
            "skip" => Ok(Self::Skip),
            _ => Err(BadSetting::new(format!(
                "`{text}` is not known; write run, to catch up once with what was missed, or skip"
            ))),
        }
    }
}

impl FromStr for SendBy {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        let clock = text.parse().map(Self::Clock);
        let length = || text.parse().map(|TimeSpan(length)| Self::Length(length));
        clock.or_else(|_| length()).map_err(|_: BadSetting| {
            BadSetting::new(format!(
                "`{text}` is neither a time of day nor a length of time; write it as 06:00, or as 8h"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn told(text: &str) -> Result<Schedule, Vec<String>> {
        let (table, broken) = DeTable::parse_recoverable(text);
        assert!(broken.is_empty(), "{broken:?}");
        let read = read(table.get_ref().get("schedule").unwrap(), text);
        read.map_err(|wrong| wrong.into_iter().map(|(at, message)| format!("{}: {message}", at.start)).collect())
    }

    #[test]
    fn a_schedule_says_all_it_can() {
        let text = "[schedule]\ncron = '0 22 * * MON-FRI'\ntimezone = 'Europe/Berlin'\njitter = '10m'\nmissed = 'skip'\n\
                    missed_within = '6h'\ndeadline = '06:00'\n";
        let schedule = told(text).unwrap();
        assert_eq!((schedule.jitter, schedule.missed), (Some(Duration::from_secs(600)), Missed::Skip));
        assert_eq!(schedule.timezone.map(|zone| zone.to_string()).as_deref(), Some("Europe/Berlin"));
        assert!(matches!(schedule.deadline, Some(SendBy::Clock(_))));
        let least = told("schedule.cron = '@daily'\nschedule.deadline = '8h'").unwrap();
        assert_eq!(least.deadline, Some(SendBy::Length(Duration::from_secs(8 * 3600))));
        assert_eq!((least.missed, least.jitter, least.timezone), (Missed::Run, None, None));
        told("schedule = { cron = '0 22 * * *', jitter = '59m', deadline = '23:00' }").unwrap();
        told("schedule = { cron = '0 22 * * *', jitter = '3h', deadline = '2h' }").unwrap();
    }

    #[test]
    fn every_mistake_is_told_at_its_place() {
        for (text, expected) in [
            (
                "schedule = '0 22 * * *'",
                "11: `schedule`: write a table: [schedule], and below it write for example cron",
            ),
            ("schedule = {}", "11: `schedule`: the key `cron` is missing; write for example cron = \"0 22 * * *\""),
            ("schedule.cron = 22", "16: `schedule.cron`: integer does not belong here; write text in quotes"),
            ("schedule.cron = '0 24 * * *'", "19: `schedule.cron`: `24` is no hour; "),
            ("schedule.cron = \"\"\"0 \\\n 22 0 * *\"\"\"", "27: `schedule.cron`: `0` is no day of the month; "),
            ("schedule.cron = '0 0 31 2 *'", "21: `schedule.cron`: no date is day 31 of month 2"),
            (
                "schedule = { cron = '@daily', jiter = '3m' }",
                "30: `schedule`: unknown key `jiter`; did you mean `jitter`?",
            ),
            ("schedule = { cron = '@daily', at = '3m' }", "30: `schedule`: unknown key `at`; the keys are cron, "),
            ("schedule = { cron = '@daily', jitter = '10' }", "39: `schedule.jitter`: `10` is not a length of time; "),
            (
                "schedule = { cron = '0 22 * * *', jitter = '1h', deadline = '23:00' }",
                "43: `schedule.jitter`: a start may wait until its deadline is over, which comes after 60 minutes; ",
            ),
            ("schedule = { cron = '@daily', missed = 'no' }", "39: `schedule.missed`: `no` is not known; write run, "),
            (
                "schedule = { cron = '@daily', timezone = 'Berlin' }",
                "41: `schedule.timezone`: `Berlin` is no time zone",
            ),
            (
                "schedule = { cron = '@daily', deadline = '25:00' }",
                "41: `schedule.deadline`: `25:00` is neither a time of day nor a length of time; write it as 06:00",
            ),
        ] {
            let wrong = told(text).unwrap_err();
            assert!(wrong.len() == 1 && wrong[0].starts_with(expected), "{text}: {wrong:?}");
        }
        let all = told("schedule = { cron = '', jitter = '', missed = '', deadline = '', tz = '' }").unwrap_err();
        assert_eq!(all.len(), 5, "{all:?}");
    }
}
