//! Opens connections to an endpoint: TCP, a proxy where one is on the way, TLS. Never sends a request, and never waits
//! longer than allowed.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use hyper::Uri;
use hyper::header::{HeaderMap, HeaderValue, USER_AGENT};
use hyper::http::uri::Scheme;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower::{Service, service_fn};

use super::error::BoxError;
use super::proxy::Proxies;

/// An open connection is probed when it was silent for so long, as often as [`PROBES`] says, since middle boxes forget
/// connections without a word while a picture is drawn.
const SILENCE: Duration = Duration::from_secs(15);
const PROBES: u32 = 3;
/// A peer that acknowledges nothing for so long is gone.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// No connection in the time allowed for it.
#[derive(Debug, thiserror::Error)]
#[error("it did not come to be within {0:?}")]
struct TooSlow(Duration);

/// Makes connections; cheap to clone.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector,
    tls: Arc<ClientConfig>,
    proxies: Proxies,
    within: Duration,
}

impl Connector {
    /// One that connects within so much time, proxy and TLS included.
    pub(super) fn new(tls: ClientConfig, proxies: Proxies, within: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(within));
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(SILENCE));
        tcp.set_keepalive_interval(Some(SILENCE));
        tcp.set_keepalive_retries(Some(PROBES));
        #[cfg(target_os = "linux")]
        tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        Self { tcp, tls: Arc::new(tls), proxies, within }
    }

    async fn connect(self, to: Uri) -> Result<Wire, BoxError> {
        match self.proxies.on_the_way_to(&to)? {
            None => Ok(Wire { stream: self.open(to).await?, proxied: false }),
            Some(proxy) if is_https(&to) => {
                let tunnel = self.tunnel(&proxy, &to).await?;
                Ok(Wire { stream: self.secure(tunnel, &to).await?, proxied: false })
            }
            Some(proxy) => Ok(Wire { stream: self.open(proxy.uri().clone()).await?, proxied: true }),
        }
    }

    /// A connection to the very host that the address names, with TLS where it says so.
    async fn open(&self, to: Uri) -> Result<Stream, BoxError> {
        let stream: Stream = Box::new(self.tcp.clone().call(to.clone()).await?);
        if is_https(&to) { self.secure(stream, &to).await } else { Ok(stream) }
    }

    /// A way through a proxy, of whose traffic the proxy sees nothing but its amount.
    async fn tunnel(&self, proxy: &Intercept, to: &Uri) -> Result<Stream, BoxError> {
        let entrance = service_fn(|proxy: Uri| {
            let opener = self.clone();
            async move { opener.open(proxy).await }
        });
        let introduction = HeaderMap::from_iter([(USER_AGENT, HeaderValue::from_static(super::USER_AGENT))]);
        let mut tunnel = Tunnel::new(proxy.uri().clone(), entrance).with_headers(introduction);
        if let Some(credentials) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        Ok(tunnel.call(to.clone()).await?)
    }

    async fn secure(&self, stream: Stream, to: &Uri) -> Result<Stream, BoxError> {
        // An IPv6 address stands in brackets in an address, and without them in a certificate.
        let host = to.host().unwrap_or_default().trim_matches(['[', ']']);
        let name = ServerName::try_from(host.to_owned())?;
        let secured = TlsConnector::from(Arc::clone(&self.tls)).connect(name, TokioIo::new(stream)).await?;
        Ok(Box::new(TokioIo::new(secured)))
    }
}

impl Service<Uri> for Connector {
    type Response = Wire;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Wire, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let within = self.within;
        let connecting = timeout(within, self.clone().connect(to));
        async move { connecting.await.map_err(|_| TooSlow(within))? }.boxed()
    }
}

fn is_https(address: &Uri) -> bool {
    address.scheme() == Some(&Scheme::HTTPS)
}

/// Whatever bytes go to and fro on.
trait Duplex: Read + Write + Send + Unpin {}
impl<T: Read + Write + Send + Unpin> Duplex for T {}
type Stream = Box<dyn Duplex>;

/// An open connection.
pub(super) struct Wire {
    stream: Stream,
    /// A proxy reads the requests themselves, so they have to name the host.
    proxied: bool,
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.proxied)
    }
}

impl Read for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
