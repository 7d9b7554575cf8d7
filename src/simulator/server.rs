//! Connections: accepts them, drops them when an answer says so, ends them gracefully. Never looks into a request.

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::Extensions;
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long connections may take to end once the server closes.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long to wait before accepting again when that failed, as it does when no file can be opened.
const AFTER_A_FAILED_ACCEPT: Duration = Duration::from_millis(50);

/// Stands in the place of an answer that is never given.
#[derive(Debug, Clone, Copy)]
struct Abandoned;

impl fmt::Display for Abandoned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the simulator dropped the connection on purpose")
    }
}

impl std::error::Error for Abandoned {}

/// The answer that makes the server drop the connection without a status line.
pub(super) fn abandon() -> Response {
    let mut extensions = Extensions::new();
    extensions.insert(Abandoned);
    let mut response = ().into_response();
    *response.extensions_mut() = extensions;
    response
}

/// Serves until `closing` turns true or its sender is gone; then what is in flight may end, for a few seconds.
pub(super) async fn serve(listener: TcpListener, router: Router, mut closing: watch::Receiver<bool>) {
    let router = Arc::new(router);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = until_closing(&mut closing) => break,
            Some(_ended) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(converse(stream, router.clone(), closing.clone())); }
                Err(_) => tokio::time::sleep(AFTER_A_FAILED_ACCEPT).await,
            },
        }
    }
    drop(listener);
    // Whoever is not done by then is aborted with the set.
    let _ = tokio::time::timeout(FAREWELL, async { while connections.join_next().await.is_some() {} }).await;
}

/// Returns once the simulator closes, or is gone altogether.
pub(super) async fn until_closing(closing: &mut watch::Receiver<bool>) {
    let _ = closing.wait_for(|closing| *closing).await;
}

/// Speaks HTTP/1.1 over one connection to its end.
async fn converse(stream: TcpStream, router: Arc<Router>, mut closing: watch::Receiver<bool>) {
    // Small answers leave at once; where this cannot be set, they leave a little later.
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |request| respond(router.clone(), request));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = until_closing(&mut closing) => {
            std::pin::Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    if ended.is_err_and(|error| error.source().is_some_and(|source| source.is::<Abandoned>())) {
        // A reset in place of a polite end; where this cannot be set, the client sees an early end.
        let _ = connection.into_parts().io.inner().set_zero_linger();
    }
}

fn respond(router: Arc<Router>, request: hyper::Request<Incoming>) -> BoxFuture<'static, Result<Response, Abandoned>> {
    Box::pin(async move {
        let request: Request = request.map(axum::body::Body::new);
        let Ok(response) = tower::ServiceExt::oneshot(Router::clone(&router), request).await;
        match response.extensions().get::<Abandoned>() {
            Some(abandoned) => Err(*abandoned),
            None => Ok(response),
        }
    })
}
