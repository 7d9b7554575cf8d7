//! One request sent, and why it gave nothing if it did. Never decides what follows.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The name of an attempt in its database: unique over all jobs, given before the request leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId(pub i64);

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How often an item was tried before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tries {
    /// Attempts ever made.
    pub made: u32,
    /// Those that count against the allowed number: neither throttled nor left behind by a killed process.
    pub counted: u32,
    /// Answers paid for that held no picture.
    pub empty: u32,
}

/// Why an attempt gave nothing: whose fault it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureKind {
    /// Ours: too fast.
    Throttled,
    /// Nobody's: it may well work the next time.
    Transient,
    /// The model's: it will not draw this.
    Refused,
    /// The item's: it can never work as it stands.
    Rejected,
    /// The run's: nothing can work until a person acts.
    Fatal,
    /// Unknown: the request left and no whole answer came, and the job wants a person to decide.
    Lost,
}

impl FailureKind {
    /// Every kind.
    pub const ALL: &[Self] =
        &[Self::Throttled, Self::Transient, Self::Refused, Self::Rejected, Self::Fatal, Self::Lost];

    /// The kind as the database and the machine output write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Transient => "transient",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::Fatal => "fatal",
            Self::Lost => "lost",
        }
    }

    /// The kind written so, if there is one.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far a failed attempt got, which decides whether it may have been billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It never left this machine: free.
    Unsent,
    /// It left, and no whole answer came back: maybe billed.
    Lost,
    /// A whole answer came.
    Answered,
}

/// The small rest of an answer: what the model said beside its pictures.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Reply {
    /// Why the model stopped, in its own word; an open set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// The model's explanation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_message: Option<String>,
    /// What it wrote: the caption of a picture, or the words instead of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Tokens, as counted by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// The exact model that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_version: Option<String>,
    /// The server's name for the answer, which its support asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_id: Option<String>,
}

/// Tokens of one answer (`usageMetadata`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Of the request, references included.
    pub prompt_tokens: u64,
    /// Of these, those of the references, where the server told them apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_image_tokens: Option<u64>,
    /// Of the answer, pictures included.
    pub output_tokens: u64,
    /// Of these, those of the pictures, where the server told them apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_image_tokens: Option<u64>,
    /// Of the thinking.
    pub thought_tokens: u64,
    /// Together.
    pub total_tokens: u64,
}

impl Usage {
    /// Tokens that only the total tells of.
    pub const fn untold(&self) -> u64 {
        let told = self.prompt_tokens.saturating_add(self.output_tokens).saturating_add(self.thought_tokens);
        self.total_tokens.saturating_sub(told)
    }
}

/// Why an attempt gave nothing. Data, not an error: the run goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Whose fault it was.
    pub kind: FailureKind,
    /// What happened and what to do, in one line for people; holds no key.
    pub message: String,
    /// How far the attempt got.
    pub reach: Reach,
    /// The HTTP status, where there was one.
    pub status: Option<u16>,
    /// How long the server asked everybody to wait.
    pub retry_after: Option<Duration>,
    /// Nobody was there, or whoever was there said that it fails: when several items find the same, it is an outage and
    /// no fault of theirs.
    pub absent: bool,
    /// A paid answer that held no picture worth keeping: trying again costs money each time.
    pub empty: bool,
    /// Pictures that came and were not kept: paid like any other. An answer holds a few at most.
    pub pictures: u8,
    /// What the model said.
    pub reply: Reply,
}

impl Failure {
    /// A failure of this kind, answered, with nothing else known.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            reach: Reach::Answered,
            status: None,
            retry_after: None,
            absent: false,
            empty: false,
            pictures: 0,
            reply: Reply::default(),
        }
    }
}
