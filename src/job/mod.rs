//! A job: what to do, parsed, defaulted and checked once. Never sends anything, never touches the database.

mod defaults;
mod end;
pub mod endpoint;
mod error;
pub mod fault;
pub mod file;
mod format;
pub mod headers;
pub mod hooks;
pub mod key;
pub mod locate;
pub mod manifest;
mod nearest;
pub mod options;
pub mod paths;
mod plain;
mod price;
mod sample;
pub mod schedule;
pub mod setting;
pub mod shape;
pub mod tables;
mod watching;

use std::collections::BTreeMap;
use std::fs;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use defaults::Defaults;
pub use end::{ClockTime, RunEnd, ZoneName, zone_of};
pub use endpoint::BaseUrl;
pub use error::JobError;
pub use fault::{Fault, Place};
pub use file::JobFile;
pub use format::{ManifestFormat, RowFormat};
pub use headers::{HeaderError, Headers};
pub use hooks::{AddressError, Hook, HookAct, HookHome, HookMethod, Hooks};
pub use key::{KeyCommand, KeyError, KeySource};
pub use locate::{Located, Workspace};
pub use manifest::{AddedReferences, Manifest, ManifestError, digest, fingerprint, is_as_seen};
pub use options::Options;
pub use paths::{hidden_folder, is_rehearsal};
pub use sample::{Sample, column_called};
pub use schedule::{Schedule, Start};
pub use setting::{Concurrency, Dollars, HaltAfter, JobName, ModelName, TimeSpan, above_zero, names_a_file};
pub use shape::{Condition, Shaping};
pub use watching::{FileSize, ListenAddress, Watching};

use crate::disk::ListFolder;
use crate::domain::{Auth, Caps, Fields, LogFormat, OnLost, PriceList, Progress, Safety};

/// The variable that holds the key unless somebody says otherwise.
const KEY_VARIABLE: &str = "OVERNIGHT_API_KEY";

/// What a person writes for a manifest that comes on standard input, and what messages call it.
const STDIN: &str = "-";
const STDIN_SHOWN: &str = "<stdin>";

/// The name of a workspace's database.
const DATABASE: &str = "overnight.db";

/// The folder of a workspace in which the output folders of its jobs lie.
const OUTPUT: &str = "output";

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
    /// The manifest, absolute; `-` is standard input.
    pub manifest: PathBuf,
    /// The manifest as messages name it: relative to the current directory where it lies below.
    pub manifest_shown: String,
    /// How the manifest is written.
    pub manifest_format: ManifestFormat,
    /// The sheet of a workbook that is the manifest; none means the first that is not hidden.
    pub sheet: Option<String>,
    /// The reference images added to those of every row.
    pub references: AddedReferences,
    /// What the job file makes of the manifest's rows.
    pub shaping: Shaping,
    /// Whether links among the references may lead anywhere.
    pub follow_links: bool,
    /// The folder that the references of standard input are relative to, absolute.
    current_dir: PathBuf,
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
    /// Headers that each request carries beside the program's own.
    pub headers: Headers,
    /// What is to happen when a run or an item ends.
    pub hooks: Hooks,
    /// Certificate authorities to trust beside the system's: a PEM file, absolute.
    pub ca_file: Option<PathBuf>,
    /// What a row asks for unless it says otherwise.
    pub defaults: Defaults,
    /// Requests in flight at most.
    pub concurrency: Concurrency,
    /// Requests a minute at most.
    pub rpm: Option<NonZeroU32>,
    /// Images a minute at most.
    pub ipm: Option<NonZeroU32>,
    /// Tokens a minute at most, of requests and answers.
    pub tpm: Option<NonZeroU32>,
    /// Requests a day at most, by the quota's own day.
    pub rpd: Option<NonZeroU32>,
    /// Whether a picture of another shape than was asked for counts as none.
    pub strict: bool,
    /// Attempts an item that count.
    pub max_attempts: NonZeroU32,
    /// Longest wait for a whole answer.
    pub request_timeout: Duration,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// At most so many items in this run.
    pub limit: Option<NonZeroU64>,
    /// What else ends a run though items are left.
    pub end: RunEnd,
    /// When it starts by itself.
    pub schedule: Option<Schedule>,
    /// The start of its schedule that this run is for; none where somebody asked for it.
    pub start: Option<Start>,
    /// How many failed items stop the run.
    pub halt_after: Option<HaltAfter>,
    /// So many items are sent before a person has approved them.
    pub pilot: Option<NonZeroUsize>,
    /// Whether finished items that changed are made again.
    pub changed: bool,
    /// What to do when a request left and no whole answer came.
    pub on_lost: OnLost,
    /// What answers cost.
    pub prices: PriceList,
    /// The most that may be spent.
    pub caps: Caps,
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
    /// From where its runs can be watched; paths are absolute.
    pub watching: Watching,
}

/// A job as its files state it, before anything is filled in.
struct Stated {
    file: Option<PathBuf>,
    manifest: PathBuf,
    workspace: PathBuf,
    references: AddedReferences,
    shaping: Shaping,
    tables: Tables,
    key_folder: PathBuf,
    options: Options,
}

/// What only a job file can say.
#[derive(Default)]
struct Tables {
    safety: Safety,
    labels: BTreeMap<String, String>,
    extra: Fields,
    headers: Headers,
    hooks: Hooks,
    prices: PriceList,
    schedule: Option<Schedule>,
}

impl Job {
    /// Reads the job that `target` names: a job file (`.toml`) or a bare manifest. `options` are those of the command
    /// line and the environment; they win over the file's. Relative paths of both start at `current_dir`, which is
    /// absolute. The manifest itself is not opened.
    pub fn load(target: &Path, options: &Options, current_dir: &Path) -> Result<Self, JobError> {
        let path = resolve(current_dir, target);
        let stated = if paths::extension(&path) == "toml" {
            let error = |error| JobError::Unreadable { file: paths::shown(&path, current_dir), error };
            let text = fs::read_to_string(&path).map_err(error)?;
            stated_by_file(&text, path, options, current_dir)?
        } else {
            Stated {
                file: None,
                manifest: path,
                workspace: current_dir.to_path_buf(),
                references: AddedReferences::default(),
                shaping: Shaping::default(),
                tables: Tables::default(),
                key_folder: current_dir.to_path_buf(),
                options: checked(options, GIVEN)?.at(current_dir),
            }
        };
        Self::of(stated, current_dir)
    }

    /// The job that a file of this text would be if it lay there.
    pub fn drafted(text: &str, file: &Path, current_dir: &Path) -> Result<Self, JobError> {
        let stated = stated_by_file(text, file.to_owned(), &Options::default(), current_dir)?;
        Self::of(stated, current_dir)
    }

    fn of(stated: Stated, current_dir: &Path) -> Result<Self, JobError> {
        let format = stated.format(current_dir)?;
        let rehearse = stated.options.rehearse.unwrap_or(false);
        let job = stated.into_job(format, current_dir);
        Ok(if rehearse { job.rehearsal() } else { job })
    }

    /// The same job played through against a simulator: its database and its output folder are others.
    fn rehearsal(self) -> Self {
        Self {
            rehearse: true,
            db: paths::rehearsal_file(&self.db),
            output: paths::rehearsal_folder(&self.output),
            watching: self.watching.rehearsal(),
            ..self
        }
    }

    /// The folder that reference images are relative to: the manifest's, or the one that is the manifest; for standard
    /// input the current one.
    pub fn references_folder(&self) -> ListFolder {
        let folder = match self.manifest_format {
            ManifestFormat::FOLDER => self.manifest.clone(),
            _ if self.reads_stdin() => self.current_dir.clone(),
            _ => paths::folder_of(&self.manifest),
        };
        ListFolder::new(folder, self.follow_links)
    }

    /// Whether the manifest comes on standard input.
    pub fn reads_stdin(&self) -> bool {
        is_stdin(&self.manifest)
    }
}

fn stated_by_file(text: &str, path: PathBuf, options: &Options, current_dir: &Path) -> Result<Stated, JobError> {
    let shown = paths::shown(&path, current_dir);
    let folder = paths::folder_of(&path);
    let file = JobFile::understood(text, &shown, &folder)?;
    let given = checked(options, GIVEN)?;
    let key_folder = if given.api_key_command.is_some() { current_dir } else { &folder };
    Ok(Stated {
        manifest: resolve(&folder, &file.manifest),
        workspace: paths::workspace_of(&path),
        references: file.references,
        shaping: file.shaping,
        tables: Tables {
            safety: file.safety,
            labels: file.labels,
            extra: file.extra,
            headers: file.headers,
            hooks: file.hooks,
            prices: file.prices,
            schedule: file.schedule,
        },
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
    /// How the manifest is written; what a person says of it wins over its name.
    fn format(&self, current_dir: &Path) -> Result<ManifestFormat, JobError> {
        if is_stdin(&self.manifest) {
            if self.file.is_none() && self.options.name.is_none() {
                return Err(JobError::StdinName);
            }
            return self.options.manifest_format.ok_or(JobError::StdinFormat);
        }
        if self.manifest.is_dir() {
            return Ok(ManifestFormat::FOLDER);
        }
        let format = self.options.manifest_format.or_else(|| ManifestFormat::of_file(&self.manifest));
        let is_sheet = format::is_foreign_sheet(&self.manifest);
        let unread = if is_sheet { JobError::ForeignSheet } else { JobError::Unsupported };
        format.ok_or_else(|| unread(paths::shown(&self.manifest, current_dir)))
    }

    fn into_job(self, manifest_format: ManifestFormat, current_dir: &Path) -> Job {
        let (key, end) = (self.key(), RunEnd::of(&self.options));
        let Self { file, manifest, workspace, references, shaping, tables, options, .. } = self;
        let caps = price::caps(&options);
        let defaults = Defaults::of(&options, tables.safety, tables.labels, tables.extra);
        let is_folder = file.is_none() && manifest_format == ManifestFormat::FOLDER;
        let called_after = if is_folder { JobName::of_folder } else { JobName::of_file };
        let usual_name = || called_after(file.as_deref().unwrap_or(&manifest));
        let name = options.name.unwrap_or_else(usual_name).as_str().to_owned();
        let base_url = options.base_url.unwrap_or_default();
        let length = |given: Option<TimeSpan>, usual| given.map_or(usual, |span| span.0);
        Job {
            schedule: tables.schedule.map(|schedule| schedule.within(&end)),
            start: None,
            end,
            output: options.output.unwrap_or_else(|| workspace.join(OUTPUT).join(&name)),
            db: options.db.unwrap_or_else(|| workspace.join(DATABASE)),
            auth: options.auth.unwrap_or_else(|| base_url.usual_auth()),
            key,
            defaults,
            headers: tables.headers,
            hooks: tables.hooks,
            sheet: options.sheet,
            follow_links: options.follow_links.unwrap_or(false),
            ca_file: options.ca_file,
            strict: options.strict.unwrap_or(false),
            concurrency: options.concurrency.unwrap_or_default(),
            rpm: options.rpm,
            ipm: options.ipm,
            tpm: options.tpm,
            rpd: options.rpd,
            max_attempts: options.max_attempts.unwrap_or(MAX_ATTEMPTS),
            request_timeout: length(options.request_timeout, REQUEST_TIMEOUT),
            connect_timeout: length(options.connect_timeout, CONNECT_TIMEOUT),
            limit: options.limit,
            pilot: options.pilot,
            halt_after: options.halt_after,
            changed: options.changed.unwrap_or(false),
            on_lost: options.on_lost.unwrap_or_default(),
            caps,
            prices: price::prices(options.price_per_image, tables.prices),
            rehearse: false,
            fail: options.fail.unwrap_or_default(),
            events: options.events,
            progress: options.progress.unwrap_or_default(),
            log_format: options.log_format.unwrap_or_default(),
            watching: options.watching,
            name,
            file,
            manifest_shown: shown(&manifest, current_dir),
            manifest,
            manifest_format,
            references,
            shaping,
            current_dir: current_dir.to_path_buf(),
            workspace,
            base_url,
        }
    }

    fn key(&self) -> KeySource {
        let Options { api_key_file, api_key_command, api_key_env, .. } = self.options.clone();
        match (api_key_file, api_key_command, api_key_env.as_ref()) {
            (Some(path), ..) => KeySource::File(path),
            (_, Some(command), _) => KeySource::Command { command, folder: self.key_folder.clone() },
            (.., variable) => KeySource::Env(variable.map_or(KEY_VARIABLE, |name| name.as_str()).to_owned()),
        }
    }
}

/// A path as [`paths::resolve`] does it; the word for standard input stays what it is.
fn resolve(folder: &Path, path: &Path) -> PathBuf {
    if is_stdin(path) { path.to_path_buf() } else { paths::resolve(folder, path) }
}

fn is_stdin(manifest: &Path) -> bool {
    manifest == Path::new(STDIN)
}

fn shown(manifest: &Path, current_dir: &Path) -> String {
    if is_stdin(manifest) { STDIN_SHOWN.to_owned() } else { paths::shown(manifest, current_dir) }
}
