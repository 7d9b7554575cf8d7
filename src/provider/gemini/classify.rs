//! Whose fault? The one place that turns what arrived into a kind of failure. Pure; never decides what follows.

use std::time::Duration;

use super::answer::{Answer, Unread};
use super::error_reply::ErrorReply;
use super::reference_file::{ReferenceChanged, ReferenceError};
use super::{delay, distrust, words};
use crate::domain::{Failure, FailureKind, Reach, Reply};
use crate::net::{self, TransportError};
use crate::provider::Unready;

/// A longer wait than this is the end of the run: the server means "another time".
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// What a quota by the minute asks for when no wait is named.
const A_MINUTE: Duration = Duration::from_secs(60);

/// Codes and reasons with which nothing can work until a person acts, at any status, and what to do.
const FATAL_CODES: &[(&str, &str)] = &[
    ("insufficient_user_quota", CREDIT),
    ("pre_consume_token_quota_failed", CREDIT),
    ("access_denied", PERMISSION),
    ("model_not_found", MODEL),
    ("API_KEY_INVALID", KEY),
    ("PUP_LIMITED_DISABLED", LIMITED),
];
/// Codes of gateways with which the model's safety speaks, at any status.
const REFUSAL_CODES: &[&str] = &["channel:image_generation_failed", "prompt_blocked", "sensitive_words_detected"];
/// Finish reasons with which the model's safety speaks.
const REFUSALS: &[&str] = &[
    "SAFETY",
    "IMAGE_SAFETY",
    "PROHIBITED_CONTENT",
    "IMAGE_PROHIBITED_CONTENT",
    "RECITATION",
    "IMAGE_RECITATION",
    "BLOCKLIST",
    "SPII",
    "MODEL_ARMOR",
];

const KEY: &str = "the key was not accepted: check OVERNIGHT_API_KEY, and how the key travels (--auth)";
const CREDIT: &str = "the account has no credit left: top it up, then run the same command again";
const PERMISSION: &str = "this key may not do this: check its permissions and that they include the model";
const MODEL: &str = "the server has no such model: check the model's name and the base URL";
const BILLING: &str = "the account cannot be used as it stands: check its billing and its region";
const LIMITED: &str = "the account is limited for violations of policy: only its owner can settle this";
const NO_QUOTA: &str = "this project has no quota for the model at all: enable billing or choose another model";
const DAY: &str = "the quota of the day is used up: run the same command again after midnight Pacific time";
const LATER: &str = "the server asks for a long wait: run the same command again later";
const REDIRECT: &str = "the server points elsewhere and redirects are not followed: correct the base URL";

/// Whose fault, and what to say about it.
enum Verdict {
    Fatal(&'static str),
    Throttled(Option<Duration>),
    Rejected,
    Refused,
    Transient,
}

/// An answer with another status than success.
pub(super) fn http_error(status: u16, error: &ErrorReply) -> Failure {
    let failure = with_status(status, told(verdict(status, error), status, error));
    let absent = failure.kind == FailureKind::Transient && error.status.unwrap_or(status) >= 500;
    Failure { absent, ..failure }
}

/// A redirect, to this place.
pub(super) fn redirect(status: u16, location: &str) -> Failure {
    let place = match words::short(location) {
        place if place.is_empty() => "nowhere".to_owned(),
        place => place,
    };
    let message = format!("{REDIRECT} (HTTP {status}, to {place})");
    with_status(status, Failure::new(FailureKind::Fatal, message))
}

/// The table "Whose fault", for errors.
fn verdict(status: u16, error: &ErrorReply) -> Verdict {
    if let Some((_, advice)) = FATAL_CODES.iter().find(|(code, _)| error.says(code)) {
        return Verdict::Fatal(advice);
    }
    if REFUSAL_CODES.iter().any(|code| error.says(code)) {
        return Verdict::Refused;
    }
    match error.status.unwrap_or(status) {
        429 => throttling(error),
        400 if names_a_bad_key(&error.message) => Verdict::Fatal(KEY),
        400 if error.says("FAILED_PRECONDITION") => Verdict::Fatal(BILLING),
        401 => Verdict::Fatal(KEY),
        402 => Verdict::Fatal(CREDIT),
        403 => Verdict::Fatal(PERMISSION),
        404 => Verdict::Fatal(MODEL),
        408 => Verdict::Transient,
        400..500 => Verdict::Rejected,
        _ => Verdict::Transient,
    }
}

/// Gateways at times pass on Google's words without its reasons.
fn names_a_bad_key(message: &str) -> bool {
    ["API_KEY_INVALID", "API key not valid", "API key expired"].iter().any(|words| message.contains(words))
}

/// 429: too fast, or over for today? The signs of the latter win, also beside a short delay.
fn throttling(error: &ErrorReply) -> Verdict {
    let message = error.message.to_ascii_lowercase();
    let quota = |part: &str| error.quotas.iter().any(|quota| quota.contains(part));
    if quota("PerDay") || quota("Daily") || ["perday", "per_day", "daily"].iter().any(|word| message.contains(word)) {
        return Verdict::Fatal(DAY);
    }
    if names_no_quota(&message) {
        return Verdict::Fatal(NO_QUOTA);
    }
    if message.contains("credit") && message.contains("deplete") {
        return Verdict::Fatal(CREDIT);
    }
    if error.says("QUOTA_EXHAUSTED") || error.message.contains("QUOTA_EXHAUSTED") {
        return Verdict::Fatal(DAY);
    }
    let by_minute = quota("PerMinute").then_some(A_MINUTE);
    let wait = error.wait.or(by_minute).or_else(|| delay::in_message(&error.message));
    match wait {
        Some(wait) if wait > LONGEST_WAIT => Verdict::Fatal(LATER),
        wait => Verdict::Throttled(wait),
    }
}

/// `limit: 0`, but not `limit: 05` or `limit: 0.5`.
fn names_no_quota(message: &str) -> bool {
    let rests = message.split("limit: 0").skip(1);
    rests.map(|rest| rest.trim_start_matches('.')).any(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn told(verdict: Verdict, status: u16, error: &ErrorReply) -> Failure {
    let (kind, retry_after, what) = match verdict {
        Verdict::Fatal(advice) => (FailureKind::Fatal, None, advice),
        Verdict::Throttled(wait) => (FailureKind::Throttled, wait, "too many requests"),
        Verdict::Rejected => (FailureKind::Rejected, None, "the server does not take this request"),
        Verdict::Refused => (FailureKind::Refused, None, "refused by the model's safety"),
        // A longer wait would only lose the item in the future: it is tried again, and its attempts are counted.
        Verdict::Transient => {
            (FailureKind::Transient, error.wait.map(|wait| wait.min(LONGEST_WAIT)), "the server had a problem")
        }
    };
    let said = said_by_server(error);
    Failure { retry_after, ..Failure::new(kind, format!("{what} (HTTP {status}: {said})")) }
}

fn said_by_server(error: &ErrorReply) -> String {
    match words::short(&error.message) {
        said if said.is_empty() => "without a word".to_owned(),
        said => said,
    }
}

/// A whole answer of success that held no picture.
pub(super) fn empty_handed(status: u16, answer: Answer) -> Failure {
    let failure = match &answer.error {
        Some(error) => http_error(status, error),
        None => without_picture(&answer),
    };
    Failure { status: Some(status), reply: answer.reply, ..failure }
}

fn without_picture(answer: &Answer) -> Failure {
    let reason = answer.reply.finish_reason.as_deref();
    let said = said_by_model(&answer.reply);
    if reason == Some("PUP_LIMITED_DISABLED") {
        return Failure::new(FailureKind::Fatal, format!("{LIMITED}{said}"));
    }
    if let Some(blocked) = &answer.block_reason {
        let message = format!("the prompt was blocked: {}{said}", words::short(blocked));
        return Failure::new(FailureKind::Refused, message);
    }
    if let Some(reason) = reason.filter(|reason| REFUSALS.contains(reason)) {
        return Failure::new(FailureKind::Refused, format!("the model refused: {reason}{said}"));
    }
    let what = answer.missing.as_deref().unwrap_or("the answer held no picture");
    let reason = words::short(reason.unwrap_or("no finish reason"));
    // A picture that came damaged, or that could not be had, was drawn all the same, and paid.
    let pictures = u8::from(answer.missing.is_some());
    Failure { empty: true, pictures, ..Failure::new(FailureKind::Transient, format!("{what}: {reason}{said}")) }
}

/// The model's explanation, or else its text, as the end of a message.
fn said_by_model(reply: &Reply) -> String {
    let said = reply.finish_message.as_ref().or(reply.text.as_ref());
    said.map(|said| format!(" ({})", words::short(said))).unwrap_or_default()
}

/// An answer of success that could not be read; an error of the sink is none of ours and comes back as it is.
pub(super) fn unread(status: u16, unread: Unread, host: &str) -> Result<Failure, std::io::Error> {
    let failure = match unread {
        Unread::Sink(error) => return Err(error),
        Unread::Broken(error) => transport(&error, host),
        Unread::Cut => lost(format!("the answer of {host} ended in the middle")),
        Unread::TooMuch(excess) => lost(format!("the answer of {host} {excess}")),
        Unread::Unreadable(error) => unreadable(status, &error),
    };
    Ok(with_status(status, failure))
}

/// Success by its status, and yet no answer: an error in an odd place, or a page of a proxy.
fn unreadable(status: u16, error: &ErrorReply) -> Failure {
    if !error.codes.is_empty() {
        return http_error(status, error);
    }
    let said = said_by_server(error);
    let message = format!("the answer was not of the protocol (HTTP {status}: {said})");
    Failure::new(FailureKind::Transient, message)
}

/// It left, and no whole answer came.
fn lost(message: String) -> Failure {
    Failure { reach: Reach::Lost, ..Failure::new(FailureKind::Transient, message) }
}

fn with_status(status: u16, failure: Failure) -> Failure {
    Failure { status: Some(status), ..failure }
}

/// A reference image was of no use when the request was opened.
pub(super) fn unopened(error: &ReferenceError) -> Failure {
    match error {
        ReferenceError::Changed(changed) => broken_off(changed),
        ReferenceError::Unready(Unready { message, for_good: false }) => {
            unsent(FailureKind::Transient, message.clone())
        }
        ReferenceError::Unready(_)
        | ReferenceError::Unreadable { .. }
        | ReferenceError::NotAnImage { .. }
        | ReferenceError::TooMuch { .. } => unsent(FailureKind::Rejected, error.to_string()),
    }
}

/// A part of a request is none that a server can answer. The next attempt takes the file as it then is.
fn broken_off(changed: &ReferenceChanged) -> Failure {
    unsent(FailureKind::Transient, changed.to_string())
}

/// The connection failed, at whatever point. Nothing was sent when it never came to be.
pub(super) fn transport(error: &TransportError, host: &str) -> Failure {
    if let Some(changed) = ReferenceChanged::behind(error) {
        return broken_off(changed);
    }
    if let Some(reason) = distrust::of(error) {
        let message = format!("the certificate of {host} is not accepted ({reason})");
        return unsent(FailureKind::Fatal, message);
    }
    let cause = words::short(&net::innermost(error));
    match error {
        TransportError::Unreachable(_) => absent(host, &cause),
        TransportError::Body(_) => unsent(FailureKind::Rejected, format!("the request broke off: {cause}")),
        TransportError::Late => lost(format!("no whole answer from {host} in the time allowed")),
        TransportError::Broken(_) => lost(format!("the connection to {host} broke: {cause}")),
    }
}

/// Nobody is there: refused, no way, no such name, or nothing heard in the time for connecting.
fn absent(host: &str, cause: &str) -> Failure {
    let message = format!("no connection to {host}: {cause}");
    Failure { absent: true, ..unsent(FailureKind::Transient, message) }
}

/// It never left, or never whole, so that nothing can have been made of it.
pub(super) fn unsent(kind: FailureKind, message: String) -> Failure {
    Failure { reach: Reach::Unsent, ..Failure::new(kind, message) }
}
