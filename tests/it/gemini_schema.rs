//! Every request that leaves is one that Google's public schema accepts: alone, in pairs, and all settings together.
//! The servers of the other tests hold each request they see to the same schema. Never what comes back.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use overnight::domain::{AspectRatio, Auth, HarmCategory, HarmThreshold, ImageSize, Modalities, Request, Thinking};
use overnight::provider::gemini::{Gemini, GeminiSettings};
use serde_json::{Value, json};

use crate::support::gemini::{answer, ask, image_part, jpeg, list_folder, png, settings, sunset};
use crate::support::schema::wrong_with;
use crate::support::server::{Server, json as reply};

/// Something that is set in a request.
type Setting = Box<dyn Fn(&mut Request)>;

/// Every value of every setting, one at a time.
fn every_setting() -> Vec<Setting> {
    let mut all: Vec<Setting> = vec![
        Box::new(|request| request.prompt = "\u{0}\"\\ \u{2028} äöü 🦙\n".into()),
        Box::new(|request| request.references = vec!["a.jpg".into()]),
        Box::new(|request| {
            request.references = ["a.jpg", "b.png", "c.webp"].repeat(4).iter().map(|it| (*it).into()).collect()
        }),
        Box::new(|request| request.temperature = Some(0.0)),
        Box::new(|request| request.temperature = Some(2.0)),
        Box::new(|request| request.seed = Some(i32::MIN)),
        Box::new(|request| request.seed = Some(i32::MAX)),
        Box::new(|request| request.system_instruction = Some("Only \\ \"photographs\".".into())),
        Box::new(|request| request.labels = BTreeMap::from([("shop".into(), "north".into())])),
        Box::new(|request| extra(request, json!({"serviceTier": "flex"}))),
        Box::new(|request| extra(request, json!({"generation_config": {"topP": 0.5, "image_config": {}}}))),
    ];
    all.extend(AspectRatio::ALL.iter().map(|value| set(|request, value| request.aspect_ratio = Some(value), *value)));
    all.extend(ImageSize::ALL.iter().map(|value| set(|request, value| request.image_size = value, *value)));
    all.extend(Thinking::ALL.iter().map(|value| set(|request, value| request.thinking = Some(value), *value)));
    all.extend(Modalities::ALL.iter().map(|value| set(|request, value| request.modalities = value, *value)));
    let harms = HarmCategory::ALL.iter().zip(HarmThreshold::ALL.iter().cycle());
    all.extend(harms.map(|harm| {
        set(|request, (category, threshold)| _ = request.safety.insert(category, threshold), (*harm.0, *harm.1))
    }));
    all
}

fn set<T: Copy + 'static>(apply: impl Fn(&mut Request, T) + 'static, value: T) -> Setting {
    Box::new(move |request| apply(request, value))
}

fn extra(request: &mut Request, fields: Value) {
    request.extra.extend(fields.as_object().unwrap().clone());
}

/// What leaves for each of these requests.
async fn sent(requests: &[Request], folder: &Path) -> Vec<Value> {
    let good = reply(200, &answer(&image_part(&png(9)), "STOP"));
    let server = Server::start(requests.iter().map(|_| good.clone()));
    let to_folder = GeminiSettings { references: list_folder(folder), ..settings(&server.url(), Auth::Header) };
    let gemini = Gemini::new(to_folder).unwrap();
    for request in requests {
        ask(&gemini, request).await.0.unwrap();
    }
    server.seen().iter().map(|seen| seen.json()).collect()
}

fn assert_accepted(requests: &[Request], sent: &[Value]) {
    assert_eq!(requests.len(), sent.len());
    for (request, sent) in requests.iter().zip(sent) {
        assert_eq!(wrong_with(sent), [""; 0], "{request:?}");
    }
}

#[tokio::test]
async fn every_setting_and_every_pair_of_settings_makes_a_request_that_the_schema_accepts() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.jpg"), jpeg(7)).unwrap();
    fs::write(folder.path().join("b.png"), png(8)).unwrap();
    fs::write(folder.path().join("c.webp"), b"RIFF\x0C\0\0\0WEBPVP8 ").unwrap();
    let settings = every_setting();
    let mut requests = vec![Request::new("m", "a cup")];
    for (number, one) in settings.iter().enumerate() {
        for other in &settings[number..] {
            let mut request = Request::new("m", "a cup");
            one(&mut request);
            other(&mut request);
            requests.push(request);
        }
    }
    let mut everything = sunset();
    settings.iter().for_each(|set| set(&mut everything));
    assert_eq!(everything.safety.len(), HarmCategory::ALL.len());
    requests.push(everything);
    let sent = sent(&requests, folder.path()).await;
    assert_accepted(&requests, &sent);
}

#[test]
fn the_checker_accepts_the_model_pages_requests_in_both_casings() {
    let text = json!({
        "contents": [{"role": "user", "parts": [{"text": "Generate an image of a sunset over mountains"}]}],
        "generationConfig": {
            "responseModalities": ["TEXT", "IMAGE"],
            "imageConfig": {"aspectRatio": "16:9", "imageSize": "1K"}
        }
    });
    let edit = json!({
        "contents": [{"role": "user", "parts": [
            {"text": "Hi, this is a picture of me. Can you add a llama next to me?"},
            {"inline_data": {"mime_type": "image/jpeg", "data": "/9j/"}}
        ]}],
        "generation_config": {
            "response_modalities": ["TEXT", "IMAGE"],
            "image_config": {"aspect_ratio": "1:1", "image_size": "1K"}
        }
    });
    for request in [text, edit] {
        assert_eq!(wrong_with(&request), [""; 0]);
    }
}

#[test]
fn the_checker_finds_what_the_schema_does_not_accept() {
    for (pointer, value, complaint) in [
        ("/contents", json!([]), "request.contents: [] is not"),
        ("/contents/0/role", json!("person"), "request.contents[0].role: \"person\" is not"),
        ("/contents/0/parts/0", json!({}), "holds 0 of"),
        (
            "/contents/0/parts/0",
            json!({"text": "a", "inlineData": {"mimeType": "image/png", "data": "aaaa"}}),
            "holds 2 of",
        ),
        (
            "/contents/0/parts/0",
            json!({"inlineData": {"mimeType": "image/gif", "data": "aaaa"}}),
            "\"image/gif\" is not",
        ),
        ("/contents/0/parts/0", json!({"inlineData": {"mimeType": "image/png", "data": "a-_="}}), "\"a-_=\" is not"),
        ("/contents/0/parts/0", json!({"inlineData": {"data": "aaaa"}}), "mimeType: is missing"),
        ("/generationConfig/imageConfig/imageSize", json!("1k"), "\"1k\" is not"),
        ("/generationConfig/imageConfig/aspectRatio", json!("5:3"), "\"5:3\" is not"),
        ("/generationConfig/imageConfig", json!({"outputMimeType": "image/png"}), "there is no such field"),
        ("/generationConfig/imageConfig", json!({"imageSize": "1K", "image_size": "1K"}), "stands in both casings"),
        ("/generationConfig/responseModalities", json!(["image"]), "\"image\" is not"),
        ("/generationConfig/seed", json!(2147483648_i64), "2147483648 is not"),
        ("/generationConfig/seed", json!(0.5), "0.5 is not"),
        ("/generationConfig/temperature", json!("1"), "\"1\" is not"),
        ("/generationConfig", json!({}), "responseModalities: is missing"),
        ("/safetySettings/0/threshold", json!("BLOCK_ALL"), "\"BLOCK_ALL\" is not"),
        ("/safetySettings/0", json!({"category": "HARM_CATEGORY_JAILBREAK", "threshold": "OFF"}), "stands twice"),
        ("/labels", json!({"year": 2026}), "request.labels: {\"year\":2026} is not"),
        ("/systemInstruction", json!("Plain."), "request.systemInstruction: \"Plain.\" is not"),
    ] {
        let mut request = everything_right();
        *request.pointer_mut(pointer).expect(pointer) = value;
        let wrong = wrong_with(&request);
        assert!(wrong.len() == 1 && wrong[0].contains(complaint), "{pointer}: {wrong:?}");
    }
}

fn everything_right() -> Value {
    let request = json!({
        "contents": [{"role": "user", "parts": [{"text": "a cup"}]}],
        "systemInstruction": {"parts": [{"text": "Plain."}]},
        "safetySettings": [
            {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"},
            {"category": "HARM_CATEGORY_JAILBREAK", "threshold": "OFF"}
        ],
        "labels": {"shop": "north"},
        "generationConfig": {
            "responseModalities": ["IMAGE"],
            "imageConfig": {"aspectRatio": "1:1", "imageSize": "1K"},
            "temperature": 1,
            "seed": 7
        }
    });
    assert_eq!(wrong_with(&request), [""; 0]);
    request
}
