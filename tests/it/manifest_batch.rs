//! Lines of Gemini's batch format: what they become, and how their mistakes are told.

use overnight::domain::{AspectRatio, Item, Modalities, Thinking};

use crate::manifest::open;

fn items(text: &str) -> Vec<Item> {
    let (_folder, manifest) = open("p.jsonl", text);
    manifest.flat_map(|row| row.unwrap_or_else(|bad| panic!("{:?}", bad.faults)).1).collect()
}

fn faults(text: &str) -> Vec<String> {
    let (_folder, manifest) = open("p.jsonl", text);
    manifest.filter_map(Result::err).flat_map(|bad| bad.faults).map(|fault| fault.to_string()).collect()
}

/// A line whose request holds this beside a prompt.
fn with(settings: &str) -> String {
    format!(r#"{{"key":"a","request":{{"contents":[{{"parts":[{{"text":"A cup"}}]}}],{settings}}}}}"#)
}

#[test]
fn a_batch_line_says_the_same_as_a_plain_one_in_either_way_of_writing() {
    let camel = r#"{"key": "cup", "request": {"model": "models/other", "contents": [{"role": "user", "parts": [{"text": "A cup"}, {"text": "on oak"}]}],
        "systemInstruction": {"parts": [{"text": "Plain."}]},
        "generationConfig": {"responseModalities": ["IMAGE"], "temperature": 0.5, "seed": -7,
        "imageConfig": {"aspectRatio": "4:5", "imageSize": "1K"}, "thinkingConfig": {"thinkingLevel": "HIGH"}}}}"#;
    let camel = camel.replace('\n', " ");
    let snake = [
        ("systemInstruction", "system_instruction"),
        ("generationConfig", "generation_config"),
        ("responseModalities", "response_modalities"),
        ("imageConfig", "image_config"),
        ("aspectRatio", "aspect_ratio"),
        ("imageSize", "image_size"),
        ("thinkingConfig", "thinking_config"),
        ("thinkingLevel", "thinking_level"),
    ];
    let snake = snake.into_iter().fold(camel.clone(), |line, (camel, snake)| line.replace(camel, snake));
    let plain = r#"{"id": "cup", "model": "other", "prompt": "A cup\non oak", "modalities": "image", "temperature": 0.5, "seed": -7, "aspect_ratio": "4:5", "image_size": "1K", "thinking": "high"}"#;
    let read = items(&format!("{camel}\n{snake}\n{plain}\n"));
    assert_eq!(read[0], read[1]);
    let request = &read[0].request;
    assert_eq!((read[0].id.as_str(), request.system_instruction.as_deref()), ("cup", Some("Plain.")));
    assert_eq!((request.aspect_ratio, request.thinking), (Some(AspectRatio::R4x5), Some(Thinking::High)));
    assert_eq!(request.modalities, Modalities::Image);
    let mut instructed = read[2].request.clone();
    instructed.system_instruction = Some("Plain.".to_owned());
    assert_eq!(request, &instructed);
}

#[test]
fn a_batch_line_that_sets_nothing_takes_the_defaults_and_mixes_with_plain_rows() {
    let bare = r#"{"request":{"contents":[{"parts":[{"text":"A cup"}]}],"generationConfig":null}}"#;
    let read = items(&format!("{}\n{{\"prompt\":\"A cup\"}}\n{bare}\n", with(r#""labels":null"#)));
    assert_eq!(read[0].id.as_str(), "a");
    assert_eq!((&read[1], &read[0].request), (&read[2], &read[1].request), "without a key the request names the item");
    let both = with(r#""generationConfig":{"responseModalities":["IMAGE","TEXT"]}"#);
    assert_eq!(items(&both)[0].request.modalities, Modalities::TextAndImage);
    let plain = r#"{"id":"x","prompt":"A hat","key":"mine","request":{"from":"Ann"}}"#;
    assert_eq!(items(plain)[0].id.as_str(), "x", "a row that has a prompt is a plain row");
}

#[test]
fn columns_beside_the_request_add_what_the_format_cannot_say() {
    let line = r#"{"key":"a","images":["b.png"],"variants":2,"name":"cups/a","request":{"contents":[{"parts":[{"text":"A cup"}]}]}}"#;
    let (_folder, mut manifest) = open("p.jsonl", line);
    let (row, items) = manifest.next().unwrap().unwrap();
    assert_eq!(items.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), ["cups/a-1", "cups/a-2"]);
    assert_eq!(items[0].request.references, ["b.png"]);
    assert_eq!(manifest.columns(), ["key", "images", "variants", "name", "request"], "kept as they stand");
    assert_eq!(row.cells[0], "a");
}

/// Checks the fault of a line whose faulty value stands behind `^`.
fn check(marked: &str, expected: &str) {
    let column = marked.find('^').unwrap() + 1;
    let found = faults(&format!("{{\"prompt\":\"fine\"}}\n{}\n", marked.replace('^', "")));
    assert!(found.contains(&format!("p.jsonl:2:{column}: {expected}")), "{marked}: {found:#?}");
}

#[test]
fn a_setting_that_cannot_be_said_is_told_at_its_line_and_column() {
    let cannot = |name: &str, of: &str| format!("`{name}` of `{of}` cannot be sent from here; take it out");
    let integer = "write a whole number from -2147483648 to 2147483647";
    for (settings, expected) in [
        (r#""safetySettings":^[]"#, cannot("safetySettings", "request")),
        (r#""generationConfig":{"topP":^1}"#, cannot("topP", "generationConfig")),
        (r#""generationConfig":{"imageConfig":{"n":^1}}"#, cannot("n", "imageConfig")),
        (
            r#""generationConfig":{"thinkingConfig":{"includeThoughts":^true}}"#,
            cannot("includeThoughts", "thinkingConfig"),
        ),
        (r#""generationConfig":^7"#, "`generationConfig` must be an object, like {\"…\": …}".to_owned()),
        (r#""generationConfig":{"seed":^1.5}"#, format!("`seed`: `1.5` is not a seed; {integer}")),
        (
            r#""generationConfig":{"imageConfig":{"imageSize":^"2K"}}"#,
            "`image_size`: `2K` is not an image size the model has; use 1K".to_owned(),
        ),
        (
            r#""generationConfig":{"responseModalities":^["TEXT"]}"#,
            "`modalities`: `text` is not a list of modalities the model answers in; use text,image, image".to_owned(),
        ),
        (
            r#""system_instruction":{},"systemInstruction":^{}"#,
            "the key `systemInstruction` stands here twice; keep one".to_owned(),
        ),
    ] {
        check(&with(settings), &expected);
    }
}

#[test]
fn a_prompt_that_cannot_be_read_is_told_at_its_line_and_column() {
    let images = "save the image and name its file in `images`, beside `request`";
    let no_prompt = "there is no prompt; write {\"text\": \"…\"} into `contents[0].parts`";
    for (request, expected) in [
        (
            r#"{"contents":[{"parts":[{"inlineData":^{}},{"text":"x"}]}]}"#,
            format!("an image inside the line is not read; {images}"),
        ),
        (
            r#"{"contents":[{"parts":[{"file_data":^{}},{"text":"x"}]}]}"#,
            format!("a file kept by Google is not read; {images}"),
        ),
        (r#"{"contents":[{"parts":[{"text":^7}]}]}"#, "`text` must be text; put quotes around it".to_owned()),
        (r#"{"contents":^[{"parts":[]}]}"#, no_prompt.to_owned()),
        ("^{}", no_prompt.to_owned()),
        (r#"^"x""#, "`request` must be an object, like {\"…\": …}".to_owned()),
        (r#"{"contents":^{}}"#, "`contents` must be a list, like [ … ]".to_owned()),
        (
            r#"{"contents":[{"role":^"model","parts":[{"text":"x"}]}]}"#,
            "the role of `contents[0]` can only be `user`".to_owned(),
        ),
        (
            r#"{"contents":[{"parts":[{"text":"x"}]},^{}]}"#,
            "a conversation of several turns cannot be asked; keep one element of `contents`".to_owned(),
        ),
    ] {
        check(&format!(r#"{{"key":"a","request":{request}}}"#), &expected);
    }
    let twice = r#"{"id":^"b","key":"a","request":{"contents":[{"parts":[{"text":"x"}]}]}}"#;
    check(twice, "`id` is said here and by `key` on the same line; keep one");
}

#[test]
fn every_mistake_of_a_batch_line_is_told_and_reading_goes_on() {
    let bad = with(r#""labels":{},"generationConfig":{"topK":1,"topP":1}"#);
    let found = faults(&format!("{bad}\n{{\"prompt\":\"\"}}\n"));
    assert_eq!(found.len(), 4, "{found:#?}");
}
