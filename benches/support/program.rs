//! The program as its users have it: the release binary and a manifest. Never anything else of it.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::scratch::Scratch;

/// The job's name: what its manifest is called.
pub const JOB: &str = "bench";

/// A workspace of one job: `bench.csv`, `overnight.db`, `output`.
#[derive(Debug)]
pub struct Workspace<'a> {
    scratch: &'a Scratch,
}

impl<'a> Workspace<'a> {
    /// One with so many rows, each with an id of its own or with one that is made of its prompt.
    pub fn new(scratch: &'a Scratch, rows: u64, own_ids: bool) -> anyhow::Result<Self> {
        let workspace = Self { scratch };
        let mut manifest = BufWriter::new(File::create(workspace.manifest())?);
        writeln!(manifest, "{}", if own_ids { "id,prompt" } else { "prompt" })?;
        for row in 1..=rows {
            let id = if own_ids { format!("item-{row:08},") } else { String::new() };
            writeln!(manifest, "{id}\"A stoneware mug on light oak, number {row:08}\"")?;
        }
        manifest.flush()?;
        Ok(workspace)
    }

    /// Its manifest.
    pub fn manifest(&self) -> PathBuf {
        self.scratch.join("bench.csv")
    }

    /// Its database.
    pub fn database(&self) -> PathBuf {
        self.scratch.join("overnight.db")
    }

    /// `overnight run` of its manifest against the server at this port, without a word on the terminal.
    pub fn run_at(&self, port: u16) -> Command {
        let mut command = program("run");
        command.arg(self.manifest()).arg("--db").arg(self.database()).arg("--output").arg(self.scratch.join("output"));
        command.args(["--base-url", &format!("http://127.0.0.1:{port}")]);
        command.args(["--progress", "none", "--quiet"]).env("OVERNIGHT_API_KEY", "bench");
        command
    }

    /// The same with so many requests in flight.
    pub fn run(&self, port: u16, in_flight: usize) -> Command {
        let mut command = self.run_at(port);
        command.args(["--concurrency", &in_flight.to_string()]);
        command
    }

    /// `overnight status` of its database.
    pub fn status(&self) -> Command {
        let mut command = program("status");
        command.arg("--db").arg(self.database());
        command
    }
}

/// `overnight plan --json` of a manifest.
pub fn plan(manifest: &Path) -> Command {
    let mut command = program("plan");
    command.arg(manifest).arg("--json").current_dir(manifest.parent().unwrap_or(manifest));
    command
}

/// The program, with nothing in its environment that could give it another mind.
pub fn program(command_word: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overnight"));
    let own = std::env::vars_os().map(|(name, _)| name);
    for name in own.filter(|name| name.to_string_lossy().starts_with("OVERNIGHT_")) {
        command.env_remove(name);
    }
    command.arg(command_word);
    command
}
