//! A job file as TOML: known keys, right types, every mistake at its place. Never fills in defaults.

use std::ops::Range;
use std::path::PathBuf;

use serde::{Deserialize, de::DeserializeOwned};
use toml::de::{DeString, DeTable, DeValue};
use toml::{Deserializer, Spanned};

use super::fault::{Fault, Place, Problem, in_order};
use super::nearest::nearest;
use super::options::Options;
use super::plain;

/// What a job file says.
#[derive(Debug, Clone, PartialEq)]
pub struct JobFile {
    /// The manifest, as written: relative to the job file.
    pub manifest: PathBuf,
    /// Said to the model ahead of every prompt.
    pub system_instruction: Option<String>,
    /// The options it sets, with paths as written.
    pub options: Options,
}

/// The keys that are not options.
#[derive(Deserialize, Default)]
#[serde(default)]
struct JobKeys {
    manifest: Option<PathBuf>,
    system_instruction: Option<String>,
}

/// The names of [`JobKeys`], the most important first.
const JOB_KEYS: [&str; 2] = ["manifest", "system_instruction"];

type Key<'text> = Spanned<DeString<'text>>;
type Value<'text> = Spanned<DeValue<'text>>;

impl JobFile {
    /// Reads the text of a job file; `file` is its name in messages. On failure, every mistake in the file's order.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Fault>> {
        let at = |span: Range<usize>, message: String| Problem::new(Place::of_offset(text, span.start), message);
        let (table, broken) = DeTable::parse_recoverable(text);
        let problems: Vec<Problem> = if broken.is_empty() {
            let options = Options::names();
            let wrong = table.get_ref().iter().filter_map(|(key, value)| wrong_with(key, value, &options));
            wrong.map(|(span, message)| at(span, message)).collect()
        } else {
            broken.iter().map(|error| at(error.span().unwrap_or(0..0), plain::toml(error.message()))).collect()
        };
        if !problems.is_empty() {
            return Err(in_order(problems, file));
        }
        assemble(table).map_err(|message| vec![Problem::new(Place::START, message).in_file(file)])
    }
}

/// The keys of a table that was found right one by one, together.
fn assemble(table: Spanned<DeTable>) -> Result<JobFile, String> {
    let options = read(table.clone()).map_err(|error| plain::toml(error.message()))?;
    let keys: JobKeys = read(table).map_err(|error| plain::toml(error.message()))?;
    let manifest =
        keys.manifest.ok_or("the key `manifest` is missing; write for example manifest = \"../products.csv\"")?;
    Ok(JobFile { manifest, system_instruction: keys.system_instruction, options })
}

/// What is wrong with a key or its value, and where.
fn wrong_with(key: &Key, value: &Value, options: &[String]) -> Option<(Range<usize>, String)> {
    let name: &str = key.get_ref();
    let error = if JOB_KEYS.contains(&name) {
        read::<JobKeys>(alone(key, value)).err()
    } else if options.iter().any(|option| option == name) {
        read::<Options>(alone(key, value)).err()
    } else {
        return Some((key.span(), unknown(name, options)));
    };
    error.map(|error| (error.span().unwrap_or(value.span()), format!("`{name}`: {}", plain::toml(error.message()))))
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
    let known: Vec<&str> = JOB_KEYS.into_iter().chain(options.iter().map(String::as_str)).collect();
    match nearest(&name.to_lowercase().replace('-', "_"), &known) {
        Some(near) => format!("unknown key `{name}`; did you mean `{near}`?"),
        None => format!("unknown key `{name}`; the keys are {}", known.join(", ")),
    }
}
