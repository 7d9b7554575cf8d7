//! `overnight simulate`: the simulator as a server of its own, until a signal comes. Never listens
//! beyond loopback unless told to, and then lets nobody in without a token.

use std::io::Write;
use std::net::IpAddr;
use std::num::NonZeroU32;

use ring::rand::SecureRandom;
use secrecy::SecretString;

use super::args::{Quota, SimulateArgs};
use super::exit::{Code, UsageError};
use super::{runtime, signals};
use crate::run::Stop;
use crate::simulator::{Faults, QuotaStep, Settings, Simulator};

pub(super) fn run(args: &SimulateArgs) -> anyhow::Result<Code> {
    let (steps, quota_per_day) = quotas(&args.quotas)?;
    let settings = Settings {
        bind: args.bind,
        port: args.port,
        token: token(args.bind)?,
        seed: args.seed,
        latency: args.latency,
        jitter: args.jitter,
        small_pictures: args.small_pictures,
        drip: args.drip,
        key_way: args.auth,
        quota_per_minute: None,
        quota_changes: steps,
        quota_window: args.quota_window,
        quota_per_day,
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

/// The quotas by the minute, and that by the day; at any moment there can be one of each.
fn quotas(given: &[Quota]) -> Result<(Vec<QuotaStep>, Option<NonZeroU32>), UsageError> {
    let (mut steps, mut a_day) = (Vec::<QuotaStep>::new(), None);
    for quota in given {
        let twice = match quota {
            Quota::AMinute(step) => steps.iter().any(|other| other.from == step.from),
            Quota::ADay(_) => a_day.is_some(),
        };
        if twice {
            let message = "two of --quota hold at the same time; leave one out, or let one begin later: 300/min@5m";
            return Err(UsageError(message.to_owned()));
        }
        match quota {
            Quota::AMinute(step) => steps.push(*step),
            Quota::ADay(places) => a_day = Some(*places),
        }
    }
    Ok((steps, a_day))
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
