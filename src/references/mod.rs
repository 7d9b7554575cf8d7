//! Makes reference images ready to be sent: fetches those that are addresses, once, and brings those into shape of which a
//! job wants it. Never sends a key anywhere, and never changes a file of the list.

mod cache;
mod fetch;
mod flights;
mod shaped;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::Semaphore;
use url::Url;

pub use cache::ReferenceCache;

use self::flights::Flights;
use crate::disk::ListFolder;
use crate::domain::{io_words, is_address};
use crate::net::Fetcher;
use crate::provider::{ReadyFile, ReferenceSource, Unready};
use crate::reshape::Shape;

/// Addresses that are fetched from at once.
const FETCHES: usize = 16;
/// Pictures that are written anew at once: each may take half a gigabyte for a moment.
const PRESSES: usize = 2;

/// Where references come from, and what becomes of them.
#[derive(Debug)]
pub struct ReferenceSettings {
    /// The folder that relative paths start from.
    pub list: ListFolder,
    /// Where pictures are kept that were fetched or written anew.
    pub cache: ReferenceCache,
    /// What is done to pictures before they are sent.
    pub shape: Shape,
    /// The endpoint of the requests: what lies there is fetched the way requests are sent, a private address included.
    pub endpoint: String,
    /// A PEM file of certificate authorities to trust beside the system's, for the endpoint.
    pub ca_file: Option<PathBuf>,
    /// What drawn pictures are fetched from instead, where nothing may leave this machine: an address, to which a `/` and
    /// a name are added.
    pub stand_ins: Option<String>,
}

/// The reference images of a job.
#[derive(Clone)]
pub struct ReferenceImages(Arc<Shared>);

/// What all who ask have in common.
struct Shared {
    settings: ReferenceSettings,
    list: Arc<ListFolder>,
    /// Made when the first address is met.
    fetcher: OnceLock<Result<Fetcher, String>>,
    /// Addresses that will give nothing in this run.
    given_up: Mutex<HashMap<String, Unready>>,
    flights: Flights<Result<ReadyFile, Unready>>,
    fetches: Semaphore,
    presses: Arc<Semaphore>,
}

impl ReferenceImages {
    /// Makes ready; nothing is fetched or opened yet.
    pub fn new(settings: ReferenceSettings) -> Self {
        Self(Arc::new(Shared {
            list: Arc::new(settings.list.clone()),
            settings,
            fetcher: OnceLock::new(),
            given_up: Mutex::default(),
            flights: Flights::default(),
            fetches: Semaphore::new(FETCHES),
            presses: Arc::new(Semaphore::new(PRESSES)),
        }))
    }

    async fn original(&self, reference: &str) -> Result<ReadyFile, Unready> {
        if !is_address(reference) {
            return Ok(ReadyFile { folder: Arc::clone(&self.0.list), written: reference.to_owned() });
        }
        let (shared, address) = (Arc::clone(&self.0), reference.to_owned());
        self.0.flights.join(reference, || fetch::from_address(shared, address).boxed()).await
    }

    async fn in_shape(&self, reference: &str, original: ReadyFile) -> Result<ReadyFile, Unready> {
        let (shared, picture) = (Arc::clone(&self.0), picture(reference));
        let work = || shaped::in_shape(shared, original, picture).boxed();
        self.0.flights.join(&format!("the shape of {reference}"), work).await
    }
}

impl ReferenceSource for ReferenceImages {
    fn ready<'a>(&'a self, reference: &'a str) -> BoxFuture<'a, Result<ReadyFile, Unready>> {
        async move {
            let original = self.original(reference).await?;
            match self.0.settings.shape.is_any() {
                true => self.in_shape(reference, original).await,
                false => Ok(original),
            }
        }
        .boxed()
    }
}

impl fmt::Debug for ReferenceImages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReferenceImages").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

/// Does what waits for a disk, or takes a processor for a while, on a thread for such things.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T, Unready> + Send + 'static) -> Result<T, Unready> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(not_now(format!("a reference image could not be made ready: {error}"))))
}

/// What messages call a reference. Of an address they tell the host alone: what follows may be a signature, and what
/// befalls many is told as one where it reads alike.
fn picture(reference: &str) -> String {
    let url = Url::parse(reference).ok().filter(|_| is_address(reference));
    let host = url.as_ref().and_then(Url::host_str);
    host.map_or_else(|| reference.to_owned(), |host| format!("the picture at {host}"))
}

/// `picture` is what messages call it.
fn not_kept(picture: &str, error: &io::Error) -> Unready {
    not_now(format!("{picture} cannot be kept in the hidden folder beside the database: {}", io_words(error)))
}

fn not_now(message: String) -> Unready {
    Unready { message, for_good: false }
}

fn never(message: String) -> Unready {
    Unready { message, for_good: true }
}
