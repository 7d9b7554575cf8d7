//! Who may come in: whoever followed the one link that was printed, from this machine and from the page itself. Never keeps
//! the link's token longer than until it was used.

use std::sync::Mutex;
use std::sync::PoisonError;

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, HeaderName, HeaderValue, ORIGIN, REFRESH, SET_COOKIE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use ring::rand::{SecureRandom, SystemRandom};

use super::ReviewError;
use super::page::turned_away;
use super::server::Shared;
use crate::net::names_this_machine;

/// The address's parameter that holds the token.
const TOKEN: &str = "token";

/// What a browser that supports it says of who asks (W3C Fetch Metadata).
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The door of a review.
pub(super) struct Door {
    /// Lets one browser in, once.
    token: Mutex<Option<String>>,
    /// What that browser shows from then on.
    pass: String,
    /// The cookie it is shown in: browsers do not tell the ports of a machine apart.
    cookie: String,
}

impl Door {
    /// A door that opens to a token nobody can guess.
    pub fn new(port: u16) -> Result<Self, ReviewError> {
        Ok(Self { token: Mutex::new(Some(secret()?)), pass: secret()?, cookie: format!("overnight-review-{port}") })
    }

    /// The query that opens it; nothing once it was used.
    pub fn query(&self) -> Option<String> {
        let token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        token.as_ref().map(|token| format!("{TOKEN}={token}"))
    }

    /// Takes the token, if this is it.
    fn opens_to(&self, given: &str) -> bool {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        token.take_if(|token| is_same(token, given)).is_some()
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
        let mut cookies =
            cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
        cookies.any(|(name, value)| name == self.cookie && is_same(&self.pass, value))
    }

    /// Whoever comes with a link: with the token he gets the pass, and the address is as if it had never held one.
    fn enter(&self, given: &str, headers: &HeaderMap) -> Response {
        let is_opened = self.opens_to(given);
        if !is_opened && !self.knows(headers) {
            let why = "This link was used already, or it is of an earlier review.";
            return refusal(why);
        }
        // No redirect: where a page of somebody else's has the link, a browser that follows one does not show the pass.
        let mut response = ([(REFRESH, "0; url=/")], Html(turned_away("The page is at /."))).into_response();
        let cookie = format!("{}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie, self.pass);
        if is_opened && let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
        response
    }
}

/// 128 bits that nobody can guess, as hexadecimal digits.
fn secret() -> Result<String, ReviewError> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| ReviewError::NoSecret)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Hashes are compared in a time that tells nothing.
fn is_same(one: &str, other: &str) -> bool {
    blake3::hash(one.as_bytes()) == blake3::hash(other.as_bytes())
}

/// Lets a request through, or answers in place of who would.
pub(super) async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = match check(&shared.door, &request) {
        Ok(()) => next.run(request).await,
        Err(refused) => *refused,
    };
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

fn check(door: &Door, request: &Request) -> Result<(), Box<Response>> {
    let headers = request.headers();
    if !names_this_machine(headers.get(HOST).map(HeaderValue::as_bytes)) {
        return Err(Box::new(refusal("This page is for this machine only: call it by 127.0.0.1 or localhost.")));
    }
    if let Some(token) = token(request) {
        return Err(Box::new(door.enter(&token, headers)));
    }
    if !door.knows(headers) {
        return Err(Box::new(refusal("Open the address that `overnight review` printed; it works once.")));
    }
    let comes_from_elsewhere = match request.method() == Method::POST {
        true => !is_of_page(headers),
        false => headers.get(FETCH_SITE).is_some_and(|site| site != "same-origin" && site != "none"),
    };
    match comes_from_elsewhere {
        true => Err(Box::new(refusal("Only the page itself may ask for this."))),
        false => Ok(()),
    }
}

/// The token in the address of the page; nowhere else is one looked for.
fn token(request: &Request) -> Option<String> {
    let query = request.uri().query().filter(|_| request.uri().path() == "/" && request.method() == Method::GET)?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == TOKEN).map(|(_, token)| token.into_owned())
}

/// Whether what changes something comes from the page: browsers name the origin of every such request, and ask before
/// they send JSON for another one.
fn is_of_page(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_own = headers.get(ORIGIN).is_some_and(|origin| origin.as_bytes() == format!("http://{host}").as_bytes());
    is_own && headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

fn refusal(why: &str) -> Response {
    (StatusCode::FORBIDDEN, Html(turned_away(why))).into_response()
}

/// What every answer carries: nothing but the page's own script, style and pictures does anything, nobody frames it or
/// includes parts of it, nothing guesses what a file is, and no address leads on.
const HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", "no-store"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, address: &str, headers: &[(&str, &str)]) -> Request {
        let mut request = axum::http::Request::builder().method(method).uri(address).header("host", "127.0.0.1:4000");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(axum::body::Body::empty()).unwrap()
    }

    /// The status of whoever is turned away; none for who comes in.
    fn refused(door: &Door, method: &str, address: &str, headers: &[(&str, &str)]) -> Option<u16> {
        check(door, &request(method, address, headers)).err().map(|response| response.status().as_u16())
    }

    #[test]
    fn the_link_opens_once_and_then_only_the_pass_does() {
        let door = Door::new(4000).unwrap();
        assert_eq!(refused(&door, "GET", "/", &[]), Some(403));
        assert_eq!(refused(&door, "GET", "/?token=0", &[]), Some(403));
        let link = format!("/?{}", door.query().unwrap());
        let entered = *check(&door, &request("GET", &link, &[])).unwrap_err();
        assert_eq!((entered.status().as_u16(), entered.headers()[REFRESH].as_bytes()), (200, &b"0; url=/"[..]));
        let cookie = entered.headers()[SET_COOKIE].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        let pass = cookie.split(';').next().unwrap();
        assert_eq!((refused(&door, "GET", &link, &[]), door.query()), (Some(403), None), "it works once");
        assert_eq!(
            refused(&door, "GET", &link, &[("cookie", pass)]),
            Some(200),
            "whoever is in may use it as a bookmark"
        );
        assert_eq!(refused(&door, "GET", "/", &[("cookie", &format!("a=b; {pass}"))]), None);
        let other = Door::new(4000).unwrap();
        assert_eq!(refused(&other, "GET", "/", &[("cookie", pass)]), Some(403), "a pass is for one review");
    }

    #[test]
    fn nobody_else_drives_the_page_of_whoever_is_in() {
        let door = Door::new(4000).unwrap();
        let pass = format!("{}={}", door.cookie, door.pass);
        let ours = ("origin", "http://127.0.0.1:4000");
        let (json, cookie) = (("content-type", "application/json"), ("cookie", pass.as_str()));
        assert_eq!(refused(&door, "POST", "/say", &[cookie, json, ours]), None);
        for wrong in [
            vec![cookie, json],
            vec![cookie, json, ("origin", "http://127.0.0.1:4001")],
            vec![cookie, json, ("origin", "null")],
            vec![cookie, ours, ("content-type", "text/plain")],
            vec![cookie, ours],
            vec![json, ours],
        ] {
            assert_eq!(refused(&door, "POST", "/say", &wrong), Some(403), "{wrong:?}");
        }
        for site in ["cross-site", "same-site"] {
            assert_eq!(refused(&door, "GET", "/picture/1/x", &[cookie, ("sec-fetch-site", site)]), Some(403), "{site}");
        }
        for site in ["same-origin", "none"] {
            assert_eq!(refused(&door, "GET", "/picture/1/x", &[cookie, ("sec-fetch-site", site)]), None, "{site}");
        }
        let mut stranger = request("GET", "/", &[cookie]);
        stranger.headers_mut().insert(HOST, HeaderValue::from_static("rebound.example:4000"));
        assert!(check(&door, &stranger).is_err(), "a name that leads here suddenly");
    }
}
