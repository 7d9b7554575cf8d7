//! A request as the protocol writes it, piece by piece, so that no image is ever held twice. Never sends anything.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::base64_stream;
use crate::domain::{HarmCategory, HarmThreshold, ImageFormat, Modalities, Request, Thinking, io_words, lay_over};

/// Bytes of a reference image at most: the strictest figure that is documented for the model.
const LARGEST_REFERENCE: u64 = 7_000_000;

/// A reference image that cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReferenceError {
    #[error(
        "the reference image {} cannot be read: {}; put it back or correct the manifest",
        path.display(), io_words(.reason)
    )]
    Unreadable { path: PathBuf, reason: io::Error },
    #[error("the reference image {} is no JPEG, PNG or WebP picture by its content; convert it, or correct the manifest", path.display())]
    NotAnImage { path: PathBuf },
}

/// The body of the request: references are read below `folder` and encoded straight into it. Blocks on files.
pub(super) fn body(request: &Request, folder: &Path) -> Result<Vec<u8>, ReferenceError> {
    let mut body = String::new();
    for piece in pieces(request, folder) {
        match piece {
            Piece::Json(json) => body.push_str(&json),
            Piece::Image(path) => push_image(&path, &mut body)?,
        }
    }
    Ok(body.into_bytes())
}

/// A stretch of the body.
enum Piece {
    /// As it stands.
    Json(String),
    /// One element of `parts`, made of this file.
    Image(PathBuf),
}

fn pieces(request: &Request, folder: &Path) -> Vec<Piece> {
    let prompt = to_json(&Text { text: &request.prompt });
    let mut pieces = vec![Piece::Json(format!(r#"{{"contents":[{{"role":"user","parts":[{prompt}"#))];
    for reference in &request.references {
        pieces.push(Piece::Json(",".to_owned()));
        pieces.push(Piece::Image(folder.join(reference)));
    }
    let settings = settings(request);
    // The settings are an object of their own: without its opening brace it continues this one.
    pieces.push(Piece::Json(format!("]}}],{}", &settings[1..])));
    pieces
}

/// The whole file. It was checked when the manifest was read, which may be hours ago: by now it may be a pipe that never
/// ends, or have grown beyond every bound.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is no file any more"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(LARGEST_REFERENCE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_REFERENCE {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "it has grown beyond 7 MB"));
    }
    Ok(bytes)
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

fn push_image(path: &Path, body: &mut String) -> Result<(), ReferenceError> {
    let image = read_file(path).map_err(|reason| ReferenceError::Unreadable { path: path.to_owned(), reason })?;
    let format = ImageFormat::sniff(&image).ok_or_else(|| ReferenceError::NotAnImage { path: path.to_owned() })?;
    body.push_str(r#"{"inline_data":{"mime_type":""#);
    body.push_str(format.media_type());
    body.push_str(r#"","data":""#);
    base64_stream::encode_into(&image, body);
    body.push_str(r#""}}"#);
    Ok(())
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
