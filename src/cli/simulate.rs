//! `overnight simulate`: the simulator as a server of its own, until a signal comes. Never listens
//! beyond loopback unless told to, and then lets nobody in without a token.

use std::io::Write;
use std::net::IpAddr;

use ring::rand::SecureRandom;
use secrecy::SecretString;

use super::args::SimulateArgs;
use super::exit::{Code, UsageError};
use super::{runtime, signals};
use crate::run::Stop;
use crate::simulator::{Faults, Settings, Simulator};

pub(super) fn run(args: &SimulateArgs) -> anyhow::Result<Code> {
    let settings = Settings {
        bind: args.bind,
        port: args.port,
        token: token(args.bind)?,
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

/// The variable that holds the token of a server that others can reach.
const TOKEN_VARIABLE: &str = "OVERNIGHT_SIMULATE_TOKEN";

/// What lets in from beyond this machine; on loopback nothing has to.
fn token(bind: IpAddr) -> anyhow::Result<Option<SecretString>> {
    if bind.is_loopback() {
        return Ok(None);
    }
    let given = std::env::var(TOKEN_VARIABLE).unwrap_or_default();
    if !given.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = format!("{TOKEN_VARIABLE} holds something else than visible ASCII characters; set it anew");
        return Err(UsageError(message).into());
    }
    if !given.is_empty() {
        return Ok(Some(given.into()));
    }
    let made = new_token()?;
    writeln!(std::io::stderr(), "the key for this server, made for now: {made}")?;
    Ok(Some(made.into()))
}

/// 128 bits that nobody can guess, as hexadecimal digits.
fn new_token() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    let filled = ring::rand::SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| anyhow::anyhow!("the system gives no random numbers; set {TOKEN_VARIABLE} yourself"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
