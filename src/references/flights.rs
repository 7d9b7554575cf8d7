//! Work that several ask for at the same time, and that is done once for all of them. Never keeps what came of it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};

type Work<T> = BoxFuture<'static, T>;

/// What is under way, by name.
pub(super) struct Flights<T: Clone>(Mutex<HashMap<String, WeakShared<Work<T>>>>);

impl<T: Clone> Default for Flights<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Flights<T> {
    /// The work of this name that is under way, or else a new one. It is given up when nobody wants it any more.
    pub(super) fn join(&self, name: &str, begin: impl FnOnce() -> Work<T>) -> Shared<Work<T>> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(name).and_then(WeakShared::upgrade) {
            return flight;
        }
        flights.retain(|_, flight| flight.upgrade().is_some());
        let flight = begin().shared();
        if let Some(weak) = flight.downgrade() {
            flights.insert(name.to_owned(), weak);
        }
        flight
    }
}
