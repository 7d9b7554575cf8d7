//! The words everyone else speaks: plain data and pure decisions. Never does I/O, never waits, never asks for the time.

pub mod artifact;
pub mod attempt;
pub mod auth;
pub mod check;
pub mod count_words;
pub mod course;
pub mod deadline;
pub mod event;
pub mod extra;
pub mod image;
pub mod impression;
pub mod io_words;
pub mod item;
pub mod money;
mod ratio;
pub mod reading;
pub mod request;
pub mod retry;
pub mod safety;
pub mod telling;
pub mod time;
mod unseen;
pub mod values;
pub mod verdict;
pub mod workspace;

pub use artifact::{Artifact, ImageFile, Receipt, Received, StagedImage};
pub use attempt::{AttemptId, Failure, FailureKind, Reach, Reply, Tries, Usage};
pub use auth::Auth;
pub use check::{Accept, Check, LEAST_SIDE, Looked, is_uncaptioned, misshapen, tiny};
pub use course::{Course, Slice};
pub use deadline::Deadline;
pub use event::{Counts, Ending, Event, FailureGroup, Interrupt, Narrowed, News, Reporter, Summary};
pub use extra::{Fields, lay_over};
pub use image::{ImageFormat, LARGEST_REFERENCE, LARGEST_REQUEST};
pub use impression::Impression;
pub use io_words::io_words;
pub use item::{Digest, Item, ItemId, ManifestRow, Sent, Sources, cell_text};
pub use money::{
    Cap, CapKind, CapReached, CapSpan, Caps, Held, NotUsd, Price, PriceList, PriceSource, TokenPrice, Usd, projected,
};
pub use reading::{ContentHash, Fingerprint, SeenFile};
pub use request::{AspectRatio, ImageSize, Modalities, Request, Thinking, is_address, reference_name};
pub use retry::{LATEST_DUE, OnLost, Outcome, RetryPolicy};
pub use safety::{HarmCategory, HarmThreshold, Safety};
pub use telling::{LogFormat, Progress};
pub use time::Timestamp;
pub use unseen::is_direction_mark;
pub use verdict::{Decision, Verdict};
pub use workspace::{Mark, Room};
