//! Whole answers without a picture: what the model would not or could not draw. Never an HTTP error.

use overnight::domain::FailureKind::{Fatal, Refused, Transient};
use overnight::domain::{Failure, Reach};
use serde_json::json;

use crate::support::gemini::{answer, fail, image_part, png};
use crate::support::server;

async fn fail_with(body: &str) -> Failure {
    let failure = fail(server::json(200, body)).await;
    assert_eq!((failure.status, failure.reach), (Some(200), Reach::Answered));
    failure
}

#[tokio::test]
async fn a_blocked_prompt_is_refused_whatever_the_reason() {
    for reason in ["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "SOMETHING_NEW"] {
        for body in [
            json!({"promptFeedback": {"blockReason": reason, "blockReasonMessage": "not this"},
                "usageMetadata": {"promptTokenCount": 5}}),
            json!({"prompt_feedback": {"block_reason": reason, "block_reason_message": "not this"}, "candidates": []}),
        ] {
            let failure = fail_with(&body.to_string()).await;
            assert_eq!((failure.kind, failure.empty), (Refused, false), "{failure:?}");
            assert!(failure.message.contains(reason) && failure.message.contains("not this"), "{}", failure.message);
        }
    }
}

#[tokio::test]
async fn a_finish_reason_of_safety_is_refused_and_the_models_words_stay() {
    for reason in [
        "SAFETY",
        "IMAGE_SAFETY",
        "PROHIBITED_CONTENT",
        "IMAGE_PROHIBITED_CONTENT",
        "RECITATION",
        "IMAGE_RECITATION",
        "BLOCKLIST",
        "SPII",
        "MODEL_ARMOR",
    ] {
        let body = json!({"candidates": [{"finishReason": reason, "finishMessage": "Try rephrasing.", "index": 0}],
            "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 5}});
        let failure = fail_with(&body.to_string()).await;
        assert_eq!((failure.kind, failure.empty), (Refused, false), "{failure:?}");
        assert!(failure.message.contains(reason) && failure.message.contains("Try rephrasing."), "{failure:?}");
        assert_eq!(failure.reply.finish_reason.as_deref(), Some(reason));
        assert_eq!(failure.reply.finish_message.as_deref(), Some("Try rephrasing."));
        assert_eq!(failure.reply.usage.map(|usage| usage.prompt_tokens), Some(5), "refusals are billed too");
    }
}

#[tokio::test]
async fn a_limited_account_ends_the_run() {
    let failure = fail_with(&answer("", "PUP_LIMITED_DISABLED")).await;
    assert_eq!(failure.kind, Fatal);
    assert!(failure.message.contains("the account is limited"), "{}", failure.message);
}

#[tokio::test]
async fn an_answer_without_a_picture_is_nobodys_fault_but_was_paid() {
    let draft = image_part(&png(9)).replacen('{', r#"{"thought":true,"#, 1);
    let words = r#"{"text":"I could not draw this."}"#;
    let mut bodies: Vec<String> =
        ["NO_IMAGE", "IMAGE_OTHER", "OTHER", "MALFORMED_RESPONSE", "LANGUAGE", "MAX_TOKENS", "NEW", "STOP"]
            .iter()
            .map(|reason| answer(words, reason))
            .collect();
    bodies.extend([
        answer("", "STOP"),
        answer(&draft, "STOP"),
        answer(&image_part(b"GIF89a is no format of ours"), "STOP"),
        answer(r#"{"inlineData":{"data":"no base64!"}}"#, "STOP"),
        answer(r#"{"inlineData":{"data":""}}"#, "STOP"),
        json!({"candidates": []}).to_string(),
        json!({}).to_string(),
        json!({"candidates": [{"finishReason": "STOP"}]}).to_string(),
    ]);
    for body in bodies {
        let failure = fail_with(&body).await;
        assert_eq!((failure.kind, failure.empty), (Transient, true), "{body}: {failure:?}");
    }
    let failure = fail_with(&answer(words, "NO_IMAGE")).await;
    assert_eq!(failure.message, "the answer held no picture: NO_IMAGE (I could not draw this.)");
    assert_eq!(failure.reply.text.as_deref(), Some("I could not draw this."));
    let failure = fail_with(&answer(&image_part(b"GIF89a"), "STOP")).await;
    assert!(failure.message.contains("no image by its bytes"), "{}", failure.message);
}
