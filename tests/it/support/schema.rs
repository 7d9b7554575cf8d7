//! Google's public schema of a `generateContent` request, as far as its documentation states it: names in both
//! casings, types, words, and what belongs together. Never looks at an answer.
//!
//! From the reference of the Gemini API (`v1beta`: GenerateContentRequest, Content, Part, Blob, FileData, SafetySetting,
//! GenerationConfig, ImageConfig, ThinkingConfig), read in November 2026; what only the model's page says is marked.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// What a field holds.
enum Kind {
    /// Any JSON: the parts of the schema that no picture needs.
    Any,
    Bool,
    Text,
    /// 32 bits, signed.
    Integer,
    /// A number within these limits.
    Number(f64, f64),
    /// Bytes as base64 in the standard alphabet, not empty.
    Bytes,
    /// One of these words, to the letter.
    Word(&'static [&'static str]),
    /// Texts by name.
    Texts,
    /// At least one of these.
    List(&'static Kind),
    Message(&'static Message),
}

/// A message of the protocol.
struct Message {
    fields: &'static [(&'static str, Kind)],
    /// Those that must be there.
    required: &'static [&'static str],
    /// Of which exactly one must be there; none where it is empty.
    one_of: &'static [&'static str],
}

const REQUEST: Message = Message {
    fields: &[
        ("contents", Kind::List(&Kind::Message(&CONTENT))),
        ("systemInstruction", Kind::Message(&INSTRUCTION)),
        ("safetySettings", Kind::List(&Kind::Message(&SAFETY_SETTING))),
        ("generationConfig", Kind::Message(&GENERATION_CONFIG)),
        ("labels", Kind::Texts),
        ("serviceTier", Kind::Text),
        ("cachedContent", Kind::Text),
        ("tools", Kind::Any),
        ("toolConfig", Kind::Any),
    ],
    // Both are required by the model's page.
    required: &["contents", "generationConfig"],
    one_of: &[],
};

const CONTENT: Message = Message {
    fields: &[("role", Kind::Word(&["user", "model"])), ("parts", Kind::List(&Kind::Message(&PART)))],
    required: &["role", "parts"],
    one_of: &[],
};

/// An instruction is a content of text, whose role is not looked at.
const INSTRUCTION: Message = Message {
    fields: &[("role", Kind::Text), ("parts", Kind::List(&Kind::Message(&TEXT_PART)))],
    required: &["parts"],
    one_of: &[],
};

const TEXT_PART: Message = Message { fields: &[("text", Kind::Text)], required: &["text"], one_of: &[] };

const PART: Message = Message {
    fields: &[
        ("text", Kind::Text),
        ("inlineData", Kind::Message(&BLOB)),
        ("fileData", Kind::Message(&FILE_DATA)),
        ("thought", Kind::Bool),
        ("thoughtSignature", Kind::Bytes),
    ],
    required: &[],
    one_of: &["text", "inlineData", "fileData"],
};

const BLOB: Message = Message {
    // Of all media types, those the model reads.
    fields: &[("mimeType", Kind::Word(&["image/jpeg", "image/png", "image/webp"])), ("data", Kind::Bytes)],
    required: &["mimeType", "data"],
    one_of: &[],
};

const FILE_DATA: Message =
    Message { fields: &[("mimeType", Kind::Text), ("fileUri", Kind::Text)], required: &["fileUri"], one_of: &[] };

const SAFETY_SETTING: Message = Message {
    fields: &[
        (
            "category",
            Kind::Word(&[
                "HARM_CATEGORY_HARASSMENT",
                "HARM_CATEGORY_HATE_SPEECH",
                "HARM_CATEGORY_SEXUALLY_EXPLICIT",
                "HARM_CATEGORY_DANGEROUS_CONTENT",
                "HARM_CATEGORY_CIVIC_INTEGRITY",
                "HARM_CATEGORY_IMAGE_HARASSMENT",
                "HARM_CATEGORY_IMAGE_HATE",
                "HARM_CATEGORY_IMAGE_SEXUALLY_EXPLICIT",
                "HARM_CATEGORY_IMAGE_DANGEROUS_CONTENT",
                "HARM_CATEGORY_JAILBREAK",
            ]),
        ),
        (
            "threshold",
            Kind::Word(&["BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"]),
        ),
    ],
    required: &["category", "threshold"],
    one_of: &[],
};

const GENERATION_CONFIG: Message = Message {
    fields: &[
        ("responseModalities", Kind::List(&Kind::Word(&["TEXT", "IMAGE"]))),
        ("imageConfig", Kind::Message(&IMAGE_CONFIG)),
        ("thinkingConfig", Kind::Message(&THINKING_CONFIG)),
        ("temperature", Kind::Number(0.0, 2.0)),
        ("topP", Kind::Number(0.0, 1.0)),
        ("topK", Kind::Integer),
        ("seed", Kind::Integer),
        ("candidateCount", Kind::Integer),
        ("maxOutputTokens", Kind::Integer),
        ("stopSequences", Kind::List(&Kind::Text)),
        ("presencePenalty", Kind::Number(f64::MIN, f64::MAX)),
        ("frequencyPenalty", Kind::Number(f64::MIN, f64::MAX)),
        ("responseLogprobs", Kind::Bool),
        ("logprobs", Kind::Integer),
        ("enableEnhancedCivicAnswers", Kind::Bool),
        ("mediaResolution", Kind::Text),
        ("responseMimeType", Kind::Text),
        ("responseSchema", Kind::Any),
        ("responseJsonSchema", Kind::Any),
        ("speechConfig", Kind::Any),
    ],
    // Required by the gateway.
    required: &["responseModalities"],
    one_of: &[],
};

const IMAGE_CONFIG: Message = Message {
    fields: &[
        ("aspectRatio", Kind::Word(&["1:1", "3:2", "2:3", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"])),
        // The model's one size, with its upper-case K.
        ("imageSize", Kind::Word(&["1K"])),
    ],
    required: &[],
    one_of: &[],
};

const THINKING_CONFIG: Message = Message {
    fields: &[
        // The model's two levels.
        ("thinkingLevel", Kind::Word(&["MINIMAL", "HIGH"])),
        ("thinkingBudget", Kind::Integer),
        ("includeThoughts", Kind::Bool),
    ],
    required: &[],
    one_of: &[],
};

/// Everything in a request that the schema does not accept, each with its place; nothing when it is accepted.
pub fn wrong_with(request: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    Kind::Message(&REQUEST).check(request, "request", &mut wrong);
    let settings = request.get("safetySettings").or(request.get("safety_settings")).and_then(Value::as_array);
    let categories: Vec<_> = settings.into_iter().flatten().map(|setting| setting["category"].to_string()).collect();
    if categories.iter().collect::<BTreeSet<_>>().len() < categories.len() {
        wrong.push("request.safetySettings: a category stands twice".to_owned());
    }
    wrong
}

impl Kind {
    fn check(&self, value: &Value, place: &str, wrong: &mut Vec<String>) {
        let fine = match self {
            Self::Any => true,
            Self::Bool => value.is_boolean(),
            Self::Text => value.is_string(),
            Self::Integer => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            Self::Number(least, most) => value.as_f64().is_some_and(|number| (*least..=*most).contains(&number)),
            Self::Bytes => value.as_str().is_some_and(|text| STANDARD.decode(text).is_ok_and(|data| !data.is_empty())),
            Self::Word(words) => value.as_str().is_some_and(|text| words.contains(&text)),
            Self::Texts => value.as_object().is_some_and(|texts| texts.values().all(Value::is_string)),
            Self::List(kind) => {
                let values = value.as_array().map_or(&[][..], Vec::as_slice);
                for (number, value) in values.iter().enumerate() {
                    kind.check(value, &format!("{place}[{number}]"), wrong);
                }
                !values.is_empty()
            }
            Self::Message(message) => match value.as_object() {
                Some(fields) => return message.check(fields, place, wrong),
                None => false,
            },
        };
        if !fine {
            let shown: String = value.to_string().chars().take(60).collect();
            wrong.push(format!("{place}: {shown} is not what belongs here"));
        }
    }
}

impl Message {
    fn check(&self, found: &Map<String, Value>, place: &str, wrong: &mut Vec<String>) {
        let mut names = Vec::new();
        for (name, value) in found {
            let known = self.fields.iter().find(|(field, _)| *name == *field || *name == in_snake_case(field));
            match known {
                None => wrong.push(format!("{place}.{name}: there is no such field")),
                Some((field, _)) if names.contains(field) => {
                    wrong.push(format!("{place}.{name}: stands in both casings"));
                }
                Some((field, kind)) => {
                    names.push(*field);
                    kind.check(value, &format!("{place}.{name}"), wrong);
                }
            }
        }
        for field in self.required.iter().filter(|field| !names.contains(field)) {
            wrong.push(format!("{place}.{field}: is missing"));
        }
        let chosen = self.one_of.iter().filter(|field| names.contains(field)).count();
        if !self.one_of.is_empty() && chosen != 1 {
            wrong.push(format!("{place}: holds {chosen} of {:?} instead of one", self.one_of));
        }
    }
}

/// `imageConfig` as the protocol also takes it: `image_config`.
fn in_snake_case(name: &str) -> String {
    name.chars()
        .flat_map(|c| c.is_ascii_uppercase().then_some('_').into_iter().chain([c.to_ascii_lowercase()]))
        .collect()
}
