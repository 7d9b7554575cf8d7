//! A request as the protocol writes it, piece by piece. Never sends anything, and holds no image of its own.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use serde::Serialize;

use super::base64_stream::encoded_length;
use super::reference_file::ReferenceError;
use super::references::{Reference, References};
use super::request_body::{Piece, RequestBody};
use crate::domain::{
    HarmCategory, HarmThreshold, LARGEST_REQUEST, Modalities, Request, Thinking, is_address, lay_over,
};

/// The body of the request. Every reference has been opened when this returns, so that one of no use is found before
/// anything leaves.
pub(super) async fn open(request: &Request, references: &References) -> Result<RequestBody, ReferenceError> {
    let prompt = to_json(&Text { text: &request.prompt });
    let mut pieces = vec![Piece::Text(format!(r#"{{"contents":[{{"role":"user","parts":[{prompt}"#))];
    for image in opened(request, references).await? {
        let media_type = image.format().media_type();
        pieces.push(Piece::Text(format!(r#",{{"inline_data":{{"mime_type":"{media_type}","data":""#)));
        pieces.push(Piece::Image(image));
        pieces.push(Piece::Text(r#""}}"#.to_owned()));
    }
    let settings = settings(request);
    // The settings are an object of their own: without its opening brace it continues this one.
    pieces.push(Piece::Text(format!("]}}],{}", &settings[1..])));
    Ok(RequestBody::new(pieces))
}

/// The references of the request, in their order. Where one has to be fetched, how large all are together shows only now.
async fn opened(request: &Request, references: &References) -> Result<Vec<Reference>, ReferenceError> {
    let opening = request.references.iter().zip(1..).map(|(reference, number)| async move {
        references.open(reference).await.map_err(|error| error.of_number(number))
    });
    let images = try_join_all(opening).await?;
    let bytes = images.iter().map(|image| encoded_length(image.length())).sum();
    match bytes > LARGEST_REQUEST && request.references.iter().any(|reference| is_address(reference)) {
        true => Err(ReferenceError::TooMuch { bytes }),
        false => Ok(images),
    }
}

/// Everything of the body but `contents`, as an object that holds something: what else the person wants in it comes
/// last and wins.
fn settings(request: &Request) -> String {
    let ours = Settings::of(request);
    if request.extra.is_empty() {
        return to_json(&ours);
    }
    let mut settings = serde_json::to_value(ours).unwrap_or_default();
    if let Some(fields) = settings.as_object_mut() {
        lay_over(fields, &request.extra);
    }
    settings.to_string()
}

/// Serialising these plain shapes into memory cannot fail: there is no map with odd keys and no I/O in them.
fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

/// Everything of the body but `contents`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Settings<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Instruction<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    safety_settings: Vec<SafetySetting>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: &'a BTreeMap<String, String>,
    generation_config: GenerationConfig,
}

#[derive(Serialize)]
struct Instruction<'a> {
    parts: [Text<'a>; 1],
}

#[derive(Serialize)]
struct SafetySetting {
    category: HarmCategory,
    threshold: HarmThreshold,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig {
    response_modalities: &'static [&'static str],
    image_config: ImageConfig,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<ThinkingConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    aspect_ratio: Option<&'static str>,
    image_size: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ThinkingConfig {
    thinking_level: &'static str,
}

impl<'a> Settings<'a> {
    fn of(request: &'a Request) -> Self {
        Self {
            system_instruction: request
                .system_instruction
                .as_deref()
                .map(|text| Instruction { parts: [Text { text }] }),
            safety_settings: safety_settings(request),
            labels: &request.labels,
            generation_config: GenerationConfig {
                response_modalities: modalities(request.modalities),
                image_config: ImageConfig {
                    aspect_ratio: request.aspect_ratio.map(|ratio| ratio.as_str()),
                    image_size: request.image_size.as_str(),
                },
                thinking_config: request.thinking.map(|thinking| ThinkingConfig { thinking_level: level(thinking) }),
                temperature: request.temperature,
                seed: request.seed,
            },
        }
    }
}

fn safety_settings(request: &Request) -> Vec<SafetySetting> {
    request
        .safety
        .iter()
        .map(|(category, threshold)| SafetySetting { category: *category, threshold: *threshold })
        .collect()
}

fn modalities(modalities: Modalities) -> &'static [&'static str] {
    match modalities {
        Modalities::TextAndImage => &["TEXT", "IMAGE"],
        Modalities::Image => &["IMAGE"],
    }
}

/// The wire wants capitals where people write small letters.
fn level(thinking: Thinking) -> &'static str {
    match thinking {
        Thinking::Minimal => "MINIMAL",
        Thinking::High => "HIGH",
    }
}
