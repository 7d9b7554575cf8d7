//! Counts what was asked and answered. Never decides what is answered.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::account::{Account, Bill};
use super::asked::{Asked, PromptName, Prompts};
use super::dice::RequestHash;

/// What `GET /stats` tells, since the start or the last `POST /reset`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Requests that arrived at a `generateContent` path, whatever became of them.
    pub requests: u64,
    /// How they ended: by status code; `cut` are 200 answers broken off on purpose; `none` got no status line, because
    /// they were hung, reset, or their client went away first. A request is counted here once it has its answer's head.
    pub statuses: BTreeMap<String, u64>,
    /// Valid requests that the quotas, where there are any, let pass.
    pub taken: u64,
    /// Requests that are in flight now.
    pub in_flight: u64,
    /// The most requests that were in flight together, from the head of a request to the end of its answer.
    pub most_at_once: u64,
    /// Complete 200 answers with a final image, or its URL: the last byte was handed to the connection.
    pub answered: u64,
    /// Those of `answered` whose very same request had been answered before.
    pub answered_again: u64,
    /// How often each kind of fault befell an ask, by rate or by a word in its prompt.
    pub oddities: BTreeMap<&'static str, u64>,
}

/// The counts of a running simulator; clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    stats: Stats,
    account: Account,
    in_flight: u64,
    /// By request. Kept small: a benchmark asks millions.
    histories: HashMap<RequestHash, History>,
    prompts: Prompts,
    /// Grows by each reset, so that what began before it is not counted after it.
    epoch: u64,
}

#[derive(Debug, Default)]
struct History {
    asks: u32,
    answered: bool,
}

impl Tally {
    /// Counts a request that has just arrived. It is in flight until the visit is dropped.
    pub fn arrive(&self) -> Visit {
        let mut counts = self.counts();
        counts.in_flight += 1;
        counts.stats.requests += 1;
        counts.stats.most_at_once = counts.stats.most_at_once.max(counts.in_flight);
        Visit { tally: self.clone(), epoch: counts.epoch, prompt: None, has_status: false, bill: None }
    }

    /// Which ask of this request this one is: 1 for the first.
    pub fn ask(&self, request: RequestHash) -> u64 {
        let mut counts = self.counts();
        let history = counts.histories.entry(request).or_default();
        history.asks += 1;
        u64::from(history.asks)
    }

    /// The counts as they stand.
    pub fn stats(&self) -> Stats {
        let counts = self.counts();
        Stats { in_flight: counts.in_flight, ..counts.stats.clone() }
    }

    /// What became of the requests with this prompt.
    pub fn asked(&self, prompt: &str) -> Asked {
        self.counts().prompts.of(PromptName::of(prompt))
    }

    /// What a provider would bill.
    pub fn account(&self) -> Account {
        self.counts().account.clone()
    }

    /// Forgets everything but what is in flight.
    pub fn reset(&self) {
        let mut counts = self.counts();
        counts.epoch += 1;
        counts.histories.clear();
        counts.prompts.clear();
        counts.account = Account::default();
        counts.stats = Stats { most_at_once: counts.in_flight, ..Stats::default() };
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // A count is still a count when another thread panicked beside it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request in flight. Dropped before it got a status, it is counted under `none`.
#[derive(Debug)]
pub(super) struct Visit {
    tally: Tally,
    epoch: u64,
    /// Of a valid request.
    prompt: Option<PromptName>,
    has_status: bool,
    /// What its answer is to be billed, and to which model, once it is handed over.
    bill: Option<(String, Bill)>,
}

impl Visit {
    /// The request is valid, and this is its prompt.
    pub fn asks_for(&mut self, prompt: &str) {
        let prompt = PromptName::of(prompt);
        self.prompt = Some(prompt);
        self.count(|counts| counts.prompts.ask(prompt));
    }

    /// The quotas let it pass.
    pub fn is_taken(&mut self) {
        self.count(|counts| counts.stats.taken += 1);
    }

    /// The head of the answer is decided: a status code, or `cut`.
    pub fn got(&mut self, status: &str) {
        self.has_status = true;
        self.count(|counts| *counts.stats.statuses.entry(status.to_owned()).or_default() += 1);
    }

    /// This kind of fault befalls the ask.
    pub fn befell(&mut self, kind: &'static str) {
        self.count(|counts| *counts.stats.oddities.entry(kind).or_default() += 1);
    }

    /// Its answer, once it is handed over whole, is to be billed so.
    pub fn bills(&mut self, model: &str, bill: Option<Bill>) {
        self.bill = bill.map(|bill| (model.to_owned(), bill));
    }

    /// The whole answer was handed over, be there an image in it or none.
    pub fn delivered(&mut self) {
        if let Some((model, bill)) = self.bill.take() {
            self.count(|counts| counts.account.enter(&model, bill));
        }
    }

    /// The whole answer with its image was handed over.
    pub fn answered(&mut self, request: RequestHash) {
        let prompt = self.prompt;
        self.delivered();
        self.count(|counts| {
            prompt.into_iter().for_each(|prompt| counts.prompts.answer(prompt));
            let before = std::mem::replace(&mut counts.histories.entry(request).or_default().answered, true);
            counts.stats.answered += 1;
            counts.stats.answered_again += u64::from(before);
        });
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.tally.counts();
        if counts.epoch == self.epoch {
            change(&mut counts);
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if !self.has_status {
            self.got("none");
        }
        self.tally.counts().in_flight -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_that_got_no_status_is_counted_under_none() {
        let tally = Tally::default();
        drop(tally.arrive());
        tally.arrive().got("503");
        assert_eq!(tally.stats().statuses, BTreeMap::from([("503".into(), 1), ("none".into(), 1)]));
        assert_eq!((tally.stats().requests, tally.stats().most_at_once), (2, 1));
    }

    #[test]
    fn an_answer_to_the_same_request_is_one_answered_again() {
        let (tally, cup, jug) = (Tally::default(), blake3::hash(b"cup"), blake3::hash(b"jug"));
        for request in [cup, jug, cup] {
            tally.arrive().answered(request);
        }
        assert_eq!((tally.stats().answered, tally.stats().answered_again), (3, 1));
    }

    #[test]
    fn what_began_before_a_reset_is_not_counted_after_it() {
        let (tally, cup) = (Tally::default(), blake3::hash(b"cup"));
        let mut early = tally.arrive();
        tally.reset();
        early.got("200");
        early.answered(cup);
        assert_eq!(tally.stats(), Stats { in_flight: 1, most_at_once: 1, ..Stats::default() });
        drop(early);
        assert_eq!(tally.ask(cup), 1);
    }
}
