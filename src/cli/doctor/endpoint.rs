//! Whether somebody is there to ask, takes the key, and knows the model; and whether the clocks agree. Asks for the list of
//! models, which is free, and for nothing else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::super::open::{self, Credentials};
use super::findings::{Findings, Level};
use crate::domain::Timestamp;
use crate::job::{Job, KeyError};
use crate::provider::{Endpoint, Looked, Offer};
use crate::report::words::duration;
use crate::simulator::{Settings, Simulator};

/// Clocks that differ by more do not agree: deadlines, and the days of quotas and caps, go by them.
const AGREE: Duration = Duration::from_secs(60);
/// So many models are named to someone who asked for another.
const MOST_NAMED: usize = 4;

/// The endpoints that were looked at.
#[derive(Default)]
pub(super) struct Endpoints {
    looks: Vec<(Job, Look)>,
    /// Answers as long as it is held.
    simulator: Option<Simulator>,
}

/// What came of one, and how long that took.
#[derive(Clone)]
struct Look {
    looked: Looked,
    took: Duration,
    at: Timestamp,
}

impl Endpoints {
    /// Looks at the job's, unless another job has the same.
    pub async fn look(&mut self, job: &Job, findings: &mut Findings) {
        let Some(credentials) = credentials(job, findings) else { return };
        let has_key = credentials.key.is_some();
        let known = self.looks.iter().find(|(other, _)| is_same(other, job)).map(|(_, look)| look.clone());
        let look = match known {
            Some(look) => look,
            None => match self.ask(job, credentials).await {
                Ok(look) => look,
                Err(error) => return findings.add(Level::Fault, "endpoint", &error.to_string()),
            },
        };
        tell(job, &look, has_key, findings);
        self.looks.push((job.clone(), look));
    }

    async fn ask(&mut self, job: &Job, credentials: Credentials) -> anyhow::Result<Look> {
        let base_url = self.base_url(job).await?;
        let endpoint: Arc<dyn Endpoint> = open::endpoint(job, &base_url, credentials)?;
        let began = Instant::now();
        let looked = endpoint.look().await;
        Ok(Look { looked, took: began.elapsed(), at: open::clock().now() })
    }

    /// Where the job's requests go: a rehearsal's to a simulator in this process.
    async fn base_url(&mut self, job: &Job) -> anyhow::Result<String> {
        if !job.rehearse {
            return Ok(job.base_url.as_str().to_owned());
        }
        if self.simulator.is_none() {
            self.simulator = Some(Simulator::start(Settings::default()).await?);
        }
        Ok(self.simulator.as_ref().map(Simulator::base_url).unwrap_or_default())
    }

    /// The address that the job's requests go to, if the look at it went well.
    pub fn usable(&self, job: &Job) -> Option<String> {
        let (_, look) = self.looks.iter().find(|(other, _)| is_same(other, job))?;
        let is_well = matches!(look.looked.offer, Offer::Models { .. } | Offer::Untold(_));
        let simulated = self.simulator.as_ref().filter(|_| job.rehearse).map(Simulator::base_url);
        is_well.then(|| simulated.unwrap_or_else(|| job.base_url.as_str().to_owned()))
    }
}

/// Whether both ask the same endpoint in the same way.
fn is_same(one: &Job, other: &Job) -> bool {
    let of = |job: &Job| {
        (job.rehearse, job.base_url.clone(), job.auth, job.key.clone(), job.headers.clone(), job.ca_file.clone())
    };
    of(one) == of(other)
}

/// The key and the headers, and where they were found; none if a header is missing.
pub(super) fn credentials(job: &Job, findings: &mut Findings) -> Option<Credentials> {
    if job.rehearse {
        findings.add(Level::Ok, "key", "a rehearsal needs none");
        return Some(Credentials { key: Some("rehearsal".into()), headers: Vec::new() });
    }
    let key = key(job, findings);
    match job.headers.read() {
        Ok(headers) => Some(Credentials { key, headers }),
        Err(error) => {
            findings.add(Level::Fault, "headers", &error.to_string());
            None
        }
    }
}

fn key(job: &Job, findings: &mut Findings) -> Option<SecretString> {
    let key = match job.key.read() {
        Ok(key) => key,
        Err(error @ KeyError::NoVariable(_)) if job.base_url.is_loopback() => {
            findings.add(Level::Note, "key", &format!("{error}; on this machine none may be needed"));
            return None;
        }
        Err(error) => {
            findings.add(Level::Fault, "key", &error.to_string());
            return None;
        }
    };
    match job.key.open_to_others() {
        Some(file) => {
            let file = file.display();
            findings.add(
                Level::Note,
                "key",
                &format!("others than you can read {file}; take it from them with chmod 600 {file}"),
            );
        }
        None => findings.add(Level::Ok, "key", &format!("found in {}", job.key.place())),
    }
    Some(key)
}

fn tell(job: &Job, look: &Look, has_key: bool, findings: &mut Findings) {
    let name = if job.rehearse { "the simulator".to_owned() } else { job.base_url.as_str().to_owned() };
    let took = duration(look.took);
    let (model, offer) = (job.defaults.model.as_str(), &look.looked.offer);
    match offer {
        Offer::Unreached(why) => {
            return findings.add(
                Level::Fault,
                "endpoint",
                &format!("{name}: {why}; check the base URL, the network and any proxy"),
            );
        }
        Offer::Failing(why) => findings.add(Level::Fault, "endpoint", &format!("{name}: {why}; try again later")),
        _ => findings.add(Level::Ok, "endpoint", &format!("{name} answered after {took}")),
    }
    match offer {
        Offer::Refused(why) if has_key => findings.add(Level::Fault, "key", &format!("{name}: {why}")),
        Offer::Untold(why) => {
            let words = format!(
                "{name}: {why}, so nothing is known of `{model}`; `overnight doctor --paid` tells, for one picture"
            );
            findings.add(Level::Note, "model", &words);
        }
        Offer::Models { names, is_whole } => listed(&name, model, names, *is_whole, findings),
        _ => {}
    }
    clock(look, findings);
}

fn listed(name: &str, model: &str, names: &[String], is_whole: bool, findings: &mut Findings) {
    if names.iter().any(|known| known == model) {
        return findings.add(Level::Ok, "model", &format!("{name} has `{model}`"));
    }
    let alike = names.iter().filter(|known| known.contains("image")).take(MOST_NAMED).map(|known| format!("`{known}`"));
    let alike: Vec<String> = alike.collect();
    let others = if alike.is_empty() { String::new() } else { format!("; it has {}", alike.join(", ")) };
    let words = format!("{name} does not list `{model}`: check the model's name and the base URL{others}");
    let is_certain = is_whole && !names.is_empty();
    findings.add(if is_certain { Level::Fault } else { Level::Note }, "model", &words);
}

/// The server's clock has whole seconds, and read them somewhere between the question and the answer.
fn clock(look: &Look, findings: &mut Findings) {
    let Some(theirs) = look.looked.time else {
        return findings.add(Level::Note, "clock", "the endpoint does not say what time it is there");
    };
    let earliest = look.at.millis() - i64::try_from(look.took.as_millis()).unwrap_or_default() - 1000;
    let (ahead, behind) = (earliest - theirs.millis(), theirs.millis() - look.at.millis());
    let apart = ahead.max(behind).max(0).unsigned_abs();
    let length = duration(Duration::from_millis(apart));
    match Duration::from_millis(apart) > AGREE {
        false => findings.add(Level::Ok, "clock", "it agrees with the endpoint's"),
        true => {
            let side = if ahead > behind { "ahead of" } else { "behind" };
            let words = format!(
                "this machine's is {length} {side} the endpoint's; set it, for deadlines and the days of quotas and caps go by it"
            );
            findings.add(Level::Fault, "clock", &words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_agree_within_a_minute_whatever_the_answer_took() {
        for (theirs, took, faults) in [(0, 0, 0), (-59, 0, 0), (-62, 0, 1), (60, 0, 0), (61, 0, 1), (-80, 30, 0)] {
            let mut findings = Findings::default();
            let at = Timestamp::from_millis(1_000_000_000);
            let looked = Looked { time: Some(at.moved(theirs * 1000)), offer: Offer::Untold(String::new()) };
            clock(&Look { looked, took: Duration::from_secs(took), at }, &mut findings);
            assert_eq!(u64::from(findings.has_faults()), faults, "{theirs} {took}");
        }
    }
}
