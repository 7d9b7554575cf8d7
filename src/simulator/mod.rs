//! A Gemini-compatible server, on loopback unless told otherwise, that draws what it is asked for. Never touches anything else of ours.
//!
//! Every reply is a function of the seed, the request, and how many times that request was asked before: also what
//! goes wrong, be it by rate or by a word in the prompt (`[[simulate:KIND]]`; `fault.rs` has the table). So a
//! demonstration, a rehearsal, a test and a benchmark see the same night each time, through the real client.

mod account;
mod answer;
mod asked;
mod body;
mod dice;
mod door;
mod error;
mod fault;
mod files;
mod gateway;
mod key;
mod link;
mod oddity;
mod picture;
mod protocol;
mod quota;
mod rate;
mod ratio;
mod request;
mod script;
mod server;
mod service;
mod stand_in;
mod stats;
mod withheld;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use account::{Account, Bill};
pub use asked::Asked;
pub use fault::FaultKind;
pub use key::{KeyWay, KeyWayError};
pub use picture::{Drawing, Format, draw, plain};
pub use quota::{QuotaStep, QuotaWindow};
pub use rate::{Fault, FaultError, Faults};
pub use ratio::AspectRatio;
pub use stand_in::STAND_INS;
pub use stats::Stats;

use service::Service;

/// How long an answer of the kind `drip` takes unless told otherwise.
const DRIP: Duration = Duration::from_secs(2);

/// How the server behaves. By default: any port of loopback, seed 0, no waiting, no quota, keys in any way, no faults.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens.
    pub bind: IpAddr,
    /// The port there; 0 takes any that is free.
    pub port: u16,
    /// The one key that lets in, also to what it counted; without it every key does.
    pub token: Option<SecretString>,
    /// Other seeds give other pictures, other waits, and faults for other requests.
    pub seed: u64,
    /// How long every valid request waits for its answer, at least.
    pub latency: Duration,
    /// How much longer it may wait, evenly spread.
    pub jitter: Duration,
    /// How many requests a minute takes; the rest get 429. Requests that are not valid do not count.
    pub quota_per_minute: Option<NonZeroU32>,
    /// Other quotas by the minute, from later on.
    pub quota_changes: Vec<QuotaStep>,
    /// Which minutes these quotas mean.
    pub quota_window: QuotaWindow,
    /// How many requests are taken from the start, or from `POST /reset`, on; the rest get the 429 of a day quota.
    pub quota_per_day: Option<NonZeroU32>,
    /// Whether pictures are drawn at a sixteenth of their size: hardly any work, where speed is what is looked at.
    pub small_pictures: bool,
    /// How long an answer of the kind `drip` takes.
    pub drip: Duration,
    /// How a key has to come.
    pub key_way: KeyWay,
    /// What goes wrong on purpose, beside what prompts say.
    pub faults: Faults,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            bind: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            token: None,
            seed: 0,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            quota_per_minute: None,
            quota_changes: Vec::new(),
            quota_window: QuotaWindow::Sliding,
            quota_per_day: None,
            small_pictures: false,
            drip: DRIP,
            key_way: KeyWay::Any,
            faults: Faults::default(),
        }
    }
}

/// Why the server could not start.
#[derive(Debug, Error)]
pub enum SimulatorError {
    /// The port is taken, or may not be used.
    #[error("cannot listen on {address}: {}; choose another port, or 0 for any that is free", .source.kind())]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
}

/// A running server. Dropped, it ends as well, without waiting for what is in flight.
pub struct Simulator {
    address: SocketAddr,
    service: Arc<Service>,
    closing: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Simulator {
    /// Starts serving, on the runtime that calls.
    ///
    /// # Errors
    /// When the port cannot be listened on.
    pub async fn start(settings: Settings) -> Result<Simulator, SimulatorError> {
        let wanted = SocketAddr::from((settings.bind, settings.port));
        let refused = |source| SimulatorError::Listen { address: wanted, source };
        let listener = TcpListener::bind(wanted).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let (closing, closed) = watch::channel(false);
        let service = Arc::new(Service::new(settings, address, closed.clone()));
        let serving = tokio::spawn(server::serve(listener, service::router(service.clone()), closed));
        Ok(Simulator { address, service, closing, serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL for a client, such as `http://127.0.0.1:PORT`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What `GET /stats` tells.
    pub fn stats(&self) -> Stats {
        self.service.stats()
    }

    /// What became of the requests with this prompt: all texts of the user, joined by line feeds.
    pub fn asked(&self, prompt: &str) -> Asked {
        self.service.asked(prompt)
    }

    /// What `GET /account` tells.
    pub fn account(&self) -> Account {
        self.service.account()
    }

    /// Accepts nothing more, lets what is in flight end for up to five seconds, and returns. Hung requests are dropped.
    pub async fn stop(self) {
        self.closing.send_replace(true);
        // It ends in an error only where its runtime is going down, and then it has ended as well.
        let _ = self.serving.await;
    }

    /// Serves until `signal` comes, then stops as [`Simulator::stop`] does.
    pub async fn serve_until(self, signal: impl Future<Output = ()>) {
        signal.await;
        self.stop().await;
    }
}
