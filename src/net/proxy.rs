//! Which proxy leads to an address: what the environment and the system name, as most programs read it. Never tells
//! the name or the password that a proxy wants.

use std::sync::Arc;

use hyper::Uri;
use hyper::http::uri::Scheme;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use url::Url;

/// Where proxies come from.
#[derive(Debug, Clone)]
pub enum Proxies {
    /// No proxy has a place between.
    None,
    /// `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in large or small letters, and where these are missing
    /// the settings of the system, where it has any.
    System(Arc<Matcher>),
}

/// A proxy that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("a proxy by the scheme `{0}` is not supported: name an http:// or https:// one")]
pub(super) struct Unsupported(String);

impl Proxies {
    /// Those on the way to this place: none to this very machine.
    pub fn towards(url: &Url) -> Self {
        if is_loopback(url) { Self::None } else { Self::system() }
    }

    /// What the environment and the system name now.
    pub fn system() -> Self {
        Self::System(Arc::new(Matcher::from_system()))
    }

    /// The proxy on the way to `address`, if there is one.
    pub(super) fn on_the_way_to(&self, address: &Uri) -> Result<Option<Intercept>, Unsupported> {
        let Self::System(matcher) = self else { return Ok(None) };
        let Some(proxy) = matcher.intercept(address) else { return Ok(None) };
        match proxy.uri().scheme() {
            Some(scheme) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS => Ok(Some(proxy)),
            scheme => Err(Unsupported(scheme.map(ToString::to_string).unwrap_or_default())),
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
