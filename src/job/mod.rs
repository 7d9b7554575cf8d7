//! A job: what to do, parsed, defaulted and checked once. Never sends anything, never touches the database.

pub mod endpoint;
pub mod fault;
pub mod file;
pub mod key;
pub mod locate;
pub mod manifest;
mod nearest;
pub mod options;
pub mod paths;
mod plain;
pub mod setting;

use std::fs;
use std::io;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use endpoint::BaseUrl;
pub use fault::{Fault, Place};
pub use file::JobFile;
pub use key::{KeyCommand, KeyError, KeySource};
pub use locate::{Located, Workspace};
pub use manifest::{Manifest, ManifestError, digest};
pub use options::Options;
pub use paths::is_rehearsal;
pub use setting::{Concurrency, HaltAfter, JobName, ModelName, TimeSpan};

use crate::domain::{AspectRatio, Auth, ImageSize, LogFormat, Modalities, OnLost, Progress, Thinking, io_words};

/// The variable that holds the key unless somebody says otherwise.
const KEY_VARIABLE: &str = "OVERNIGHT_API_KEY";

/// The name of a workspace's database.
const DATABASE: &str = "overnight.db";

/// Attempts an item that count: with waits of up to 1, 2, 4, 8 and 16 s between them, they outlast a short outage.
const MAX_ATTEMPTS: NonZeroU32 = NonZeroU32::new(6).unwrap();

/// A 1K picture takes seconds; one with much thinking, or behind a busy gateway, up to minutes.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(180);

/// A host that has not answered a connection by then is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What to do: a job file, or a bare manifest with every default.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its name: unique in its database, and clean for file systems.
    pub name: String,
    /// The job file; none for a bare manifest.
    pub file: Option<PathBuf>,
    /// The manifest, absolute.
    pub manifest: PathBuf,
    /// The manifest as messages name it: relative to the current directory where it lies below.
    pub manifest_shown: String,
    /// The folder in which defaults lie, absolute.
    pub workspace: PathBuf,
    /// Where pictures, captions and results go, absolute.
    pub output: PathBuf,
    /// The workspace database, absolute.
    pub db: PathBuf,
    /// Where requests go.
    pub base_url: BaseUrl,
    /// How the key travels.
    pub auth: Auth,
    /// Where the key is kept.
    pub key: KeySource,
    /// What a row asks for unless it says otherwise.
    pub defaults: Defaults,
    /// Requests in flight at most.
    pub concurrency: Concurrency,
    /// Requests a minute at most.
    pub rpm: Option<NonZeroU32>,
    /// Attempts an item that count.
    pub max_attempts: NonZeroU32,
    /// Longest wait for a whole answer.
    pub request_timeout: Duration,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// At most so many items in this run.
    pub limit: Option<NonZeroU64>,
    /// How many failed items stop the run.
    pub halt_after: Option<HaltAfter>,
    /// What to do when a request left and no whole answer came.
    pub on_lost: OnLost,
    /// Whether a simulator answers; the database and the output folder are the rehearsal's then.
    pub rehearse: bool,
    /// What goes wrong in a rehearsal, as `KIND=RATE`.
    pub fail: Vec<String>,
    /// Where events are appended, absolute; `-` is stdout.
    pub events: Option<PathBuf>,
    /// How progress is shown.
    pub progress: Progress,
    /// How log lines are written.
    pub log_format: LogFormat,
}

/// What a row's request holds where the row says nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Defaults {
    /// The model.
    pub model: ModelName,
    /// The shape of the picture.
    pub aspect_ratio: Option<AspectRatio>,
    /// The size of the picture.
    pub image_size: ImageSize,
    /// How long the model may think.
    pub thinking: Option<Thinking>,
    /// What an answer holds.
    pub modalities: Modalities,
    /// Said to the model ahead of the prompt.
    pub system_instruction: Option<String>,
}

/// Why there is no job.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The job file has mistakes: all of them, in its order.
    #[error("{}", lines(.0))]
    Faults(Vec<Fault>),
    /// The job file cannot be read.
    #[error("{file} cannot be read: {}; name a job file that is there", io_words(.error))]
    Unreadable {
        /// Which, as messages name it.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// The file is neither a job nor a manifest.
    #[error("`{file}` {why}; name a job file (.toml) or a manifest that ends in .csv, .jsonl or .ndjson")]
    Unsupported {
        /// Which, as messages name it.
        file: String,
        /// In what way.
        why: &'static str,
    },
    /// One source names several places for the key.
    #[error("{0} names several places for the key; keep one of api_key_env, api_key_file and api_key_command")]
    SeveralKeys(String),
}

fn lines(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n")
}

/// A job as its files state it, before anything is filled in.
struct Stated {
    file: Option<PathBuf>,
    manifest: PathBuf,
    workspace: PathBuf,
    system_instruction: Option<String>,
    key_folder: PathBuf,
    options: Options,
}

impl Job {
    /// Reads the job that `target` names: a job file (`.toml`) or a bare manifest. `options` are those of the command
    /// line and the environment; they win over the file's. Relative paths of both start at `current_dir`, which is
    /// absolute. The manifest itself is not opened.
    pub fn load(target: &Path, options: &Options, current_dir: &Path) -> Result<Self, JobError> {
        let path = paths::resolve(current_dir, target);
        let stated = if extension(&path) == "toml" {
            stated_by_file(path, options, current_dir)?
        } else {
            Stated {
                file: None,
                manifest: path,
                workspace: current_dir.to_path_buf(),
                system_instruction: None,
                key_folder: current_dir.to_path_buf(),
                options: checked(options, GIVEN)?.at(current_dir),
            }
        };
        let shown = paths::shown(&stated.manifest, current_dir);
        check_manifest_name(&stated.manifest, &shown)?;
        let rehearse = stated.options.rehearse.unwrap_or(false);
        let job = stated.into_job(shown);
        Ok(if rehearse { job.rehearsal() } else { job })
    }

    /// The same job played through against a simulator: its database and its output folder are others.
    fn rehearsal(self) -> Self {
        Self {
            rehearse: true,
            db: paths::rehearsal_file(&self.db),
            output: paths::rehearsal_folder(&self.output),
            ..self
        }
    }

    /// The folder that reference images are relative to: the manifest's.
    pub fn references_folder(&self) -> PathBuf {
        paths::folder_of(&self.manifest)
    }
}

fn stated_by_file(path: PathBuf, options: &Options, current_dir: &Path) -> Result<Stated, JobError> {
    let shown = paths::shown(&path, current_dir);
    let text = fs::read_to_string(&path).map_err(|error| JobError::Unreadable { file: shown.clone(), error })?;
    let file = JobFile::parse(&text, &shown).map_err(JobError::Faults)?;
    let folder = paths::folder_of(&path);
    let given = checked(options, GIVEN)?;
    let key_folder = if given.api_key_command.is_some() { current_dir } else { &folder };
    Ok(Stated {
        manifest: paths::resolve(&folder, &file.manifest),
        workspace: paths::workspace_of(&path),
        system_instruction: file.system_instruction,
        key_folder: key_folder.to_path_buf(),
        options: given.at(current_dir).or(checked(&file.options, &shown)?.at(&folder)),
        file: Some(path),
    })
}

/// Where the options that are not a file's come from, for messages.
const GIVEN: &str = "the command line or the environment";

/// The options, if they name no more than one place for the key.
fn checked(options: &Options, source: &str) -> Result<Options, JobError> {
    if options.key_places() > 1 {
        return Err(JobError::SeveralKeys(source.to_owned()));
    }
    Ok(options.clone())
}

impl Stated {
    fn into_job(self, manifest_shown: String) -> Job {
        let key = self.key();
        let Self { file, manifest, workspace, options, .. } = self;
        let named_after = file.as_deref().unwrap_or(&manifest);
        let name = options.name.unwrap_or_else(|| JobName::of_file(named_after)).as_str().to_owned();
        let base_url = options.base_url.unwrap_or_default();
        let length = |given: Option<TimeSpan>, usual| given.map_or(usual, |span| span.0);
        Job {
            output: options.output.unwrap_or_else(|| workspace.join("output").join(&name)),
            db: options.db.unwrap_or_else(|| workspace.join(DATABASE)),
            auth: options.auth.unwrap_or_else(|| base_url.usual_auth()),
            key,
            defaults: Defaults {
                model: options.model.unwrap_or_default(),
                aspect_ratio: options.aspect_ratio,
                image_size: options.image_size.unwrap_or(ImageSize::OneK),
                thinking: options.thinking,
                modalities: options.modalities.unwrap_or(Modalities::TextAndImage),
                system_instruction: self.system_instruction,
            },
            concurrency: options.concurrency.unwrap_or_default(),
            rpm: options.rpm,
            max_attempts: options.max_attempts.unwrap_or(MAX_ATTEMPTS),
            request_timeout: length(options.request_timeout, REQUEST_TIMEOUT),
            connect_timeout: length(options.connect_timeout, CONNECT_TIMEOUT),
            limit: options.limit,
            halt_after: options.halt_after,
            on_lost: options.on_lost.unwrap_or_default(),
            rehearse: false,
            fail: options.fail.unwrap_or_default(),
            events: options.events,
            progress: options.progress.unwrap_or_default(),
            log_format: options.log_format.unwrap_or_default(),
            name,
            file,
            manifest,
            manifest_shown,
            workspace,
            base_url,
        }
    }

    fn key(&self) -> KeySource {
        let Options { api_key_file, api_key_command, api_key_env, .. } = self.options.clone();
        match (api_key_file, api_key_command, api_key_env) {
            (Some(path), ..) => KeySource::File(path),
            (_, Some(command), _) => KeySource::Command { command, folder: self.key_folder.clone() },
            (.., variable) => KeySource::Env(variable.unwrap_or_else(|| KEY_VARIABLE.to_owned())),
        }
    }
}

/// Refuses what cannot be read as a manifest yet, by its name.
fn check_manifest_name(path: &Path, shown: &str) -> Result<(), JobError> {
    let why = match extension(path).as_str() {
        _ if path.is_dir() => "is a folder",
        "csv" | "jsonl" | "ndjson" => return Ok(()),
        "tsv" => "is separated by tabs, which is not read yet",
        "gz" => "is compressed, which is not read yet",
        _ if path.file_name().is_some_and(|name| name == "-") => "means standard input, which is not read yet",
        _ => "is neither a job nor a manifest by its name",
    };
    Err(JobError::Unsupported { file: shown.to_owned(), why })
}

fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}
