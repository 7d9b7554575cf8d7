//! The table "Whose fault" for errors, row by row, with bodies like the real ones. Never what the run does about it.

use std::time::Duration;

use overnight::domain::FailureKind::{self, Fatal, Refused, Rejected, Throttled, Transient};
use overnight::domain::Reach;
use serde_json::{Value, json};

use crate::support::gemini::{answer, fail, image_part, png};
use crate::support::server::{self, Play, Server, http};

/// A status and a body, and words that the failure's message must hold.
struct Case {
    name: &'static str,
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: String,
    wait: Option<f64>,
    words: &'static str,
}

fn case(name: &'static str, status: u16, body: impl ToString, words: &'static str) -> Case {
    Case { name, status, headers: &[], body: body.to_string(), wait: None, words }
}

impl Case {
    fn waits(self, seconds: f64) -> Self {
        Self { wait: Some(seconds), ..self }
    }

    fn with(self, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self { headers, ..self }
    }

    async fn is(self, kind: FailureKind) {
        let Self { name, status, words, .. } = self;
        let failure = fail(Play::Reply(http(status, self.headers, self.body.as_bytes()))).await;
        assert_eq!(failure.kind, kind, "{name}: {failure:?}");
        assert_eq!(failure.retry_after, self.wait.map(Duration::from_secs_f64), "{name}: {failure:?}");
        assert_eq!((failure.status, failure.reach), (Some(status), Reach::Answered), "{name}");
        assert!(!failure.empty, "{name}: {failure:?}");
        assert!(failure.message.contains(words), "{name}: {}", failure.message);
    }
}

async fn all_are(kind: FailureKind, cases: impl IntoIterator<Item = Case>) {
    for case in cases {
        case.is(kind).await;
    }
}

/// Google's shape.
fn google(code: u16, status: &str, message: &str, details: &[Value]) -> Value {
    json!({"error": {"code": code, "message": message, "status": status, "details": details}})
}

/// 429 in Google's shape.
fn exhausted(message: &str, details: &[Value]) -> Value {
    google(429, "RESOURCE_EXHAUSTED", message, details)
}

/// 400 in Google's shape.
fn invalid(message: &str, details: &[Value]) -> Value {
    google(400, "INVALID_ARGUMENT", message, details)
}

fn retry_in(delay: &str) -> Value {
    json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
}

fn quotas(ids: &[&str]) -> Value {
    let violation = |id: &&str| {
        json!({"quotaMetric": "generativelanguage.googleapis.com/generate_content_requests", "quotaId": id,
            "quotaDimensions": {"location": "global", "model": "gemini-3.1-flash-lite-image"}, "quotaValue": "1500"})
    };
    let violations: Vec<_> = ids.iter().map(violation).collect();
    json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": violations})
}

fn info(reason: &str) -> Value {
    json!({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"}})
}

/// The shape of new-api gateways.
fn gateway(code: impl Into<Value>, message: &str) -> Value {
    json!({"error": {"message": format!("{message} (request id: 20261122103000123456789)"), "type": "new_api_error",
        "param": "", "code": code.into()}})
}

const PER_MINUTE: &str = "GenerateRequestsPerMinutePerProjectPerModel";
const PER_DAY: &str = "GenerateRequestsPerDayPerProjectPerModel";
const QUOTA: &str = "You exceeded your current quota, please check your plan and billing details.";
const HTML: &str = "<html>\r\n<head><title>Scripted page</title></head>\r\n<body><center>nginx</center></body></html>";
const DATE: (&str, &str) = ("date", "Sun, 22 Nov 2026 10:00:00 GMT");
const SEVEN: &[(&str, &str)] = &[("retry-after", "7")];
const LATER: (&str, &str) = ("retry-after", "Sun, 22 Nov 2026 10:00:45 GMT");

#[tokio::test]
async fn too_fast_is_ours_and_the_server_says_for_how_long() {
    let said = format!("{QUOTA}\nPlease retry in 58.2s.");
    #[rustfmt::skip]
    let cases = [
        case("RetryInfo", 429, exhausted(QUOTA, &[quotas(&[PER_MINUTE]), retry_in("34.07s")]), QUOTA).waits(34.07),
        case("milliseconds", 429, exhausted(QUOTA, &[retry_in("900ms")]), "too many requests").waits(0.9),
        case("Retry-After", 429, "", "HTTP 429").with(&[("retry-after", "12")]).waits(12.0),
        case("Retry-After as a date", 429, "", "HTTP 429").with(&[DATE, LATER]).waits(45.0),
        case("the longer of both", 429, exhausted(QUOTA, &[retry_in("5s")]), "").with(SEVEN).waits(7.0),
        case("PerMinute alone", 429, exhausted(QUOTA, &[quotas(&[PER_MINUTE])]), "").waits(60.0),
        case("in the message", 429, exhausted(&said, &[]), "Please retry").waits(58.2),
        case("bare", 429, exhausted("Resource has been exhausted (e.g. check quota).", &[]), "exhausted"),
        case("no body", 429, "", "without a word"),
        case("HTML", 429, HTML, "Scripted page"),
        case("exactly 300 s", 429, exhausted(QUOTA, &[retry_in("300s")]), "").waits(300.0),
        case("a small limit", 429, exhausted("Quota exceeded, limit: 05, limit: 0.5", &[]), ""),
    ];
    all_are(Throttled, cases).await;
}

#[tokio::test]
async fn a_429_that_no_waiting_helps_ends_the_run() {
    const DAY: &str = "after midnight Pacific";
    let none = "Quota exceeded for metric: generate_content_free_tier_requests, limit: 0, model: gemini";
    let depleted = "Your prepayment credits are depleted. Please go to AI Studio to manage your billing.";
    let hours = format!("{QUOTA} Please retry in 13h9m59.5s.");
    #[rustfmt::skip]
    let cases = [
        case("PerDay", 429, exhausted(QUOTA, &[quotas(&[PER_DAY])]), DAY),
        case("PerDay behind others", 429, exhausted(QUOTA, &[quotas(&[PER_MINUTE, PER_DAY]), retry_in("8s")]), DAY),
        case("Daily", 429, exhausted(QUOTA, &[quotas(&["DailyRequests"])]), DAY),
        case("the day in words", 429, gateway("", "Quota exceeded for requests_per_day"), DAY),
        case("QUOTA_EXHAUSTED", 429, exhausted("Quota is over", &[info("QUOTA_EXHAUSTED")]), DAY),
        case("limit: 0", 429, exhausted(none, &[quotas(&[PER_MINUTE]), retry_in("2s")]), "no quota for the model"),
        case("limit: 0 at the end", 429, exhausted("Quota exceeded, limit: 0.", &[]), "no quota"),
        case("a delay over 300 s", 429, exhausted(QUOTA, &[retry_in("301s")]), "run the same command again later"),
        case("a long delay in words", 429, exhausted(&hours, &[]), "later"),
        case("a long Retry-After", 429, "", "later").with(&[("retry-after", "86400")]),
        case("credits depleted", 429, exhausted(depleted, &[]), "no credit left"),
        case("insufficient_user_quota", 429, gateway("insufficient_user_quota", "quota"), "no credit left"),
    ];
    all_are(Fatal, cases).await;
}

#[tokio::test]
async fn what_a_person_must_act_upon_ends_the_run() {
    const KEY: &str = "check OVERNIGHT_API_KEY";
    const MODEL: &str = "check the model's name and the base URL";
    let key = "API key not valid. Please pass a valid API key.";
    let region = "User location is not supported for the API use.";
    #[rustfmt::skip]
    let cases = [
        case("bad key", 400, invalid(key, &[info("API_KEY_INVALID")]), KEY),
        case("bad key without its reason", 400, gateway("", key), KEY),
        case("401", 401, google(401, "UNAUTHENTICATED", "Request had invalid credentials.", &[]), KEY),
        case("401 of a gateway", 401, gateway("", "Invalid token"), "Invalid token"),
        case("402", 402, json!({"error": {"message": "Insufficient Balance", "code": 402}}), "no credit left"),
        case("403", 403, google(403, "PERMISSION_DENIED", "The caller may not", &[]), "check its permissions"),
        case("403 of a proxy", 403, HTML, "Scripted page"),
        case("404", 404, google(404, "NOT_FOUND", "models/x is not found for API version v1beta", &[]), MODEL),
        case("404 of a web server", 404, HTML, MODEL),
        case("billing", 400, google(400, "FAILED_PRECONDITION", region, &[]), "check its billing and its region"),
        case("no quota", 403, gateway("insufficient_user_quota", "user quota is not enough"), "top it up"),
        case("no token quota", 403, gateway("pre_consume_token_quota_failed", "token quota"), "top it up"),
        case("no access", 500, gateway("access_denied", "no access to group"), "check its permissions"),
        case("model_not_found as 503", 503, gateway("model_not_found", "No available channel for model x"), MODEL),
    ];
    all_are(Fatal, cases).await;
}

#[tokio::test]
async fn what_the_item_asked_wrongly_is_the_items() {
    const BAD: &str = "* GenerateContentRequest.generation_config.image_config.aspect_ratio: invalid value";
    #[rustfmt::skip]
    let cases = [
        case("400", 400, invalid(BAD, &[]), BAD),
        case("400 in an array", 400, json!([invalid(BAD, &[])]), BAD),
        case("400 of a gateway", 400, gateway("bad_request_body", "invalid body"), "invalid body"),
        case("400 with nothing", 400, "", "without a word"),
        case("413", 413, HTML, "Scripted page"),
        case("422", 422, json!({"detail": "prompt: too long"}), "prompt: too long"),
        case("418", 418, "short and stout", "short and stout"),
    ];
    all_are(Rejected, cases).await;
}

#[tokio::test]
async fn troubles_of_servers_are_nobodys_fault() {
    const OVERLOADED: &str = "The model is overloaded. Please try again later.";
    let trailing = format!("{}x", answer(&image_part(&png(9)), "STOP"));
    #[rustfmt::skip]
    let cases = [
        case("408", 408, "", "HTTP 408"),
        case("500", 500, google(500, "INTERNAL", "An internal error has occurred.", &[]), "internal error"),
        case("502", 502, HTML, "Scripted page"),
        case("503", 503, google(503, "UNAVAILABLE", OVERLOADED, &[]), OVERLOADED),
        case("503 with Retry-After", 503, "", "HTTP 503").with(&[("retry-after", "9")]).waits(9.0),
        case("503 with a wait of centuries", 503, "", "HTTP 503").with(&[("retry-after", "99999999999")]).waits(300.0),
        case("504", 504, HTML, "HTTP 504"),
        case("529", 529, "overloaded", "overloaded"),
        case("200 with an error", 200, gateway("", "upstream hiccup"), "upstream hiccup"),
        case("200 with an error of words", 200, json!({"error": "something"}), "something"),
        case("200 with HTML", 200, HTML, "Scripted page"),
        case("200 with nothing", 200, "", "not of the protocol"),
        case("200 with words", 200, "upstream says hello", "upstream says hello"),
        case("200 with trailing garbage", 200, trailing, "not of the protocol"),
    ];
    all_are(Transient, cases).await;
}

#[tokio::test]
async fn a_gateways_wrapping_means_what_the_error_inside_means() {
    let fast = exhausted(QUOTA, &[quotas(&[PER_MINUTE]), retry_in("21s")]);
    let twice = gateway("", &fast.to_string());
    #[rustfmt::skip]
    let throttled = [
        case("429 inside 500", 500, gateway("", &fast.to_string()), QUOTA).waits(21.0),
        case("429 inside 500, twice", 500, gateway("do_request_failed", &twice.to_string()), QUOTA).waits(21.0),
        case("a number as code", 500, gateway(429, "busy"), "busy"),
        case("a number as text", 500, gateway("429", "busy"), "busy"),
        case("429 in a 200", 200, &fast, QUOTA).waits(21.0),
        case("429 in a 200, in an array", 200, json!([fast]), QUOTA).waits(21.0),
    ];
    all_are(Throttled, throttled).await;
    let day = exhausted(QUOTA, &[quotas(&[PER_DAY])]).to_string();
    let bad_key = json!([invalid("Bad", &[info("API_KEY_INVALID")])]).to_string();
    #[rustfmt::skip]
    let fatal = [
        case("a day inside 500", 500, gateway(500, &day), "midnight"),
        case("a bad key inside 503", 503, gateway("", &format!("upstream: {bad_key}")), "OVERNIGHT_API_KEY"),
        case("401 in a 200", 200, google(401, "UNAUTHENTICATED", "no", &[]), "OVERNIGHT_API_KEY"),
    ];
    all_are(Fatal, fatal).await;
    let unsupported = invalid("Unsupported image", &[]).to_string();
    let rejected = case("400 inside 500", 500, gateway("bad_response_status_code", &unsupported), "Unsupported image");
    rejected.is(Rejected).await;
    let overloaded = google(503, "UNAVAILABLE", "Overloaded", &[]).to_string();
    let transient = case("503 inside 400", 400, gateway("", &overloaded), "Overloaded");
    transient.is(Transient).await;
}

#[tokio::test]
async fn a_refusal_of_a_gateway_is_the_models() {
    let safety = "upstream error: image generation failed: finishReason IMAGE_SAFETY";
    for status in [200, 400, 403, 500, 503] {
        for code in ["channel:image_generation_failed", "prompt_blocked", "sensitive_words_detected"] {
            case(code, status, gateway(code, safety), "IMAGE_SAFETY").is(Refused).await;
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_says_where_it_points() {
    for status in [301, 302, 303, 307, 308] {
        let target = Server::start([]);
        let location = format!("{}/else", target.url());
        let failure = fail(Play::Reply(http(status, &[("location", &location)], b""))).await;
        assert_eq!((failure.kind, failure.status), (Fatal, Some(status)));
        assert!(
            failure.message.contains("correct the base URL") && failure.message.contains(&location),
            "{}",
            failure.message
        );
        assert!(target.seen().is_empty());
    }
}

#[tokio::test]
async fn a_servers_words_are_cut_and_kept_to_one_line() {
    let long = format!("first\nsecond \u{1b}[31m{}", "long ".repeat(200));
    let failure = fail(server::json(500, &json!({"error": {"message": long}}).to_string())).await;
    assert!(failure.message.contains("first second [31m") && failure.message.contains('…'), "{}", failure.message);
    assert!(failure.message.chars().count() < 380, "{}", failure.message);
}
