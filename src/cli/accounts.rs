//! Which runs of this process use one account: those that send the same key to the same endpoint. Never keeps a key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretString};

use crate::run::Account;

/// The accounts that were used, by a hash of endpoint and key.
#[derive(Clone, Default)]
pub(super) struct Accounts(Arc<Mutex<HashMap<blake3::Hash, Account>>>);

impl Accounts {
    /// The account that this key opens at this endpoint.
    pub fn of(&self, base_url: &str, key: Option<&SecretString>) -> Account {
        let mut hasher = blake3::Hasher::new();
        hasher.update(base_url.as_bytes()).update(&[0]);
        hasher.update(key.map_or("", |key| key.expose_secret()).as_bytes());
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.entry(hasher.finalize()).or_default().clone()
    }
}
