//! A job file as TOML: known keys, right types, every mistake at its place. Never fills in defaults.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, de::DeserializeOwned};
use toml::de::{DeString, DeTable, DeValue};
use toml::{Deserializer, Spanned};

use super::accept;
use super::error::JobError;
use super::fault::{Fault, Place, Problem, in_order};
use super::headers::Headers;
use super::hooks::{self, Hooks};
use super::manifest::{AddedReferences, KNOWN};
use super::nearest::nearest;
use super::options::Options;
use super::plain;
use super::price;
use super::schedule::{self, Schedule};
use super::setting::LongerSide;
use super::shape::{self, PARTIALS, Renderer, SHAPING_KEYS, Shaping};
use super::tables::{self, BadEntry};
use crate::domain::{Accept, Fields, PriceList, Safety};
use crate::reshape::Shape;

/// What a job file says.
#[derive(Debug, Clone, PartialEq)]
pub struct JobFile {
    /// The manifest, as written: relative to the job file.
    pub manifest: PathBuf,
    /// The reference images it adds to those of every row.
    pub references: AddedReferences,
    /// What it makes of the rows.
    pub shaping: Shaping,
    /// What the model may not draw.
    pub safety: Safety,
    /// Names and values that come back on the bill.
    pub labels: BTreeMap<String, String>,
    /// What is merged into each request.
    pub extra: Fields,
    /// Headers of each request.
    pub headers: Headers,
    /// What is to happen when a run or an item ends.
    pub hooks: Hooks,
    /// What answers cost, as far as it says so.
    pub prices: PriceList,
    /// When it starts by itself.
    pub schedule: Option<Schedule>,
    /// What a picture must pass to be kept.
    pub accept: Accept,
    /// The options it sets, with paths as written.
    pub options: Options,
}

/// The keys that are not options.
#[derive(Deserialize, Default)]
#[serde(default)]
struct JobKeys {
    manifest: Option<PathBuf>,
    references: ReferenceKeys,
    safety: Fields,
    labels: Fields,
    extra: Fields,
    headers: Fields,
}

/// The names of [`JobKeys`], and of `accept`, `price`, `schedule` and `hooks`, the most important first.
const JOB_KEYS: [&str; 10] =
    ["manifest", "references", "accept", "price", "schedule", "hooks", "safety", "labels", "extra", "headers"];

/// The table `[references]`. Mistakes in it are found when the manifest is read, and told where they stand here.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct ReferenceKeys {
    columns: Vec<Spanned<String>>,
    always: Vec<Spanned<String>>,
    most: Option<NonZeroUsize>,
    rotate: bool,
    reduce_to: Option<LongerSide>,
}

type Key<'text> = Spanned<DeString<'text>>;
type Value<'text> = Spanned<DeValue<'text>>;

impl JobFile {
    /// The job file of this text, whose templates include what lies in this folder, if all of it is understood. Templates
    /// are looked at although other keys are at fault.
    pub(super) fn understood(text: &str, file: &str, folder: &Path) -> Result<Self, JobError> {
        match Self::parse(text, file) {
            Ok(parsed) if parsed.prices.is_given() && parsed.options.price_per_image.is_some() => {
                Err(JobError::TwoPrices(file.to_owned()))
            }
            Ok(parsed) => Ok(Self { shaping: understood(parsed.shaping, folder)?, ..parsed }),
            Err(mut faults) => {
                if let Err(JobError::Faults(more)) = understood(shaping_of(text, file), folder) {
                    faults.extend(more);
                }
                faults.sort_by_key(|fault| (fault.file != file, fault.place));
                Err(JobError::Faults(faults))
            }
        }
    }

    /// Reads the text of a job file; `file` is its name in messages. On failure, every mistake in the file's order.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Fault>> {
        let at = |span: Range<usize>, message: String| Problem::new(Place::of_offset(text, span.start), message);
        let (table, broken) = DeTable::parse_recoverable(text);
        let problems: Vec<Problem> = if broken.is_empty() {
            let options = Options::names();
            let wrong = table.get_ref().iter().flat_map(|(key, value)| wrong_with(key, value, text, &options));
            wrong.map(|(span, message)| at(span, message)).collect()
        } else {
            broken.iter().map(|error| at(error.span().unwrap_or(0..0), plain::toml(error.message()))).collect()
        };
        if !problems.is_empty() {
            return Err(in_order(problems, file));
        }
        assemble(table, text, file).map_err(|message| vec![Problem::new(Place::START, message).in_file(file)])
    }
}

/// What a job file says about the rows, as far as that is right, whatever else is wrong with it.
fn shaping_of(text: &str, file: &str) -> Shaping {
    let (table, broken) = DeTable::parse_recoverable(text);
    if broken.is_empty() { shaping(&table, text, file) } else { Shaping::default() }
}

/// The shaping of rows, with the pieces that its templates include, if all of them are understood.
fn understood(mut shaping: Shaping, folder: &Path) -> Result<Shaping, JobError> {
    let unreadable = |error| JobError::Unreadable { file: format!("the folder {PARTIALS} beside the job file"), error };
    shaping.bring_partials(folder).map_err(unreadable)?;
    match Renderer::new(&shaping) {
        Ok(_) => Ok(shaping),
        Err(faults) => Err(JobError::Faults(faults)),
    }
}

/// The keys of a table that was found right one by one, together.
fn assemble(table: Spanned<DeTable>, text: &str, file: &str) -> Result<JobFile, String> {
    let shaping = shaping(&table, text, file);
    let prices = table.get_ref().get("price").map_or(Ok(PriceList::default()), price::read);
    let prices = prices.map_err(first_of)?;
    let schedule = table.get_ref().get("schedule").map(|value| schedule::read(value, text)).transpose();
    let schedule = schedule.map_err(first_of)?;
    let hooks = table.get_ref().get("hooks").map_or(Ok(Hooks::default()), |value| hooks::read(value, text));
    let hooks = hooks.map_err(first_of)?;
    let accept = table.get_ref().get("accept").map_or(Ok(Accept::default()), accept::read).map_err(first_of)?;
    let options = read(table.clone()).map_err(|error| plain::toml(error.message()))?;
    let keys: JobKeys = read(table).map_err(|error| plain::toml(error.message()))?;
    let manifest =
        keys.manifest.ok_or("the key `manifest` is missing; write for example manifest = \"../products.csv\"")?;
    Ok(JobFile {
        manifest,
        references: keys.references.placed(text, file),
        shaping,
        safety: tables::safety(&keys.safety).map_err(first)?,
        labels: tables::labels(&keys.labels).map_err(first)?,
        extra: tables::extra(&keys.extra).map_err(first)?,
        headers: Headers::of(&keys.headers).map_err(first)?,
        hooks,
        prices,
        schedule,
        accept,
        options,
    })
}

/// What a table that was found right says about the rows.
fn shaping(table: &Spanned<DeTable>, text: &str, file: &str) -> Shaping {
    let mut shaping = Shaping { file: file.to_owned(), ..Shaping::default() };
    for (key, value) in table.get_ref().iter().filter(|(key, _)| SHAPING_KEYS.contains(&key.get_ref().as_ref())) {
        shape::read(key.get_ref(), value, text, &KNOWN, &mut shaping);
    }
    shaping
}

impl ReferenceKeys {
    /// The same, each text with its place in the file's.
    fn placed(self, text: &str, file: &str) -> AddedReferences {
        let placed = |spanned: Spanned<String>| {
            let place = Place::of_offset(text, spanned.span().start);
            (spanned.into_inner(), place)
        };
        AddedReferences {
            file: file.to_owned(),
            columns: self.columns.into_iter().map(placed).collect(),
            always: self.always.into_iter().map(placed).collect(),
            most: self.most,
            shape: Shape { rotate: self.rotate, reduce_to: self.reduce_to.map(|side| side.0) },
        }
    }
}

/// What is wrong with a key or its value, and where.
fn wrong_with(key: &Key, value: &Value, text: &str, options: &[String]) -> Vec<(Range<usize>, String)> {
    let name: &str = key.get_ref();
    if SHAPING_KEYS.contains(&name) {
        return shape::read(name, value, text, &KNOWN, &mut Shaping::default());
    }
    match name {
        "price" => return price::read(value).err().unwrap_or_default(),
        "schedule" => return schedule::read(value, text).err().unwrap_or_default(),
        "accept" => return accept::read(value).err().unwrap_or_default(),
        "hooks" => return hooks::read(value, text).err().unwrap_or_default(),
        _ => {}
    }
    if let ("references", Some(entries)) = (name, value.get_ref().as_table()) {
        return entries.iter().filter_map(|(key, value)| wrong_with_reference_key(key, value)).collect();
    }
    // What stands there may be a secret, which no message repeats.
    if name == "headers" && value.get_ref().as_table().is_none() {
        let message = "`headers`: write a table, like [headers] and below it X-Shop = \"north\"";
        return vec![(value.span(), message.to_owned())];
    }
    let error = if JOB_KEYS.contains(&name) {
        match read::<JobKeys>(alone(key, value)) {
            Ok(keys) => return wrong_entries(name, value, &keys),
            Err(error) => error,
        }
    } else if options.iter().any(|option| option == name) {
        match read::<Options>(alone(key, value)) {
            Ok(_) => return Vec::new(),
            Err(error) => error,
        }
    } else {
        return vec![(key.span(), unknown(name, options))];
    };
    // What stands there by mistake may be a secret all the same.
    if name == "headers" {
        return vec![(
            key.span(),
            "`headers`: write a table, like [headers] and below it X-Team = \"catalogue\"".to_owned(),
        )];
    }
    vec![(error.span().unwrap_or(value.span()), format!("`{name}`: {}", plain::toml(error.message())))]
}

/// What is wrong with a key of `[references]`, be the others right or wrong.
fn wrong_with_reference_key(key: &Key, value: &Value) -> Option<(Range<usize>, String)> {
    let error = read::<ReferenceKeys>(alone(key, value)).err()?;
    let name = key.get_ref();
    let message = plain::toml(error.message());
    let within = if message.starts_with("unknown key") { "references" } else { &format!("references.{name}") };
    Some((error.span().unwrap_or(value.span()), format!("`{within}`: {message}")))
}

/// What is wrong with the entries of the one table that `keys` holds, each at its own key.
fn wrong_entries(name: &str, value: &Value, keys: &JobKeys) -> Vec<(Range<usize>, String)> {
    let found = [
        tables::safety(&keys.safety).err(),
        tables::labels(&keys.labels).err(),
        tables::extra(&keys.extra).err(),
        Headers::of(&keys.headers).err(),
    ];
    let bad = found.into_iter().flatten().flatten();
    bad.map(|entry| (span_of(value, &entry.key), format!("`{name}`: {}", entry.message))).collect()
}

/// Where the key of a table's entry stands.
fn span_of(table: &Value, key: &str) -> Range<usize> {
    let entries = table.get_ref().as_table();
    let found = entries.and_then(|entries| entries.iter().find(|(name, _)| name.get_ref() == key));
    found.map_or(table.span(), |(name, _)| name.span())
}

/// The first of what is wrong with a table, in words.
fn first_of(wrong: Vec<(Range<usize>, String)>) -> String {
    wrong.into_iter().next().map(|(_, message)| message).unwrap_or_default()
}

fn first(bad: Vec<BadEntry>) -> String {
    bad.into_iter().next().map(|entry| entry.message).unwrap_or_default()
}

/// A table of one key, so that a mistake in it hides no other.
fn alone<'text>(key: &Key<'text>, value: &Value<'text>) -> Spanned<DeTable<'text>> {
    let table = DeTable::from_iter([(key.clone(), value.clone())]);
    Spanned::new(value.span(), table)
}

fn read<T: DeserializeOwned>(table: Spanned<DeTable>) -> Result<T, toml::de::Error> {
    T::deserialize(Deserializer::from(table))
}

fn unknown(name: &str, options: &[String]) -> String {
    if matches!(name, "api_key" | "api-key" | "key") {
        return format!(
            "unknown key `{name}`: the key itself is never written into a file that may be shared; name its place with \
             `api_key_env`, `api_key_file` or `api_key_command`"
        );
    }
    let known: Vec<&str> = JOB_KEYS.into_iter().chain(SHAPING_KEYS).chain(options.iter().map(String::as_str)).collect();
    match nearest(&name.to_lowercase().replace('-', "_"), &known) {
        _ if KNOWN.columns.contains(&name) => {
            format!("unknown key `{name}`; what every row says stands below the heading [template]")
        }
        Some(near) => format!("unknown key `{name}`; did you mean `{near}`?"),
        None => {
            let ours: Vec<&str> = JOB_KEYS.into_iter().chain(SHAPING_KEYS).collect();
            format!(
                "unknown key `{name}`; the keys are {}, and the options of `overnight run --help`, with `_` for `-`",
                ours.join(", ")
            )
        }
    }
}
