//! Asks an endpoint over HTTP/1.1, once, in memory that is bounded for each connection. Follows no redirect, keeps no
//! cookie, and never sends a request twice.

use std::convert::Infallible;
use std::fmt;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::{MapErr, UnsyncBoxBody};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, Entry, HeaderMap, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT,
};
use hyper::http::response::Parts;
use hyper::http::uri::Scheme;
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use url::Url;

use super::connect::Connector;
use super::error::{BodyFailed, BoxError, TransportError};
use super::proxy::Proxies;
use super::tls::{self, Trust};
use super::unpack::{Gunzip, Unpacked};

/// All connections together read and write through about so much at once, in bytes.
const ALL_BUFFERED: usize = 12 * 1024 * 1024;
/// A single one through so much, however few or many they are; no headers of an answer are longer.
///
/// Measured on loopback with answers of 2 MB that all arrive at the same time: memory for each connection, most of it
/// the buffer that is filled and the one that was just handed on, and processor time for each answer.
///
/// | at most | 512 answers | 2,000 answers | processor |
/// |---|---|---|---|
/// | 16 KiB | 42 KiB each | 40 KiB each, 78 MiB in all | 0.86 ms |
/// | 32 KiB | 71 KiB each | 69 KiB each, 134 MiB in all | 0.74 ms |
/// | 64 KiB | 138 KiB each | 115 KiB each, 225 MiB in all | 0.26 ms |
/// | as it comes | 351 KiB each | 362 KiB each, 707 MiB in all | 0.26 ms |
///
/// Where the processor is busy with more than reading, larger pieces gain more: each time room is made, the kernel
/// lets the other side go on. With 32 in flight the whole program took 1.8 s for a thousand pictures with 64 KiB, and
/// 1.35 s with 256 KiB.
const BUFFERED: RangeInclusive<usize> = 16 * 1024..=256 * 1024;
/// Whoever waits longer than a year may as well wait for a year: a clock cannot count on without end.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What is sent. One that knows its exact size goes with that as its length.
pub type RequestBody = UnsyncBoxBody<Bytes, BoxError>;

/// How long an endpoint is waited for.
#[derive(Debug, Clone)]
pub struct Patience {
    /// For a connection, proxy and TLS included.
    pub connect: Duration,
    /// For everything from the request to the last byte of its answer, connecting included.
    pub whole: Duration,
}

/// A body that is in memory.
pub fn whole(bytes: impl Into<Bytes>) -> RequestBody {
    Full::new(bytes.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// Asks; keeps connections for the next request.
pub struct Client {
    http: legacy::Client<Connector, SentBody>,
    proxies: Proxies,
    headers: HeaderMap,
    patience: Duration,
}

/// The body on its way, its errors marked as its own.
type SentBody = MapErr<RequestBody, fn(BoxError) -> BodyFailed>;

impl Client {
    /// Makes ready to ask; nothing is sent yet. The headers go with every request, in the place of those of the same
    /// name that the client has. So many requests will be in flight at most; they share the memory for reading.
    pub fn new(
        trust: Trust,
        proxies: Proxies,
        patience: Patience,
        headers: HeaderMap,
        in_flight: usize,
    ) -> Result<Self, rustls::Error> {
        let connector = Connector::new(tls::config(trust)?, proxies.clone(), patience.connect);
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(super::IDLE)
            .http1_max_buf_size(buffered(in_flight))
            // Sends a request on another connection when the kept one turned out to be closed. Safe, since it comes
            // back for this only if the connection never took it up: once its first byte could have left, its failure
            // is final.
            .retry_canceled_requests(true)
            .build(connector);
        Ok(Self { http, proxies, headers: default_headers(headers), patience: patience.whole.min(LONGEST) })
    }

    /// Sends once, with the client's headers where `headers` has none of the name. The head of the answer is there
    /// when this returns, whatever its status; the body follows, and the time for the whole goes on.
    pub async fn post(&self, url: &Url, headers: HeaderMap, body: RequestBody) -> Result<Response, TransportError> {
        self.ask(Method::POST, url, headers, body).await
    }

    /// The same for a request that only reads.
    pub async fn get(&self, url: &Url, headers: HeaderMap) -> Result<Response, TransportError> {
        self.ask(Method::GET, url, headers, whole(Bytes::new())).await
    }

    /// The same by any method.
    pub async fn ask(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: RequestBody,
    ) -> Result<Response, TransportError> {
        let deadline = Instant::now() + self.patience;
        let request = self.request(method, url, headers, body)?;
        let answered = timeout_at(deadline, self.http.request(request)).await;
        let answer = answered.map_err(|_| TransportError::Late)?.map_err(TransportError::unanswered)?;
        Ok(Response::new(answer, deadline))
    }

    fn request(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: RequestBody,
    ) -> Result<Request<SentBody>, TransportError> {
        let address: Uri = url.as_str().parse().map_err(|error| TransportError::Unreachable(Box::new(error)))?;
        let mut all = self.headers.clone();
        all.extend(headers);
        // A tunnel is asked for with these; a request that the proxy reads itself carries them along.
        if address.scheme() == Some(&Scheme::HTTP)
            && let Ok(Some(proxy)) = self.proxies.on_the_way_to(&address)
            && let (Some(credentials), Entry::Vacant(place)) = (proxy.basic_auth(), all.entry(PROXY_AUTHORIZATION))
        {
            place.insert(credentials.clone());
        }
        let mut request = Request::new(body.map_err(BodyFailed as fn(BoxError) -> BodyFailed));
        *request.method_mut() = method;
        *request.uri_mut() = address;
        *request.headers_mut() = all;
        Ok(request)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("patience", &self.patience).finish_non_exhaustive()
    }
}

/// What one of so many connections reads through, in bytes.
fn buffered(in_flight: usize) -> usize {
    (ALL_BUFFERED / in_flight.max(1)).clamp(*BUFFERED.start(), *BUFFERED.end())
}

fn default_headers(own: HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::from_iter([
        (ACCEPT, HeaderValue::from_static("*/*")),
        (ACCEPT_ENCODING, HeaderValue::from_static("gzip")),
        (USER_AGENT, HeaderValue::from_static(super::USER_AGENT)),
    ]);
    headers.extend(own);
    headers
}

/// An answer that begins to arrive. Dropped before its end, it takes its connection with it.
pub struct Response {
    head: Parts,
    body: Incoming,
    unpacking: Option<Gunzip>,
    /// Ends when the time for the whole is up. One timer for all of it: setting one for each piece costs as much as
    /// reading it.
    deadline: Pin<Box<Sleep>>,
}

impl Response {
    fn new(answer: hyper::Response<Incoming>, deadline: Instant) -> Self {
        let (head, body) = answer.into_parts();
        let is_packed = head.headers.get(CONTENT_ENCODING).is_some_and(is_gzip);
        let deadline = Box::pin(sleep_until(deadline));
        Self { head, body, unpacking: is_packed.then(Gunzip::new), deadline }
    }

    /// What the server made of the request.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// As they were sent: a length is that of the packed body.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The next bytes of the body, unpacked, at most twice what a connection reads through; none at its end. May be dropped at any
    /// await.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        let (body, unpacking) = (&mut self.body, &mut self.unpacking);
        // Asked first: where bytes are always ready, waiting for them never takes any time.
        if Instant::now() >= self.deadline.deadline() {
            return Err(TransportError::Late);
        }
        let next = async {
            match unpacking {
                Some(gunzip) => unpacked(gunzip, body).await,
                None => arrived(body).await,
            }
        };
        tokio::select! {
            biased;
            next = next => next,
            () = &mut self.deadline => Err(TransportError::Late),
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.head.status).finish_non_exhaustive()
    }
}

/// Whether this names the one packing that is asked for. Letters of any size are the same, and `x-gzip` is its old name
/// (RFC 9110, 8.4.1).
fn is_gzip(encoding: &HeaderValue) -> bool {
    let name = encoding.as_bytes().trim_ascii();
    name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip")
}

/// The next bytes as they were sent.
async fn arrived(body: &mut Incoming) -> Result<Option<Bytes>, TransportError> {
    while let Some(frame) = body.frame().await {
        // What else there is are trailers, which nobody wants.
        if let Ok(bytes) = frame.map_err(TransportError::broken)?.into_data() {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

async fn unpacked(gunzip: &mut Gunzip, body: &mut Incoming) -> Result<Option<Bytes>, TransportError> {
    loop {
        match gunzip.pull().map_err(TransportError::broken)? {
            Unpacked::Block(block) => return Ok(Some(block)),
            Unpacked::Hungry => gunzip.feed(arrived(body).await?),
            Unpacked::End => return Ok(None),
        }
    }
}
