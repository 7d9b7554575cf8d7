//! A request to an address: sent, and sent again while that may help. Follows no redirect, reads little of an answer,
//! and never shows more of the address than its host.

use std::fs;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep};
use url::Url;

use super::{Request, patience};
use crate::domain::io_words;
use crate::net::{Authorities, Client, Patience, Proxies, Response, TransportError, Trust, innermost, whole};
use crate::report::words::{cut, duration, one_line};

/// No more of an answer is read, in bytes.
const MOST_ANSWERED: usize = 4 * 1024;
/// So much of it is told, in columns.
const TOLD: usize = 200;
/// A shorter part of an address is no secret, and stands in many words.
const SHORTEST_SECRET: usize = 6;

/// Asks one address; keeps the connection for the next time.
#[derive(Debug)]
pub(super) struct Asker {
    client: Client,
    url: Url,
    method: Method,
    timeout: Duration,
    /// What no message may repeat.
    secrets: Vec<String>,
}

/// Why a try brought nothing.
struct Refusal {
    words: String,
    /// Whether another may bring something, and when the server wants it.
    again: Option<Option<Duration>>,
}

/// What messages call an address.
pub(super) fn shown(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

impl Asker {
    /// Makes ready to ask; a try may take so long.
    pub fn new(request: &Request, timeout: Duration) -> Result<Self, String> {
        let authorities = match &request.ca_file {
            None => Authorities::default(),
            Some(file) => {
                let pem = fs::read(file);
                let pem = pem.map_err(|error| format!("the CA file {}: {}", file.display(), io_words(&error)))?;
                Authorities::from_pem(&pem).map_err(|error| format!("the CA file {} {error}", file.display()))?
            }
        };
        let trust = Trust::towards(&request.url, authorities);
        let patience = Patience { connect: timeout, whole: timeout };
        let client = Client::new(trust, Proxies::towards(&request.url), patience, headers(request)?, 1);
        Ok(Self {
            client: client.map_err(|error| format!("HTTPS cannot be set up: {error}"))?,
            url: request.url.clone(),
            method: request.method.clone(),
            timeout,
            secrets: secrets(request),
        })
    }

    /// Asks until it is heard, or until that has become hopeless.
    pub async fn ask(&self, body: Bytes) -> Result<(), String> {
        let began = Instant::now();
        let mut tries = 0;
        loop {
            let Err(refusal) = self.once(&body).await else { return Ok(()) };
            tries += 1;
            let again = refusal.again.and_then(|asked| patience::wait(tries, began.elapsed(), asked, fastrand::f64()));
            match again {
                Some(wait) => sleep(wait).await,
                None if tries == 1 => return Err(format!("{}: {}", shown(&self.url), refusal.words)),
                None => return Err(format!("{}, asked {tries} times: {}", shown(&self.url), refusal.words)),
            }
        }
    }

    async fn once(&self, body: &Bytes) -> Result<(), Refusal> {
        let body = if self.method == Method::GET { Bytes::new() } else { body.clone() };
        let answered = self.client.ask(self.method.clone(), &self.url, HeaderMap::new(), whole(body)).await;
        let response = answered.map_err(|error| self.unanswered(&error))?;
        let status = response.status();
        if status.is_success() {
            // Read to its end, so that the connection serves again.
            self.said(response).await;
            return Ok(());
        }
        let passing =
            status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
        let again = passing.then(|| wanted(response.headers()));
        if status.is_redirection() {
            let words = format!("it leads elsewhere (HTTP {}), and that is not followed", status.as_u16());
            return Err(Refusal { words, again });
        }
        let said = self.said(response).await;
        let said = if said.is_empty() { said } else { format!(": {said}") };
        Err(Refusal { words: format!("HTTP {}{said}", status.as_u16()), again })
    }

    fn unanswered(&self, error: &TransportError) -> Refusal {
        let words = match error {
            TransportError::Late => format!("no answer within {}", duration(self.timeout)),
            TransportError::Unreachable(cause) => format!("no connection: {}", one_line(&innermost(&**cause))),
            TransportError::Body(cause) | TransportError::Broken(cause) => {
                format!("the connection broke: {}", one_line(&innermost(&**cause)))
            }
        };
        Refusal { words, again: Some(None) }
    }

    /// What an answer says, in a few words, unless it repeats what must not be told.
    async fn said(&self, mut response: Response) -> String {
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk[..chunk.len().min(MOST_ANSWERED - body.len())]);
            if body.len() == MOST_ANSWERED {
                break;
            }
        }
        let text = one_line(&String::from_utf8_lossy(&body));
        if self.secrets.iter().any(|secret| text.contains(secret)) {
            String::new()
        } else {
            cut(&text, TOLD).into_owned()
        }
    }
}

/// How long the server wants to be left alone, where it says so in seconds.
fn wanted(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

fn headers(request: &Request) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    if request.method != Method::GET {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in &request.headers {
        let wrong = || format!("the header `{name}` cannot be sent: it holds a character that headers cannot carry");
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(value.expose_secret()).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    Ok(headers)
}

/// The parts of an address, and the headers, that somebody may use as a password.
fn secrets(request: &Request) -> Vec<String> {
    let url = &request.url;
    // A server that repeats what it was asked for may do so decoded, and cut apart where a part held a slash.
    let decoded = percent_decode_str(url.path()).decode_utf8_lossy().into_owned();
    let pieces = decoded.split('/').map(str::to_owned).collect::<Vec<_>>();
    let path = url.path_segments().into_iter().flatten().map(str::to_owned).chain(pieces);
    let query = url.query_pairs().map(|(_, value)| value.into_owned()).chain(url.query().map(str::to_owned));
    let words = request.headers.iter().flat_map(|(_, value)| value.expose_secret().split(' ').map(str::to_owned));
    let parts = path.chain(query).chain(words).collect::<Vec<_>>();
    parts.into_iter().filter(|part| part.len() >= SHORTEST_SECRET).collect()
}
