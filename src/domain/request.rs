//! What is asked of the model, in our words. Never knows how it is written on the wire.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::extra::Fields;
use super::safety::Safety;
use super::values::{UnknownValue, values};

/// A whole request. Its serialised form is what the queue stores and what its digest is made of, so a new field
/// must be left out of it while it is unset: otherwise every finished item would look changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The model's name, as it stands in the address.
    pub model: String,
    /// The instruction to the model.
    pub prompt: String,
    /// Reference images: paths as the manifest writes them, relative to the manifest's folder, and addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// The shape of the picture; without one the model follows the reference or chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aspect_ratio: Option<AspectRatio>,
    /// The size of the picture.
    pub image_size: ImageSize,
    /// How long the model may think.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<Thinking>,
    /// What the answer should hold.
    pub modalities: Modalities,
    /// Sampling temperature, 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Seed of the sampling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<i32>,
    /// Said to the model ahead of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_instruction: Option<String>,
    /// What the model may not draw.
    #[serde(default, skip_serializing_if = "Safety::is_empty")]
    pub safety: Safety,
    /// Names and values that come back on the bill.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Fields of the protocol that this program does not know, merged into the request as they stand.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub extra: Fields,
}

impl Request {
    /// A prompt for a model, with every setting as the model has it.
    pub fn new(model: impl Into<String>, prompt: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            prompt: prompt.into(),
            references: Vec::new(),
            aspect_ratio: None,
            image_size: ImageSize::OneK,
            thinking: None,
            modalities: Modalities::TextAndImage,
            temperature: None,
            seed: None,
            system_instruction: None,
            safety: Safety::new(),
            labels: BTreeMap::new(),
            extra: Fields::new(),
        }
    }
}

/// Whether a reference image is an address, from which it is fetched, and no path.
pub fn is_address(reference: &str) -> bool {
    let begins = |scheme: &str| reference.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    begins("https://") || begins("http://")
}

/// What a reference image is called where others may read it: of an address not what stands behind the path, which may be
/// a signature.
pub fn reference_name(reference: &str) -> &str {
    match is_address(reference) {
        true => reference.split(['?', '#']).next().unwrap_or(reference),
        false => reference,
    }
}

values! {
    /// Width to height. The ten ratios of the model's page.
    AspectRatio, "an aspect ratio the model has" {
        /// Square.
        Square = "1:1",
        /// Landscape.
        R3x2 = "3:2",
        /// Portrait.
        R2x3 = "2:3",
        /// Portrait.
        R3x4 = "3:4",
        /// Landscape.
        R4x3 = "4:3",
        /// Portrait.
        R4x5 = "4:5",
        /// Landscape.
        R5x4 = "5:4",
        /// Tall.
        R9x16 = "9:16",
        /// Wide.
        R16x9 = "16:9",
        /// Very wide.
        R21x9 = "21:9",
    }
}

values! {
    /// The size of the picture. The model has one.
    ImageSize, "an image size the model has" {
        /// About a million pixels.
        OneK = "1K",
    }
}

values! {
    /// How long the model may think before it draws.
    Thinking, "a thinking level the model has" {
        /// As little as it can.
        Minimal = "minimal",
        /// As much as it wants.
        High = "high",
    }
}

values! {
    /// What the answer should hold.
    Modalities, "a list of modalities the model answers in" {
        /// A picture and a caption.
        TextAndImage = "text,image",
        /// A picture alone.
        Image = "image",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_the_model_does_not_have_is_refused_with_those_it_has() {
        let error = "5:3".parse::<AspectRatio>().unwrap_err().to_string();
        assert!(error.contains("`5:3` is not an aspect ratio") && error.contains("21:9"), "{error}");
        assert!("2K".parse::<ImageSize>().unwrap_err().to_string().ends_with("use 1K"));
        assert!("1k".parse::<ImageSize>().is_err(), "the wire wants an upper-case K");
    }

    #[test]
    fn a_request_that_was_stored_before_a_setting_existed_reads_and_writes_as_it_did() {
        let stored = r#"{"model":"m","prompt":"p","references":["a.jpg"],"aspect_ratio":"4:5","image_size":"1K","thinking":"high","modalities":"image","temperature":0.5,"seed":-1,"system_instruction":"s"}"#;
        let request: Request = serde_json::from_str(stored).unwrap();
        assert_eq!(serde_json::to_string(&request).unwrap(), stored);
    }

    #[test]
    fn an_unset_setting_leaves_no_trace_in_the_stored_form() {
        let request = Request::new("m", "p");
        let stored = serde_json::to_string(&request).unwrap();
        assert_eq!(stored, r#"{"model":"m","prompt":"p","image_size":"1K","modalities":"text,image"}"#);
        assert_eq!(serde_json::from_str::<Request>(&stored).unwrap(), request);
    }
}
