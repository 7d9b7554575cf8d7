//! Why there is no job, in words for whoever wrote it. Never decides with which code that ends.

use std::io;

use super::fault::Fault;
use crate::domain::io_words;

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
    #[error(
        "`{0}` is neither a job nor a manifest by its name; name a job file (.toml) or a manifest that ends in .csv, \
         .tsv, .jsonl or .ndjson, each also with .gz, or in .xlsx, or say what it is with --manifest-format"
    )]
    Unsupported(String),
    /// A spreadsheet's file, but none of the kind that is read.
    #[error("`{0}` is a spreadsheet of a kind that is not read; save it as .xlsx, or the sheet as CSV UTF-8")]
    ForeignSheet(String),
    /// Nothing tells how standard input is written.
    #[error(
        "a manifest on standard input has no ending; say how it is written with --manifest-format csv, tsv, jsonl or xlsx"
    )]
    StdinFormat,
    /// Nothing names the job of standard input.
    #[error(
        "a manifest on standard input names no job; name it with --name, and always alike: so its pictures are found"
    )]
    StdinName,
    /// One source names several places for the key.
    #[error("{0} names several places for the key; keep one of api_key_env, api_key_file and api_key_command")]
    SeveralKeys(String),
    /// A job file says in two ways what an image costs.
    #[error("{0} gives a price twice, as `price_per_image` and below [price]; keep one")]
    TwoPrices(String),
}

fn lines(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n")
}
