//! Who may come in: on loopback whoever addresses this machine, beyond it whoever has the token. Never keeps a key.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use secrecy::{ExposeSecret, SecretString};

use super::error::ApiError;
use super::key;

/// Who is let in.
pub(super) struct Door {
    is_loopback: bool,
    token: Option<SecretString>,
}

impl Door {
    /// The door of a server that listens there. Without a token every key opens it.
    pub fn new(address: IpAddr, token: Option<SecretString>) -> Door {
        Door { is_loopback: address.is_loopback(), token }
    }

    /// Refuses whoever lacks the token, in whichever way keys come; and what [`Door::check_name`] refuses.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
        self.check_name(headers)?;
        let Some(token) = &self.token else { return Ok(()) };
        // Hashes are compared in a time that tells nothing.
        let token = blake3::hash(token.expose_secret().as_bytes());
        let keys = key::keys(uri, headers);
        match keys.iter().any(|(_, key)| blake3::hash(key.as_bytes()) == token) {
            true => Ok(()),
            false => Err(ApiError::stranger("The API key is not the token that this server was started with.")),
        }
    }

    /// Refuses on loopback what a web page could send, under a name of its own that suddenly leads to this machine.
    pub fn check_name(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        match self.is_loopback && !names_this_machine(headers) {
            true => Err(ApiError::stranger("This server is for this machine only: call it by 127.0.0.1 or localhost.")),
            false => Ok(()),
        }
    }
}

/// Whether a request calls this server by an address of loopback, or by a name without a dot, which no stranger owns.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST) else { return true };
    let host = host.to_str().unwrap_or(".");
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_matches(['[', ']']);
    !name.contains(['.', ':']) || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Lets a request through, or answers in place of who would. What the refused send is read and thrown away, so that the
/// answer reaches them.
pub(super) async fn guard(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    match door.check(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => {
            drain(request.into_body()).await;
            error.into_response()
        }
    }
}

async fn drain(body: Body) {
    const MOST: usize = 32 * 1024 * 1024;
    let (mut pieces, mut read) = (body.into_data_stream(), 0);
    while let Some(Ok(piece)) = pieces.next().await {
        read += piece.len();
        if read > MOST {
            return;
        }
    }
}
