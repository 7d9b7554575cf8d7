//! What was once seen as received: it is never asked for again and never lost, whatever is killed after that. Never
//! forgets anything within a job.

use std::collections::{HashMap, HashSet};

use super::book::{Book, Item};
use crate::support::simulated::Simulated;

/// What kills have shown so far.
#[derive(Debug, Default)]
pub struct Sealed {
    /// Attempts and requests of each item that was received, by its key, as they were when that was first seen.
    received: HashMap<i64, (usize, u32)>,
    /// The attempts that kills left as sent.
    pub sent: HashSet<i64>,
    /// The attempts that kills left as received.
    pub unpublished: HashSet<i64>,
    /// How often a kill left an item claimed without an attempt.
    pub claimed: u64,
}

impl Sealed {
    /// Checks what was seen before, and takes in what is there now.
    pub fn check(&mut self, book: &Book, simulator: &Simulated) {
        for item in &book.items {
            self.check_item(item, simulator.asked(&item.prompt).requests);
            let open = item.attempts.last().filter(|attempt| attempt.is_open());
            self.claimed += u64::from(item.state == "running" && open.is_none());
        }
        let ids = |state: &'static str| {
            let attempts = book.attempts().filter(move |attempt| attempt.state == state);
            attempts.map(|attempt| attempt.id)
        };
        self.sent.extend(ids("sent"));
        self.unpublished.extend(ids("received"));
        let ended = book.attempts().filter(|attempt| self.sent.contains(&attempt.id) && !attempt.is_open());
        for attempt in ended {
            assert!(["lost", "settled"].contains(&attempt.state.as_str()), "{attempt:#?} was sent when it was killed");
        }
    }

    fn check_item(&mut self, item: &Item, requests: u32) {
        let now = (item.attempts.len(), requests);
        if item.is_received() {
            let then = *self.received.entry(item.key).or_insert(now);
            assert_eq!(now, then, "attempts and requests of an item that was received before: {item:#?}");
        }
        assert!(item.is_received() || !self.received.contains_key(&item.key), "{item:#?} was received before");
    }
}
