//! `overnight simulate`: the simulator as a server of its own, until a signal comes. Never listens beyond loopback.

use std::io::Write;

use super::args::SimulateArgs;
use super::exit::{Code, UsageError};
use super::{runtime, signals};
use crate::run::Stop;
use crate::simulator::{Faults, Settings, Simulator};

pub(super) fn run(args: &SimulateArgs) -> anyhow::Result<Code> {
    let settings = Settings {
        port: args.port,
        seed: args.seed,
        latency: args.latency,
        jitter: args.jitter,
        drip: args.drip,
        key_way: args.auth,
        quota_per_minute: args.quota.map(|quota| quota.0),
        faults: Faults::new(args.faults.iter().copied()).map_err(|error| UsageError(error.to_string()))?,
    };
    runtime()?.block_on(async {
        let mut stop = signals::listen(|| {})?;
        let simulator = Simulator::start(settings).await?;
        let mut stdout = std::io::stdout();
        writeln!(stdout, "listening on {}", simulator.base_url())?;
        stdout.flush()?;
        let signal = async {
            // An error would mean that nobody listens for signals any more, which is an end as well.
            let _ = stop.wait_for(|stop| *stop != Stop::No).await;
        };
        simulator.serve_until(signal).await;
        Ok(Code::Complete)
    })
}
