//! Settings that are more than a number or a word, each written the same way in a flag, an environment variable and
//! a job file. Never knows which of the three it came from.

use std::fmt;
use std::num::{NonZeroU16, NonZeroU64, NonZeroUsize};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use jiff::SpanRelativeTo;
use jiff::fmt::friendly::SpanParser;
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer};

use super::end::{ClockTime, ZoneName};
use super::endpoint::BaseUrl;
use super::format::ManifestFormat;
use super::key::VariableName;
use super::manifest::names;
use super::paths::without_gz;
use super::watching::{FileSize, ListenAddress};
use crate::domain::{NotUsd, Usd};

/// A setting that cannot be understood: what is wrong with it and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSetting(String);

impl BadSetting {
    /// In these words.
    pub(super) fn new(words: String) -> Self {
        Self(words)
    }
}

/// A whole number above 0, as a flag takes it.
pub fn above_zero<N: FromStr>(text: &str) -> Result<N, BadSetting> {
    text.parse().map_err(|_| BadSetting(format!("`{text}` does not belong here; write a whole number above 0")))
}

/// Requests in flight: a number, or the two between which the pace chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concurrency {
    lowest: NonZeroU16,
    highest: NonZeroU16,
}

impl Concurrency {
    /// The most that one process is asked to keep in flight: each holds a connection and a few buffers.
    pub const MOST: u16 = 2000;

    /// Always at least.
    pub fn lowest(self) -> NonZeroUsize {
        self.lowest.into()
    }

    /// At most.
    pub fn highest(self) -> NonZeroUsize {
        self.highest.into()
    }

    /// A number that may be meant.
    fn bound(text: &str) -> Option<NonZeroU16> {
        text.trim().parse::<NonZeroU16>().ok().filter(|number| number.get() <= Self::MOST)
    }
}

impl fmt::Display for Concurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lowest == self.highest {
            true => write!(f, "{}", self.lowest),
            false => write!(f, "{}-{}", self.lowest, self.highest),
        }
    }
}

impl Default for Concurrency {
    /// As many as help, up to 64.
    fn default() -> Self {
        Self { lowest: NonZeroU16::MIN, highest: NonZeroU16::MIN.saturating_add(63) }
    }
}

impl FromStr for Concurrency {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        let (lowest, highest) = text.split_once('-').unwrap_or((text, text));
        let bounds = Self::bound(lowest).zip(Self::bound(highest)).filter(|(lowest, highest)| lowest <= highest);
        bounds.map(|(lowest, highest)| Self { lowest, highest }).ok_or_else(|| {
            let most = Self::MOST;
            BadSetting(format!(
                "`{text}` is not a number of requests in flight; write a whole number from 1 to {most}, or a range \
                 such as 4-64"
            ))
        })
    }
}

/// How many failed items stop a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HaltAfter {
    /// So many items.
    Items(NonZeroU64),
    /// This share of the run's items, in percent: 1 to 100.
    Percent(u8),
}

impl FromStr for HaltAfter {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        let parsed = match text.strip_suffix('%') {
            Some(share) => share.trim_end().parse().ok().filter(|share| (1..=100).contains(share)).map(Self::Percent),
            None => text.parse().ok().map(Self::Items),
        };
        parsed.ok_or_else(|| {
            BadSetting(format!(
                "`{text}` is not a number of failed items; write a whole number such as 20, or a share such as 5%"
            ))
        })
    }
}

impl fmt::Display for HaltAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Items(items) => write!(f, "{items}"),
            Self::Percent(share) => write!(f, "{share}%"),
        }
    }
}

/// A length of time as people write it: `180s`, `3m`, `1h 30m`. Never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSpan(pub Duration);

impl FromStr for TimeSpan {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        // A day has 24 hours here, whatever a clock does in it.
        let span = SpanParser::new().parse_span(text).ok();
        let length = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
        match length.and_then(|length| Duration::try_from(length).ok()) {
            Some(length) if !length.is_zero() => Ok(Self(length)),
            _ => Err(BadSetting(format!(
                "`{text}` is not a length of time; write a number with its unit, such as 180s or 3m"
            ))),
        }
    }
}

/// The name of a job: it names folders, so it is written as it will stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobName(String);

impl JobName {
    /// The name a file gives its job: its stem, cleaned; that of `a.csv.gz` is `a`.
    pub fn of_file(file: &Path) -> Self {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let stem = Path::new(without_gz(&name)).file_stem().unwrap_or_default().to_string_lossy();
        Self(names::clean(&stem))
    }

    /// The name a folder of images gives its job: its own, in which a dot begins no ending.
    pub fn of_folder(folder: &Path) -> Self {
        Self(names::clean(&folder.file_name().unwrap_or_default().to_string_lossy()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JobName {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        let clean = names::clean(text);
        if text.is_empty() {
            Err(BadSetting("a job's name cannot be empty; leave it out to take the file's stem".to_owned()))
        } else if clean != text {
            Err(BadSetting(format!("`{text}` cannot name a job, because it names a folder too; `{clean}` can")))
        } else if names_a_file(text) {
            Err(BadSetting(format!("`{text}` cannot name a job, because it reads as a file; leave the ending out")))
        } else {
            Ok(Self(clean))
        }
    }
}

/// Whether where a job is asked for, this text means a file rather than a job's name.
pub fn names_a_file(text: &str) -> bool {
    let endings = [".toml", ".csv", ".tsv", ".jsonl", ".ndjson", ".gz", ".xlsx", ".xlsm"];
    text.contains(['/', '\\']) || endings.iter().any(|ending| text.ends_with(ending))
}

/// The name of a model, as it stands in the address of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelName(String);

impl ModelName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ModelName {
    fn default() -> Self {
        Self("gemini-3.1-flash-lite-image".to_owned())
    }
}

impl FromStr for ModelName {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
        if !text.is_empty() && text.chars().all(plain) && !text.starts_with('.') {
            return Ok(Self(text.to_owned()));
        }
        let hint = match text.strip_prefix("models/") {
            Some(name) if !name.is_empty() => format!("write `{name}`"),
            _ => "write it as the model's page does, such as gemini-3.1-flash-lite-image".to_owned(),
        };
        Err(BadSetting(format!("`{text}` is not the name of a model; {hint}")))
    }
}

/// How freely the model draws: 0 to 2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Temperature(pub f64);

impl FromStr for Temperature {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        let number = text.parse().ok().filter(|number| (0.0..=2.0).contains(number));
        let bad = || BadSetting(format!("`{text}` is not a temperature; write a number from 0 to 2"));
        number.map(Self).ok_or_else(bad)
    }
}

/// The seed of the sampling: any whole number of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub i32);

impl FromStr for Seed {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        let (least, most) = (i32::MIN, i32::MAX);
        let bad = || BadSetting(format!("`{text}` is not a seed; write a whole number from {least} to {most}"));
        text.parse().map(Self).map_err(|_| bad())
    }
}

/// Pixels of a picture's longer side: 64 to 8192.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongerSide(pub u32);

impl FromStr for LongerSide {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        let pixels = text.parse().ok().filter(|pixels| (64..=8192).contains(pixels));
        let bad = || BadSetting(format!("`{text}` is not a size of pictures; write a whole number from 64 to 8192"));
        pixels.map(Self).ok_or_else(bad)
    }
}

/// An amount of money, to the billionth of a dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dollars(pub Usd);

impl FromStr for Dollars {
    type Err = NotUsd;

    fn from_str(text: &str) -> Result<Self, NotUsd> {
        text.parse().map(Self)
    }
}

macro_rules! read_from_text {
    ($($name:ty),+) => { $(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = deserializer.deserialize_any(TextOrNumber)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    )+ };
}

read_from_text!(
    Concurrency,
    HaltAfter,
    TimeSpan,
    ClockTime,
    ZoneName,
    JobName,
    ModelName,
    BaseUrl,
    ManifestFormat,
    Temperature,
    Seed,
    LongerSide,
    Dollars,
    ListenAddress,
    FileSize,
    VariableName
);

/// Takes a word or a bare number, and gives its text: so a job file may say `16` and `"16"` alike.
struct TextOrNumber;

impl Visitor<'_> for TextOrNumber {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a whole number")
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_i64<E>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_u64<E>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E>(self, number: f64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_read_as_people_write_them() {
        for (text, seconds) in
            [("180s", 180), ("3m", 180), ("1h 30m", 5400), ("2 minutes", 120), ("30d", 2_592_000), ("1w", 604_800)]
        {
            assert_eq!(text.parse::<TimeSpan>().unwrap().0, Duration::from_secs(seconds), "{text}");
        }
        for text in ["", "180", "0s", "-3s", "soon", "1 month"] {
            assert!(text.parse::<TimeSpan>().unwrap_err().to_string().contains("such as 180s or 3m"), "{text}");
        }
    }

    #[test]
    fn a_halt_is_a_number_or_a_share() {
        assert_eq!("20".parse(), Ok(HaltAfter::Items(NonZeroU64::new(20).unwrap())));
        assert_eq!("5%".parse(), Ok(HaltAfter::Percent(5)));
        for text in ["0", "0%", "101%", "-1", "many", "%", ""] {
            assert!(text.parse::<HaltAfter>().is_err(), "{text}");
        }
        assert_eq!("5%".parse::<HaltAfter>().unwrap().to_string(), "5%");
    }

    #[test]
    fn concurrency_is_bounded() {
        let bounds = |text: &str| {
            let parsed = text.parse::<Concurrency>().unwrap();
            (parsed.lowest().get(), parsed.highest().get())
        };
        assert_eq!((bounds("2000"), bounds("4-64"), bounds("7 - 7")), ((2000, 2000), (4, 64), (7, 7)));
        for text in ["0", "2001", "64-4", "1-2001", "0-4", "4-", "-4", "4-8-9", "-1", "x"] {
            assert!(text.parse::<Concurrency>().is_err(), "{text}");
        }
    }
}
