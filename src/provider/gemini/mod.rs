//! Gemini's `generateContent`, over any endpoint that speaks it: the only place that knows the protocol. Asks once,
//! follows no redirect, never retries; only a picture that an answer names is fetched until it is there.

mod answer;
mod auth;
mod base64_stream;
mod classify;
mod delay;
mod distrust;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod error_fuzz;
mod error_reply;
mod fetch;
mod incoming;
mod links;
mod listing;
mod redact;
mod reference_file;
mod references;
mod request;
mod request_body;
mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use secrecy::{ExposeSecret, SecretString};
use tracing::debug;
use url::Url;

use self::answer::Turns;
#[cfg(fuzzing)]
#[doc(hidden)]
pub use self::answer::oracle;
use self::auth::Key;
use self::error_reply::ErrorReply;
pub use self::fetch::FetchSettings;
use self::fetch::Follower;
use self::references::References;
use self::request_body::RequestBody;
use super::{AskError, Generation, ImageSink, Provider, ReferenceSource};
use crate::domain::{Auth, Failure, Request};
use crate::net::{self, Authorities, Client, Fetcher, Patience, Proxies, Response, Trust};

/// No more of an error's body is read, in bytes.
const MOST_ERROR_BYTES: usize = 256 * 1024;

/// Where and how to ask.
#[derive(Debug)]
pub struct GeminiSettings {
    /// The endpoint; `/v1beta/models/…` is put behind whatever path it holds.
    pub base_url: String,
    /// How the key travels.
    pub auth: Auth,
    /// The key; none for a server that wants none.
    pub key: Option<SecretString>,
    /// Headers that every request carries beside those of the protocol, by name.
    pub headers: Vec<(String, SecretString)>,
    /// A PEM file of certificate authorities to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Where reference images come from.
    pub references: Arc<dyn ReferenceSource>,
    /// From the first byte of the request to the last of the answer, connecting included, and to the last of the
    /// pictures that the answer names.
    pub request_timeout: Duration,
    /// For the connection, TLS included.
    pub connect_timeout: Duration,
    /// How pictures are fetched that the answer only names.
    pub fetch: FetchSettings,
    /// Requests in flight at most.
    pub in_flight: usize,
}

/// Why no provider can be made of these settings.
#[derive(Debug, thiserror::Error)]
pub enum GeminiError {
    /// Told without the address, which may hold a key.
    #[error("the base URL {0}; write it like https://host or https://host/path")]
    BaseUrl(&'static str),
    /// The key cannot be written into a header.
    #[error("the key holds a character that no header can carry, such as a line break: check where it comes from")]
    Key,
    /// A header that cannot be sent; its value is not told.
    #[error("the header `{0}` cannot be sent: its name or its value holds a character that headers cannot carry")]
    Header(String),
    /// The file of certificate authorities is of no use.
    #[error("the CA file {} {why}; name a PEM file with --ca-file, such as the one of the proxy or gateway", path.display())]
    CaFile {
        /// Which.
        path: PathBuf,
        /// In what way.
        why: String,
    },
    /// The client could not be set up, mostly for want of root certificates.
    #[error("HTTPS cannot be set up: {0}; install the system's root certificates")]
    Client(String),
}

/// A Gemini-compatible endpoint.
#[derive(Debug)]
pub struct Gemini {
    client: Client,
    base: Url,
    /// With the port where one is given: what messages call the endpoint.
    host: String,
    key: Key,
    references: References,
    turns: Turns,
    request_timeout: Duration,
    fetcher: Fetcher,
    fetch_waits: Vec<Duration>,
}

impl Gemini {
    /// Makes ready to ask; nothing is sent yet.
    pub fn new(settings: GeminiSettings) -> Result<Self, GeminiError> {
        let base = base_url(&settings.base_url)?;
        let key = Key::new(settings.auth, settings.key).map_err(|_| GeminiError::Key)?;
        let authorities = settings.ca_file.map_or(Ok(Authorities::default()), |path| authorities(&path))?;
        let headers = headers(&settings.headers)?;
        let trust = Trust::towards(&base, authorities);
        let proxies = Proxies::towards(&base);
        let patience = Patience { connect: settings.connect_timeout, whole: settings.request_timeout };
        // Headers of the person's own are for the endpoint's answers, not for the pictures that these name.
        let own = net::connecting(&trust, &proxies, settings.connect_timeout).map(|client| (base.clone(), client));
        let fetcher = own.and_then(|own| Fetcher::new(settings.fetch.limits, Some(own)));
        Ok(Self {
            client: Client::new(trust, proxies, patience, headers, settings.in_flight)
                .map_err(|error| no_client(&error))?,
            host: host(&base),
            key: key.hiding(settings.headers.into_iter().map(|(_, value)| value)),
            references: References::of(settings.references),
            turns: Turns::new(settings.in_flight),
            request_timeout: settings.request_timeout,
            fetcher: fetcher.map_err(|error| no_client(&error.without_url()))?,
            fetch_waits: settings.fetch.waits,
            base,
        })
    }

    async fn ask(&self, request: &Request, images: &mut dyn ImageSink) -> Result<Generation, AskError> {
        let began = Instant::now();
        let body = self.body(request).await?;
        let response = self.send(&request.model, body).await?;
        let status = response.status();
        debug!(status = status.as_u16(), after_ms = began.elapsed().as_millis() as u64, "an answer begins");
        if !status.is_success() {
            return Err(self.refused(response).await.into());
        }
        let mut answer = match answer::read(response, images, &self.key, &self.turns).await {
            Ok(answer) => answer,
            Err(unread) => return Err(classify::unread(status.as_u16(), unread, &self.host)?.into()),
        };
        self.follower(began).follow(&mut answer, images).await?;
        match answer.kept {
            0 => Err(classify::empty_handed(status.as_u16(), answer).into()),
            _ => Ok(Generation { reply: answer.reply }),
        }
    }

    fn follower(&self, began: Instant) -> Follower<'_> {
        let within = self.request_timeout;
        Follower { fetcher: &self.fetcher, waits: &self.fetch_waits, began, within, key: &self.key }
    }

    /// The body to send; its references are checked, and encoded only when they leave.
    async fn body(&self, request: &Request) -> Result<RequestBody, Failure> {
        request::open(request, &self.references).await.map_err(|error| classify::unopened(&error))
    }

    async fn send(&self, model: &str, body: RequestBody) -> Result<Response, Failure> {
        let mut url = endpoint(&self.base, model);
        self.key.write_into(&mut url);
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        // The key was tried as a header when the provider was made.
        headers.extend(self.key.header().ok().flatten());
        let posted = self.client.post(&url, headers, body.boxed_unsync()).await;
        posted.map_err(|error| classify::transport(&error, &self.host))
    }

    /// Why the server did not answer with success. Its status counts even when its body is cut.
    async fn refused(&self, response: Response) -> Failure {
        let status = response.status();
        if status.is_redirection() {
            let location = response.headers().get(LOCATION).map(|place| place.as_bytes());
            let location = String::from_utf8_lossy(location.unwrap_or_default());
            return classify::redirect(status.as_u16(), &self.key.redact(&location));
        }
        let wait = delay::in_headers(response.headers());
        let body = read_body(response, MOST_ERROR_BYTES).await;
        let body = String::from_utf8_lossy(&body);
        classify::http_error(status.as_u16(), &ErrorReply::of_body(&body, wait, &self.key))
    }
}

impl Provider for Gemini {
    fn generate<'a>(
        &'a self,
        request: &'a Request,
        images: &'a mut dyn ImageSink,
    ) -> BoxFuture<'a, Result<Generation, AskError>> {
        self.ask(request, images).boxed()
    }
}

/// What can be had of a small body, and no more than so many bytes.
async fn read_body(mut response: Response, most: usize) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = most - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() >= room {
            break;
        }
    }
    body
}

fn base_url(text: &str) -> Result<Url, GeminiError> {
    let url = Url::parse(text.trim()).map_err(|_| GeminiError::BaseUrl("is not an address"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(GeminiError::BaseUrl("is not an http or https address"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(GeminiError::BaseUrl("holds a `?` or `#`, and the key does not belong there"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(GeminiError::BaseUrl("holds a name or a password"));
    }
    Ok(url)
}

fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    }
}

/// The address of a model. Its name is one segment, so it can lead nowhere else.
fn endpoint(base: &Url, model: &str) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        let action = format!("{model}:generateContent");
        path.pop_if_empty().extend(["v1beta", "models", &action]);
    }
    url
}

/// The job's headers, marked so that no log prints their values.
fn headers(headers: &[(String, SecretString)]) -> Result<HeaderMap, GeminiError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let bad = || GeminiError::Header(name.clone());
        let mut text = HeaderValue::from_str(value.expose_secret()).map_err(|_| bad())?;
        text.set_sensitive(true);
        map.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, text);
    }
    Ok(map)
}

/// The certificates of a PEM file; at least one. Blocks on the file.
fn authorities(path: &Path) -> Result<Authorities, GeminiError> {
    let useless = |why: String| GeminiError::CaFile { path: path.to_owned(), why };
    let pem = fs::read(path).map_err(|error| useless(format!("cannot be read ({error})")))?;
    Authorities::from_pem(&pem).map_err(|error| useless(error.to_string()))
}

fn no_client(error: &(dyn std::error::Error + 'static)) -> GeminiError {
    GeminiError::Client(net::innermost(error))
}
