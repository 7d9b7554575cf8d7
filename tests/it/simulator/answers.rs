//! Good answers: their shape, their pictures, and that the same ask gets the same one. Never lets anything go wrong.

use std::collections::HashSet;
use std::io::Cursor;
use std::time::{Duration, Instant};

use overnight::simulator::{AspectRatio, Settings};
use serde_json::json;
use zune_core::bytestream::ZCursor;

use super::*;

/// Pixels across and down, as the head of the file tells.
fn size_of(bytes: &[u8]) -> (usize, usize) {
    let size = imagesize::blob_size(bytes).unwrap();
    (size.width, size.height)
}

/// Decodes a whole picture and returns its size.
fn decoded(mime_type: &str, bytes: &[u8]) -> (usize, usize) {
    let (size, pixels) = match mime_type {
        "image/png" => {
            let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut pixels).unwrap();
            (size_of(bytes), pixels)
        }
        "image/jpeg" => (size_of(bytes), zune_jpeg::JpegDecoder::new(ZCursor::new(bytes)).decode().unwrap()),
        other => panic!("{other}"),
    };
    assert_eq!(pixels.len(), size.0 * size.1 * 3);
    size
}

#[tokio::test]
async fn small_pictures_have_a_sixteenth_of_every_size_and_cost_as_much() {
    let simulator = start(Settings { small_pictures: true, ..Settings::default() }).await;
    for ratio in AspectRatio::ALL {
        let mut body = request("a cup");
        body["generationConfig"]["imageConfig"] = json!({"aspectRatio": ratio.name});
        let (status, answer) = ask(&simulator, &body).await;
        let part = answer["candidates"][0]["content"]["parts"].as_array().unwrap().last().unwrap();
        let bytes = STANDARD.decode(part["inlineData"]["data"].as_str().unwrap()).unwrap();
        let expected = (ratio.width as usize / 16, ratio.height as usize / 16);
        assert_eq!((status, size_of(&bytes)), (200, expected), "{}", ratio.name);
        assert!(ratio.width.is_multiple_of(16) && ratio.height.is_multiple_of(16));
        assert!(answer["usageMetadata"]["candidatesTokenCount"].as_u64().unwrap() > 1_120);
    }
}

#[tokio::test]
async fn the_model_pages_request_for_a_picture_is_answered_as_the_page_says() {
    let simulator = start(Settings::default()).await;
    let page = r#"{
      "contents": [
        {
          "role": "user",
          "parts": [
            { "text": "Generate an image of a sunset over mountains" }
          ]
        }
      ],
      "generationConfig": {
        "responseModalities": ["TEXT", "IMAGE"],
        "imageConfig": {
          "aspectRatio": "16:9",
          "imageSize": "1K"
        }
      }
    }"#;
    let url = format!("{}{MODEL_PATH}?key=YOUR_API_KEY", simulator.base_url());
    let (status, answer) = read(client().post(url).body(page).send().await.unwrap()).await;
    assert_eq!(status, 200, "{answer}");
    let candidate = &answer["candidates"][0];
    assert_eq!((&candidate["finishReason"], &candidate["index"]), (&json!("STOP"), &json!(0)));
    let caption = candidate["content"]["parts"][0]["text"].as_str().unwrap();
    assert!(caption.contains("a sunset over mountains"), "{caption}");
    let usage = &answer["usageMetadata"];
    let tokens = |name: &str| usage[name].as_u64().unwrap();
    assert!(tokens("candidatesTokenCount") > 1_120);
    assert_eq!(tokens("totalTokenCount"), tokens("promptTokenCount") + tokens("candidatesTokenCount"));
    assert_eq!(answer["modelVersion"], "gemini-3.1-flash-lite-image");
    assert!(!answer["responseId"].as_str().unwrap().is_empty());
    assert_eq!(size_of(&picture(&answer).1), (1376, 768));
}

#[tokio::test]
async fn the_model_pages_request_for_an_edit_is_accepted_in_snake_case_and_in_camel_case() {
    let simulator = start(Settings::default()).await;
    let text = json!({"text": "Hi, this is a picture of me. Can you add a llama next to me?"});
    let data = reference(30, 20);
    let config =
        json!({"responseModalities": ["TEXT", "IMAGE"], "imageConfig": {"aspectRatio": "1:1", "imageSize": "1K"}});
    let snake = json!({"inline_data": {"mime_type": "image/jpeg", "data": data}});
    let camel = json!({"inlineData": {"mimeType": "image/jpeg", "data": data}});
    let mut asks = Vec::new();
    for image in [snake, camel] {
        let body = json!({"contents": [{"role": "user", "parts": [text, image]}], "generationConfig": config});
        let (status, answer) = ask(&simulator, &body).await;
        assert_eq!(status, 200, "{answer}");
        asks.push(answer["usageMetadata"]["promptTokensDetails"][1]["modality"].clone());
    }
    assert_eq!(asks, ["IMAGE", "IMAGE"]);
    // Both spellings are one request: the second was its second ask.
    assert_eq!(simulator.stats().answered_again, 1);
}

#[tokio::test]
async fn every_setting_that_the_protocol_knows_is_accepted() {
    let simulator = start(Settings::default()).await;
    let file = json!({"fileData": {"fileUri": "gs://x/y", "mimeType": "image/webp"}});
    let body = json!({
        "contents": [{"role": "user", "parts": [{"text": "a cup"}, file]}],
        "system_instruction": {"parts": [{"text": "Plain backgrounds only."}]},
        "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        "generation_config": {
            "response_modalities": ["IMAGE"],
            "image_config": {"aspect_ratio": "21:9", "image_size": "1K"},
            "thinking_config": {"thinking_level": "HIGH", "include_thoughts": false},
            "temperature": 1, "top_p": 0.5, "topK": 40, "seed": -7, "maxOutputTokens": 4096, "candidateCount": 1,
        },
        "labels": {"team": "catalogue"},
        "serviceTier": "standard",
    });
    let (status, answer) = ask(&simulator, &body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["candidates"][0]["content"]["parts"].as_array().unwrap().len(), 1, "no caption was asked for");
    assert!(answer["usageMetadata"]["thoughtsTokenCount"].as_u64() > Some(0));
}

#[tokio::test]
async fn pictures_are_whole_and_of_the_ratio_asked_for() {
    let simulator = start(Settings::default()).await;
    for ratio in AspectRatio::ALL {
        let mut body = request("a café table for große Gäste");
        body["generationConfig"]["imageConfig"] = json!({"aspectRatio": ratio.name});
        let (mime_type, bytes) = picture(&ask(&simulator, &body).await.1);
        assert_eq!(decoded(&mime_type, &bytes), (ratio.width as usize, ratio.height as usize), "{}", ratio.name);
    }
}

#[tokio::test]
async fn without_a_ratio_the_first_reference_decides() {
    let simulator = start(Settings::default()).await;
    let mut body = request("the same, but brighter");
    assert_eq!(size_of(&picture(&ask(&simulator, &body).await.1).1), (1024, 1024));
    let image = json!({"inlineData": {"mimeType": "image/png", "data": reference(90, 158)}});
    body["contents"][0]["parts"].as_array_mut().unwrap().push(image);
    assert_eq!(size_of(&picture(&ask(&simulator, &body).await.1).1), (768, 1376));
}

#[tokio::test]
async fn the_same_ask_gets_the_same_answer_from_any_server_with_that_seed() {
    let settings = Settings { seed: 7, ..Settings::default() };
    let (one, two) = (start(settings.clone()).await, start(settings).await);
    let other = start(Settings { seed: 8, ..Settings::default() }).await;
    let body = request("a cup");
    let first = ask(&one, &body).await;
    assert_eq!(first, ask(&two, &body).await);
    assert_ne!(first, ask(&other, &body).await);
    let second = ask(&one, &body).await;
    assert_ne!(first, second);
    assert_eq!(second, ask(&two, &body).await);
}

#[tokio::test]
async fn different_prompts_get_different_pictures_in_both_formats() {
    let simulator = start(Settings::default()).await;
    let (mut types, mut pictures) = (HashSet::new(), HashSet::new());
    for number in 0..12 {
        let (mime_type, bytes) = picture(&ask(&simulator, &request(&format!("cup number {number}"))).await.1);
        types.insert(mime_type);
        pictures.insert(bytes);
    }
    assert_eq!((types.len(), pictures.len()), (2, 12));
}

#[tokio::test]
async fn the_base_may_hold_a_path_and_anything_else_is_not_found() {
    let simulator = start(Settings::default()).await;
    let at = async |path: &str| {
        let url = format!("{}{path}?key=k", simulator.base_url());
        read(client().post(url).body(request("a cup").to_string()).send().await.unwrap()).await
    };
    assert_eq!(at(&format!("/some/gemini{MODEL_PATH}")).await.0, 200);
    for path in ["/", "/v1beta/models/:generateContent", "/v1beta/models/gemini-3.1-flash-lite-image:countTokens"] {
        let (status, answer) = at(path).await;
        assert_eq!((status, &answer["error"]["status"]), (404, &json!("NOT_FOUND")), "{path}");
    }
    let (status, answer) = at("/v1beta/models/gemini-0-imaginary:generateContent").await;
    assert_eq!((status, &answer["error"]["code"]), (404, &json!(404)));
    assert!(answer["error"]["message"].as_str().unwrap().contains("gemini-0-imaginary"));
}

#[tokio::test]
async fn a_valid_request_waits_at_least_the_latency() {
    let latency = Duration::from_millis(60);
    let simulator = start(Settings { latency, jitter: Duration::from_millis(5), ..Settings::default() }).await;
    let start = Instant::now();
    assert_eq!(ask(&simulator, &request("a cup")).await.0, 200);
    assert!(start.elapsed() >= latency);
}
