//! What the simulator refuses, and that it names the field. Never sends a valid request.

use serde_json::json;

use super::*;

/// Sends a body that is wrong and returns the message it gets.
async fn fault_of(simulator: &Simulator, body: &Value) -> String {
    let (status, answer) = ask(simulator, body).await;
    let error = &answer["error"];
    assert_eq!((status, &error["code"], &error["status"]), (400, &json!(400), &json!("INVALID_ARGUMENT")), "{body}");
    error["message"].as_str().unwrap().to_owned()
}

/// A valid request but for the value at a JSON pointer; a missing object on the way is made.
fn with(pointer: &[&str], value: Value) -> Value {
    let mut body = request("a cup");
    let mut place = &mut body;
    for key in pointer {
        place = match key.parse::<usize>() {
            Ok(index) => &mut place[index],
            Err(_) => &mut place[*key],
        };
    }
    *place = value;
    body
}

#[tokio::test]
async fn unknown_fields_are_refused_by_name_at_every_level() {
    let simulator = start(Settings::default()).await;
    let levels: [&[&str]; 7] = [
        &["typo"],
        &["contents", "0", "typo"],
        &["contents", "0", "parts", "0", "typo"],
        &["generationConfig", "typo"],
        &["generationConfig", "imageConfig", "typo"],
        &["generationConfig", "thinkingConfig", "typo"],
        &["systemInstruction", "typo"],
    ];
    for pointer in levels {
        let message = fault_of(&simulator, &with(pointer, json!(1))).await;
        assert!(message.contains("typo"), "{pointer:?}: {message}");
    }
}

#[tokio::test]
async fn wrong_values_are_refused_with_the_path_of_their_field() {
    let simulator = start(Settings::default()).await;
    let config = |field: &'static str, value: Value| (field, with(&["generationConfig", field], value));
    let image = |field: &'static str, value: Value| (field, with(&["generationConfig", "imageConfig", field], value));
    let bodies = [
        config("responseModalities", json!([])),
        config("responseModalities", json!(["TEXT"])),
        config("responseModalities", json!(["image"])),
        config("responseModalities", json!("IMAGE")),
        config("responseModalities", Value::Null),
        config("temperature", json!(2.1)),
        config("temperature", json!("1")),
        config("topP", json!(1.5)),
        config("seed", json!(3_000_000_000_u32)),
        config("candidateCount", json!(2)),
        image("aspectRatio", json!("5:3")),
        image("aspectRatio", json!("16x9")),
        image("imageSize", json!("1k")),
        image("imageSize", json!("2K")),
        ("thinkingLevel", with(&["generationConfig", "thinkingConfig", "thinkingLevel"], json!("minimal"))),
        ("safetySettings", with(&["safetySettings"], json!([{"category": "HARM_CATEGORY_FUN", "threshold": "OFF"}]))),
        ("contents", with(&["contents"], json!([]))),
        ("contents", with(&["contents"], json!("a cup"))),
        ("role", with(&["contents", "0", "role"], json!("assistant"))),
        ("role", with(&["contents", "0", "role"], json!("system"))),
        ("parts", with(&["contents", "0", "parts"], json!([]))),
        ("parts", with(&["contents", "0", "parts"], json!([{}]))),
    ];
    for (field, body) in bodies {
        let message = fault_of(&simulator, &body).await;
        assert!(message.contains(field), "{body}: {message}");
    }
    assert_eq!(simulator.stats().answered, 0);
}

#[tokio::test]
async fn a_text_is_required() {
    let simulator = start(Settings::default()).await;
    let image_alone = json!([{"inlineData": {"mimeType": "image/png", "data": reference(8, 8)}}]);
    for parts in [json!([{"text": ""}]), json!([{"text": " \n"}]), image_alone] {
        let message = fault_of(&simulator, &with(&["contents", "0", "parts"], parts)).await;
        assert!(message.contains("text"), "{message}");
    }
}

#[tokio::test]
async fn references_must_be_base64_of_a_picture_and_not_too_many() {
    let simulator = start(Settings::default()).await;
    let part = |mime_type: &str, data: &str| json!({"inlineData": {"mimeType": mime_type, "data": data}});
    let good = reference(8, 8);
    let wrong = [
        part("image/png", "no base64!"),
        part("image/png", ""),
        part("image/png", &good[..good.len() - 1]),
        part("image/png", &STANDARD.encode("plain text, however long it may be, is no picture")),
        part("image/gif", &good),
        json!({"inlineData": {"mimeType": "image/png"}}),
        json!({"inlineData": {"data": good}, "text": "both in one part"}),
    ];
    for image in wrong {
        let message = fault_of(&simulator, &with(&["contents", "0", "parts"], json!([{"text": "edit"}, image]))).await;
        assert!(message.contains("parts[1]"), "{message}");
    }
    let mut parts = vec![json!({"text": "edit"})];
    parts.extend(vec![part("image/png", &good); 15]);
    let message = fault_of(&simulator, &with(&["contents", "0", "parts"], json!(parts))).await;
    assert!(message.contains("at most 14"), "{message}");
}

#[tokio::test]
async fn a_body_that_is_not_one_json_document_is_refused() {
    let simulator = start(Settings::default()).await;
    let whole = request("a cup").to_string();
    for body in [String::new(), whole[..whole.len() - 1].to_owned(), format!("{whole}{whole}"), "[]".to_owned()] {
        let (status, answer) = read(post(&simulator, &json!(null)).body(body).send().await.unwrap()).await;
        assert_eq!((status, &answer["error"]["status"]), (400, &json!("INVALID_ARGUMENT")));
    }
}

#[tokio::test]
async fn large_references_are_accepted() {
    let simulator = start(Settings::default()).await;
    // A PNG ends at its IEND; what follows makes it large without making it wrong.
    let mut bytes = STANDARD.decode(reference(8, 8)).unwrap();
    bytes.resize(6_000_000, 0);
    let image = json!({"inlineData": {"mimeType": "image/png", "data": STANDARD.encode(bytes)}});
    let body = with(&["contents", "0", "parts"], json!([{"text": "edit"}, image]));
    assert_eq!(ask(&simulator, &body).await.0, 200);
}
