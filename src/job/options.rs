//! Every option of a run, valid as a flag, as `OVERNIGHT_<FLAG>` and as a job file's key: this is the one place that
//! lists them. Never fills in a default: what nobody set stays unset.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory as _};
use serde::Deserialize;

use super::end::{ClockTime, ZoneName};
use super::endpoint::BaseUrl;
use super::format::ManifestFormat;
use super::key::{KeyCommand, VariableName};
use super::paths;
use super::setting::{Concurrency, Dollars, HaltAfter, JobName, ModelName, Seed, Temperature, TimeSpan, above_zero};
use super::watching::Watching;
use crate::domain::{AspectRatio, Auth, ImageSize, LogFormat, Modalities, OnLost, Progress, Thinking};

/// What a person asked of a run. The help texts are these comments.
#[derive(Args, Deserialize, Default, Clone, Debug, PartialEq)]
#[serde(default)]
#[allow(rustdoc::bare_urls)]
// The help shows these comments as they are; the short one leaves out what few will need.
// The values of variables stay out of the help, and this comment out of the description of whichever command takes them.
#[command(mut_args(|argument| argument.hide_env_values(true)), about = None, long_about = None)]
pub struct Options {
    /// Folder for pictures, captions and results [default: output/JOB in the workspace]
    #[arg(short, long, value_name = "DIR", env = "OVERNIGHT_OUTPUT", help_heading = "Places")]
    pub output: Option<PathBuf>,
    /// The workspace database [default: overnight.db in the workspace]
    #[arg(long, value_name = "PATH", env = "OVERNIGHT_DB", help_heading = "Places")]
    pub db: Option<PathBuf>,
    /// The job's name [default: the stem of its file]
    #[arg(long, value_name = "NAME", env = "OVERNIGHT_NAME", help_heading = "Places")]
    pub name: Option<JobName>,
    /// How the manifest is written: csv, tsv, jsonl or xlsx, the first three also with .gz [default: what its ending
    /// says]
    #[arg(long, value_name = "FORMAT", env = "OVERNIGHT_MANIFEST_FORMAT", help_heading = "Places")]
    pub manifest_format: Option<ManifestFormat>,
    /// The sheet of a workbook (.xlsx) that is the manifest [default: the first that is not hidden]
    #[arg(long, value_name = "NAME", env = "OVERNIGHT_SHEET", help_heading = "Places")]
    pub sheet: Option<String>,
    /// Let reference images be links that lead out of the manifest's folder
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL",
          env = "OVERNIGHT_FOLLOW_LINKS", hide_short_help = true, help_heading = "Places", hide_possible_values = true)]
    pub follow_links: Option<bool>,

    /// Any Gemini-compatible endpoint; may hold a path [default: https://www.anyfast.ai]
    #[arg(long, value_name = "URL", env = "OVERNIGHT_BASE_URL", help_heading = "Endpoint and key")]
    pub base_url: Option<BaseUrl>,
    /// How the key travels: query, header or bearer [default: query for www.anyfast.ai, else header]
    #[arg(long, value_name = "WAY", env = "OVERNIGHT_AUTH", help_heading = "Endpoint and key")]
    pub auth: Option<Auth>,
    /// The environment variable that holds the key [default: OVERNIGHT_API_KEY]
    #[arg(long, value_name = "NAME", env = "OVERNIGHT_API_KEY_ENV", help_heading = "Endpoint and key")]
    pub api_key_env: Option<VariableName>,
    /// A file that holds the key and nothing else
    #[arg(long, value_name = "PATH", env = "OVERNIGHT_API_KEY_FILE", help_heading = "Endpoint and key")]
    pub api_key_file: Option<PathBuf>,
    /// A shell command that prints the key
    #[arg(long, value_name = "COMMAND", env = "OVERNIGHT_API_KEY_COMMAND", help_heading = "Endpoint and key")]
    pub api_key_command: Option<KeyCommand>,
    /// Longest wait for a whole answer [default: 180s]
    #[arg(long, value_name = "TIME", env = "OVERNIGHT_REQUEST_TIMEOUT", help_heading = "Endpoint and key")]
    pub request_timeout: Option<TimeSpan>,
    /// Longest wait for a connection [default: 10s]
    #[arg(
        long,
        value_name = "TIME",
        env = "OVERNIGHT_CONNECT_TIMEOUT",
        hide_short_help = true,
        help_heading = "Endpoint and key"
    )]
    pub connect_timeout: Option<TimeSpan>,
    /// A PEM file of certificate authorities to trust beside the system's, such as that of a company's own gateway
    #[arg(
        long,
        value_name = "PATH",
        env = "OVERNIGHT_CA_FILE",
        hide_short_help = true,
        help_heading = "Endpoint and key"
    )]
    pub ca_file: Option<PathBuf>,

    /// The model [default: gemini-3.1-flash-lite-image]
    #[arg(long, value_name = "NAME", env = "OVERNIGHT_MODEL", help_heading = "Pictures (a row's own columns win)")]
    pub model: Option<ModelName>,
    /// Width to height, such as 1:1, 4:5 or 16:9 [default: the model chooses]
    #[arg(
        long,
        value_name = "W:H",
        env = "OVERNIGHT_ASPECT_RATIO",
        help_heading = "Pictures (a row's own columns win)"
    )]
    pub aspect_ratio: Option<AspectRatio>,
    /// Size of the picture [default: 1K]
    #[arg(
        long,
        value_name = "SIZE",
        env = "OVERNIGHT_IMAGE_SIZE",
        help_heading = "Pictures (a row's own columns win)"
    )]
    pub image_size: Option<ImageSize>,
    /// How long the model may think: minimal or high [default: the model chooses]
    #[arg(long, value_name = "LEVEL", env = "OVERNIGHT_THINKING", help_heading = "Pictures (a row's own columns win)")]
    pub thinking: Option<Thinking>,
    /// What an answer holds: text,image or image [default: text,image]
    #[arg(
        long,
        value_name = "LIST",
        env = "OVERNIGHT_MODALITIES",
        help_heading = "Pictures (a row's own columns win)"
    )]
    pub modalities: Option<Modalities>,
    /// Said to the model ahead of every prompt [default: nothing]
    #[arg(
        long,
        value_name = "TEXT",
        env = "OVERNIGHT_SYSTEM_INSTRUCTION",
        help_heading = "Pictures (a row's own columns win)"
    )]
    pub system_instruction: Option<String>,
    /// How freely the model draws, 0 to 2 [default: the model's own]
    #[arg(
        long,
        value_name = "NUMBER",
        env = "OVERNIGHT_TEMPERATURE",
        hide_short_help = true,
        help_heading = "Pictures (a row's own columns win)"
    )]
    pub temperature: Option<Temperature>,
    /// Seed of the sampling, a whole number [default: another one each time]
    #[arg(
        long,
        value_name = "NUMBER",
        allow_hyphen_values = true,
        env = "OVERNIGHT_SEED",
        hide_short_help = true,
        help_heading = "Pictures (a row's own columns win)"
    )]
    pub seed: Option<Seed>,
    /// Take a picture of another shape than was asked for as none, and ask again; it is paid all the same
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL",
          env = "OVERNIGHT_STRICT", hide_short_help = true, help_heading = "Pictures (a row's own columns win)", hide_possible_values = true)]
    pub strict: Option<bool>,

    /// Requests in flight: a number, or two to choose between as the answers come [default: 1-64]
    #[arg(short, long, value_name = "N|MIN-MAX", env = "OVERNIGHT_CONCURRENCY", help_heading = "Pace and limits")]
    pub concurrency: Option<Concurrency>,
    /// Requests a minute at most [default: no limit]
    #[arg(long, value_name = "N", env = "OVERNIGHT_RPM", help_heading = "Pace and limits", value_parser = above_zero::<NonZeroU32>)]
    pub rpm: Option<NonZeroU32>,
    /// Images a minute at most [default: no limit]
    #[arg(long, value_name = "N", env = "OVERNIGHT_IPM", hide_short_help = true, help_heading = "Pace and limits", value_parser = above_zero::<NonZeroU32>)]
    pub ipm: Option<NonZeroU32>,
    /// Tokens a minute at most, of requests and answers [default: no limit]
    #[arg(long, value_name = "N", env = "OVERNIGHT_TPM", hide_short_help = true, help_heading = "Pace and limits", value_parser = above_zero::<NonZeroU32>)]
    pub tpm: Option<NonZeroU32>,
    /// Requests a day at most, over all jobs of the database; the quota's day begins at midnight Pacific time [default: no
    /// limit]
    #[arg(long, value_name = "N", env = "OVERNIGHT_RPD", hide_short_help = true, help_heading = "Pace and limits", value_parser = above_zero::<NonZeroU32>)]
    pub rpd: Option<NonZeroU32>,
    /// Attempts an item that count, before it is given up [default: 6]
    #[arg(long, value_name = "N", env = "OVERNIGHT_MAX_ATTEMPTS", help_heading = "Pace and limits", value_parser = above_zero::<NonZeroU32>)]
    pub max_attempts: Option<NonZeroU32>,
    /// At most so many items in this run [default: all]
    #[arg(long, value_name = "N", env = "OVERNIGHT_LIMIT", help_heading = "Pace and limits", value_parser = above_zero::<NonZeroU64>)]
    pub limit: Option<NonZeroU64>,
    /// Be done after so long, such as 90m [default: no limit]
    ///
    /// Nothing more is sent when it would not be back in time, as far as answers so far tell; what is in flight is
    /// finished and kept
    #[arg(long, value_name = "TIME", env = "OVERNIGHT_MAX_DURATION", help_heading = "Pace and limits")]
    pub max_duration: Option<TimeSpan>,
    /// Be done by the next such time of day, such as 06:00 [default: no limit]
    #[arg(long, value_name = "HH:MM", env = "OVERNIGHT_UNTIL", help_heading = "Pace and limits")]
    pub until: Option<ClockTime>,
    /// The time zone of hours and days, such as Europe/Berlin [default: this machine's]
    #[arg(
        long,
        value_name = "NAME",
        env = "OVERNIGHT_TIMEZONE",
        hide_short_help = true,
        help_heading = "Pace and limits"
    )]
    pub timezone: Option<ZoneName>,
    /// Send no more when so many images of this run have come, or are on their way [default: no limit]
    #[arg(long, value_name = "N", env = "OVERNIGHT_MAX_IMAGES", hide_short_help = true, help_heading = "Pace and limits",
          value_parser = above_zero::<NonZeroU64>)]
    pub max_images: Option<NonZeroU64>,
    /// Send only the list's first so many items until `overnight approve` [default: no pilot]
    #[arg(long, value_name = "N", env = "OVERNIGHT_PILOT", help_heading = "Pace and limits", value_parser = above_zero::<NonZeroUsize>)]
    pub pilot: Option<NonZeroUsize>,
    /// Stop when so many items, or this share of the run's items, have failed [default: never]
    #[arg(long, value_name = "N|N%", env = "OVERNIGHT_HALT_AFTER", help_heading = "Pace and limits")]
    pub halt_after: Option<HaltAfter>,
    /// Make finished items again that have changed since
    ///
    /// Their rows read otherwise, or their reference images hold something else. What they have becomes an earlier
    /// version, in `.versions`
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL",
          env = "OVERNIGHT_CHANGED", help_heading = "Pace and limits", hide_possible_values = true)]
    pub changed: Option<bool>,
    /// When a request left and no whole answer came: resend it, or hold the item for a person [default: resend]
    #[arg(long, value_name = "resend|hold", env = "OVERNIGHT_ON_LOST", help_heading = "Pace and limits")]
    pub on_lost: Option<OnLost>,

    /// What an image costs, whatever the model [default: what `[price]` says, else the list price]
    #[arg(long, value_name = "USD", env = "OVERNIGHT_PRICE_PER_IMAGE", help_heading = "Money")]
    pub price_per_image: Option<Dollars>,
    /// The most that this job may cost, over all its runs [default: no limit]
    #[arg(long, value_name = "USD", env = "OVERNIGHT_MAX_COST", help_heading = "Money")]
    pub max_cost: Option<Dollars>,
    /// The most that this run may cost [default: no limit]
    #[arg(
        long,
        value_name = "USD",
        env = "OVERNIGHT_MAX_COST_PER_RUN",
        hide_short_help = true,
        help_heading = "Money"
    )]
    pub max_cost_per_run: Option<Dollars>,
    /// The most that all jobs of the database together may cost in a day [default: no limit]
    #[arg(
        long,
        value_name = "USD",
        env = "OVERNIGHT_MAX_COST_PER_DAY",
        hide_short_help = true,
        help_heading = "Money"
    )]
    pub max_cost_per_day: Option<Dollars>,
    /// The most that all jobs of the database together may cost in a month [default: no limit]
    #[arg(
        long,
        value_name = "USD",
        env = "OVERNIGHT_MAX_COST_PER_MONTH",
        hide_short_help = true,
        help_heading = "Money"
    )]
    pub max_cost_per_month: Option<Dollars>,

    /// Play the run through against a simulator of its own: no key, no network, nothing paid. Database and output get
    /// `-rehearsal` behind their names
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL",
          env = "OVERNIGHT_REHEARSE", help_heading = "Rehearsal", hide_possible_values = true)]
    pub rehearse: Option<bool>,
    /// In a rehearsal, let so many requests fail so, such as 503=3%; `overnight simulate --help` lists the kinds
    #[arg(long, value_name = "KIND=RATE", env = "OVERNIGHT_FAIL", value_delimiter = ',', help_heading = "Rehearsal")]
    pub fail: Option<Vec<String>>,

    /// Append what happens to this file, one JSON object a line; `-` is stdout
    #[arg(long, value_name = "FILE|-", env = "OVERNIGHT_EVENTS", help_heading = "What is told")]
    pub events: Option<PathBuf>,
    /// Show progress on stderr: auto, bar, plain or none [default: auto]
    #[arg(long, value_name = "WAY", env = "OVERNIGHT_PROGRESS", help_heading = "What is told")]
    pub progress: Option<Progress>,
    /// Write log lines as text or json [default: text]
    #[arg(
        long,
        value_name = "FORMAT",
        env = "OVERNIGHT_LOG_FORMAT",
        hide_short_help = true,
        help_heading = "What is told"
    )]
    pub log_format: Option<LogFormat>,
    /// From where it can be watched.
    #[command(flatten)]
    #[serde(flatten)]
    pub watching: Watching,
}

/// Gives the options a command line of their own, to ask it for their names.
#[derive(clap::Parser)]
struct Listing {
    #[command(flatten)]
    _options: Options,
}

impl Options {
    /// The options' names, as a job file writes them.
    pub fn names() -> Vec<String> {
        let listing = Listing::command();
        listing.get_arguments().map(|argument| argument.get_id().to_string()).collect()
    }

    /// These options, and `other` wherever nothing is set here. The three ways to name a key are one setting.
    pub fn or(self, other: Self) -> Self {
        let key = if self.key_places() > 0 { &self } else { &other };
        Self {
            api_key_env: key.api_key_env.clone(),
            api_key_file: key.api_key_file.clone(),
            api_key_command: key.api_key_command.clone(),
            output: self.output.or(other.output),
            db: self.db.or(other.db),
            name: self.name.or(other.name),
            manifest_format: self.manifest_format.or(other.manifest_format),
            sheet: self.sheet.or(other.sheet),
            follow_links: self.follow_links.or(other.follow_links),
            base_url: self.base_url.or(other.base_url),
            auth: self.auth.or(other.auth),
            request_timeout: self.request_timeout.or(other.request_timeout),
            connect_timeout: self.connect_timeout.or(other.connect_timeout),
            ca_file: self.ca_file.or(other.ca_file),
            model: self.model.or(other.model),
            aspect_ratio: self.aspect_ratio.or(other.aspect_ratio),
            image_size: self.image_size.or(other.image_size),
            thinking: self.thinking.or(other.thinking),
            modalities: self.modalities.or(other.modalities),
            system_instruction: self.system_instruction.or(other.system_instruction),
            temperature: self.temperature.or(other.temperature),
            seed: self.seed.or(other.seed),
            strict: self.strict.or(other.strict),
            concurrency: self.concurrency.or(other.concurrency),
            rpm: self.rpm.or(other.rpm),
            ipm: self.ipm.or(other.ipm),
            tpm: self.tpm.or(other.tpm),
            rpd: self.rpd.or(other.rpd),
            max_attempts: self.max_attempts.or(other.max_attempts),
            limit: self.limit.or(other.limit),
            max_images: self.max_images.or(other.max_images),
            max_duration: self.max_duration.or(other.max_duration),
            until: self.until.or(other.until),
            timezone: self.timezone.or(other.timezone),
            pilot: self.pilot.or(other.pilot),
            halt_after: self.halt_after.or(other.halt_after),
            changed: self.changed.or(other.changed),
            on_lost: self.on_lost.or(other.on_lost),
            price_per_image: self.price_per_image.or(other.price_per_image),
            max_cost: self.max_cost.or(other.max_cost),
            max_cost_per_run: self.max_cost_per_run.or(other.max_cost_per_run),
            max_cost_per_day: self.max_cost_per_day.or(other.max_cost_per_day),
            max_cost_per_month: self.max_cost_per_month.or(other.max_cost_per_month),
            rehearse: self.rehearse.or(other.rehearse),
            fail: self.fail.or(other.fail),
            events: self.events.or(other.events),
            progress: self.progress.or(other.progress),
            log_format: self.log_format.or(other.log_format),
            watching: self.watching.or(other.watching),
        }
    }

    /// The same options with their paths made absolute: relative ones start at `folder`.
    pub(super) fn at(mut self, folder: &Path) -> Self {
        let stdout = Path::new("-");
        let events = self.events.as_mut().filter(|path| path.as_path() != stdout);
        let places =
            [self.output.as_mut(), self.db.as_mut(), self.api_key_file.as_mut(), self.ca_file.as_mut(), events];
        for path in places.into_iter().flatten() {
            *path = paths::resolve(folder, path);
        }
        self.watching = self.watching.at(folder);
        self
    }

    /// How many places for the key are named; more than one is a mistake.
    pub(super) fn key_places(&self) -> usize {
        let named = [self.api_key_env.is_some(), self.api_key_file.is_some(), self.api_key_command.is_some()];
        named.into_iter().filter(|named| *named).count()
    }
}
