//! Gemini's `generateContent`, over any endpoint that speaks it: the only place that knows the protocol. Asks once,
//! follows no redirect, never retries; only a picture that an answer names is fetched until it is there.

mod answer;
mod auth;
mod base64_stream;
mod classify;
mod delay;
mod distrust;
mod error_reply;
mod fetch;
mod incoming;
mod links;
mod request;
mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Certificate, Client, ClientBuilder, Response, Url};
use secrecy::{ExposeSecret, SecretString};

#[cfg(fuzzing)]
#[doc(hidden)]
pub use self::answer::oracle;
use self::auth::Key;
use self::error_reply::ErrorReply;
pub use self::fetch::FetchSettings;
use self::fetch::Follower;
use super::{AskError, Generation, ImageSink, Provider};
use crate::domain::{Auth, Failure, FailureKind, Reach, Request};
use crate::net::Fetcher;

/// Connections stay open so long between two requests: just under the minute after which common load balancers
/// close them, since a request that meets a closing connection is lost.
const IDLE: Duration = Duration::from_secs(55);
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
    /// The folder that relative paths of reference images start from.
    pub references: PathBuf,
    /// From the first byte of the request to the last of the answer, connecting included, and to the last of the
    /// pictures that the answer names.
    pub request_timeout: Duration,
    /// For the connection, TLS included.
    pub connect_timeout: Duration,
    /// How pictures are fetched that the answer only names.
    pub fetch: FetchSettings,
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
    references: Arc<PathBuf>,
    request_timeout: Duration,
    fetcher: Fetcher,
    fetch_waits: Vec<Duration>,
}

impl Gemini {
    /// Makes ready to ask; nothing is sent yet.
    pub fn new(settings: GeminiSettings) -> Result<Self, GeminiError> {
        let base = base_url(&settings.base_url)?;
        let key = Key::new(settings.auth, settings.key).map_err(|_| GeminiError::Key)?;
        let authorities = settings.ca_file.map_or(Ok(Vec::new()), |path| authorities(&path))?;
        let headers = headers(&settings.headers)?;
        let no_client = |error: reqwest::Error| GeminiError::Client(classify::innermost(&error.without_url()));
        let connecting = || client(&base, authorities.clone()).connect_timeout(settings.connect_timeout);
        let asking = connecting().timeout(settings.request_timeout).default_headers(headers);
        // Headers of the person's own are for the endpoint's answers, not for the pictures that these name.
        let own = Some((base.clone(), connecting()));
        Ok(Self {
            client: asking.build().map_err(no_client)?,
            host: host(&base),
            key: key.hiding(settings.headers.into_iter().map(|(_, value)| value)),
            references: Arc::new(settings.references),
            request_timeout: settings.request_timeout,
            fetcher: Fetcher::new(settings.fetch.limits, own).map_err(no_client)?,
            fetch_waits: settings.fetch.waits,
            base,
        })
    }

    async fn ask(&self, request: &Request, images: &mut dyn ImageSink) -> Result<Generation, AskError> {
        let began = Instant::now();
        let body = self.body(request).await?;
        let response = self.send(&request.model, body).await?;
        let status = response.status();
        if !status.is_success() {
            return Err(self.refused(response).await.into());
        }
        let mut answer = match answer::read(response, images, &self.key).await {
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

    /// The body to send. Where references have to be read, another thread does it.
    async fn body(&self, request: &Request) -> Result<Vec<u8>, Failure> {
        let built = if request.references.is_empty() {
            request::body(request, &self.references)
        } else {
            let (request, folder) = (request.clone(), Arc::clone(&self.references));
            let reading = tokio::task::spawn_blocking(move || request::body(&request, &folder));
            reading.await.map_err(|error| unsent(FailureKind::Transient, error.to_string()))?
        };
        built.map_err(|error| unsent(FailureKind::Rejected, error.to_string()))
    }

    async fn send(&self, model: &str, body: Vec<u8>) -> Result<Response, Failure> {
        let mut url = endpoint(&self.base, model);
        self.key.write_into(&mut url);
        let mut post = self.client.post(url).header(CONTENT_TYPE, "application/json").body(body);
        // The key was tried as a header when the provider was made.
        if let Ok(Some((name, value))) = self.key.header() {
            post = post.header(name, value);
        }
        post.send().await.map_err(|error| classify::transport(error, &self.host))
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
        let body = error_body(response).await;
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

fn unsent(kind: FailureKind, message: String) -> Failure {
    Failure { reach: Reach::Unsent, ..Failure::new(kind, message) }
}

/// What can be had of an error's body.
async fn error_body(mut response: Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = MOST_ERROR_BYTES - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() >= room {
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
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
fn authorities(path: &Path) -> Result<Vec<Certificate>, GeminiError> {
    let useless = |why: String| GeminiError::CaFile { path: path.to_owned(), why };
    let pem = fs::read(path).map_err(|error| useless(format!("cannot be read ({error})")))?;
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|_| useless("is no PEM".to_owned()))?;
    if certificates.is_empty() { Err(useless("holds no certificate".to_owned())) } else { Ok(certificates) }
}

/// A client that sends what it is given, once. It trusts these authorities beside the system's.
fn client(base: &Url, authorities: Vec<Certificate>) -> ClientBuilder {
    // A process has one default; if another part was first with the same, so much the better.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .user_agent(concat!("overnight/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .tcp_nodelay(true)
        .pool_idle_timeout(IDLE);
    let client = if is_loopback(base) { client.no_proxy() } else { client };
    match base.scheme() {
        // Without TLS no root certificates are wanted: a machine that has none can still rehearse.
        "http" if authorities.is_empty() => client.tls_certs_only([]),
        _ => client.tls_certs_merge(authorities),
    }
}

/// Whether the address is this very machine, where no proxy has a place.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
