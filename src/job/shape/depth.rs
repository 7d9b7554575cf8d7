//! Texts that nest as deep as a person wrote them, understood where there is room for that. Never lets one nest without
//! bound.

use std::panic::resume_unwind;
use std::thread::{self, Builder};

/// The longest template, piece or expression, in bytes: each may open a bracket.
pub const LONGEST: usize = 64 * 1024;

/// What the engine needs to understand the deepest of them, in bytes of stack; only what is used is taken.
const STACK: usize = 512 << 20;

/// Does some work with room for the deepest text.
pub fn deep<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        let thread = thread.expect("a thread is to be had, as for the reading of the manifest");
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// What is wrong with a text that is too long.
pub fn too_long(text: &str) -> Option<String> {
    let most = LONGEST / 1024;
    (text.len() > LONGEST).then(|| format!("this is longer than {most} KiB; shorten it, or put the text into a column"))
}
