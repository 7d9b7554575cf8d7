//! What a row's request holds where the row says nothing. Never reads a row.

use std::collections::BTreeMap;

use super::options::Options;
use super::setting::ModelName;
use crate::domain::{AspectRatio, Fields, ImageSize, Modalities, Safety, Thinking};

/// What a row's request holds where the row says nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Defaults {
    /// The model.
    pub model: ModelName,
    /// The shape of the picture.
    pub aspect_ratio: Option<AspectRatio>,
    /// The size of the picture.
    pub image_size: ImageSize,
    /// How long the model may think.
    pub thinking: Option<Thinking>,
    /// What an answer holds.
    pub modalities: Modalities,
    /// Said to the model ahead of the prompt.
    pub system_instruction: Option<String>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Seed of the sampling.
    pub seed: Option<i32>,
    /// What the model may not draw.
    pub safety: Safety,
    /// Names and values that come back on the bill.
    pub labels: BTreeMap<String, String>,
    /// Merged into the request as it stands.
    pub extra: Fields,
}

impl Defaults {
    /// What these options and a job file's tables say, and else what the model and this program take.
    pub(super) fn of(options: &Options, safety: Safety, labels: BTreeMap<String, String>, extra: Fields) -> Self {
        let instruction = options.system_instruction.clone();
        Self {
            model: options.model.clone().unwrap_or_default(),
            aspect_ratio: options.aspect_ratio,
            image_size: options.image_size.unwrap_or(ImageSize::OneK),
            thinking: options.thinking,
            modalities: options.modalities.unwrap_or(Modalities::TextAndImage),
            system_instruction: instruction.filter(|text| !text.trim().is_empty()),
            temperature: options.temperature.map(|temperature| temperature.0),
            seed: options.seed.map(|seed| seed.0),
            safety,
            labels,
            extra,
        }
    }
}
