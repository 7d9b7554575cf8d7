//! Why a certificate was not accepted, and what to do: until a person acts, no request gets through. Never decides
//! whom to trust.

use std::error::Error;
use std::io;

use rustls::CertificateError;

const UNKNOWN: &str = "nobody this machine trusts has signed it: if a proxy or gateway of your own has, name its \
                       certificate authority with --ca-file";
const EXPIRED: &str = "it has expired: renew it, or set the clock of this machine right";
const NOT_YET: &str = "it is not valid yet: set the clock of this machine right";
const OTHER_NAME: &str = "it is made out for another host: check the base URL";

/// The reason, if the connection failed over a certificate.
pub(super) fn of(error: &(dyn Error + 'static)) -> Option<String> {
    let mut causes = std::iter::successors(Some(error), |error| (*error).source());
    let certificate = causes.find_map(certificate_error)?;
    Some(match certificate {
        CertificateError::UnknownIssuer => UNKNOWN.to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => EXPIRED.to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => NOT_YET.to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => OTHER_NAME.to_owned(),
        // A certificate that signs itself is told so, among others.
        other => format!("{other}; if it is one of your own, name the authority that signed it with --ca-file"),
    })
}

/// An I/O error does not name what it wraps as its source.
fn certificate_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a CertificateError> {
    let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let tls = wrapped.and_then(|inner| inner.downcast_ref()).or_else(|| cause.downcast_ref())?;
    match tls {
        rustls::Error::InvalidCertificate(error) => Some(error),
        _ => None,
    }
}
