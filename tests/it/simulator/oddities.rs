//! Each odd answer, as a client sees it, beside the good answer to the same request. Never the plain failures, and
//! never those with URLs.

use std::io::Read;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use serde_json::json;

use super::*;

/// The kinds tested here.
pub(super) const COVERED: [&str; 26] = [
    "day-quota",
    "day-quota-hidden",
    "limit-zero",
    "array",
    "error-200",
    "gateway-model",
    "gateway-quota",
    "gateway-refused",
    "html",
    "html-200",
    "nested",
    "redirect",
    "interim-only",
    "bad-base64",
    "not-an-image",
    "truncated-image",
    "blank",
    "drafts",
    "several",
    "snake",
    "tiny",
    "unknown-finish",
    "wrong-size",
    "wrong-type",
    "drip",
    "gzip",
];

/// What a request for this picture gets where this kind befalls every ask.
async fn odd_of(kind: &str, prompt: &str) -> (u16, Value) {
    let simulator = start_with_faults(&[&format!("{kind}=1")]).await;
    ask(&simulator, &request(prompt)).await
}

async fn odd(kind: &str) -> (u16, Value) {
    odd_of(kind, "a cup").await
}

/// The good answer to the request that `odd` sends.
async fn good() -> Value {
    ask(&start(Settings::default()).await, &request("a cup")).await.1
}

fn parts(answer: &Value) -> &Vec<Value> {
    answer["candidates"][0]["content"]["parts"].as_array().unwrap()
}

/// The image parts of an answer: the drafts, and the final ones.
fn images(answer: &Value) -> (usize, usize) {
    let images = parts(answer).iter().filter(|part| part["inlineData"].is_object());
    let (drafts, finals): (Vec<&Value>, Vec<&Value>) = images.partition(|part| part["thought"] == true);
    (drafts.len(), finals.len())
}

fn quota_ids(answer: &Value) -> Vec<&str> {
    let violations = answer["error"]["details"][0]["violations"].as_array().unwrap();
    violations.iter().map(|violation| violation["quotaId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_day_quota_is_named_alone_or_beside_a_short_wait() {
    let (status, plain) = odd("day-quota").await;
    assert_eq!((status, &plain["error"]["status"]), (429, &json!("RESOURCE_EXHAUSTED")));
    assert!(matches!(quota_ids(&plain)[..], [day] if day.contains("PerDay")));
    assert_eq!(plain["error"]["details"].as_array().unwrap().len(), 1, "no wait");
    let (status, hidden) = odd("day-quota-hidden").await;
    assert!(matches!(quota_ids(&hidden)[..], [minute, day] if minute.contains("PerMinute") && day.contains("PerDay")));
    assert_eq!((status, &hidden["error"]["details"][1]["retryDelay"]), (429, &json!("1.000s")));
}

#[tokio::test]
async fn a_limit_of_zero_stands_in_the_message_beside_a_wait() {
    let (status, answer) = odd("limit-zero").await;
    assert_eq!((status, &answer["error"]["details"][1]["retryDelay"]), (429, &json!("1.000s")));
    assert!(answer["error"]["message"].as_str().unwrap().contains("limit: 0,"));
}

#[tokio::test]
async fn gateways_write_errors_in_a_shape_of_their_own() {
    let expected = [
        ("gateway-quota", 403, "insufficient_user_quota", "request id: "),
        ("gateway-model", 503, "model_not_found", "gemini-3.1-flash-lite-image"),
        ("gateway-refused", 500, "channel:image_generation_failed", "IMAGE_SAFETY"),
    ];
    for (kind, code, word, said) in expected {
        let (status, answer) = odd(kind).await;
        let error = &answer["error"];
        assert_eq!((status, &error["code"], &error["param"]), (code, &json!(word), &json!("")), "{kind}");
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
        assert!(error["type"].is_string() && error["status"].is_null());
    }
}

#[tokio::test]
async fn the_models_error_may_be_nested_listed_or_called_a_success() {
    let plain = odd("503").await.1;
    let (status, nested) = odd("nested").await;
    let inner: Value = serde_json::from_str(nested["error"]["message"].as_str().unwrap()).unwrap();
    assert_eq!((status, &inner), (400, &plain));
    assert_eq!(odd("array").await, (503, json!([plain])));
    assert_eq!(odd("error-200").await, (200, plain));
}

#[tokio::test]
async fn proxies_answer_with_pages_and_redirects() {
    for (kind, status) in [("html", 502), ("html-200", 200)] {
        let simulator = start_with_faults(&[&format!("{kind}=1")]).await;
        let response = post(&simulator, &request("a cup")).send().await.unwrap();
        assert_eq!(response.status(), status);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        assert!(response.text().await.unwrap().starts_with("<html>"));
    }
    let simulator = start_with_faults(&["redirect=1"]).await;
    let sent = post_with(&plain_client(), &simulator, &request("a cup")).send().await.unwrap();
    assert_eq!((sent.status().as_u16(), sent.headers()["location"].to_str().unwrap()), (302, "/login"));
}

#[tokio::test]
async fn drafts_come_before_the_picture_and_say_so_after_their_data() {
    let mut counts = Vec::new();
    for number in 0..8 {
        let (status, answer) = odd_of("drafts", &format!("cup {number}")).await;
        let (drafts, finals) = images(&answer);
        assert_eq!((status, finals), (200, 1));
        assert_eq!(parts(&answer)[0]["thought"], true, "a thought in words comes first");
        assert!(parts(&answer).last().unwrap()["thought"].is_null());
        let text = answer.to_string();
        assert!(text.find("\"inlineData\"").unwrap() < text.rfind("\"thought\"").unwrap());
        counts.push(drafts);
    }
    assert!(counts.contains(&1) && counts.contains(&2) && counts.iter().all(|count| *count < 3), "{counts:?}");
    assert_eq!(picture_of_last(&odd("drafts").await.1), picture(&good().await));
}

/// The last picture of an answer.
fn picture_of_last(answer: &Value) -> (String, Vec<u8>) {
    let last = parts(answer).last().unwrap();
    picture(&json!({"candidates": [{"content": {"parts": [last]}}]}))
}

#[tokio::test]
async fn a_draft_alone_is_no_final_picture() {
    assert_eq!(images(&odd("interim-only").await.1), (1, 0));
}

#[tokio::test]
async fn several_final_pictures_are_two_or_three_and_all_different() {
    let mut counts = Vec::new();
    for number in 0..8 {
        let answer = odd_of("several", &format!("cup {number}")).await.1;
        let data = parts(&answer).iter().filter_map(|part| part["inlineData"]["data"].as_str());
        let different: std::collections::BTreeSet<&str> = data.collect();
        assert_eq!((0, different.len()), images(&answer));
        assert_eq!(answer["usageMetadata"]["candidatesTokensDetails"][0]["tokenCount"], different.len() * 1_120);
        counts.push(different.len());
    }
    assert!(counts.contains(&2) && counts.contains(&3) && counts.iter().all(|count| *count < 4), "{counts:?}");
}

#[tokio::test]
async fn snake_case_is_the_good_answer_in_other_names() {
    let (snake, good) = (odd("snake").await.1, good().await);
    let part = &snake["candidates"][0]["content"]["parts"][1]["inline_data"];
    let (mime_type, bytes) = picture(&good);
    assert_eq!((&part["mime_type"], &part["data"]), (&json!(mime_type), &json!(STANDARD.encode(bytes))));
    assert_eq!(snake["candidates"][0]["finish_reason"], "STOP");
    assert_eq!(snake["usage_metadata"]["total_token_count"], good["usageMetadata"]["totalTokenCount"]);
    assert_eq!(snake["response_id"], good["responseId"]);
}

#[tokio::test]
async fn an_unknown_finish_reason_comes_with_the_picture() {
    let (answer, mut good) = (odd("unknown-finish").await.1, good().await);
    good["candidates"][0]["finishReason"] = json!("FINISHED_IN_A_NEW_WAY");
    assert_eq!(answer, good);
}

#[tokio::test]
async fn a_wrong_size_fits_no_ratio_that_was_asked_for() {
    for (ratio, width, height) in [("1:1", 1376, 768), ("16:9", 1024, 1024), ("4:5", 1024, 1024)] {
        let simulator = start_with_faults(&["wrong-size=1"]).await;
        let mut body = request("a cup");
        body["generationConfig"]["imageConfig"] = json!({"aspectRatio": ratio});
        let size = imagesize::blob_size(&picture(&ask(&simulator, &body).await.1).1).unwrap();
        assert_eq!((size.width, size.height), (width, height), "{ratio}");
    }
}

#[tokio::test]
async fn a_wrong_type_is_said_of_the_right_bytes() {
    let ((said, bytes), (true_type, good)) = (picture(&odd("wrong-type").await.1), picture(&good().await));
    assert_ne!(said, true_type);
    assert_eq!(bytes, good);
}

#[tokio::test]
async fn a_blank_picture_has_one_colour_and_a_tiny_one_few_pixels() {
    let (mut formats, good_size) = (Vec::new(), imagesize::blob_size(&picture(&good().await).1).unwrap());
    for number in 0..4 {
        let (format, bytes) = picture(&odd_of("blank", &format!("cup {number}")).await.1);
        let pixels = image::load_from_memory(&bytes).unwrap().into_rgb8();
        assert_eq!((pixels.width() as usize, pixels.height() as usize), (good_size.width, good_size.height));
        let first = *pixels.get_pixel(0, 0);
        assert!(pixels.pixels().all(|pixel| *pixel == first), "{format}");
        formats.push(format);
    }
    assert!(formats.contains(&"image/png".into()) && formats.contains(&"image/jpeg".into()), "{formats:?}");
    let tiny = imagesize::blob_size(&picture(&odd("tiny").await.1).1).unwrap();
    assert_eq!((tiny.width * 16, tiny.height * 16), (good_size.width, good_size.height));
}

#[tokio::test]
async fn damaged_pictures_are_cut_spoiled_or_something_else() {
    let (mime_type, good) = picture(&good().await);
    let (said, half) = picture(&odd("truncated-image").await.1);
    assert_eq!((said, &half[..]), (mime_type, &good[..good.len() / 2]));
    let spoiled = odd("bad-base64").await.1;
    let data = parts(&spoiled)[1]["inlineData"]["data"].as_str().unwrap();
    assert!(data.len() > 10_000 && STANDARD.decode(data).is_err());
    for number in 0..4 {
        let (said, text) = picture(&odd_of("not-an-image", &format!("cup {number}")).await.1);
        let text = String::from_utf8(text).unwrap();
        assert!(said == "image/png" && (text.starts_with("<svg") || text.starts_with("<!DOCTYPE html>")), "{text}");
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_not_counted_as_answered() {
    let counted = async |kind: &str| {
        let simulator = start_with_faults(&[&format!("{kind}=1")]).await;
        ask(&simulator, &request("a cup")).await;
        (simulator.stats().answered, simulator.stats().statuses["200"])
    };
    for kind in ["error-200", "interim-only", "bad-base64", "not-an-image", "truncated-image"] {
        assert_eq!(counted(kind).await, (0, 1), "{kind}");
    }
    for kind in
        ["blank", "drafts", "several", "snake", "tiny", "unknown-finish", "wrong-size", "wrong-type", "drip", "gzip"]
    {
        assert_eq!(counted(kind).await, (1, 1), "{kind}");
    }
}

#[tokio::test]
async fn a_drip_is_the_good_answer_over_the_time_that_is_set() {
    let drip = Duration::from_millis(200);
    let faults = Faults::new(["drip=1".parse().unwrap()]).unwrap();
    let simulator = start(Settings { drip, faults, ..Settings::default() }).await;
    let start = Instant::now();
    let mut response = post(&simulator, &request("a cup")).send().await.unwrap();
    let (length, mut largest, mut bytes) = (response.content_length().unwrap(), 0, Vec::new());
    while let Some(piece) = response.chunk().await.unwrap() {
        largest = largest.max(piece.len() as u64);
        bytes.extend_from_slice(&piece);
    }
    assert!(start.elapsed() >= drip);
    assert!(largest < length, "it came at once");
    assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), good().await);
    assert_eq!(simulator.stats().answered, 1);
}

#[tokio::test]
async fn a_packed_answer_is_the_good_one() {
    let simulator = start_with_faults(&["gzip=1"]).await;
    let response = post_with(&plain_client(), &simulator, &request("a cup")).send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let (packed, mut text) = (response.bytes().await.unwrap(), String::new());
    GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), good().await);
}
