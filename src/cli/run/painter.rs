//! Who makes a job's pictures: the model, by its key, or in a rehearsal a simulator in this process. Never asks it for
//! one.

use std::sync::Arc;

use secrecy::SecretString;

use super::super::accounts::Accounts;
use super::super::exit::UsageError;
use super::super::open::{self, Credentials};
use crate::job::{Job, KeyError};
use crate::provider::{Provider, ReferenceSource};
use crate::run::Account;
use crate::simulator::{Fault, Faults, Settings, Simulator};

/// Who makes pictures, and whose limits are kept with it.
pub(super) struct Painter {
    pub provider: Arc<dyn Provider>,
    /// Where it has the reference images from.
    pub references: Arc<dyn ReferenceSource>,
    pub account: Account,
}

/// Who makes the job's pictures; what it needs for that must be there when something will be sent.
pub(super) fn painter(job: &Job, sends: bool, accounts: &Accounts) -> anyhow::Result<Painter> {
    let (base_url, key) = (job.base_url.as_str(), key(job, sends)?);
    let headers = if sends { job.headers.read()? } else { Vec::new() };
    let account = accounts.of(base_url, key.as_ref());
    let references = open::references(job, base_url);
    let provider = open::provider(job, base_url, Credentials { key, headers }, references.clone())?;
    Ok(Painter { provider, references, account })
}

/// The key, where one is there; it must be there when something will be sent beyond this machine.
fn key(job: &Job, sends: bool) -> anyhow::Result<Option<SecretString>> {
    match job.key.read() {
        Ok(key) => Ok(Some(key)),
        // Nothing leaves this machine, or nothing leaves at all: no key may be needed, if none was spoken of.
        Err(KeyError::NoVariable(_)) if !sends || job.base_url.is_loopback() => Ok(None),
        Err(_) if !sends => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A simulator that plays the job through, and who asks it.
pub(super) async fn rehearsal(job: &Job) -> anyhow::Result<(Painter, Option<Simulator>)> {
    let settings = Settings { faults: rehearsed_faults(job)?, ..Settings::default() };
    let simulator = Simulator::start(settings).await?;
    // It wants some key, as the model does.
    let credentials = Credentials { key: Some("rehearsal".into()), headers: Vec::new() };
    let references = open::references(job, &simulator.base_url());
    let provider = open::provider(job, &simulator.base_url(), credentials, references.clone())?;
    Ok((Painter { provider, references, account: Account::default() }, Some(simulator)))
}

/// What a rehearsal was told to let fail.
pub(super) fn rehearsed_faults(job: &Job) -> Result<Faults, UsageError> {
    let wrong = |why: String| UsageError(format!("--fail: {why}"));
    if !job.rehearse && !job.fail.is_empty() {
        return Err(wrong("only a rehearsal can be made to fail; add --rehearse".to_owned()));
    }
    let parsed = job.fail.iter().map(|text| text.parse::<Fault>());
    let parsed = parsed.collect::<Result<Vec<_>, _>>().map_err(|error| wrong(error.to_string()))?;
    Faults::new(parsed).map_err(|error| wrong(error.to_string()))
}
