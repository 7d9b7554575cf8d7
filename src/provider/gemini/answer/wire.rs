//! The small rest of an answer: its JSON as the protocol has it, and what it says. Images stand in it as marks. Never
//! fails over a field: what is missing or of an odd type counts as absent.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::lift::Lifts;
use super::{Answer, Unread};
use crate::domain::Usage;
use crate::provider::ImageSink;
use crate::provider::gemini::auth::Key;
use crate::provider::gemini::error_reply::ErrorReply;
use crate::provider::gemini::links;

/// The answer as it is on the wire: everything may be missing, null, or spelled in either casing.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Wire<'a> {
    #[serde(borrow)]
    pub(super) candidates: Option<Vec<Candidate<'a>>>,
    #[serde(alias = "prompt_feedback")]
    prompt_feedback: Option<Value>,
    #[serde(alias = "usage_metadata")]
    usage_metadata: Option<Value>,
    #[serde(alias = "model_version")]
    model_version: Words<'a>,
    #[serde(alias = "response_id")]
    response_id: Words<'a>,
    error: Option<Value>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Candidate<'a> {
    #[serde(borrow)]
    pub(super) content: Option<Content<'a>>,
    #[serde(alias = "finish_reason")]
    finish_reason: Words<'a>,
    #[serde(alias = "finish_message")]
    finish_message: Words<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Content<'a> {
    #[serde(borrow)]
    pub(super) parts: Option<Vec<Part<'a>>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Part<'a> {
    #[serde(borrow)]
    pub(super) text: Words<'a>,
    thought: Option<Value>,
    #[serde(alias = "inline_data")]
    pub(super) inline_data: Option<Blob<'a>>,
    #[serde(borrow, alias = "file_data")]
    pub(super) file_data: Option<File<'a>>,
}

/// The declared media type is not even read: the bytes decide.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Blob<'a> {
    #[serde(borrow)]
    pub(super) data: Words<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct File<'a> {
    #[serde(borrow, alias = "file_uri")]
    pub(super) file_uri: Words<'a>,
}

/// Where images are, or may be.
#[derive(Default)]
struct Sources<'a> {
    images: Vec<Cow<'a, str>>,
    texts: Vec<Cow<'a, str>>,
    files: Vec<Cow<'a, str>>,
}

impl Wire<'_> {
    /// What the answer says, and which of its images are final ones.
    pub(super) fn unpack(self, lifts: &mut Lifts, images: &mut dyn ImageSink, key: &Key) -> Result<Answer, Unread> {
        let mut answer = Answer {
            block_reason: self.blocked().map(|reason| key.redact(&reason)),
            error: self.error.as_ref().map(|error| ErrorReply::of_value(error, key)),
            ..Answer::default()
        };
        answer.reply.usage = self.usage_metadata.as_ref().and_then(usage);
        answer.reply.model_version = self.model_version.owned(key);
        answer.reply.response_id = self.response_id.owned(key);
        answer.reply.finish_message = self.block_message().map(|text| key.redact(&text));
        let mut sources = Sources::default();
        for candidate in self.candidates.into_iter().flatten() {
            answer.take(candidate, &mut sources, key);
        }
        for base64 in &sources.images {
            answer.choose(base64, lifts, images)?;
        }
        answer.look(&sources, lifts, images, key)?;
        Ok(answer)
    }

    fn blocked(&self) -> Option<String> {
        text_of(self.prompt_feedback.as_ref()?, "blockReason", "block_reason")
    }

    fn block_message(&self) -> Option<String> {
        text_of(self.prompt_feedback.as_ref()?, "blockReasonMessage", "block_reason_message")
    }
}

impl Answer {
    /// Takes in one candidate; the first that gives a reason is the one whose reason is told.
    fn take<'a>(&mut self, candidate: Candidate<'a>, sources: &mut Sources<'a>, key: &Key) {
        let reply = &mut self.reply;
        reply.finish_reason = reply.finish_reason.take().or(candidate.finish_reason.owned(key));
        reply.finish_message = reply.finish_message.take().or(candidate.finish_message.owned(key));
        let parts = candidate.content.and_then(|content| content.parts).into_iter().flatten();
        for part in parts.filter(|part| !part.is_draft()) {
            sources.images.extend(part.inline_data.and_then(|blob| blob.data.0));
            sources.texts.extend(part.text.0);
            sources.files.extend(part.file_data.and_then(|file| file.file_uri.0));
        }
    }

    /// The image of this base64, or mark, is a final one, if it is one at all.
    fn choose(&mut self, base64: &str, lifts: &mut Lifts, images: &mut dyn ImageSink) -> Result<(), Unread> {
        match lifts.image(base64, images)? {
            Ok(number) => {
                let number = *number;
                lifts.choose(number);
                self.kept += 1;
            }
            Err(unsaved) => self.missing = Some(format!("the answer's picture was {unsaved}")),
        }
        Ok(())
    }

    /// Takes in what the texts say, and where no image was, the pictures they hold or name.
    fn look(
        &mut self,
        sources: &Sources<'_>,
        lifts: &mut Lifts,
        images: &mut dyn ImageSink,
        key: &Key,
    ) -> Result<(), Unread> {
        let wanting = self.kept == 0;
        let reading = links::read(&sources.texts, wanting && sources.files.is_empty());
        self.reply.text = reading.caption.map(|caption| key.redact(&lifts.unmarked(&caption)));
        if !wanting {
            return Ok(());
        }
        for target in sources.files.iter().map(AsRef::as_ref).chain(reading.pictures) {
            match links::embedded(target) {
                Some(base64) => self.choose(base64, lifts, images)?,
                None => self.name(lifts.unmarked(target)),
            }
        }
        Ok(())
    }

    fn name(&mut self, link: String) {
        if !self.links.contains(&link) {
            self.links.push(link);
        }
    }
}

impl Part<'_> {
    /// What the model thought on the way is no output, be it text or image.
    fn is_draft(&self) -> bool {
        match &self.thought {
            Some(Value::Bool(thought)) => *thought,
            Some(Value::String(thought)) => thought == "true",
            _ => false,
        }
    }
}

/// No answer takes so many tokens: the model reads 65,536 and writes 4,096. What says so does not tell what it used.
const UNBELIEVABLE: u64 = 10_000_000;

fn usage(metadata: &Value) -> Option<Usage> {
    let count = |camel, snake| number(metadata, camel, snake).unwrap_or(0);
    metadata.as_object().filter(|fields| !fields.is_empty())?;
    let (asked, answered) =
        (count("promptTokenCount", "prompt_token_count"), count("candidatesTokenCount", "candidates_token_count"));
    let details = |camel, snake| metadata.get(camel).or_else(|| metadata.get(snake));
    let told = Usage {
        prompt_tokens: asked,
        prompt_image_tokens: of_images(details("promptTokensDetails", "prompt_tokens_details"), asked),
        output_tokens: answered,
        output_image_tokens: of_images(details("candidatesTokensDetails", "candidates_tokens_details"), answered),
        thought_tokens: count("thoughtsTokenCount", "thoughts_token_count"),
        total_tokens: count("totalTokenCount", "total_token_count"),
    };
    let counts = [asked, answered, told.thought_tokens, told.total_tokens];
    counts.into_iter().all(|tokens| tokens < UNBELIEVABLE).then_some(told)
}

/// Of so many tokens, those of images, as these details tell them apart: none are where others make up for all.
fn of_images(details: Option<&Value>, all: u64) -> Option<u64> {
    let is_image = |detail: &&Value| {
        let modality = detail.get("modality").and_then(Value::as_str);
        modality.is_some_and(|modality| modality.eq_ignore_ascii_case("image"))
    };
    let (images, others): (Vec<&Value>, Vec<&Value>) = details?.as_array()?.iter().partition(is_image);
    let sum = |details: &[&Value]| {
        let tokens = details.iter().filter_map(|detail| number(detail, "tokenCount", "token_count"));
        tokens.fold(0, u64::saturating_add)
    };
    (!images.is_empty() || sum(&others) >= all).then(|| sum(&images))
}

/// A number, which some gateways write as text.
fn number(value: &Value, camel: &str, snake: &str) -> Option<u64> {
    let value = value.get(camel).or_else(|| value.get(snake))?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn text_of(value: &Value, camel: &str, snake: &str) -> Option<String> {
    let text = value.get(camel).or_else(|| value.get(snake))?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// A string, borrowed from the answer where it holds no escapes; whatever else stands in its place counts as none.
#[derive(Default)]
pub(super) struct Words<'a>(pub(super) Option<Cow<'a, str>>);

impl Words<'_> {
    /// The words on their own, without the key; empty ones are none.
    fn owned(&self, key: &Key) -> Option<String> {
        self.0.as_deref().filter(|text| !text.is_empty()).map(|text| key.redact(text))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Words<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordsVisitor).map(Words)
    }
}

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, or anything that is then ignored")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}
