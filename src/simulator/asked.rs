//! How often each prompt was asked for and answered. Never keeps a prompt, only a hash of it: about 30 bytes each.

use std::collections::HashMap;

/// What became of one prompt, since the start or the last `POST /reset`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// Valid requests with this prompt that arrived, whatever became of them.
    pub requests: u32,
    /// Complete 200 answers with a final image, or its URL: the last byte was handed to the connection.
    pub answers: u32,
}

/// The name of a prompt in here: the first bytes of its BLAKE3 hash, for a benchmark asks millions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PromptName([u8; 8]);

impl PromptName {
    /// The same for the same prompt.
    pub fn of(prompt: &str) -> PromptName {
        let mut name = [0; 8];
        blake3::Hasher::new().update(prompt.as_bytes()).finalize_xof().fill(&mut name);
        PromptName(name)
    }
}

/// The account of every prompt.
#[derive(Debug, Default)]
pub(super) struct Prompts(HashMap<PromptName, Asked>);

impl Prompts {
    /// A request with this prompt has arrived.
    pub fn ask(&mut self, prompt: PromptName) {
        self.0.entry(prompt).or_default().requests += 1;
    }

    /// A request with this prompt was answered whole.
    pub fn answer(&mut self, prompt: PromptName) {
        self.0.entry(prompt).or_default().answers += 1;
    }

    /// What became of this prompt.
    pub fn of(&self, prompt: PromptName) -> Asked {
        self.0.get(&prompt).copied().unwrap_or_default()
    }

    /// Forgets every prompt.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
