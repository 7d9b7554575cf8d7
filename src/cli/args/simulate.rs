//! The words of `simulate`. Never acts on them.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use crate::job::TimeSpan;
use crate::simulator::{Fault, FaultKind, KeyWay, QuotaStep, QuotaWindow};

#[derive(Args, Debug)]
pub(in crate::cli) struct SimulateArgs {
    /// Port; 0 takes any that is free
    #[arg(long, default_value_t = 0, env = "OVERNIGHT_SIMULATE_PORT", value_parser = port)]
    pub port: u16,
    /// Address to listen on. Beyond this machine the only key is a token: OVERNIGHT_SIMULATE_TOKEN, or one it makes and
    /// prints on stderr; /stats, /account and /reset want it too
    #[arg(long, value_name = "ADDR", default_value_t = Ipv4Addr::LOCALHOST.into(), env = "OVERNIGHT_SIMULATE_BIND", value_parser = address)]
    pub bind: IpAddr,
    /// Another seed gives other pictures, and faults to other requests
    #[arg(long, default_value_t = 0, env = "OVERNIGHT_SIMULATE_SEED", value_parser = seed)]
    pub seed: u64,
    /// How long every answer takes at least, such as 2s
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = waiting_time, env = "OVERNIGHT_SIMULATE_LATENCY")]
    pub latency: Duration,
    /// How much longer it may take
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = waiting_time, env = "OVERNIGHT_SIMULATE_JITTER")]
    pub jitter: Duration,
    /// Requests that are taken a minute, such as 1500/min, or a day, such as 250/day; the rest are answered 429. May be
    /// given several times: 300/min@5m holds from five minutes after the start, or after POST /reset, on
    #[arg(long = "quota", value_name = "N/min[@TIME]|N/day", env = "OVERNIGHT_SIMULATE_QUOTA", value_delimiter = ',')]
    pub quotas: Vec<Quota>,
    /// Which minutes a quota means: sliding (any 60 seconds) or fixed (whole minutes since the start)
    #[arg(long, value_name = "sliding|fixed", default_value = "sliding", value_parser = quota_window, env = "OVERNIGHT_SIMULATE_QUOTA_WINDOW")]
    pub quota_window: QuotaWindow,
    /// How a key has to come: any, header, query or bearer; another way counts as none
    #[arg(long, value_name = "WAY", default_value = "any", env = "OVERNIGHT_SIMULATE_AUTH")]
    pub auth: KeyWay,
    /// Draw pictures of a sixteenth of their size, which is hardly any work: for measuring speed
    #[arg(long, env = "OVERNIGHT_SIMULATE_SMALL_PICTURES")]
    pub small_pictures: bool,
    /// How long an answer of the kind `drip` takes
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = waiting_time, env = "OVERNIGHT_SIMULATE_DRIP")]
    pub drip: Duration,
    /// Let this share of the requests fail so, such as 503=3%; may be given several times
    #[arg(long = "fail", value_name = "KIND=RATE", env = "OVERNIGHT_SIMULATE_FAIL", value_delimiter = ',')]
    pub faults: Vec<Fault>,
}

/// A quota as it is written: `1500/min`, `1500`, `300/min@5m` or `250/day`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Quota {
    AMinute(QuotaStep),
    ADay(NonZeroU32),
}

impl FromStr for Quota {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is not a quota; write for example 1500/min, 300/min@5m for later on, or 250/day");
        if let Some(places) = text.strip_suffix("/day") {
            return places.parse().map(Self::ADay).map_err(|_| wrong());
        }
        let (quota, from) = text.split_once('@').unwrap_or((text, "0"));
        let places = quota.strip_suffix("/min").unwrap_or(quota).parse().map_err(|_| wrong())?;
        let from = waiting_time(from).map_err(|_| wrong())?;
        Ok(Self::AMinute(QuotaStep { from, places }))
    }
}

fn quota_window(text: &str) -> Result<QuotaWindow, String> {
    match text {
        "sliding" => Ok(QuotaWindow::Sliding),
        "fixed" => Ok(QuotaWindow::Fixed),
        _ => Err(format!("`{text}` is not a window of a quota; write sliding or fixed")),
    }
}

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "this is no port; write a number up to 65535, or 0 for any that is free".to_owned())
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "this is no address of a machine; write for example 127.0.0.1, or 0.0.0.0".to_owned())
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "this is no seed; write a whole number".to_owned())
}

/// Unlike a time-out, a wait may be nothing.
fn waiting_time(text: &str) -> Result<Duration, String> {
    if matches!(text, "0" | "0s" | "0ms") {
        return Ok(Duration::ZERO);
    }
    text.parse::<TimeSpan>().map(|span| span.0).map_err(|error| error.to_string())
}

/// What stands behind its help: the kinds of faults too, and how a prompt names them.
pub(super) fn examples() -> String {
    format!(
        "Examples:
  overnight simulate --port 8080                 for --base-url http://127.0.0.1:8080
  overnight simulate --quota 300/min --fail 503=3%
                                                 a model that is often busy
  overnight simulate --seed 7 --latency 2s --jitter 3s

Kinds of faults:
{}

A fault is meant by --fail KIND=RATE, or for one prompt by [[simulate:KIND]] in it.
In a prompt, several words are for one ask of that request after the other, and the last for all
that follow: after [[simulate:503 cut ok]] the third ask gets a good answer. Prompts come before
rates. `run --rehearse` knows the same kinds.

GET /stats counts what came; GET /account tells what a provider would bill; POST /reset forgets both.

Exit codes:
  0 ended by a signal   2 usage   1 anything else, such as a port that is taken",
        FaultKind::list()
    )
}
