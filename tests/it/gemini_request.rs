//! What leaves: the model page's requests field for field, and the key where it belongs. Never what comes back.

use std::fs;

use overnight::domain::Auth;
use overnight::domain::{AspectRatio, FailureKind, Modalities, Reach, Request, Thinking};
use overnight::provider::AskError;
use overnight::provider::gemini::Gemini;
use serde_json::json;

use crate::support::gemini::{
    KEY, answer, ask, base64, image_part, jpeg, png, provider, provider_in, settings, sunset,
};
use crate::support::server::{self, Play, Seen, Server};

fn good() -> Play {
    server::json(200, &answer(&image_part(&png(64)), "STOP"))
}

async fn sent(request: &Request) -> Seen {
    let server = Server::start([good()]);
    ask(&provider(&server), request).await.0.unwrap();
    server.only()
}

#[tokio::test]
async fn text_to_image_leaves_as_the_model_page_prints_it() {
    let seen = sent(&sunset()).await;
    let page = json!({
        "contents": [{"role": "user", "parts": [{"text": "Generate an image of a sunset over mountains"}]}],
        "generationConfig": {
            "responseModalities": ["TEXT", "IMAGE"],
            "imageConfig": {"aspectRatio": "16:9", "imageSize": "1K"}
        }
    });
    assert_eq!(seen.json(), page);
    assert_eq!(seen.line, "POST /v1beta/models/gemini-3.1-flash-lite-image:generateContent HTTP/1.1");
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("accept-encoding"), Some("gzip"), "no packing but the one that can be read");
}

#[tokio::test]
async fn editing_leaves_as_the_model_page_prints_it() {
    let folder = tempfile::tempdir().unwrap();
    let photo = jpeg(50_000);
    fs::write(folder.path().join("your_photo.jpg"), &photo).unwrap();
    let server = Server::start([good()]);
    let request = Request {
        prompt: "Hi, this is a picture of me. Can you add a llama next to me?".into(),
        references: vec!["your_photo.jpg".into()],
        aspect_ratio: Some(AspectRatio::Square),
        ..sunset()
    };
    ask(&provider_in(&server, folder.path()), &request).await.0.unwrap();
    let page = json!({
        "contents": [{"role": "user", "parts": [
            {"text": "Hi, this is a picture of me. Can you add a llama next to me?"},
            {"inline_data": {"mime_type": "image/jpeg", "data": base64(&photo)}}
        ]}],
        "generationConfig": {
            "responseModalities": ["TEXT", "IMAGE"],
            "imageConfig": {"aspectRatio": "1:1", "imageSize": "1K"}
        }
    });
    assert_eq!(server.only().json(), page);
}

#[tokio::test]
async fn references_keep_their_order_and_are_typed_by_content() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.jpg"), png(10)).unwrap();
    fs::write(folder.path().join("b.png"), jpeg(10)).unwrap();
    fs::write(folder.path().join("c"), b"RIFF\x0C\0\0\0WEBPVP8 ").unwrap();
    let server = Server::start([good()]);
    let request = Request { references: vec!["b.png".into(), "c".into(), "a.jpg".into()], ..sunset() };
    ask(&provider_in(&server, folder.path()), &request).await.0.unwrap();
    let body = server.only().json();
    let parts = body["contents"][0]["parts"].as_array().unwrap();
    let types: Vec<_> = parts[1..].iter().map(|part| part["inline_data"]["mime_type"].as_str().unwrap()).collect();
    assert_eq!(types, ["image/jpeg", "image/webp", "image/png"]);
    assert_eq!(parts[3]["inline_data"]["data"], base64(&png(10)));
}

#[tokio::test]
async fn what_is_set_is_sent_and_what_is_not_is_left_out() {
    let all = Request {
        prompt: "A \"quoted\" prompt,\nover two lines: äöü 🦙".into(),
        thinking: Some(Thinking::High),
        modalities: Modalities::Image,
        temperature: Some(0.7),
        seed: Some(-42),
        system_instruction: Some("Only \\ photographs.".into()),
        ..sunset()
    };
    let expected = json!({
        "contents": [{"role": "user", "parts": [{"text": all.prompt}]}],
        "systemInstruction": {"parts": [{"text": "Only \\ photographs."}]},
        "generationConfig": {
            "responseModalities": ["IMAGE"],
            "imageConfig": {"aspectRatio": "16:9", "imageSize": "1K"},
            "thinkingConfig": {"thinkingLevel": "HIGH"},
            "temperature": 0.7,
            "seed": -42
        }
    });
    assert_eq!(sent(&all).await.json(), expected);
    let least = Request { aspect_ratio: None, thinking: Some(Thinking::Minimal), ..sunset() };
    let config = sent(&least).await.json()["generationConfig"].clone();
    let expected = json!({
        "responseModalities": ["TEXT", "IMAGE"],
        "imageConfig": {"imageSize": "1K"},
        "thinkingConfig": {"thinkingLevel": "MINIMAL"}
    });
    assert_eq!(config, expected);
}

#[tokio::test]
async fn the_key_travels_the_way_it_was_told_and_no_other() {
    let bearer = format!("Bearer {KEY}");
    for (auth, query, header, authorization) in [
        (Auth::Query, true, None, None),
        (Auth::Header, false, Some(KEY), None),
        (Auth::Bearer, false, None, Some(bearer.as_str())),
    ] {
        let server = Server::start([good()]);
        let gemini = Gemini::new(settings(&server.url(), auth)).unwrap();
        ask(&gemini, &sunset()).await.0.unwrap();
        let seen = server.only();
        assert_eq!(seen.target().ends_with(&format!(":generateContent?key={KEY}")), query, "{seen:?}");
        assert_eq!(seen.target().contains('?'), query);
        assert_eq!(seen.header("x-goog-api-key"), header);
        assert_eq!(seen.header("authorization"), authorization);
    }
}

#[tokio::test]
async fn a_base_url_may_hold_a_path_and_a_model_leads_nowhere_else() {
    let path = "/gemini/v1beta/models/m:generateContent";
    for (base, model, expected) in [
        ("/gemini", "m", path),
        ("/gemini/", "m", path),
        ("/", "m", "/v1beta/models/m:generateContent"),
        ("", "../x?y#z", "/v1beta/models/..%2Fx%3Fy%23z:generateContent"),
    ] {
        let server = Server::start([good()]);
        let gemini = Gemini::new(settings(&format!("{}{base}", server.url()), Auth::Header)).unwrap();
        let request = Request { model: model.into(), ..sunset() };
        ask(&gemini, &request).await.0.unwrap();
        assert_eq!(server.only().target(), expected);
    }
}

#[test]
fn a_base_url_of_no_use_is_refused_without_being_printed() {
    for bad in ["host/path", "ftp://host", "https://host?key=s3cr3t", "https://me:s3cr3t@host", ""] {
        let error = Gemini::new(settings(bad, Auth::Query)).unwrap_err().to_string();
        assert!(error.contains("the base URL") && !error.contains("s3cr3t"), "{error}");
    }
    for good in ["https://[::1]:8080/path", "http://localhost", "https://www.anyfast.ai"] {
        Gemini::new(settings(good, Auth::Query)).unwrap();
    }
}

#[tokio::test]
async fn a_reference_that_is_gone_or_no_picture_is_the_items_fault_and_nothing_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.jpg"), "not a picture").unwrap();
    for (reference, words) in [("gone.jpg", "cannot be read"), ("notes.jpg", "no JPEG, PNG or WebP")] {
        let server = Server::start([]);
        let request = Request { references: vec![reference.into()], ..sunset() };
        let (result, _) = ask(&provider_in(&server, folder.path()), &request).await;
        let Err(AskError::Failed(failure)) = result else { panic!("{result:?}") };
        assert_eq!((failure.kind, failure.reach), (FailureKind::Rejected, Reach::Unsent), "{failure:?}");
        assert!(failure.message.contains(reference) && failure.message.contains(words), "{}", failure.message);
        assert!(server.seen().is_empty());
    }
}
