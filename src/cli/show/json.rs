//! The document of `show --json`: every key always there, null where nothing is known. Never shapes text for people.

use serde::Serialize;

use super::Told;
use super::files::Looked;
use super::review::{Act, Review};
use super::versions::Version;
use crate::domain::{FailureKind, Request, Usage, Usd};
use crate::queue::AttemptRecord;
use crate::report::shape::rfc3339;
use crate::store::Presence;

#[derive(Serialize)]
struct Document<'a> {
    job: &'a str,
    item: &'a str,
    state: &'static str,
    name: &'a str,
    manifest: String,
    line: u64,
    listed: bool,
    due_at: Option<String>,
    cancelled_by: Option<&'static str>,
    /// Whether a person sent it back in a review, and it was not made again since.
    sent_back: bool,
    failure: Option<Cause<'a>>,
    caption: Option<&'a str>,
    cost_usd: Option<Usd>,
    /// As the queue stores it: settings nobody set are left out.
    request: &'a Request,
    attempts: Vec<Attempt<'a>>,
    files: Vec<Kept<'a>>,
    versions: Vec<Version<'a>>,
    /// What stands said of it in a review.
    review: Option<Review<'a>>,
    /// Everything that persons did to it there.
    acts: Vec<Act<'a>>,
}

#[derive(Serialize)]
struct Cause<'a> {
    kind: FailureKind,
    message: &'a str,
}

#[derive(Serialize)]
struct Attempt<'a> {
    attempt: u32,
    state: &'static str,
    sent_at: String,
    received_at: Option<String>,
    ended_at: Option<String>,
    took_s: Option<f64>,
    outcome: Option<&'a str>,
    kind: Option<FailureKind>,
    status: Option<u16>,
    message: Option<&'a str>,
    finish_reason: Option<&'a str>,
    finish_message: Option<&'a str>,
    text: Option<&'a str>,
    model_version: Option<&'a str>,
    response_id: Option<&'a str>,
    usage: Option<Usage>,
    reserved_usd: Option<Usd>,
    cost_usd: Option<Usd>,
}

#[derive(Serialize)]
struct Kept<'a> {
    file: String,
    on_disk: &'static str,
    bytes: Option<u64>,
    width: Option<u32>,
    height: Option<u32>,
    blake3: Option<&'a str>,
    fits_aspect_ratio: Option<bool>,
}

/// The whole story as one JSON document, with a line end behind it.
pub(super) fn document(told: &Told<'_>) -> anyhow::Result<String> {
    let (story, record) = (told.story, &told.story.record);
    let document = Document {
        job: &told.job.job,
        item: record.item.id.as_str(),
        state: record.state.as_str(),
        name: &record.item.name,
        manifest: told.job.manifest.display().to_string(),
        line: story.line,
        listed: story.is_listed,
        due_at: story.due_at.map(rfc3339),
        cancelled_by: story.cancelled_by.map(|by| by.as_str()),
        sent_back: story.is_sent_back,
        failure: record.failure.as_ref().map(|(kind, message)| Cause { kind: *kind, message }),
        caption: record.artifact.as_ref().and_then(|artifact| artifact.caption.as_deref()),
        cost_usd: record.cost,
        request: &record.item.request,
        attempts: story.history.iter().map(Attempt::from).collect(),
        files: told.files.iter().map(Kept::from).collect(),
        versions: story.versions.iter().map(Version::from).collect(),
        review: Review::of(story),
        acts: story.acts.iter().map(Act::from).collect(),
    };
    Ok(serde_json::to_string(&document)? + "\n")
}

impl<'a> From<&'a AttemptRecord> for Attempt<'a> {
    fn from(attempt: &'a AttemptRecord) -> Self {
        let reply = &attempt.reply;
        Self {
            attempt: attempt.number,
            state: attempt.state.as_str(),
            sent_at: rfc3339(attempt.sent_at),
            received_at: attempt.received_at.map(rfc3339),
            ended_at: attempt.ended_at.map(rfc3339),
            took_s: attempt.took().map(|took| took.as_millis() as f64 / 1e3),
            outcome: attempt.outcome.as_deref(),
            kind: attempt.kind,
            status: attempt.status,
            message: attempt.message.as_deref(),
            finish_reason: reply.finish_reason.as_deref(),
            finish_message: reply.finish_message.as_deref(),
            text: reply.text.as_deref(),
            model_version: reply.model_version.as_deref(),
            response_id: reply.response_id.as_deref(),
            usage: reply.usage,
            reserved_usd: attempt.reserved,
            cost_usd: attempt.cost,
        }
    }
}

impl<'a> From<&'a Looked> for Kept<'a> {
    fn from(file: &'a Looked) -> Self {
        let picture = file.picture.as_ref();
        Self {
            file: file.path.display().to_string(),
            on_disk: on_disk(&file.presence),
            bytes: picture.map(|picture| picture.bytes),
            width: picture.and_then(|picture| picture.width),
            height: picture.and_then(|picture| picture.height),
            blake3: picture.map(|picture| picture.blake3.as_str()),
            fits_aspect_ratio: file.fits,
        }
    }
}

/// The presence of a file as the machine output writes it.
const fn on_disk(presence: &Presence) -> &'static str {
    match presence {
        Presence::Same => "there",
        Presence::Changed => "changed",
        Presence::Truncated => "truncated",
        Presence::Missing => "missing",
        Presence::Unreadable(_) => "unreadable",
    }
}
