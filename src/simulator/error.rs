//! Errors as Google's API words and shapes them. Never decides when one is due.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// How long a client is told to wait where no quota says so: short enough for a test.
const THROTTLE: Duration = Duration::from_secs(1);
/// The names of quotas, as Google gives them.
const BY_MINUTE: &str = "GenerateRequestsPerMinutePerProjectPerModel";
const BY_DAY: &str = "GenerateRequestsPerDayPerProjectPerModel";
/// Requests that quotas allow which are only said to be used up: figures of our own.
const A_MINUTE: u32 = 10;
const A_DAY: u32 = 250;

/// An answer that is an error: `{"error":{"code","message","status","details"}}`.
#[derive(Debug)]
pub(super) struct ApiError {
    code: StatusCode,
    status: &'static str,
    message: String,
    details: Vec<Value>,
}

impl ApiError {
    fn new(code: StatusCode, status: &'static str, message: impl Into<String>) -> ApiError {
        ApiError { code, status, message: message.into(), details: Vec::new() }
    }

    /// The request is at fault; `message` names the field.
    pub fn invalid_argument(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", message)
    }

    /// The request is at fault, and the message does not say where.
    pub fn bad_request() -> ApiError {
        ApiError::invalid_argument("Request contains an invalid argument.")
    }

    /// No key came in a way that is taken: one of `ways`.
    pub fn missing_key(ways: &str) -> ApiError {
        let message = format!("The request carries no API key. Send one as {ways}.");
        ApiError::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message)
    }

    /// Whoever asks is not let in, for this reason.
    pub fn stranger(message: &str) -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message)
    }

    /// The key is not one that the service knows: a 400, with the reason in its details.
    pub fn invalid_key() -> ApiError {
        let mut error = ApiError::invalid_argument("API key not valid. Please pass a valid API key.");
        error.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": {"service": "generativelanguage.googleapis.com"},
        }));
        error
    }

    /// Nothing is served under this path or method.
    pub fn no_such_method(path: &str) -> ApiError {
        let message = format!("{path} is not served: POST to /v1beta/models/MODEL:generateContent.");
        ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    /// The model is none of those that are served.
    pub fn no_such_model(model: &str) -> ApiError {
        let message = format!("models/{model} is not found for API version v1beta, or makes no pictures.");
        ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    /// The body was larger than the limit, or broke off.
    pub fn unreadable_body(limit: usize) -> ApiError {
        let message = format!("The request body exceeds {limit} bytes, or broke off.");
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "INVALID_ARGUMENT", message)
    }

    /// The service itself failed.
    pub fn internal() -> ApiError {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "An internal error has occurred. Please retry.")
    }

    /// The service has too much to do.
    pub fn unavailable() -> ApiError {
        let message = "The model is overloaded. Please try again later.";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message)
    }

    /// A throttle that names no quota, only the time to wait.
    pub fn throttled() -> ApiError {
        let message = format!("Resource has been exhausted. Please retry in {}.", seconds(THROTTLE));
        let mut error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED", message);
        error.details.push(retry_info(THROTTLE));
        error
    }

    /// The quota of requests a minute is used up; a place frees after `wait`.
    pub fn quota_exceeded(model: &str, places: NonZeroU32, wait: Duration) -> ApiError {
        let what = format!("Quota exceeded for requests per minute, limit: {places}, model: {model}.");
        ApiError::over_quota(model, &what, &[(BY_MINUTE, places.get())], Some(wait))
    }

    /// The quota of requests a day is used up.
    pub fn day_quota(model: &str) -> ApiError {
        ApiError::over_quota(model, &over_the_day(model, A_DAY), &[(BY_DAY, A_DAY)], None)
    }

    /// The same, where a short wait and another quota draw the eye.
    pub fn day_quota_hidden(model: &str) -> ApiError {
        ApiError::day_used_up(model, A_DAY)
    }

    /// The same for a quota of so many a day.
    pub fn day_used_up(model: &str, a_day: u32) -> ApiError {
        let quotas = [(BY_MINUTE, A_MINUTE), (BY_DAY, a_day)];
        ApiError::over_quota(model, &over_the_day(model, a_day), &quotas, Some(THROTTLE))
    }

    /// The project may not use the model at all, though it is told to wait.
    pub fn limit_zero(model: &str) -> ApiError {
        let what = format!("Quota exceeded for requests, limit: 0, model: {model}.");
        ApiError::over_quota(model, &what, &[(BY_MINUTE, 0)], Some(THROTTLE))
    }

    /// A 429 with one violation for each quota and its value, and a wait, if there is one.
    fn over_quota(model: &str, what: &str, quotas: &[(&str, u32)], wait: Option<Duration>) -> ApiError {
        let retry = wait.map(|wait| format!(" Please retry in {}.", seconds(wait))).unwrap_or_default();
        let message = format!("You exceeded your current quota. {what}{retry}");
        let violation = |(id, value): &(&str, u32)| {
            json!({
                "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
                "quotaId": id,
                "quotaDimensions": {"location": "global", "model": model},
                "quotaValue": value.to_string(),
            })
        };
        let violations: Vec<Value> = quotas.iter().map(violation).collect();
        let mut error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED", message);
        error.details.push(json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": violations}));
        error.details.extend(wait.map(retry_info));
        error
    }

    /// The document that says so.
    pub fn body(&self) -> Value {
        let mut error = json!({"code": self.code.as_u16(), "message": self.message, "status": self.status});
        if !self.details.is_empty() {
            error["details"] = json!(self.details);
        }
        json!({ "error": error })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.code, Json(self.body())).into_response()
    }
}

/// Without the word that a client could find the day by: only the violation says it.
fn over_the_day(model: &str, a_day: u32) -> String {
    format!("Quota exceeded for requests, limit: {a_day}, model: {model}.")
}

fn retry_info(wait: Duration) -> Value {
    json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": seconds(wait)})
}

/// A duration as protocol buffers write it in JSON: `34.071s`. Rounded up, so that whoever waits so long is not early.
fn seconds(wait: Duration) -> String {
    let milliseconds = wait.as_micros().div_ceil(1_000);
    format!("{}.{:03}s", milliseconds / 1_000, milliseconds % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_to_whole_milliseconds() {
        assert_eq!(seconds(Duration::from_micros(34_070_001)), "34.071s");
        assert_eq!(seconds(Duration::from_secs(2)), "2.000s");
    }
}
