//! A request as the protocol writes it, strictly: any field or value that it does not know is an error. Never asks what
//! the fields mean together.
//!
//! Both spellings, camelCase and snake_case, are read everywhere and can be mixed. What a value may be is said by its
//! type, so that the error names the field.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::ratio::AspectRatio;

/// The body of a `generateContent` request.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GenerateRequest {
    pub contents: Vec<Content>,
    #[serde(alias = "system_instruction")]
    system_instruction: Option<Content>,
    #[serde(alias = "safety_settings")]
    safety_settings: Option<Vec<SafetySetting>>,
    #[serde(alias = "generation_config")]
    pub generation_config: GenerationConfig,
    labels: Option<BTreeMap<String, String>>,
    #[serde(alias = "service_tier")]
    service_tier: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    pub role: Option<Role>,
    pub parts: Vec<Part>,
}

#[derive(Debug, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    User,
    Model,
    System,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(try_from = "AnyPart")]
pub(super) enum Part {
    Text(String),
    Inline(InlineImage),
    File(FileData),
}

/// A part as written; exactly one of its fields must be there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AnyPart {
    text: Option<String>,
    #[serde(alias = "inline_data")]
    inline_data: Option<InlineImage>,
    #[serde(alias = "file_data")]
    file_data: Option<FileData>,
}

impl TryFrom<AnyPart> for Part {
    type Error = &'static str;

    fn try_from(part: AnyPart) -> Result<Part, Self::Error> {
        match (part.text, part.inline_data, part.file_data) {
            (Some(text), None, None) => Ok(Part::Text(text)),
            (None, Some(image), None) => Ok(Part::Inline(image)),
            (None, None, Some(file)) => Ok(Part::File(file)),
            _ => Err("a part must hold exactly one of text, inlineData and fileData"),
        }
    }
}

/// A reference image; of its bytes only what is needed later is kept.
#[derive(Debug, Deserialize, Serialize)]
#[serde(try_from = "InlineData")]
pub(super) struct InlineImage {
    mime_type: ImageType,
    content: String,
    pub width: usize,
    pub height: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct InlineData {
    #[serde(alias = "mime_type")]
    mime_type: ImageType,
    data: String,
}

impl TryFrom<InlineData> for InlineImage {
    type Error = String;

    fn try_from(inline: InlineData) -> Result<InlineImage, String> {
        let bytes = STANDARD.decode(&inline.data).map_err(|error| format!("data: Base64 decoding failed: {error}"))?;
        let known = matches!(
            imagesize::image_type(&bytes),
            Ok(imagesize::ImageType::Jpeg | imagesize::ImageType::Png | imagesize::ImageType::Webp)
        );
        let size = imagesize::blob_size(&bytes).ok().filter(|_| known);
        let size = size.ok_or("data: Unable to process input image: it is no JPEG, PNG or WebP")?;
        let content = blake3::hash(&bytes).to_string();
        Ok(InlineImage { mime_type: inline.mime_type, content, width: size.width, height: size.height })
    }
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) enum ImageType {
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/webp")]
    Webp,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FileData {
    #[serde(alias = "mime_type")]
    mime_type: Option<ImageType>,
    #[serde(alias = "file_uri")]
    file_uri: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SafetySetting {
    category: HarmCategory,
    threshold: Threshold,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(clippy::enum_variant_names, reason = "the protocol's own names")]
pub(super) enum HarmCategory {
    HarmCategoryHarassment,
    HarmCategoryHateSpeech,
    HarmCategorySexuallyExplicit,
    HarmCategoryDangerousContent,
    HarmCategoryCivicIntegrity,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Threshold {
    HarmBlockThresholdUnspecified,
    BlockLowAndAbove,
    BlockMediumAndAbove,
    BlockOnlyHigh,
    BlockNone,
    Off,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GenerationConfig {
    #[serde(alias = "response_modalities")]
    pub response_modalities: Modalities,
    #[serde(alias = "image_config")]
    pub image_config: Option<ImageConfig>,
    #[serde(alias = "thinking_config")]
    pub thinking_config: Option<ThinkingConfig>,
    temperature: Option<Bounded<2>>,
    #[serde(alias = "top_p")]
    top_p: Option<Bounded<1>>,
    #[serde(alias = "top_k")]
    top_k: Option<u32>,
    seed: Option<i32>,
    #[serde(alias = "max_output_tokens")]
    max_output_tokens: Option<u32>,
    #[serde(alias = "stop_sequences")]
    stop_sequences: Option<Vec<String>>,
    #[serde(alias = "candidate_count")]
    candidate_count: Option<CandidateCount>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(try_from = "Vec<Modality>")]
pub(super) struct Modalities(pub Vec<Modality>);

#[derive(Debug, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Modality {
    Text,
    Image,
}

impl TryFrom<Vec<Modality>> for Modalities {
    type Error = &'static str;

    fn try_from(modalities: Vec<Modality>) -> Result<Modalities, Self::Error> {
        match modalities.as_slice() {
            [Modality::Image] | [Modality::Text, Modality::Image] | [Modality::Image, Modality::Text] => {
                Ok(Modalities(modalities))
            }
            _ => Err("the model accepts [\"IMAGE\"] or [\"TEXT\", \"IMAGE\"]"),
        }
    }
}

/// A number from 0 to `MOST`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(try_from = "f64")]
pub(super) struct Bounded<const MOST: u32>(f64);

impl<const MOST: u32> TryFrom<f64> for Bounded<MOST> {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, String> {
        let fits = (0.0..=f64::from(MOST)).contains(&number);
        fits.then_some(Bounded(number)).ok_or_else(|| format!("{number} is not from 0 to {MOST}"))
    }
}

/// One candidate: an image model gives no more.
#[derive(Debug, Deserialize, Serialize)]
#[serde(try_from = "u32")]
pub(super) struct CandidateCount(u32);

impl TryFrom<u32> for CandidateCount {
    type Error = &'static str;

    fn try_from(count: u32) -> Result<Self, Self::Error> {
        (count == 1).then_some(CandidateCount(count)).ok_or("multiple candidates are not enabled for this model")
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ImageConfig {
    #[serde(alias = "aspect_ratio")]
    pub aspect_ratio: Option<RatioName>,
    #[serde(alias = "image_size")]
    image_size: Option<ImageSize>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(super) struct RatioName(pub String);

impl TryFrom<String> for RatioName {
    type Error = String;

    fn try_from(name: String) -> Result<RatioName, String> {
        let names = AspectRatio::ALL.map(|ratio| ratio.name).join(", ");
        let known = AspectRatio::named(&name).is_some();
        known.then(|| RatioName(name.clone())).ok_or_else(|| format!("{name:?} is not one of {names}"))
    }
}

/// The one size the model draws, with an upper-case K.
#[derive(Debug, Deserialize, Serialize)]
pub(super) enum ImageSize {
    #[serde(rename = "1K")]
    OneK,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ThinkingConfig {
    #[serde(alias = "thinking_level")]
    pub thinking_level: Option<ThinkingLevel>,
    #[serde(alias = "include_thoughts")]
    include_thoughts: Option<bool>,
}

#[derive(Debug, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum ThinkingLevel {
    Minimal,
    High,
}
