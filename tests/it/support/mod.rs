//! What the tests share.

pub mod gemini;
pub mod server;
pub mod sink;
