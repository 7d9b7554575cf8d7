//! Brings the picture that an address names into the cache. Never asks an address twice for what is there, nor in one run
//! for what will never be.

use std::fs;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use url::Url;

use super::cache::{self, Draft};
use super::{Shared, aside, never, not_kept, not_now, picture};
use crate::domain::{ImageFormat, LARGEST_REFERENCE};
use crate::net::{self, Authorities, Cause, Fetched, Fetcher, Limits, Proxies, Trust};
use crate::provider::{ReadyFile, Unready};

/// The largest picture that is fetched, in bytes, where it is reduced before it is sent: 32 MiB.
const LARGEST_FETCHED: u64 = 32 << 20;
/// Failures that are remembered; whoever has more is asked again.
const MOST_GIVEN_UP: usize = 10_000;

/// The picture of this address, from the cache or else from there.
pub(super) async fn from_address(shared: Arc<Shared>, address: String) -> Result<ReadyFile, Unready> {
    let (cache, key) = (shared.settings.cache.clone(), cache::key(address.as_bytes()));
    let looked_up = key.clone();
    if let Some((file, bytes)) = aside(move || Ok(cache.find(&looked_up))).await? {
        return if bytes > shared.most_bytes() { Err(too_large(&address, shared.most_bytes())) } else { Ok(file) };
    }
    if let Some(unready) = shared.given_up(&address) {
        return Err(unready);
    }
    let fetched = shared.fetch(&address, key).await;
    if let Err(unready) = fetched.as_ref()
        && unready.for_good
    {
        shared.give_up(address, unready.clone());
    }
    fetched
}

impl Shared {
    async fn fetch(&self, address: &str, key: String) -> Result<ReadyFile, Unready> {
        // It is never closed, so this waits for a turn and nothing else.
        let _turn = self.fetches.acquire().await;
        let from = self.settings.stand_ins.as_ref().map_or(address.to_owned(), |place| format!("{place}/{key}"));
        let body = self.fetcher()?.get(&from, Duration::MAX).await;
        let body = body.map_err(|error| self.told(address, &error.cause))?;
        let draft = self.settings.cache.begin(key).map_err(|error| not_kept(&picture(address), &error))?;
        self.receive(address, body, draft).await
    }

    /// Writes it down piece by piece; what is no picture by its first bytes is not waited for.
    async fn receive(&self, address: &str, mut body: Fetched, mut draft: Draft) -> Result<ReadyFile, Unready> {
        let mut first = Vec::with_capacity(ImageFormat::SNIFF_BYTES);
        while let Some(bytes) = body.chunk().await.map_err(|error| self.told(address, &error.cause))? {
            let missing = ImageFormat::SNIFF_BYTES - first.len();
            first.extend_from_slice(&bytes[..bytes.len().min(missing)]);
            if first.len() == ImageFormat::SNIFF_BYTES && ImageFormat::sniff(&first).is_none() {
                return Err(no_picture(address));
            }
            draft.write(&bytes).map_err(|error| not_kept(&picture(address), &error))?;
        }
        let format = ImageFormat::sniff(&first).ok_or_else(|| no_picture(address))?;
        draft.keep(format).map_err(|error| not_kept(&picture(address), &error))
    }

    fn fetcher(&self) -> Result<&Fetcher, Unready> {
        let made = self.fetcher.get_or_init(|| {
            let limits = Limits { most_bytes: self.most_bytes(), ..Limits::default() };
            let endpoint = Url::parse(&self.settings.endpoint).ok();
            let own = endpoint.map(|url| Ok((url.clone(), self.connecting(&url, limits.connect_timeout)?)));
            own.transpose().and_then(|own| Fetcher::new(limits, own)).map_err(|error| net::innermost(&error))
        });
        made.as_ref().map_err(|why| not_now(format!("no reference image can be fetched: {why}")))
    }

    /// How the endpoint is connected to. A file of authorities that is of no use is told by who sends the requests.
    fn connecting(&self, endpoint: &Url, within: Duration) -> Result<net::Connecting, net::ConnectingError> {
        let pem = self.settings.ca_file.as_ref().and_then(|path| fs::read(path).ok());
        let authorities = pem.and_then(|pem| Authorities::from_pem(&pem).ok()).unwrap_or_default();
        net::connecting(&Trust::towards(endpoint, authorities), &Proxies::towards(endpoint), within)
    }

    fn most_bytes(&self) -> u64 {
        if self.settings.shape.reduce_to.is_some() { LARGEST_FETCHED } else { LARGEST_REFERENCE }
    }

    fn given_up(&self, address: &str) -> Option<Unready> {
        let given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        given_up.get(address).cloned()
    }

    fn give_up(&self, address: String, unready: Unready) {
        let mut given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        if given_up.len() < MOST_GIVEN_UP {
            given_up.insert(address, unready);
        }
    }

    /// Why it was not fetched, and whether it ever can be.
    fn told(&self, address: &str, cause: &Cause) -> Unready {
        let message = |remedy: &str| format!("{} cannot be had: {cause}; {remedy}", picture(address));
        match cause {
            Cause::Status(404 | 410) => never(message("correct its address in the manifest")),
            Cause::Refused(_) | Cause::Redirects => never(message("save the image and name its file in the manifest")),
            Cause::TooLarge(most) => too_large(address, *most),
            Cause::Status(401 | 403) => not_now(message("its address may have expired, or be open to people only")),
            Cause::Status(_) | Cause::Late | Cause::Unreachable(_) | Cause::Broken(_) => {
                not_now(message("run the same command again later"))
            }
        }
    }
}

fn too_large(address: &str, most: u64) -> Unready {
    let picture = picture(address);
    never(match most {
        LARGEST_REFERENCE => format!(
            "{picture} has more than 7 MB; have it reduced when it is sent: `reduce_to = 2048` in [references] of the job \
             file"
        ),
        most => {
            format!("{picture} has more than {} MiB; save it smaller and name its file in the manifest", most >> 20)
        }
    })
}

fn no_picture(address: &str) -> Unready {
    never(format!("{} is no JPEG, PNG or WebP by its content; correct its address in the manifest", picture(address)))
}
