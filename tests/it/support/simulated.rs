//! The simulator beside a test: in its process, or as a child of its own. Never shared between tests.

use std::io::{Read, Write};
use std::net::TcpStream;

use overnight::simulator::{Account, Fault, Faults, Settings, Simulator, Stats};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::process::Running;
use super::workspace::Workspace;

/// A simulator on a runtime of its own.
pub struct Simulated {
    // Ends before the runtime it serves on.
    simulator: Simulator,
    _runtime: Runtime,
}

impl Simulated {
    /// One without waiting and faults.
    pub fn start() -> Self {
        Self::with_faults(&[])
    }

    /// One with these faults, written `KIND=RATE`.
    pub fn with_faults(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|fault| fault.parse::<Fault>().unwrap());
        Self::with(Settings { faults: Faults::new(faults).unwrap(), ..Settings::default() })
    }

    fn with(settings: Settings) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let simulator = runtime.block_on(Simulator::start(settings)).unwrap();
        Self { simulator, _runtime: runtime }
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.simulator.base_url()
    }

    /// What it counted.
    pub fn stats(&self) -> Stats {
        self.simulator.stats()
    }

    /// What a provider would bill.
    pub fn account(&self) -> Account {
        self.simulator.account()
    }
}

/// `overnight simulate` as a process of its own.
#[derive(Debug)]
pub struct SimulatorProcess {
    _running: Running,
    address: String,
}

impl SimulatorProcess {
    /// Starts it with these flags, and waits until it listens.
    pub fn start(here: &Workspace, flags: &str) -> Self {
        let mut running = here.overnight(&format!("simulate {flags}")).start();
        let line = running.line().expect("the line that says where it listens");
        let address = line.strip_prefix("listening on http://").expect(&line).to_owned();
        Self { _running: running, address }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What `GET /stats` says.
    pub fn stats(&self) -> Value {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        write!(connection, "GET /stats HTTP/1.1\r\nhost: simulator\r\nconnection: close\r\n\r\n").unwrap();
        let mut reply = String::new();
        connection.read_to_string(&mut reply).unwrap();
        let (_, body) = reply.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap()
    }
}
