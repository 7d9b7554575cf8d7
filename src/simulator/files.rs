//! The pictures that answers link to, and how each is served. Never keeps one: it is drawn again when it is fetched.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::answer::{self, Ask};

/// Where they lie, below the root of the server.
pub(super) const FOLDER: &str = "/files";

/// How a picture is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Serving {
    /// To every fetch.
    Always,
    /// To every fetch but the first, which gets 503.
    FromSecondFetch,
    /// To none.
    Never,
}

/// What a fetch gets.
pub(super) enum Fetched {
    /// The picture of this ask.
    Picture(Arc<Ask>),
    /// Not now.
    Unavailable,
    /// Nothing, now or later.
    Unknown,
}

/// The files by name, since the start or the last reset: a kilobyte or two each.
#[derive(Default)]
pub(super) struct Files(Mutex<HashMap<String, File>>);

struct File {
    ask: Arc<Ask>,
    serving: Serving,
    fetches: u64,
}

impl Files {
    /// The path of the picture of this ask, which is served from now on. The same ask has the same path.
    pub fn lend(&self, ask: Arc<Ask>, serving: Serving) -> String {
        let name = format!("{:016x}.{}", ask.dice.number("file"), answer::format(&ask).extension());
        let path = format!("{FOLDER}/{name}");
        if serving != Serving::Never {
            self.files().insert(name, File { ask, serving, fetches: 0 });
        }
        path
    }

    /// Counts a fetch of this file and says what it gets.
    pub fn fetch(&self, name: &str) -> Fetched {
        let mut files = self.files();
        let Some(file) = files.get_mut(name) else { return Fetched::Unknown };
        file.fetches += 1;
        match (file.serving, file.fetches) {
            (Serving::Never, _) => Fetched::Unknown,
            (Serving::FromSecondFetch, 1) => Fetched::Unavailable,
            _ => Fetched::Picture(file.ask.clone()),
        }
    }

    /// Forgets them all.
    pub fn clear(&self) {
        self.files().clear();
    }

    fn files(&self) -> MutexGuard<'_, HashMap<String, File>> {
        // The map is whole between any two calls, also when another thread panicked beside it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
