//! Whom to trust: the system's certificate authorities, and those that a person adds. Never accepts a certificate
//! unchecked.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use url::Url;

/// Certificate authorities that a person trusts beside the system's.
#[derive(Debug, Clone, Default)]
pub struct Authorities(Vec<CertificateDer<'static>>);

/// Why a file names no authority.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    /// Not in the form of PEM.
    #[error("is no PEM")]
    NotPem,
    /// PEM, perhaps, and nothing of use in it.
    #[error("holds no certificate")]
    Empty,
}

impl Authorities {
    /// The certificates of a PEM file; at least one. What they are worth shows when they are used.
    pub fn from_pem(pem: &[u8]) -> Result<Self, AuthoritiesError> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        match certificates.map_err(|_| AuthoritiesError::NotPem)? {
            none if none.is_empty() => Err(AuthoritiesError::Empty),
            some => Ok(Self(some)),
        }
    }

    /// Whether a person added none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each as DER.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(AsRef::as_ref)
    }
}

/// Who may vouch for a server.
#[derive(Debug, Clone)]
pub enum Trust {
    /// Nobody: for an endpoint without TLS, since a machine that has no root certificates can still rehearse.
    Nobody,
    /// The authorities of the system, and these.
    SystemAnd(Authorities),
}

impl Trust {
    /// Whom to trust about this place. Without TLS no root certificates are wanted.
    pub fn towards(url: &Url, authorities: Authorities) -> Self {
        match url.scheme() {
            "http" if authorities.is_empty() => Self::Nobody,
            _ => Self::SystemAnd(authorities),
        }
    }
}

/// How TLS is spoken to those who are trusted: by version 1.2 or 1.3, for HTTP/1.1.
pub(super) fn config(trust: Trust) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = match trust {
        Trust::Nobody => builder.with_root_certificates(RootCertStore::empty()),
        Trust::SystemAnd(authorities) => {
            let verifier = Verifier::new_with_extra_roots(authorities.0, provider)?;
            // "Dangerous" as any verifier that is handed over; this one asks the system.
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
