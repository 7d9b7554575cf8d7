//! What the benches share: a server, a child process that is measured, a folder in memory, tables. Never measures
//! by itself, and never reaches into the program.

// Each bench is a program of its own and uses a part of this.
#![allow(dead_code)]

pub mod answer;
pub mod child;
pub mod parts;
pub mod program;
pub mod reviewer;
pub mod scratch;
pub mod server;
pub mod simulated;
pub mod table;

use std::env;
use std::path::PathBuf;

use clap::{Args, Parser};

// What every bench can be told. (As documentation this would take the place of a bench's own help.)
#[derive(Args, Debug, Clone)]
pub struct Shared {
    /// Where pictures and databases go; a folder in memory keeps the disk out of the figures
    #[arg(long, default_value = "/dev/shm")]
    pub scratch: PathBuf,
    /// Given by `cargo bench`; without a meaning here
    #[arg(long, hide = true)]
    bench: bool,
}

/// Runs the bench, unless this process was started as one of its helpers: then it is that helper.
pub fn main<Arguments: Parser>(bench: impl FnOnce(Arguments) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.split_first() {
        Some((first, rest)) if first == child::ROLE => play(rest),
        _ => bench(Arguments::parse()),
    }
}

/// A helper's whole life: its name, then its numbers.
fn play(words: &[String]) -> anyhow::Result<()> {
    let Some((role, rest)) = words.split_first() else { anyhow::bail!("no role is named") };
    match role.as_str() {
        server::ROLE => server::serve(rest),
        _ => parts::play(role, rest),
    }
}
