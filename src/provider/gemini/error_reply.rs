//! What a server says when it gives no picture, in whichever shape it came. Never judges it.

use std::time::Duration;

use serde_json::Value;

use super::auth::Key;
use super::delay;

/// Errors are wrapped in errors at most so often.
const DEEPEST: usize = 4;
/// So many brackets of a message are tried as the start of an error inside it.
const MOST_BRACKETS: usize = 8;

/// An error as the innermost server told it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct ErrorReply {
    /// Its words, without the key; empty when it had none.
    pub message: String,
    /// Every code, status and reason of every wrapping, in the server's spelling.
    pub codes: Vec<String>,
    /// The HTTP status that the innermost error names in its body.
    pub status: Option<u16>,
    /// The quotas that were exceeded (`QuotaFailure.violations[].quotaId`).
    pub quotas: Vec<String>,
    /// How long to wait, by `RetryInfo` or `Retry-After`, whichever is longer.
    pub wait: Option<Duration>,
}

impl ErrorReply {
    /// Reads the body of an HTTP error: Google's JSON, a gateway's, a proxy's HTML, or nothing.
    pub(super) fn of_body(body: &str, header_wait: Option<Duration>, key: &Key) -> Self {
        let mut reply = match serde_json::from_str::<Value>(body) {
            Ok(value) => Self::gather(&value),
            Err(_) => Self::of_text(body),
        };
        reply.wait = reply.wait.max(header_wait);
        reply.redacted(key)
    }

    /// Reads the `error` of an answer that came with status 200.
    pub(super) fn of_value(error: &Value, key: &Key) -> Self {
        let mut reply = Self::default();
        reply.take(error, DEEPEST);
        reply.redacted(key)
    }

    /// Whether the server used this code, status or reason anywhere.
    pub(super) fn says(&self, code: &str) -> bool {
        self.codes.iter().any(|said| said == code)
    }

    fn redacted(mut self, key: &Key) -> Self {
        self.message = key.redact(&self.message);
        self
    }

    fn of_text(body: &str) -> Self {
        Self { message: visible_text(body), ..Self::default() }
    }

    fn gather(body: &Value) -> Self {
        let mut reply = Self::default();
        reply.take_wrapped(body, DEEPEST);
        reply
    }

    /// The error stands under `error`, or is the whole body; either at times in an array of one.
    fn take_wrapped(&mut self, body: &Value, depth: usize) {
        let body = body.get(0).unwrap_or(body);
        self.take(body.get("error").unwrap_or(body), depth);
    }

    /// Takes in one error, then the one inside its message, whose words and status count for more.
    fn take(&mut self, error: &Value, depth: usize) {
        for name in ["code", "status"] {
            let code = self.take_code(error.get(name));
            self.status = code.and_then(|code| http_status(&code)).or(self.status);
        }
        self.take_code(error.get("type"));
        for detail in error.get("details").and_then(Value::as_array).into_iter().flatten() {
            self.take_detail(detail);
        }
        let words = ["message", "msg", "detail"].iter().find_map(|name| error.get(name)?.as_str());
        if let Some(message) = words.or(error.as_str()) {
            self.take_message(message, depth);
        }
    }

    fn take_code(&mut self, code: Option<&Value>) -> Option<String> {
        let text = match code? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        self.codes.push(text.clone());
        Some(text)
    }

    fn take_detail(&mut self, detail: &Value) {
        self.take_code(detail.get("reason"));
        let delay = either(detail, "retryDelay", "retry_delay").and_then(Value::as_str);
        self.wait = self.wait.max(delay.and_then(delay::parse));
        for violation in detail.get("violations").and_then(Value::as_array).into_iter().flatten() {
            let quota = either(violation, "quotaId", "quota_id").and_then(Value::as_str);
            self.quotas.extend(quota.map(str::to_owned));
        }
    }

    fn take_message(&mut self, message: &str, depth: usize) {
        self.message = message.to_owned();
        if let Some(inner) = embedded_error(message).filter(|_| depth > 0) {
            self.take_wrapped(&inner, depth - 1);
        }
    }
}

fn either<'a>(value: &'a Value, camel: &str, snake: &str) -> Option<&'a Value> {
    value.get(camel).or_else(|| value.get(snake))
}

/// An error written as JSON text within a message, whatever words stand before and after it.
fn embedded_error(message: &str) -> Option<Value> {
    let mut starts = message.match_indices(['{', '[']).take(MOST_BRACKETS);
    starts.find_map(|(start, _)| {
        let mut values = serde_json::Deserializer::from_str(&message[start..]).into_iter();
        let value: Value = values.next()?.ok()?;
        let inner = value.get(0).unwrap_or(&value);
        let is_error = inner.get("error").is_some() || inner.get("message").is_some();
        is_error.then_some(value)
    })
}

/// The HTTP status behind a code: the number itself, or the name Google gives it.
fn http_status(code: &str) -> Option<u16> {
    let named = match code {
        "INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE" => 400,
        "UNAUTHENTICATED" => 401,
        "PERMISSION_DENIED" => 403,
        "NOT_FOUND" => 404,
        "RESOURCE_EXHAUSTED" => 429,
        "INTERNAL" | "UNKNOWN" | "DATA_LOSS" => 500,
        "UNAVAILABLE" => 503,
        "DEADLINE_EXCEEDED" => 504,
        number => number.parse().ok()?,
    };
    (400..600).contains(&named).then_some(named)
}

/// What a person would read of a body that is no JSON: the title of a page, or the text as it stands.
fn visible_text(body: &str) -> String {
    let body = body.trim();
    if !body.starts_with('<') {
        return body.to_owned();
    }
    let title = |open: &str, close: &str| Some(body.split_once(open)?.1.split_once(close)?.0.trim().to_owned());
    title("<title>", "</title>")
        .or_else(|| title("<TITLE>", "</TITLE>"))
        .unwrap_or_else(|| "a web page without a title".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Auth;

    fn read(body: &str) -> ErrorReply {
        let key = Key::new(Auth::Header, Some("s3cr3t".into())).unwrap();
        ErrorReply::of_body(body, None, &key)
    }

    #[test]
    fn an_error_inside_a_message_counts_for_more_than_the_one_around_it() {
        let inner = r#"[{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}}]"#;
        let outer = serde_json::json!({"error": {
            "message": format!("upstream [429] {{x}}: {inner} (request id: 7)"), "type": "new_api_error", "code": "500",
        }});
        let reply = read(&outer.to_string());
        assert_eq!((reply.message.as_str(), reply.status), ("slow down", Some(429)), "{reply:?}");
        assert!(reply.says("new_api_error") && reply.says("RESOURCE_EXHAUSTED"));
    }

    #[test]
    fn errors_without_end_inside_each_other_are_left_off() {
        let mut body = r#"{"message":"innermost"}"#.to_owned();
        for _ in 0..9 {
            body = serde_json::json!({"error": {"message": body}}).to_string();
        }
        assert!(read(&body).message.contains("innermost"));
    }

    #[test]
    fn a_web_page_is_told_by_its_title_and_odd_json_by_nothing() {
        assert_eq!(read("<html><title> 502 Bad Gateway </title></html>").message, "502 Bad Gateway");
        assert_eq!(read("<html>").message, "a web page without a title");
        for body in ["", "null", "[]", "{}", r#"{"error":null}"#, r#"{"error":{"code":""}}"#] {
            assert_eq!(read(body).message, "", "{body}");
        }
    }

    #[test]
    fn an_echoed_key_is_taken_out() {
        assert_eq!(read(r#"{"error":"bad s3cr3t"}"#).message, "bad [key]");
        assert_eq!(read("no JSON, but s3cr3t").message, "no JSON, but [key]");
    }
}
