//! The simulator beside a test, in its process. Never shared between tests.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Instant;

use overnight::simulator::{Account, Asked, Fault, Faults, Settings, Simulator, Stats};
use tokio::runtime::Runtime;

use super::process::PATIENCE;

/// A simulator on a runtime of its own.
pub struct Simulated {
    // Ends before the runtime it serves on.
    simulator: Simulator,
    _runtime: Runtime,
}

impl Simulated {
    /// One without waiting and faults, and with small pictures: drawing is most of its work.
    pub fn start() -> Self {
        Self::with_faults(&[])
    }

    /// The same with these faults, written `KIND=RATE`.
    pub fn with_faults(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|fault| fault.parse::<Fault>().unwrap());
        Self::with(Settings { faults: Faults::new(faults).unwrap(), small_pictures: true, ..Settings::default() })
    }

    /// One that behaves as the settings say.
    pub fn with(settings: Settings) -> Self {
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

    /// What became of the requests with this prompt.
    pub fn asked(&self, prompt: &str) -> Asked {
        self.simulator.asked(prompt)
    }

    /// Waits until it has seen all that clients which are gone had sent it.
    pub fn wait_until_quiet(&self) {
        // Connections are accepted in the order in which they came, so this one is served behind all others.
        visit(self.simulator.address());
        let start = Instant::now();
        let decided = |stats: &Stats| stats.statuses.values().sum::<u64>() == stats.requests;
        while !decided(&self.stats()) {
            assert!(start.elapsed() < PATIENCE, "a request stays open: {:?}", self.stats());
            thread::yield_now();
        }
    }
}

/// Asks for something, over a connection of its own, until it is answered.
fn visit(address: SocketAddr) {
    let mut connection = TcpStream::connect(address).unwrap();
    write!(connection, "GET /stats HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    connection.read_to_string(&mut reply).unwrap();
}
