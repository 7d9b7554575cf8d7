//! HTTP from this side: a client that asks an endpoint in bounded memory, and guarded fetching of what answers name.
//! Knows nothing of what is asked or answered.

mod addresses;
mod client;
mod connect;
mod error;
mod fetch;
mod proxy;
mod this_machine;
mod tls;
mod unpack;

use std::time::Duration;

pub use client::{Client, Patience, RequestBody, Response, whole};
pub use error::{TransportError, innermost};
pub use fetch::{Cause, Connecting, ConnectingError, FetchError, Fetched, Fetcher, Limits, connecting};
pub use proxy::Proxies;
pub use this_machine::names_this_machine;
pub use tls::{Authorities, AuthoritiesError, Trust};

/// Connections stay open so long between two requests: just under the minute after which common load balancers
/// close them, since a request that meets a closing connection is lost.
const IDLE: Duration = Duration::from_secs(55);
/// What requests call themselves.
const USER_AGENT: &str = concat!("overnight/", env!("CARGO_PKG_VERSION"));
