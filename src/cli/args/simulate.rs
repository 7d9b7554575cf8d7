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
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Address to listen on. Beyond this machine the only key is a token: OVERNIGHT_SIMULATE_TOKEN, or one it makes and
    /// prints on stderr; /stats, /account and /reset want it too
    #[arg(long, value_name = "ADDR", default_value_t = Ipv4Addr::LOCALHOST.into())]
    pub bind: IpAddr,
    /// Another seed gives other pictures, and faults to other requests
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How long every answer takes at least, such as 2s
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = waiting_time)]
    pub latency: Duration,
    /// How much longer it may take
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = waiting_time)]
    pub jitter: Duration,
    /// Requests that are taken a minute, such as 1500/min, or a day, such as 250/day; the rest are answered 429. May be
    /// given several times: 300/min@5m holds from five minutes after the start, or after POST /reset, on
    #[arg(long = "quota", value_name = "N/min[@TIME]|N/day")]
    pub quotas: Vec<Quota>,
    /// Which minutes a quota means: sliding (any 60 seconds) or fixed (whole minutes since the start)
    #[arg(long, value_name = "sliding|fixed", default_value = "sliding", value_parser = quota_window)]
    pub quota_window: QuotaWindow,
    /// How a key has to come: any, header, query or bearer; another way counts as none
    #[arg(long, value_name = "WAY", default_value = "any")]
    pub auth: KeyWay,
    /// Draw pictures of a sixteenth of their size, which is hardly any work: for measuring speed
    #[arg(long)]
    pub small_pictures: bool,
    /// How long an answer of the kind `drip` takes
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = waiting_time)]
    pub drip: Duration,
    /// Let this share of the requests fail so, such as 503=3%; may be given several times
    #[arg(long = "fail", value_name = "KIND=RATE")]
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

/// Unlike a time-out, a wait may be nothing.
fn waiting_time(text: &str) -> Result<Duration, String> {
    if matches!(text, "0" | "0s" | "0ms") {
        return Ok(Duration::ZERO);
    }
    text.parse::<TimeSpan>().map(|span| span.0).map_err(|error| error.to_string())
}

/// The kinds of faults for the help of `simulate`, and how a prompt names them.
pub(super) fn fault_kinds() -> String {
    format!(
        "Kinds of faults, for --fail KIND=RATE, or for one prompt that holds [[simulate:KIND]]:\n{}\n\n\
         In a prompt, several words are for one ask of that request after the other, and the last for all that follow: \
         after [[simulate:503 cut ok]] the third ask gets a good answer. Prompts come before rates. `run --rehearse` \
         knows the same kinds. GET /stats counts them; GET /account tells what a \
         provider would bill.",
        FaultKind::list()
    )
}
