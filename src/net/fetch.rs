//! Guarded fetching of what others name: an address in an answer may point anywhere, also into the network this
//! program runs in. Never sends a key, a cookie or a referrer, and never reaches an address that is not public.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Response, StatusCode, Url};
use url::Host;

use super::addresses::{NotPublic, permitted};
use super::error::innermost;
use super::proxy::Proxies;
use super::tls::Trust;

/// Each redirect is checked like the first address; no more are followed.
const MOST_REDIRECTS: usize = 5;

/// What one fetch may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Of the body, unpacked.
    pub most_bytes: u64,
    /// From the first connection to the last byte, redirects included.
    pub timeout: Duration,
    /// For each connection, TLS included.
    pub connect_timeout: Duration,
}

impl Default for Limits {
    /// 32 MiB, some fifteen times a usual picture, within a minute, connected within ten seconds.
    fn default() -> Self {
        Self {
            most_bytes: 32 * 1024 * 1024,
            timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
        }
    }
}

/// Why something was not fetched. Tells the host, never the path or the query, which may hold a signature.
#[derive(Debug, thiserror::Error)]
#[error("{host}: {cause}")]
pub struct FetchError {
    /// The host that failed, with its port where one was given; the last one, after redirects.
    pub host: String,
    /// What was the matter with it.
    pub cause: Cause,
}

/// What was the matter.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// It is not safe to go there, now or later.
    #[error("not fetched, since {0}")]
    Refused(String),
    /// More redirects than are followed.
    #[error("more than {MOST_REDIRECTS} redirects")]
    Redirects,
    /// Another status than success.
    #[error("HTTP {0}")]
    Status(u16),
    /// More bytes than allowed.
    #[error("longer than {0} bytes")]
    TooLarge(u64),
    /// The time was up.
    #[error("not whole in the time allowed")]
    Late,
    /// No connection, and none that goes through a proxy is tried.
    #[error("no direct connection: {0}")]
    Unreachable(String),
    /// The connection broke, or HTTP was not spoken.
    #[error("the connection broke: {0}")]
    Broken(String),
}

/// Fetches what others name, within limits and only from public addresses.
///
/// No proxy is used for these: a proxy resolves names by itself, so what was checked here would not be what is reached
/// there. The one exception is the endpoint, which the user chose: what lies on its own host and port is fetched the
/// way requests are sent, proxy, certificates and private address included.
pub struct Fetcher {
    limits: Limits,
    own: Option<Own>,
    resolver: Arc<Guard>,
    /// Made when it is first wanted: it needs root certificates, and a machine that only rehearses may have none.
    outside: OnceLock<Result<Client, String>>,
}

/// The endpoint, by what makes it the same place.
struct Own {
    host: Host,
    port: Option<u16>,
    client: Client,
}

impl Fetcher {
    /// Makes ready to fetch. `own` is the endpoint, and how it is connected to; the builder must send no default
    /// headers that hold a key.
    pub fn new(limits: Limits, own: Option<(Url, ClientBuilder)>) -> Result<Self, reqwest::Error> {
        Self::resolving_with(limits, own, Arc::new(SystemResolver))
    }

    /// The same with another source of addresses, which is guarded just as well.
    pub fn resolving_with(
        limits: Limits,
        own: Option<(Url, ClientBuilder)>,
        resolver: Arc<dyn Resolve>,
    ) -> Result<Self, reqwest::Error> {
        // A process has one default; if another part was first with the same, so much the better.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let own = own.map(|(url, client)| Own::new(&url, client)).transpose()?.flatten();
        Ok(Self { limits, own, resolver: Arc::new(Guard(resolver)), outside: OnceLock::new() })
    }

    /// Gets `address`, in no more than the time given, nor than the limit if that is shorter. The body follows.
    pub async fn get(&self, address: &str, within: Duration) -> Result<Fetched, FetchError> {
        let deadline = Instant::now() + within.min(self.limits.timeout);
        let mut url = Url::parse(address.trim()).map_err(|_| unparsable())?;
        for _ in 0..=MOST_REDIRECTS {
            let host = shown_host(&url);
            let response = self.get_once(&url, deadline).await.map_err(|cause| FetchError { host, cause })?;
            match redirect(&url, &response) {
                Some(next) => url = next.map_err(|_| unparsable())?,
                None => return Fetched::of(response, shown_host(&url), self.limits.most_bytes),
            }
        }
        Err(FetchError { host: shown_host(&url), cause: Cause::Redirects })
    }

    async fn get_once(&self, url: &Url, deadline: Instant) -> Result<Response, Cause> {
        let left = deadline.saturating_duration_since(Instant::now());
        let response = self.client_for(url)?.get(url.clone()).timeout(left).send().await;
        response.map_err(failed)
    }

    /// Who may fetch this: nobody, if it is not safe.
    fn client_for(&self, url: &Url) -> Result<&Client, Cause> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Cause::Refused("only http and https are fetched".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Cause::Refused("its address holds a name or a password".to_owned()));
        }
        if let Some(own) = self.own.as_ref().filter(|own| own.is_at(url)) {
            return Ok(&own.client);
        }
        // Names are judged by what they resolve to; an address that is written out never gets that far.
        match url.host() {
            Some(Host::Ipv4(ip)) => permitted(ip.into()),
            Some(Host::Ipv6(ip)) => permitted(ip.into()),
            _ => Ok(()),
        }
        .map_err(|forbidden| Cause::Refused(forbidden.to_string()))?;
        self.outside().map_err(|reason| Cause::Unreachable(reason.to_owned()))
    }

    fn outside(&self) -> Result<&Client, &str> {
        let made = self.outside.get_or_init(|| {
            let client = plain(Client::builder())
                .no_proxy()
                .dns_resolver(Arc::clone(&self.resolver))
                .connect_timeout(self.limits.connect_timeout);
            client.build().map_err(|error| innermost(&error))
        });
        made.as_ref().map_err(String::as_str)
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Own {
    /// None for an address without a host, where nothing can lie.
    fn new(url: &Url, client: ClientBuilder) -> Result<Option<Self>, reqwest::Error> {
        let Some(host) = url.host() else { return Ok(None) };
        let client = plain(client).build()?;
        Ok(Some(Self { host: host.to_owned(), port: url.port_or_known_default(), client }))
    }

    fn is_at(&self, url: &Url) -> bool {
        url.host().is_some_and(|host| host.to_owned() == self.host) && url.port_or_known_default() == self.port
    }
}

/// How something is connected to.
pub type Connecting = ClientBuilder;
/// Why that cannot be said.
pub type ConnectingError = reqwest::Error;

/// How an endpoint is connected to, by the same rules as requests are; for [`Fetcher::new`].
pub fn connecting(trust: &Trust, proxies: &Proxies, within: Duration) -> Result<Connecting, ConnectingError> {
    let client = Client::builder().http1_only().pool_idle_timeout(super::IDLE).connect_timeout(within);
    let client = if matches!(proxies, Proxies::None) { client.no_proxy() } else { client };
    Ok(match trust {
        Trust::Nobody => client.tls_certs_only([]),
        Trust::SystemAnd(authorities) => {
            let certificates: Result<Vec<_>, _> = authorities.iter().map(Certificate::from_der).collect();
            client.tls_certs_merge(certificates?)
        }
    })
}

/// A client that goes only where it is told and says as little as possible.
fn plain(client: ClientBuilder) -> ClientBuilder {
    client.user_agent(super::USER_AGENT).redirect(Policy::none()).retry(reqwest::retry::never()).referer(false)
}

/// A body that begins to arrive. The time of its fetch goes on.
#[derive(Debug)]
pub struct Fetched {
    response: Response,
    host: String,
    most_bytes: u64,
    arrived: u64,
}

impl Fetched {
    fn of(response: Response, host: String, most_bytes: u64) -> Result<Self, FetchError> {
        let fetched = Self { response, host, most_bytes, arrived: 0 };
        match fetched.response.status() {
            StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION => {}
            status => return Err(fetched.error(Cause::Status(status.as_u16()))),
        }
        match fetched.response.content_length() {
            Some(length) if length > most_bytes => Err(fetched.error(Cause::TooLarge(most_bytes))),
            _ => Ok(fetched),
        }
    }

    /// Where it comes from, after redirects, with the port where one was given.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The next bytes; none at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, FetchError> {
        let chunk = self.response.chunk().await.map_err(|error| self.error(failed(error)))?;
        self.arrived += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        match self.arrived > self.most_bytes {
            true => Err(self.error(Cause::TooLarge(self.most_bytes))),
            false => Ok(chunk),
        }
    }

    fn error(&self, cause: Cause) -> FetchError {
        FetchError { host: self.host.clone(), cause }
    }
}

/// Where a reply points on to, if it does.
fn redirect(from: &Url, response: &Response) -> Option<Result<Url, url::ParseError>> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?;
    Some(from.join(&String::from_utf8_lossy(location.as_bytes())))
}

fn unparsable() -> FetchError {
    let cause = Cause::Refused("it is no address at all".to_owned());
    FetchError { host: "an unknown host".to_owned(), cause }
}

fn shown_host(url: &Url) -> String {
    let name = url.host_str().filter(|name| !name.is_empty()).unwrap_or("no host");
    match url.port() {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    }
}

fn failed(error: reqwest::Error) -> Cause {
    let error = error.without_url();
    let mut causes = std::iter::successors(error.source(), |&cause| cause.source());
    if let Some(forbidden) = causes.find_map(|cause| cause.downcast_ref::<NotPublic>()) {
        return Cause::Refused(forbidden.to_string());
    }
    if error.is_timeout() {
        return Cause::Late;
    }
    match error.is_connect() {
        true => Cause::Unreachable(innermost(&error)),
        false => Cause::Broken(innermost(&error)),
    }
}

/// The names as the system resolves them.
struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Passes addresses on only if all of them are public. The client connects to what it is given here and asks nobody
/// else, so a name that leads elsewhere a moment later (DNS rebinding) gains nothing.
struct Guard(Arc<dyn Resolve>);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let answered = self.0.resolve(name);
        Box::pin(async move {
            let mut addresses: Vec<_> = answered.await?.collect();
            for address in &mut addresses {
                permitted(address.ip())?;
                // Zero is whatever port the address names.
                address.set_port(0);
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
