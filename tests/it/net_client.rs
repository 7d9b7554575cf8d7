//! Asking an endpoint: what is sent, in what pieces an answer comes, and what becomes of a connection. Never what is
//! asked or answered.

use std::collections::VecDeque;
use std::error::Error;
use std::io::{BufReader, Read, Write};
use std::iter::successors;
use std::net::{TcpListener, TcpStream};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::HeaderMap;
use overnight::net::{Client, Patience, Proxies, RequestBody, Response, TransportError, Trust, whole};
use tokio::sync::oneshot;
use url::Url;

use crate::support::server::{Play, Server, http, read_request};

/// Long enough never to be reached.
const LONG: Duration = Duration::from_secs(30);

fn client(whole: Duration) -> Client {
    client_of_many(whole, 16)
}

fn client_of_many(whole: Duration, in_flight: usize) -> Client {
    let patience = Patience { connect: LONG, whole };
    Client::new(Trust::Nobody, Proxies::None, patience, HeaderMap::new(), in_flight).unwrap()
}

async fn post(client: &Client, url: &str, body: RequestBody) -> Result<Response, TransportError> {
    client.post(&Url::parse(url).unwrap(), HeaderMap::new(), body).await
}

/// The chunks of an answer to the end.
async fn chunks(mut response: Response) -> Result<Vec<Bytes>, TransportError> {
    let mut chunks = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        chunks.push(chunk);
    }
    Ok(chunks)
}

/// The answer to an empty request.
async fn answer(play: Play) -> Result<Vec<Bytes>, TransportError> {
    let server = Server::start([play]);
    chunks(post(&client(LONG), &server.url(), whole("")).await?).await
}

/// Does this with the first connection, once its request is there: the address, and how it ends.
fn serving<T: Send + 'static>(serve: impl FnOnce(TcpStream) -> T + Send + 'static) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        let (connection, _) = listener.accept().unwrap();
        read_request(&mut BufReader::new(connection.try_clone().unwrap())).unwrap();
        serve(connection)
    });
    (url, serving)
}

/// Waits until the other side is gone, whether it says goodbye or not.
fn is_closed(mut connection: TcpStream) -> bool {
    matches!(connection.read(&mut [0]), Ok(0) | Err(_))
}

async fn end_of<T: Send + 'static>(serving: JoinHandle<T>) -> T {
    tokio::task::spawn_blocking(|| serving.join().unwrap()).await.unwrap()
}

/// A body in pieces that knows its length.
struct Pieces {
    pieces: VecDeque<Result<Bytes, Box<dyn Error + Send + Sync>>>,
    left: u64,
}

impl Pieces {
    fn body(pieces: impl IntoIterator<Item = Result<&'static str, &'static str>>, length: u64) -> RequestBody {
        let pieces = pieces.into_iter().map(|piece| piece.map(Bytes::from).map_err(Into::into)).collect();
        Self { pieces, left: length }.boxed_unsync()
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let piece = self.pieces.pop_front();
        self.left -= piece.as_ref().and_then(|piece| piece.as_ref().ok()).map_or(0, |piece| piece.len() as u64);
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[tokio::test]
async fn a_body_in_pieces_goes_with_its_length_and_not_in_chunks() {
    let server = Server::start([Play::Reply(http(200, &[], b"thanks"))]);
    let body = Pieces::body([Ok("one "), Ok("two "), Ok("three")], 13);
    let answer = chunks(post(&client(LONG), &server.url(), body).await.unwrap()).await.unwrap();
    assert_eq!(answer.concat(), b"thanks");
    let seen = server.only();
    assert_eq!((seen.header("content-length"), seen.header("transfer-encoding")), (Some("13"), None));
    assert_eq!(seen.body, b"one two three");
}

#[tokio::test]
async fn a_body_that_fails_on_its_way_says_why_and_is_never_a_whole_request() {
    let server = Server::start([Play::Reply(http(200, &[], b"never"))]);
    let body = Pieces::body([Ok("one "), Err("the reference has changed")], 13);
    let error = post(&client(LONG), &server.url(), body).await.unwrap_err();
    let TransportError::Body(cause) = &error else { panic!("{error:?}") };
    let mut causes = successors(Some(&**cause as &dyn Error), |&cause| cause.source());
    assert!(causes.any(|cause| cause.to_string() == "the reference has changed"), "{error:?}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_large_answer_comes_in_chunks_that_are_the_smaller_the_more_requests_share_the_memory() {
    let large: Vec<u8> = (0..2_000_000_u32).map(|n| (n % 251) as u8).collect();
    for (in_flight, most) in [(1, 256), (512, 24), (2_000, 16)] {
        let server = Server::start([Play::ReplyAndClose(http(200, &[], &large))]);
        let client = client_of_many(LONG, in_flight);
        let mut response = post(&client, &server.url(), whole("?")).await.unwrap();
        let mut arrived = Vec::new();
        while let Some(chunk) = response.chunk().await.unwrap() {
            // What was handed on just before may be free again, and then the next chunk takes both places.
            assert!(chunk.len() <= 2 * most * 1024, "{} bytes, {in_flight} in flight", chunk.len());
            arrived.extend_from_slice(&chunk);
        }
        assert!(arrived == large);
    }
}

#[tokio::test]
async fn a_packed_answer_is_asked_for_and_unpacked_with_all_its_members() {
    let packed = |text: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    let body = [packed(&vec![b'a'; 1_000_000]), packed(b"and more")].concat();
    let reply = |body: &[u8]| Play::Reply(http(200, &[("content-encoding", "gzip")], body));
    let server = Server::start([reply(&body)]);
    let chunks = chunks(post(&client(LONG), &server.url(), whole("")).await.unwrap()).await.unwrap();
    assert!(chunks.iter().all(|chunk| chunk.len() <= 64 * 1024));
    assert!(chunks.concat() == [&vec![b'a'; 1_000_000][..], b"and more"].concat());
    assert_eq!(server.only().header("accept-encoding"), Some("gzip"));
    for name in ["GZIP", "x-gzip"] {
        let named = Play::Reply(http(200, &[("content-encoding", name)], &packed(b"one")));
        assert_eq!(answer(named).await.unwrap().concat(), b"one", "{name}");
    }
    for broken in [&body[..body.len() - 1], &body[1..]] {
        let error = answer(reply(broken)).await.unwrap_err();
        assert!(matches!(error, TransportError::Broken(_)), "{error:?}");
    }
}

#[tokio::test]
async fn headers_without_end_are_given_up() {
    let (url, serving) = serving(|mut connection| {
        connection.write_all(b"HTTP/1.1 200 OK\r\n").unwrap();
        let header = format!("x-more: {}\r\n", "of it ".repeat(1_000));
        while connection.write_all(header.as_bytes()).is_ok() {}
    });
    let error = post(&client(LONG), &url, whole("")).await.unwrap_err();
    assert!(matches!(error, TransportError::Broken(_)), "{error:?}");
    end_of(serving).await;
}

#[tokio::test]
async fn an_answer_that_pours_without_end_ends_with_the_time() {
    for millis in [200, 2_000, 20_000] {
        let (url, serving) = serving(|mut connection| {
            // A client whose time is over has left.
            let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
            while connection.write_all(&[b'.'; 100_000]).is_ok() {}
        });
        let mut response = match post(&client(Duration::from_millis(millis)), &url, whole("")).await {
            // On a busy machine a short time is over before the answer begins: then it gets longer.
            Err(TransportError::Late) => continue,
            response => response.unwrap(),
        };
        let error = loop {
            match response.chunk().await {
                Ok(chunk) => assert!(chunk.is_some()),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, TransportError::Late), "{error:?}");
        drop(response);
        return end_of(serving).await;
    }
    panic!("the answer never began");
}

#[tokio::test]
async fn patience_without_end_is_no_trouble() {
    let server = Server::start([Play::Reply(http(200, &[], b"at last"))]);
    let response = post(&client(Duration::MAX), &server.url(), whole("")).await.unwrap();
    assert_eq!(chunks(response).await.unwrap().concat(), b"at last");
}

#[tokio::test]
async fn an_answer_that_is_dropped_half_read_closes_its_connection() {
    let (url, serving) = serving(|mut connection| {
        connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\nso far").unwrap();
        is_closed(connection)
    });
    let client = client(LONG);
    let mut response = post(&client, &url, whole("")).await.unwrap();
    assert_eq!(response.chunk().await.unwrap().as_deref(), Some(&b"so far"[..]));
    drop(response);
    assert!(end_of(serving).await);
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_any_more_closes_its_connection() {
    let (arrived, has_arrived) = oneshot::channel();
    let (url, serving) = serving(|connection| {
        arrived.send(()).unwrap();
        is_closed(connection)
    });
    let client = client(LONG);
    tokio::select! {
        answer = post(&client, &url, whole("")) => panic!("{answer:?}"),
        arrived = has_arrived => arrived.unwrap(),
    }
    assert!(end_of(serving).await);
}
