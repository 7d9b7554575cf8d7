//! `overnight simulate` as a process of its own, and what it counted. Never judges a figure.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use anyhow::Context;
use serde::Deserialize;

use super::child::{Place, spawn};
use super::program::program;

/// A simulator that runs. Dropped, it is gone.
#[derive(Debug)]
pub struct Simulator {
    process: Child,
    /// Where it listens, on this machine.
    pub port: u16,
}

/// What it counted since the last reset.
#[derive(Debug, Clone, Deserialize)]
pub struct Stats {
    /// Requests that the quota let pass.
    pub taken: u64,
    /// Requests in flight now.
    pub in_flight: u64,
    /// Answers by their status.
    pub statuses: BTreeMap<String, u64>,
}

impl Simulator {
    /// Starts one with these words behind `simulate`.
    pub fn start(words: &[String]) -> anyhow::Result<Self> {
        let mut command = program("simulate");
        let mut process = spawn(command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()), Place::Anywhere)?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("stdout is a pipe")?).read_line(&mut line)?;
        let port = line.trim().rsplit(':').next().and_then(|port| port.parse().ok());
        Ok(Self { process, port: port.with_context(|| format!("the simulator says its port, not {line:?}"))? })
    }

    /// What it counted.
    pub fn stats(&self) -> anyhow::Result<Stats> {
        Ok(serde_json::from_str(&self.ask("GET /stats")?)?)
    }

    /// Lets it begin anew: its counts, its quotas, and the time since its start.
    pub fn reset(&self) -> anyhow::Result<()> {
        self.ask("POST /reset").map(drop)
    }

    /// Asks for something over a connection of its own; the body of the answer.
    fn ask(&self, what: &str) -> anyhow::Result<String> {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port))?;
        let head = "host: localhost\r\nconnection: close\r\ncontent-length: 0";
        write!(connection, "{what} HTTP/1.1\r\n{head}\r\n\r\n")?;
        let mut reply = String::new();
        connection.read_to_string(&mut reply)?;
        anyhow::ensure!(reply.starts_with("HTTP/1.1 200"), "{what} was answered {reply}");
        let (_, body) = reply.split_once("\r\n\r\n").context("a head and a body")?;
        Ok(body.to_owned())
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
