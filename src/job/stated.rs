//! A job as its files and the command line state it, and what it is when all that nobody said is filled in. Never reads a
//! file.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::file::JobFile;
use super::{
    AddedReferences, DATABASE, Defaults, Headers, Hooks, Job, JobError, JobName, KEY_VARIABLE, KeySource,
    ManifestFormat, OUTPUT, Options, RunEnd, Schedule, Shaping, TimeSpan, format, is_stdin, paths, price, resolve,
    shown,
};
use crate::domain::{Accept, Fields, PriceList, Safety};

/// Attempts an item that count: with waits of up to 1, 2, 4, 8 and 16 s between them, they outlast a short outage.
const MAX_ATTEMPTS: NonZeroU32 = NonZeroU32::new(6).unwrap();

/// A 1K picture takes seconds; one with much thinking, or behind a busy gateway, up to minutes.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(180);

/// A host that has not answered a connection by then is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A job as its files state it, before anything is filled in.
pub(super) struct Stated {
    file: Option<PathBuf>,
    manifest: PathBuf,
    workspace: PathBuf,
    references: AddedReferences,
    shaping: Shaping,
    tables: Tables,
    key_folder: PathBuf,
    pub(super) options: Options,
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
    accept: Accept,
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
    /// What a job file of this text says, which lies, or would lie, at this path.
    pub(super) fn by_file(text: &str, path: PathBuf, options: &Options, current_dir: &Path) -> Result<Self, JobError> {
        let shown = paths::shown(&path, current_dir);
        let folder = paths::folder_of(&path);
        let file = JobFile::understood(text, &shown, &folder)?;
        let given = checked(options, GIVEN)?;
        let key_folder = if given.api_key_command.is_some() { current_dir } else { &folder };
        Ok(Self {
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
                accept: file.accept,
            },
            key_folder: key_folder.to_path_buf(),
            options: given.at(current_dir).or(checked(&file.options, &shown)?.at(&folder)),
            file: Some(path),
        })
    }

    /// A bare manifest, with every default.
    pub(super) fn bare(manifest: PathBuf, options: &Options, current_dir: &Path) -> Result<Self, JobError> {
        Ok(Self {
            file: None,
            manifest,
            workspace: current_dir.to_path_buf(),
            references: AddedReferences::default(),
            shaping: Shaping::default(),
            tables: Tables::default(),
            key_folder: current_dir.to_path_buf(),
            options: checked(options, GIVEN)?.at(current_dir),
        })
    }

    /// How the manifest is written; what a person says of it wins over its name.
    pub(super) fn format(&self, current_dir: &Path) -> Result<ManifestFormat, JobError> {
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

    pub(super) fn into_job(self, manifest_format: ManifestFormat, current_dir: &Path) -> Job {
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
            accept: Accept { shape: options.strict.unwrap_or(tables.accept.shape), ..tables.accept },
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
