//! One real picture, for whoever said `--paid`. Never sends a second request, and keeps nothing of the answer.

use std::io;

use super::super::run::rules;
use super::super::{open, outlook};
use super::endpoint::{Endpoints, credentials};
use super::findings::{Findings, Level};
use super::subjects::Subject;
use crate::domain::{Cap, CapKind, Held, ImageFormat, Request, Usd};
use crate::job::Job;
use crate::provider::{AskError, ImageSink};
use crate::queue::Redo;
use crate::report::words::{counted, money};

/// As small and as harmless as a picture can be.
const PROMPT: &str = "A plain grey circle on a white background.";

/// Asks for one picture as the first job would, if nothing is at fault so far.
pub(super) async fn ask(subjects: &[Subject], endpoints: &Endpoints, findings: &mut Findings) {
    let Some((subject, job)) = subjects.iter().find_map(|subject| Some((subject, subject.job.as_ref().ok()?))) else {
        return;
    };
    findings.about(&subject.name);
    let Some(base_url) = endpoints.usable(job).filter(|_| !findings.has_faults()) else {
        return findings.add(Level::Note, "picture", "none was asked for, because of what is at fault");
    };
    let request = request(job);
    let price = job.prices.of(&request.model);
    let most = price.map_or("nobody knows how much".to_owned(), |price| money(price.reserve(&request)));
    match without_room(job, price.map(|price| price.reserve(&request)).unwrap_or_default()) {
        Ok(None) => {}
        Ok(Some(cap)) => {
            let words = format!("none was asked for: {} has no room left for {most}", cap.flag());
            return findings.add(Level::Fault, "picture", &words);
        }
        Err(error) => return findings.add(Level::Fault, "picture", &error.to_string()),
    }
    let model = &request.model;
    let whom = if job.rehearse { "the simulator, for nothing," } else { job.base_url.as_str() };
    // Before it leaves, and apart from what is found.
    let _ = io::Write::write_all(
        &mut io::stderr(),
        format!("asking {whom} for one picture of `{model}`, which may cost {most}\n").as_bytes(),
    );
    // What was found of them is told already.
    let Some(credentials) = credentials(job, &mut Findings::default()) else { return };
    let provider = match open::provider(job, &base_url, credentials, open::references(job, &base_url)) {
        Ok(provider) => provider,
        Err(error) => return findings.add(Level::Fault, "picture", &error.to_string()),
    };
    let mut images = Counted::default();
    match provider.generate(&request, &mut images).await {
        Ok(generation) => {
            let kept = images.kept.len() as u64;
            let cost = price.and_then(|price| price.cost(&request, Some(kept), generation.reply.usage));
            let cost = match (cost, job.rehearse) {
                (_, true) => "for nothing".to_owned(),
                (Some(cost), false) => format!("for {}; no ledger has it", money(cost)),
                (None, false) => "at a price that is not known; no ledger has it".to_owned(),
            };
            let (pictures, bytes) = (counted(kept, "picture", "pictures"), images.kept.iter().sum());
            let words = format!("{pictures} of {} came from `{model}`, {cost}", counted(bytes, "byte", "bytes"));
            findings.add(Level::Ok, "picture", &words);
        }
        Err(AskError::Failed(failure)) => findings.add(Level::Fault, "picture", &failure.message),
        Err(AskError::Sink(error)) => {
            findings.add(Level::Fault, "picture", &format!("what came is no picture: {error}"))
        }
    }
}

/// The cap of the day or of the month that leaves no room for a request at this price. Those of a job or a run are no
/// matter of this request, which belongs to none.
fn without_room(job: &Job, next: Usd) -> anyhow::Result<Option<CapKind>> {
    if job.rehearse || (job.caps.day.is_none() && job.caps.month.is_none()) {
        return Ok(None);
    }
    let (preview, now) = (open::preview(job, Redo::No)?, open::clock().now());
    let is_full = |(cap, held): &(Cap, Held)| held.total() + next > cap.most || held.total() >= cap.most;
    let mut caps = outlook::caps(&rules(job, 0, now), &*preview, now)?.into_iter();
    Ok(caps.find(|cap| matches!(cap.0.kind, CapKind::Day | CapKind::Month) && is_full(cap)).map(|(cap, _)| cap.kind))
}

/// What the job would ask for, but for the prompt and its references.
fn request(job: &Job) -> Request {
    let defaults = &job.defaults;
    Request {
        aspect_ratio: defaults.aspect_ratio,
        modalities: defaults.modalities,
        safety: defaults.safety.clone(),
        labels: defaults.labels.clone(),
        extra: defaults.extra.clone(),
        ..Request::new(defaults.model.as_str(), PROMPT)
    }
}

/// Counts the bytes of the pictures that come, and keeps none.
#[derive(Default)]
struct Counted {
    /// The bytes of each picture that is one.
    kept: Vec<u64>,
    bytes: u64,
    head: Vec<u8>,
}

impl ImageSink for Counted {
    fn begin(&mut self) -> io::Result<()> {
        (self.bytes, self.head) = (0, Vec::new());
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        let missing = ImageFormat::SNIFF_BYTES - self.head.len();
        self.head.extend_from_slice(&bytes[..missing.min(bytes.len())]);
        Ok(())
    }

    fn keep(&mut self) -> io::Result<()> {
        let no_image = "its first bytes are neither JPEG, PNG nor WebP";
        ImageFormat::sniff(&self.head).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, no_image))?;
        self.kept.push(self.bytes);
        Ok(())
    }

    fn discard(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn retain(&mut self, finals: &[usize]) -> io::Result<()> {
        self.kept = finals.iter().filter_map(|number| self.kept.get(*number).copied()).collect();
        Ok(())
    }
}
