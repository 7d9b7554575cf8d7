//! `overnight completions`: a script that lets a shell complete our words. Never installs it.

use std::io::Write;

use super::args::{self, CompletionsArgs};
use super::exit::Code;

pub(super) fn run(args: &CompletionsArgs) -> anyhow::Result<Code> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), "overnight", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(Code::Complete)
}
