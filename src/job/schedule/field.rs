//! One of the five fields of a crontab line, understood: which values it names. Never knows what they mean together.

use std::ops::RangeInclusive;

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// What a field may hold.
pub(super) struct Kind {
    name: &'static str,
    values: RangeInclusive<u8>,
    names: &'static [&'static str],
}

pub(super) const KINDS: [Kind; 5] = [
    Kind { name: "minute", values: 0..=59, names: &[] },
    Kind { name: "hour", values: 0..=23, names: &[] },
    Kind { name: "day of the month", values: 1..=31, names: &[] },
    Kind { name: "month", values: 1..=12, names: MONTHS },
    Kind { name: "weekday", values: 0..=7, names: WEEKDAYS },
];

/// A mistake in a crontab line: where in it, what is wrong and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCron {
    /// The byte at which it stands.
    pub at: usize,
    /// What is wrong and what to do.
    pub message: String,
}

/// One of the five fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// A bit for each value.
    values: u64,
    /// Whether it begins with `*`: cron tells such fields from others by that.
    pub(super) starred: bool,
    /// As it was written.
    pub(super) written: String,
}

impl Field {
    /// Whether it names this value.
    pub fn has(&self, value: u8) -> bool {
        self.values & (1 << value) != 0
    }

    /// The values it names, in order; Sunday is 0.
    pub fn values(&self) -> impl Iterator<Item = u8> + '_ {
        (0..60).filter(|value| self.has(*value))
    }

    /// Whether it begins with `*`.
    pub fn is_starred(&self) -> bool {
        self.starred
    }

    /// Whether it names every value there is.
    pub fn is_every(&self) -> bool {
        self.written == "*"
    }

    /// The field as every cron reads it: as it was written if it begins with `*`, else by its numbers.
    pub fn plain(&self) -> String {
        if self.starred { self.written.clone() } else { self.numbers() }
    }

    /// Its numbers, neighbours as ranges: `0,9-17`.
    pub(super) fn numbers(&self) -> String {
        let mut ranges: Vec<(u8, u8)> = Vec::new();
        for value in self.values() {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == value => *last = value,
                _ => ranges.push((value, value)),
            }
        }
        let said = ranges.iter().map(|(first, last)| match last - first {
            0 => first.to_string(),
            1 => format!("{first},{last}"),
            _ => format!("{first}-{last}"),
        });
        said.collect::<Vec<_>>().join(",")
    }
}

/// Sunday may be written as 0 and as 7.
pub(super) fn sundays_as_one(field: Field) -> Field {
    const SEVENTH: u64 = 1 << 7;
    let sunday = u64::from(field.values & SEVENTH != 0);
    Field { values: field.values & !SEVENTH | sunday, ..field }
}

/// Understands a field of this kind.
pub(super) fn field(text: &str, kind: &Kind) -> Result<Field, BadCron> {
    let mut values = 0;
    let mut at = 0;
    for part in text.split(',') {
        values |= part_of_field(part, kind).map_err(|message| BadCron { at, message })?;
        at += part.len() + 1;
    }
    Ok(Field { values, starred: text.starts_with('*'), written: text.to_owned() })
}

/// One part of a list: `*`, a value or a range, the first and the last with a step if need be.
fn part_of_field(part: &str, kind: &Kind) -> Result<u64, String> {
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    let (first, last) = match range.split_once('-') {
        _ if range == "*" => (*kind.values.start(), largest(kind)),
        Some((first, last)) => between(first, last, kind)?,
        None if step.is_some() => {
            let value = value(range, kind)?;
            return Err(format!(
                "a step needs a range to go through; write {value}-{}/{} or */{}",
                largest(kind),
                step.unwrap_or_default(),
                step.unwrap_or_default()
            ));
        }
        None => value(range, kind).map(|value| (value, value))?,
    };
    let step = step.map_or(Ok(1), |text| self::step(text, first, last))?;
    Ok((first..=last).step_by(step).fold(0, |values, value| values | 1 << value))
}

/// The largest value that is not another word for the smallest.
fn largest(kind: &Kind) -> u8 {
    if kind.names == WEEKDAYS { 6 } else { *kind.values.end() }
}

fn between(first: &str, last: &str, kind: &Kind) -> Result<(u8, u8), String> {
    let (from, to) = (value(first, kind)?, value(last, kind)?);
    // A week that ends with its Sunday.
    let to = if kind.names == WEEKDAYS && to == 0 && from > 0 { 7 } else { to };
    if from > to {
        let range = |from: u8, to: u8| if from == to { from.to_string() } else { format!("{from}-{to}") };
        let (before, after) = (range(from, largest(kind)), range(*kind.values.start(), to));
        return Err(format!("{first}-{last} goes backwards; write {before},{after}"));
    }
    Ok((from, to))
}

fn step(text: &str, first: u8, last: u8) -> Result<usize, String> {
    let most = (last - first).max(1);
    match text.parse::<usize>() {
        Ok(step) if step > 0 && (step <= most.into() || step == 1) => Ok(step),
        _ => {
            Err(format!("a step of `{text}` does not go through {first}-{last}; write a whole number from 1 to {most}"))
        }
    }
}

fn value(text: &str, kind: &Kind) -> Result<u8, String> {
    let named = kind.names.iter().position(|name| name.eq_ignore_ascii_case(text));
    // The months count from 1, the weekdays from 0.
    let named = named.map(|position| position as u8 + kind.values.start());
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok()).flatten();
    named.or(number).filter(|value| kind.values.contains(value)).ok_or_else(|| {
        let (start, end) = (kind.values.start(), kind.values.end());
        let names = match kind.names {
            [first, .., last] => format!(", or a name from {first} to {last}"),
            _ => String::new(),
        };
        format!(
            "`{text}` is no {}; write *, or numbers from {start} to {end}{names}, such as {}",
            kind.name,
            example(kind)
        )
    })
}

/// What a field may look like.
fn example(kind: &Kind) -> &'static str {
    match kind.name {
        "minute" => "0, 0,30 or */15",
        "hour" => "22, 20-23 or */2",
        "day of the month" => "1, 1,15 or 1-7",
        "month" => "1, 1,7 or 3-5",
        _ => "1, 1-5 or SAT,SUN",
    }
}
