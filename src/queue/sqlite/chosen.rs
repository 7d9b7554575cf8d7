//! The items that a run is narrowed to, until it has claimed them. Never looks at whatever else waits.

use std::collections::{BTreeSet, VecDeque};

use rusqlite::{Connection, OptionalExtension, params};

use super::super::Claim;
use super::turn::TurnWriter;
use crate::domain::{ItemId, Timestamp};

/// Chosen items that this run has not claimed yet, by their keys. What it claimed once it finds again as its own.
#[derive(Debug)]
pub(super) struct Chosen {
    /// To be looked at, in the queue's order.
    fresh: VecDeque<i64>,
    /// Those that wait for their moment after an earlier run, each behind it.
    later: BTreeSet<(i64, i64)>,
}

/// What a claim saw of the chosen items: noted when it is durable.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// So many of the fresh ones were claimed, or need not be looked at again.
    passed: usize,
    /// Of these, those that wait for their moment.
    later: Vec<(i64, i64)>,
}

impl Chosen {
    /// Those of the items that wait.
    pub fn of(connection: &Connection, job: i64, items: &[ItemId]) -> rusqlite::Result<Self> {
        let waiting = "SELECT key FROM items WHERE job_id = ?1 AND id = ?2 AND state = 'queued'";
        let mut waiting = connection.prepare(waiting)?;
        let mut keys = Vec::new();
        for item in items {
            keys.extend(waiting.query_row(params![job, item.as_str()], |row| row.get::<_, i64>(0)).optional()?);
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(Self { fresh: keys.into(), later: BTreeSet::new() })
    }

    /// Their keys.
    pub fn keys(&self) -> Vec<i64> {
        self.fresh.iter().copied().chain(self.later.iter().map(|(_, key)| *key)).collect()
    }

    /// How many there are.
    pub fn waiting(&self) -> u64 {
        (self.fresh.len() + self.later.len()) as u64
    }

    /// The models that they ask, each once.
    pub fn models(&self, connection: &Connection) -> rusqlite::Result<Vec<String>> {
        let model = "SELECT request ->> '$.model' FROM items WHERE key = ?1 AND state = 'queued'";
        let mut model = connection.prepare(model)?;
        let mut models = BTreeSet::new();
        for key in self.keys() {
            models.extend(model.query_row([key], |row| row.get::<_, String>(0)).optional()?);
        }
        Ok(models.into_iter().collect())
    }

    /// Those whose moment has come are looked at next, the first of them first.
    pub fn wake(&mut self, now: Timestamp) {
        let still_waiting = self.later.split_off(&(now.millis().saturating_add(1), i64::MIN));
        let due = std::mem::replace(&mut self.later, still_waiting);
        for (_, key) in due.into_iter().rev() {
            self.fresh.push_front(key);
        }
    }

    /// The clock was moved, and every moment with it.
    pub fn look_again(&mut self) {
        self.fresh.extend(std::mem::take(&mut self.later).into_iter().map(|(_, key)| key));
    }

    /// Claims what this run tried before, then the fresh ones.
    pub fn claim(
        &self,
        writer: &TurnWriter<'_>,
        want: usize,
        only_attempted: bool,
    ) -> rusqlite::Result<(Vec<Claim>, Looked)> {
        let (mut claims, mut looked) = (writer.claim(want, true)?, Looked::default());
        if only_attempted {
            return Ok((claims, looked));
        }
        for &key in &self.fresh {
            if claims.len() >= want {
                break;
            }
            looked.passed += 1;
            match writer.claim_one(key)? {
                Some(claim) => claims.push(claim),
                None => looked.later.extend(due(writer.transaction, key)?.map(|due_at| (due_at, key))),
            }
        }
        Ok((claims, looked))
    }

    /// The claim is durable.
    pub fn note(&mut self, looked: Looked) {
        self.fresh.drain(..looked.passed);
        self.later.extend(looked.later);
    }

    /// These claims were given back. What was tried before is found as this run's own.
    pub fn come_back<'a>(&mut self, claims: impl DoubleEndedIterator<Item = &'a Claim>) {
        for claim in claims.rev().filter(|claim| claim.tries.made == 0) {
            self.fresh.push_front(claim.key);
        }
    }

    /// The moment of the first; a fresh one may be due at once.
    pub fn next_due(&mut self, connection: &Connection) -> rusqlite::Result<Option<i64>> {
        if !self.fresh.is_empty() {
            return Ok(Some(0));
        }
        while let Some((due_at, key)) = self.later.pop_first() {
            // A person may have taken it out, or put it back, meanwhile.
            match due(connection, key)? {
                Some(same) if same == due_at => {
                    self.later.insert((due_at, key));
                    return Ok(Some(due_at));
                }
                Some(other) => drop(self.later.insert((other, key))),
                None => {}
            }
        }
        Ok(None)
    }
}

/// When an item may be claimed, if it waits.
fn due(connection: &Connection, key: i64) -> rusqlite::Result<Option<i64>> {
    let due = "SELECT due_at FROM items WHERE key = ?1 AND state = 'queued'";
    connection.prepare_cached(due)?.query_row([key], |row| row.get(0)).optional()
}
