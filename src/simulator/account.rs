//! What a provider would bill: the answers that were handed over whole, and what each said it used. Never decides what
//! is answered.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::answer::IMAGE_TOKENS;

/// What `GET /account` tells, since the start or the last `POST /reset`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// All of it.
    #[serde(flatten)]
    pub total: Bill,
    /// The same by model.
    pub models: BTreeMap<String, Bill>,
}

/// What some answers used, by their own `usageMetadata`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Bill {
    /// Requests that were answered 200 with a count of tokens, and whose answer was handed over to its last byte.
    pub requests: u64,
    /// The final images that were drawn for them, whatever became of these on the way.
    pub images: u64,
    /// Tokens of the requests, references included.
    pub prompt_tokens: u64,
    /// Tokens of the answers, images included.
    pub output_tokens: u64,
    /// Tokens of the thinking.
    pub thought_tokens: u64,
}

impl Account {
    /// Adds an answer of this model that was handed over whole.
    pub(super) fn enter(&mut self, model: &str, bill: Bill) {
        self.total.add(bill);
        match self.models.get_mut(model) {
            Some(known) => known.add(bill),
            None => drop(self.models.insert(model.to_owned(), bill)),
        }
    }
}

impl Bill {
    /// What this answer says it used; nothing if it does not count its tokens.
    pub(super) fn of(document: &Value) -> Option<Self> {
        let usage = field(document, "usageMetadata", "usage_metadata")?;
        let count = |camel, snake| field(usage, camel, snake).and_then(Value::as_u64).unwrap_or_default();
        let details = field(usage, "candidatesTokensDetails", "candidates_tokens_details").and_then(Value::as_array);
        let drawn = details.into_iter().flatten().filter(|detail| detail["modality"] == "IMAGE");
        let drawn = drawn.filter_map(|detail| field(detail, "tokenCount", "token_count")?.as_u64());
        Some(Self {
            requests: 1,
            images: drawn.sum::<u64>() / IMAGE_TOKENS as u64,
            prompt_tokens: count("promptTokenCount", "prompt_token_count"),
            output_tokens: count("candidatesTokenCount", "candidates_token_count"),
            thought_tokens: count("thoughtsTokenCount", "thoughts_token_count"),
        })
    }

    fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.images += other.images;
        self.prompt_tokens += other.prompt_tokens;
        self.output_tokens += other.output_tokens;
        self.thought_tokens += other.thought_tokens;
    }
}

/// A field in either spelling.
fn field<'a>(value: &'a Value, camel: &str, snake: &str) -> Option<&'a Value> {
    value.get(camel).or_else(|| value.get(snake))
}
