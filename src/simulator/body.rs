//! How the bytes of an answer leave: whole, packed, in drops, or cut in the middle. Never looks into them.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::Stream;
use futures::stream::{self, StreamExt};

use super::dice::RequestHash;
use super::stats::Visit;

/// Bytes handed over at a time, so that "handed over" follows what the client takes.
const PIECE: usize = 64 * 1024;
/// Time for the first half of a cut answer to leave before the connection breaks. What is not yet out by then is lost
/// too: the client sees an earlier cut.
const BEFORE_THE_CUT: Duration = Duration::from_millis(20);
/// Pieces of an answer that drips.
const DROPS: u32 = 100;

/// How a document leaves.
pub(super) type Way = fn(Vec<u8>, RequestHash, Visit) -> Response;

/// The whole of `document`; it counts as answered when its last byte is handed over.
pub(super) fn whole(document: Vec<u8>, request: RequestHash, mut visit: Visit) -> Response {
    visit.got(StatusCode::OK.as_str());
    let (length, rest, visit) = (document.len(), document.into(), Some(visit));
    respond(length, Body::from_stream(Whole { rest, request: Some(request), visit }))
}

/// The whole of a document that holds no picture of use: never counts as answered.
pub(super) fn withheld(document: Vec<u8>, _request: RequestHash, mut visit: Visit) -> Response {
    visit.got(StatusCode::OK.as_str());
    let (length, rest, visit) = (document.len(), document.into(), Some(visit));
    respond(length, Body::from_stream(Whole { rest, request: None, visit }))
}

/// The whole of `document`, packed.
pub(super) fn gzip(document: Vec<u8>, request: RequestHash, visit: Visit) -> Response {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = encoder.write_all(&document).and_then(|()| encoder.finish());
    let mut response = whole(packed.expect("writing to memory does not fail"), request, visit);
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response
}

/// The whole of `document` in pieces, spread evenly over `time`.
pub(super) fn drip(document: Vec<u8>, time: Duration, request: RequestHash, mut visit: Visit) -> Response {
    visit.got(StatusCode::OK.as_str());
    let (length, pause) = (document.len(), time / DROPS);
    let size = length.div_ceil(DROPS as usize);
    let pieces = stream::unfold((Bytes::from(document), Some(visit)), move |(mut rest, mut visit)| async move {
        let piece = rest.split_to(rest.len().min(size));
        tokio::time::sleep(pause).await;
        if let Some(mut visit) = rest.is_empty().then(|| visit.take()).flatten() {
            visit.answered(request);
        }
        (!piece.is_empty()).then_some((Ok::<_, io::Error>(piece), (rest, visit)))
    });
    respond(length, Body::from_stream(pieces))
}

/// A head that promises all of `document`, half of it, and the end of the connection. Never counts as answered.
pub(super) fn cut(document: Vec<u8>, _request: RequestHash, mut visit: Visit) -> Response {
    visit.got("cut");
    let length = document.len();
    let half = Bytes::from(document).slice(..length / 2);
    let broken = stream::once(async move {
        let _in_flight_until_the_cut = visit;
        tokio::time::sleep(BEFORE_THE_CUT).await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    });
    respond(length, Body::from_stream(stream::iter([Ok(half)]).chain(broken)))
}

fn respond(length: usize, body: Body) -> Response {
    ([(CONTENT_TYPE, "application/json; charset=UTF-8".to_owned()), (CONTENT_LENGTH, length.to_string())], body)
        .into_response()
}

struct Whole {
    rest: Bytes,
    /// The request that is answered by it; none if it holds no picture of use.
    request: Option<RequestHash>,
    /// Gone with the last byte.
    visit: Option<Visit>,
}

impl Stream for Whole {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(piece);
        // With the last piece and not at the poll after it: with a content-length, nobody asks again.
        if let Some(mut visit) = self.rest.is_empty().then(|| self.visit.take()).flatten() {
            match self.request {
                Some(request) => visit.answered(request),
                None => visit.delivered(),
            }
        }
        Poll::Ready((!piece.is_empty()).then_some(Ok(piece)))
    }
}
