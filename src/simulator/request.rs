//! What a valid request asks for, and why another is not valid. Never answers one.

use super::dice::RequestHash;
use super::error::ApiError;
use super::protocol::{GenerateRequest, Modality, Part, Role, ThinkingLevel};
use super::ratio::AspectRatio;

/// The model served, by the name its page gives it.
pub(super) const MODELS: [&str; 1] = ["gemini-3.1-flash-lite-image"];
/// The most reference images a request may hold.
const MOST_REFERENCES: usize = 14;

/// What a valid request asks for.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    /// The same for any spelling of the same request.
    pub hash: RequestHash,
    /// The model's name.
    pub model: String,
    /// What the user says, all texts joined by line feeds.
    pub prompt: String,
    /// The ratio asked for, or the one that fits the first reference.
    pub ratio: AspectRatio,
    /// How many reference images came with it.
    pub references: usize,
    /// Whether a text is wanted beside the image.
    pub wants_caption: bool,
    /// Whether the model is to think hard, which costs tokens.
    pub thinks_hard: bool,
}

/// Reads the body of a request to `model`, or says what is wrong with it, naming the field.
pub(super) fn read(model: &str, body: &[u8]) -> Result<Wish, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let request: GenerateRequest = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (path, reason) = (error.path().to_string(), error.inner());
        ApiError::invalid_argument(format!("Invalid JSON payload received. Invalid value at '{path}': {reason}"))
    })?;
    json.end().map_err(|error| ApiError::invalid_argument(format!("Invalid JSON payload received. {error}")))?;
    request.check()?;
    request.wish(model)
}

impl GenerateRequest {
    /// What no single field's type can say.
    fn check(&self) -> Result<(), ApiError> {
        let fault = |message: &str| Err(ApiError::invalid_argument(format!("GenerateContentRequest.{message}")));
        if self.contents.is_empty() {
            return fault("contents: contents is not specified");
        }
        for (index, content) in self.contents.iter().enumerate() {
            if content.parts.is_empty() {
                return fault(&format!("contents[{index}].parts: must include at least one part"));
            }
            if content.role == Some(Role::System) {
                return fault(&format!("contents[{index}].role: use a valid role: user, model"));
            }
        }
        if self.prompt().trim().is_empty() {
            return fault("contents[].parts[].text: a text is required");
        }
        if self.references() > MOST_REFERENCES {
            return fault(&format!("contents[].parts[].inlineData: at most {MOST_REFERENCES} images are allowed"));
        }
        Ok(())
    }

    fn wish(&self, model: &str) -> Result<Wish, ApiError> {
        let thinking = self.generation_config.thinking_config.as_ref();
        Ok(Wish {
            hash: self.hash(model),
            model: model.to_owned(),
            prompt: self.prompt(),
            ratio: self.ratio(),
            references: self.references(),
            wants_caption: self.generation_config.response_modalities.0.contains(&Modality::Text),
            thinks_hard: thinking.is_some_and(|thinking| thinking.thinking_level == Some(ThinkingLevel::High)),
        })
    }

    /// Hashes what was understood, not what was written, so that spelling and order of the fields make no difference.
    fn hash(&self, model: &str) -> RequestHash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(model.as_bytes()).update(b"\n");
        serde_json::to_writer(&mut hasher, self).expect("plain data turns into JSON, and a hasher takes every byte");
        hasher.finalize()
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        let said_by_user = self.contents.iter().filter(|content| content.role != Some(Role::Model));
        said_by_user.flat_map(|content| &content.parts)
    }

    fn prompt(&self) -> String {
        let texts =
            self.parts().filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None });
        texts.collect::<Vec<_>>().join("\n")
    }

    fn references(&self) -> usize {
        self.parts().filter(|part| !matches!(part, Part::Text(_))).count()
    }

    fn ratio(&self) -> AspectRatio {
        let asked = self.generation_config.image_config.as_ref().and_then(|config| config.aspect_ratio.as_ref());
        let first = self.parts().find_map(|part| if let Part::Inline(image) = part { Some(image) } else { None });
        match (asked, first) {
            (Some(name), _) => AspectRatio::named(&name.0).unwrap_or(AspectRatio::SQUARE),
            (None, Some(image)) => AspectRatio::nearest(image.width, image.height),
            (None, None) => AspectRatio::SQUARE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = MODELS[0];

    #[test]
    fn spelling_and_order_make_no_difference_to_the_hash() {
        let camel = br#"{"contents":[{"parts":[{"text":"a cup"}]}],"generationConfig":{"responseModalities":["IMAGE"],
            "imageConfig":{"aspectRatio":"3:2","imageSize":"1K"}}}"#;
        let snake = br#"{"generation_config":{"image_config":{"image_size":"1K","aspect_ratio":"3:2"},
            "response_modalities":["IMAGE"]},"contents":[{"parts":[{"text":"a cup"}]}]}"#;
        assert_eq!(read(MODEL, camel).unwrap().hash, read(MODEL, snake).unwrap().hash);
        assert_ne!(read(MODEL, camel).unwrap().hash, read("another", camel).unwrap().hash);
    }
}
