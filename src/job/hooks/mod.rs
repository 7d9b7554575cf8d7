//! What a job file says is to happen when its run ends, or an item does: the table `[hooks]`. Never runs one, and never
//! shows what may hold a secret: a line for the shell, an address, a header.
//!
//! | key | when |
//! |---|---|
//! | `on_success` | the job's run ended with code 0, and it did something: a picture came, or a request left. A run that finds nothing to do is no news: cron starts one every hour |
//! | `on_failure` | the job's run ended otherwise, also before it began: failed items (3), halted (4), a limit or a pilot (5), the money cap (8), the deadline (10), a fault (1), a job, manifest or key at fault (2), SIGTERM (143). As long as failed items remain, every run fails, and says so |
//! | `on_item` | an item came to its end in a run, done or failed, and that is durable |
//!
//! Code 75 is told to nobody: the run that is on tells how it went. Nor is 130: whoever pressed Ctrl-C sits there.

mod address;
mod read;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

pub use address::{AddressError, HookAddress};
pub(super) use read::read;

use super::fault::Place;
use super::headers::Headers;
use super::key::KeySource;
use super::options::Options;
use super::{Job, JobName, KEY_VARIABLE, paths};

/// The hooks of a job.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hooks {
    /// Run when all went well.
    pub on_success: Vec<Hook>,
    /// Run when a person should know.
    pub on_failure: Vec<Hook>,
    /// Run for each item that came to its end.
    pub on_item: Vec<Hook>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// What.
    pub act: HookAct,
    /// How long it may take, a single try of a request; none means the usual time.
    pub timeout: Option<Duration>,
    /// Where the job file says it: how messages name it.
    pub place: Place,
}

/// What a hook does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookAct {
    /// A line is given to the shell.
    Shell(ShellLine),
    /// A program is started with these words, the first of which is its name; no shell reads them.
    Program(Words),
    /// An address is asked.
    Request {
        /// Which.
        address: HookAddress,
        /// By which method.
        method: HookMethod,
        /// Headers that go along.
        headers: Headers,
    },
}

/// As typed into a shell. Never printed: someone may have written a password into it.
#[derive(Clone, PartialEq, Eq)]
pub struct ShellLine(pub String);

/// A program and what is given to it, at least one word. Only the program is ever printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Words(pub Vec<String>);

impl fmt::Debug for ShellLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShellLine(..)")
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Words").field(&self.0.first()).finish_non_exhaustive()
    }
}

/// How an address is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HookMethod {
    /// What is told is the body.
    #[default]
    Post,
    /// The same.
    Put,
    /// Without a body: for what only wants to be asked.
    Get,
}

impl HookMethod {
    /// Every method, by its name.
    pub const ALL: [(&str, Self); 3] = [("POST", Self::Post), ("PUT", Self::Put), ("GET", Self::Get)];
}

/// What the hooks of a job need to know of it; also of one that could not be read to its end.
#[derive(Debug, Clone)]
pub struct HookHome {
    /// The job's name.
    pub job: String,
    /// Its file; none for a bare manifest, which has no hooks.
    pub file: Option<PathBuf>,
    /// Where commands run, absolute.
    pub workspace: PathBuf,
    /// The output folder, absolute; none where that is not known.
    pub output: Option<PathBuf>,
    /// Variables that hold the key of the endpoint, which is none of a hook's business.
    pub key_variables: Vec<String>,
    /// Certificate authorities to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Whether it is played through.
    pub rehearsal: bool,
    /// The hooks.
    pub hooks: Hooks,
}

impl HookHome {
    /// Of a job.
    pub fn of(job: &Job) -> Self {
        let named = match &job.key {
            KeySource::Env(name) => Some(name.clone()),
            KeySource::File(_) | KeySource::Command { .. } => None,
        };
        Self {
            job: job.name.clone(),
            file: job.file.clone(),
            workspace: job.workspace.clone(),
            output: Some(job.output.clone()),
            key_variables: key_variables(named),
            ca_file: job.ca_file.clone(),
            rehearsal: job.rehearse,
            hooks: job.hooks.clone(),
        }
    }

    /// Of a job file in which something is wrong, as far as it can be understood: what is right of its hooks. Nothing
    /// where `target` is no job file, or cannot be read as one.
    pub fn salvaged(target: &Path, options: &Options, current_dir: &Path) -> Option<Self> {
        let path = paths::resolve(current_dir, target);
        if paths::extension(&path) != "toml" {
            return None;
        }
        let text = std::fs::read_to_string(&path).ok()?;
        // What was broken is left out; the rest stands.
        let (table, _) = DeTable::parse_recoverable(&text);
        let table = table.get_ref();
        let word = |key: &str| table.get(key).and_then(|value| value.get_ref().as_str()).map(str::to_owned);
        let named = options.name.clone().or_else(|| word("name")?.parse().ok());
        let in_folder = |path_written: String| paths::resolve(&paths::folder_of(&path), Path::new(&path_written));
        let given = options.api_key_env.as_ref().map(|name| name.as_str().to_owned());
        let ca_file = options.ca_file.as_ref().map(|file| paths::resolve(current_dir, file));
        Some(Self {
            job: named.unwrap_or_else(|| JobName::of_file(&path)).as_str().to_owned(),
            workspace: paths::workspace_of(&path),
            output: None,
            key_variables: key_variables(given.into_iter().chain(word("api_key_env"))),
            ca_file: ca_file.or_else(|| word("ca_file").map(in_folder)),
            rehearsal: options
                .rehearse
                .unwrap_or_else(|| table.get("rehearse").and_then(|value| value.get_ref().as_bool()).unwrap_or(false)),
            hooks: table.get("hooks").map(|value| read::salvaged(value, &text)).unwrap_or_default(),
            file: Some(path),
        })
    }
}

/// The usual variable, and those that were named.
fn key_variables(named: impl IntoIterator<Item = String>) -> Vec<String> {
    std::iter::once(KEY_VARIABLE.to_owned()).chain(named).collect()
}
