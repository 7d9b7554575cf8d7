//! The listing of models, which is free: whether the key is taken, which models there are, and what time it is there.
//! Never asks for a picture.

use futures::FutureExt;
use futures::future::BoxFuture;
use hyper::header::{DATE, HeaderMap};
use jiff::fmt::rfc2822;
use serde_json::Value;
use url::Url;

use super::{Gemini, classify, read_body};
use crate::domain::{Failure, FailureKind, Timestamp};
use crate::net::Response;
use crate::provider::{Endpoint, Looked, Offer};

/// No more of a listing is read, in bytes: a gateway may list a thousand models.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// The most that a page may hold, by the protocol.
const PAGE: &str = "1000";

impl Endpoint for Gemini {
    fn look(&self) -> BoxFuture<'_, Looked> {
        self.listed().boxed()
    }
}

impl Gemini {
    async fn listed(&self) -> Looked {
        let mut url = address(&self.base);
        self.key.write_into(&mut url);
        // The key was tried as a header when the provider was made.
        let headers = HeaderMap::from_iter(self.key.header().ok().flatten());
        match self.client.get(&url, headers).await {
            Err(error) => {
                Looked { time: None, offer: Offer::Unreached(classify::transport(&error, &self.host).message) }
            }
            Ok(response) => Looked { time: time(response.headers()), offer: self.offer(response).await },
        }
    }

    async fn offer(&self, response: Response) -> Offer {
        let status = response.status().as_u16();
        match status {
            200 => match serde_json::from_slice(&read_body(response, MOST_BYTES).await) {
                Ok(listing) => offered(&listing),
                Err(_) => Offer::Untold("it answers with something else than a list of models".to_owned()),
            },
            404 | 405 | 501 => Offer::Untold(format!("it does not list its models (HTTP {status})")),
            _ => match self.refused(response).await {
                Failure { kind: FailureKind::Fatal, message, .. } => Offer::Refused(message),
                Failure { kind: FailureKind::Rejected | FailureKind::Refused, message, .. } => Offer::Untold(message),
                failure => Offer::Failing(failure.message),
            },
        }
    }
}

/// The address of the listing.
fn address(base: &Url) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["v1beta", "models"]);
    }
    url.query_pairs_mut().append_pair("pageSize", PAGE);
    url
}

/// The models of a listing: `models` with their `name`, or, as gateways pass on other protocols, `data` with their `id`.
fn offered(listing: &Value) -> Offer {
    let (models, key) = match (listing["models"].as_array(), listing["data"].as_array()) {
        (Some(models), _) => (models, "name"),
        (None, Some(models)) => (models, "id"),
        (None, None) => return Offer::Untold("it answers with something else than a list of models".to_owned()),
    };
    let name = |model: &Value| Some(model[key].as_str()?.rsplit('/').next()?.to_owned());
    let is_whole = listing["nextPageToken"].as_str().is_none_or(str::is_empty);
    Offer::Models { names: models.iter().filter_map(name).collect(), is_whole }
}

/// The time of the server's clock.
fn time(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(DATE)?.as_bytes();
    let time = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp::from_millis(time.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn models_are_listed_in_either_way_and_what_follows_is_not_taken_for_all() {
        let names = |listing: Value| match offered(&listing) {
            Offer::Models { names, is_whole } => Some((names.join(" "), is_whole)),
            _ => None,
        };
        let google = json!({"models": [{"name": "models/a"}, {"name": "b", "version": 1}, {"other": 1}]});
        assert_eq!(names(google), Some(("a b".to_owned(), true)));
        let paged = json!({"models": [{"name": "models/a"}], "nextPageToken": "more"});
        assert_eq!(names(paged), Some(("a".to_owned(), false)));
        assert_eq!(names(json!({"object": "list", "data": [{"id": "a"}]})), Some(("a".to_owned(), true)));
        for other in [json!([]), json!({"ok": true}), json!("models")] {
            assert_eq!(names(other), None);
        }
    }

    #[test]
    fn the_address_of_the_listing_is_below_whatever_path_the_base_holds() {
        for (base, listing) in [
            ("https://host", "https://host/v1beta/models?pageSize=1000"),
            ("https://host/gemini/", "https://host/gemini/v1beta/models?pageSize=1000"),
        ] {
            assert_eq!(address(&Url::parse(base).unwrap()).as_str(), listing);
        }
    }

    #[test]
    fn the_clock_of_the_server_is_read() {
        let headers = |text: &str| HeaderMap::from_iter([(DATE, text.parse().unwrap())]);
        let expected = Some(Timestamp::from_millis(784_111_777_000));
        assert_eq!(time(&headers("Sun, 06 Nov 1994 08:49:37 GMT")), expected);
        assert_eq!((time(&headers("now")), time(&HeaderMap::new())), (None, None));
    }
}
