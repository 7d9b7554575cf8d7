//! `GET /metrics`, on a thread of its own so that no scrape takes anything from the engine. Never tells anything else, and
//! on loopback nothing to a web page.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::oneshot;

use super::super::exit::UsageError;
use crate::domain::io_words;
use crate::job::ListenAddress;
use crate::net::names_this_machine;
use crate::report::metrics;

/// A server that ends when it is dropped.
pub(super) struct Server {
    address: SocketAddr,
    _going: oneshot::Sender<()>,
}

impl Server {
    /// Listens there from now on and answers with what `page` says; with nothing once that is gone.
    pub fn start(
        address: ListenAddress,
        page: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address.0).map_err(|error| unusable(address, &error))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (going, gone) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let router = router(address.ip(), Arc::new(page));
        thread::spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                tokio::select! {
                    served = async { axum::serve(listener, router).await } => served,
                    // Whatever is still being told then is of no use to anybody.
                    _ = gone => Ok(()),
                }
            })
        });
        Ok(Self { address, _going: going })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn unusable(address: ListenAddress, error: &std::io::Error) -> UsageError {
    UsageError(match error.kind() {
        ErrorKind::AddrInUse => {
            format!("--metrics: another program listens on {address}; choose another port, or 0 for one that is free")
        }
        _ => format!("--metrics: cannot listen on {address}: {}; choose another address", io_words(error)),
    })
}

fn router(ip: IpAddr, page: Arc<impl Fn() -> Option<String> + Send + Sync + 'static>) -> Router {
    let metrics = async move || match page() {
        Some(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    Router::new().route("/metrics", get(metrics)).layer(middleware::from_fn_with_state(ip, guard))
}

/// Lets in whoever addresses this machine, where nobody else is meant to come.
async fn guard(State(ip): State<IpAddr>, request: Request, next: Next) -> Response {
    if ip.is_loopback() && !names_this_machine(request.headers().get(HOST).map(HeaderValue::as_bytes)) {
        let words = "These metrics are for this machine only: ask for them by 127.0.0.1 or localhost.\n";
        return (StatusCode::FORBIDDEN, words).into_response();
    }
    next.run(request).await
}
