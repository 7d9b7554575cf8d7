//! A job: what to do, parsed, defaulted and checked once. Never sends anything, never touches the database.

mod accept;
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
mod stated;
pub mod tables;
mod watching;

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

use self::stated::Stated;
use crate::disk::ListFolder;
use crate::domain::{Accept, Auth, Caps, LogFormat, OnLost, PriceList, Progress};

/// What a person writes for a manifest that comes on standard input, and what messages call it.
const STDIN: &str = "-";
const STDIN_SHOWN: &str = "<stdin>";

/// The variable that holds the key unless somebody says otherwise.
const KEY_VARIABLE: &str = "OVERNIGHT_API_KEY";

/// The name of a workspace's database.
const DATABASE: &str = "overnight.db";

/// The folder of a workspace in which the output folders of its jobs lie.
const OUTPUT: &str = "output";

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
    /// What a picture must pass to be kept; one that does not counts as none.
    pub accept: Accept,
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

impl Job {
    /// Reads the job that `target` names: a job file (`.toml`) or a bare manifest. `options` are those of the command
    /// line and the environment; they win over the file's. Relative paths of both start at `current_dir`, which is
    /// absolute. The manifest itself is not opened.
    pub fn load(target: &Path, options: &Options, current_dir: &Path) -> Result<Self, JobError> {
        let path = resolve(current_dir, target);
        let stated = if paths::extension(&path) == "toml" {
            let error = |error| JobError::Unreadable { file: paths::shown(&path, current_dir), error };
            let text = fs::read_to_string(&path).map_err(error)?;
            Stated::by_file(&text, path, options, current_dir)?
        } else {
            Stated::bare(path, options, current_dir)?
        };
        Self::of(stated, current_dir)
    }

    /// The job that a file of this text would be if it lay there.
    pub fn drafted(text: &str, file: &Path, current_dir: &Path) -> Result<Self, JobError> {
        let stated = Stated::by_file(text, file.to_owned(), &Options::default(), current_dir)?;
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
