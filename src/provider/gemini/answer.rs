//! Reads an answer: its images into the sink, the small rest into words. Never judges what came.

use std::borrow::Cow;
use std::fmt;
use std::io;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::auth::Key;
use super::error_reply::ErrorReply;
use super::incoming::{Unsaved, save};
use super::links;
use crate::domain::{Reply, Usage};
use crate::net::{Response, TransportError};
use crate::provider::ImageSink;

/// No answer may be longer, unpacked: some thirty times a usual one.
pub(super) const MOST_BYTES: usize = 64 * 1024 * 1024;

/// What a whole answer held.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The small rest, without the key.
    pub reply: Reply,
    /// Final images that are now in the sink.
    pub kept: usize,
    /// Addresses of final images, where the answer held none itself; none twice.
    pub links: Vec<String>,
    /// Why an image that should be here is not.
    pub missing: Option<String>,
    /// Why the prompt was not even tried.
    pub block_reason: Option<String>,
    /// An error that came with status 200.
    pub error: Option<ErrorReply>,
}

/// Why an answer could not be read.
#[derive(Debug)]
pub(super) enum Unread {
    /// The connection broke, or the time was up, or the packing was at fault.
    Broken(TransportError),
    /// It ended in the middle.
    Cut,
    /// More than [`MOST_BYTES`].
    TooLong,
    /// It came in full and is not what the protocol says.
    Unreadable(ErrorReply),
    /// An image could not be written down.
    Sink(io::Error),
}

/// Reads the answer to its end and follows no link. Every final image is kept in `images`; drafts never reach it.
pub(super) async fn read(mut response: Response, images: &mut dyn ImageSink, key: &Key) -> Result<Answer, Unread> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Unread::Broken)? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(Unread::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    let wire: Wire = serde_json::from_slice(&body).map_err(|error| unread(&body, &error, key))?;
    wire.unpack(images, key)
}

fn unread(body: &[u8], error: &serde_json::Error, key: &Key) -> Unread {
    if error.is_eof() && !body.trim_ascii().is_empty() {
        return Unread::Cut;
    }
    Unread::Unreadable(ErrorReply::of_body(&String::from_utf8_lossy(body), None, key))
}

/// The answer as it is on the wire: everything may be missing, null, or spelled in either casing.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    candidates: Option<Vec<Candidate<'a>>>,
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
struct Candidate<'a> {
    #[serde(borrow)]
    content: Option<Content<'a>>,
    #[serde(alias = "finish_reason")]
    finish_reason: Words<'a>,
    #[serde(alias = "finish_message")]
    finish_message: Words<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Content<'a> {
    #[serde(borrow)]
    parts: Option<Vec<Part<'a>>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Part<'a> {
    #[serde(borrow)]
    text: Words<'a>,
    thought: Option<Value>,
    #[serde(alias = "inline_data")]
    inline_data: Option<Blob<'a>>,
    #[serde(borrow, alias = "file_data")]
    file_data: Option<File<'a>>,
}

/// The declared media type is not even read: the bytes decide.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Blob<'a> {
    #[serde(borrow)]
    data: Words<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct File<'a> {
    #[serde(borrow, alias = "file_uri")]
    file_uri: Words<'a>,
}

/// Where pictures may still be, once the images in the answer are in the sink.
#[derive(Default)]
struct Elsewhere<'a> {
    texts: Vec<Cow<'a, str>>,
    files: Vec<Cow<'a, str>>,
}

impl Wire<'_> {
    fn unpack(self, images: &mut dyn ImageSink, key: &Key) -> Result<Answer, Unread> {
        let mut answer = Answer {
            block_reason: self.blocked().map(|reason| key.redact(&reason)),
            error: self.error.as_ref().map(|error| ErrorReply::of_value(error, key)),
            ..Answer::default()
        };
        answer.reply.usage = self.usage_metadata.as_ref().and_then(usage);
        answer.reply.model_version = self.model_version.owned(key);
        answer.reply.response_id = self.response_id.owned(key);
        answer.reply.finish_message = self.block_message().map(|text| key.redact(&text));
        let mut elsewhere = Elsewhere::default();
        for candidate in self.candidates.into_iter().flatten() {
            answer.take(candidate, images, &mut elsewhere, key)?;
        }
        answer.look(&elsewhere, images, key)?;
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
    fn take<'a>(
        &mut self,
        candidate: Candidate<'a>,
        images: &mut dyn ImageSink,
        elsewhere: &mut Elsewhere<'a>,
        key: &Key,
    ) -> Result<(), Unread> {
        let reply = &mut self.reply;
        reply.finish_reason = reply.finish_reason.take().or(candidate.finish_reason.owned(key));
        reply.finish_message = reply.finish_message.take().or(candidate.finish_message.owned(key));
        let parts = candidate.content.and_then(|content| content.parts).into_iter().flatten();
        for part in parts.filter(|part| !part.is_draft()) {
            if let Some(data) = part.inline_data.and_then(|blob| blob.data.0) {
                self.save(&data, images)?;
            }
            elsewhere.texts.extend(part.text.0);
            elsewhere.files.extend(part.file_data.and_then(|file| file.file_uri.0));
        }
        Ok(())
    }

    fn save(&mut self, base64: &str, images: &mut dyn ImageSink) -> Result<(), Unread> {
        match save(base64, images) {
            Ok(()) => self.kept += 1,
            Err(Unsaved::Sink(error)) => return Err(Unread::Sink(error)),
            Err(unsaved) => self.missing = Some(format!("the answer's picture was {unsaved}")),
        }
        Ok(())
    }

    /// Takes in what the texts say, and where no image was, the pictures they hold or name.
    fn look(&mut self, elsewhere: &Elsewhere<'_>, images: &mut dyn ImageSink, key: &Key) -> Result<(), Unread> {
        let wanting = self.kept == 0;
        let reading = links::read(&elsewhere.texts, wanting && elsewhere.files.is_empty());
        self.reply.text = reading.caption.map(|caption| key.redact(&caption));
        if !wanting {
            return Ok(());
        }
        for target in elsewhere.files.iter().map(AsRef::as_ref).chain(reading.pictures) {
            match links::embedded(target) {
                Some(base64) => self.save(base64, images)?,
                None if self.links.iter().any(|link| link == target) => {}
                None => self.links.push(target.to_owned()),
            }
        }
        Ok(())
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

fn usage(metadata: &Value) -> Option<Usage> {
    let count = |camel, snake| {
        let value = metadata.get(camel).or_else(|| metadata.get(snake))?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    };
    metadata.as_object().filter(|fields| !fields.is_empty())?;
    Some(Usage {
        prompt_tokens: count("promptTokenCount", "prompt_token_count").unwrap_or(0),
        output_tokens: count("candidatesTokenCount", "candidates_token_count").unwrap_or(0),
        thought_tokens: count("thoughtsTokenCount", "thoughts_token_count").unwrap_or(0),
        total_tokens: count("totalTokenCount", "total_token_count").unwrap_or(0),
    })
}

fn text_of(value: &Value, camel: &str, snake: &str) -> Option<String> {
    let text = value.get(camel).or_else(|| value.get(snake))?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// A string, borrowed from the answer where it holds no escapes; whatever else stands in its place counts as none.
#[derive(Default)]
struct Words<'a>(Option<Cow<'a, str>>);

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
