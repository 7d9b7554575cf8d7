//! An endpoint that misbehaves below the protocol, at every byte and without end. Never what a whole answer says.

use std::fs;
use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use overnight::domain::{Auth, Ending, Failure, FailureKind, OnLost, Reach, Request, RetryPolicy};
use overnight::provider::AskError;
use overnight::provider::gemini::{Gemini, GeminiSettings};
use overnight::run::{Rules, RunSettings};

use crate::support::gemini::{answer, ask, fail, image_part, png, provider, provider_in, settings, sunset};
use crate::support::server::{Play, Server, http, nobody, read_request};
use crate::support::workshop::{self, PIXEL, Workshop};

/// A small answer with a picture, whole.
fn whole() -> Vec<u8> {
    http(200, &[("content-type", "application/json")], answer(&image_part(&png(9)), "STOP").as_bytes())
}

/// Whatever follows ends with the connection.
const HEAD_UNTIL_CLOSED: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";

/// The same, whose end is that of its connection.
fn until_closed() -> Vec<u8> {
    let body = answer(&image_part(&png(9)), "STOP");
    format!("{HEAD_UNTIL_CLOSED}{body}").into_bytes()
}

async fn missed(gemini: &Gemini) -> Failure {
    let (result, images) = ask(gemini, &sunset()).await;
    assert!(images.images.is_empty() && !images.is_open(), "nothing partial is left: {images:?}");
    let Err(AskError::Failed(failure)) = result else { panic!("{result:?}") };
    *failure
}

/// Plays each of these, and a whole answer after each: that each is lost with nothing left, and the next try has it.
async fn each_is_lost_and_the_next_is_whole(broken: impl Iterator<Item = Play>) {
    let broken: Vec<Play> = broken.collect();
    let tries = broken.len();
    assert!(tries > 300, "{tries}");
    let server = Server::start(broken.into_iter().flat_map(|play| [play, Play::Reply(whole())]));
    let gemini = provider(&server);
    for number in 0..tries {
        let failure = missed(&gemini).await;
        assert_eq!((failure.kind, failure.reach), (FailureKind::Transient, Reach::Lost), "{number}: {failure:?}");
        assert!(!failure.message.contains("os error"), "{}", failure.message);
        let (result, images) = ask(&gemini, &sunset()).await;
        assert!(result.is_ok() && images.images == [png(9)], "{number}: {result:?}");
    }
    assert_eq!(server.seen().len(), 2 * tries);
}

#[tokio::test]
async fn an_answer_that_is_reset_at_any_byte_is_lost_and_the_next_try_has_the_picture() {
    let whole = whole();
    each_is_lost_and_the_next_is_whole((0..whole.len()).map(|n| Play::ReplyAndReset(whole[..n].to_vec()))).await;
}

#[tokio::test]
async fn an_answer_that_is_cut_at_any_byte_is_lost_and_the_next_try_has_the_picture() {
    let whole = whole();
    each_is_lost_and_the_next_is_whole((0..whole.len()).map(|n| Play::ReplyAndClose(whole[..n].to_vec()))).await;
    // Without a length in front, only the answer itself says that its end is missing: nothing at all is a whole answer.
    let whole = until_closed();
    let empty = HEAD_UNTIL_CLOSED.len();
    let lengths = (0..whole.len()).filter(|length| *length != empty);
    each_is_lost_and_the_next_is_whole(lengths.map(|n| Play::ReplyAndClose(whole[..n].to_vec()))).await;
    let failure = fail(Play::ReplyAndClose(whole[..empty].to_vec())).await;
    assert_eq!((failure.kind, failure.reach), (FailureKind::Transient, Reach::Answered), "{failure:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_answers_are_reset_all_over_ends_with_every_picture_whole() {
    let reply = http(200, &[("content-type", "application/json")], answer(&image_part(PIXEL), "STOP").as_bytes());
    let resets: Vec<Play> = (0..reply.len()).step_by(8).map(|n| Play::ReplyAndReset(reply[..n].to_vec())).collect();
    let items = resets.len();
    let server = Server::start(resets.into_iter().chain(vec![Play::Reply(reply); items]));
    let workshop = Workshop::of_items(items);
    let patient = RetryPolicy { max_attempts: 100, on_lost: OnLost::Resend };
    let settings = RunSettings {
        rules: Rules { policy: patient, concurrency: workshop::at_once(16), ..workshop::rules() },
        ..workshop::settings()
    };
    let (summary, _) =
        workshop.run_with(&mut workshop.queue(), Arc::new(provider(&server)), settings, &mut |_| {}).await;
    assert_eq!((summary.ending, summary.done, summary.lost), (Ending::Complete, items as u64, items as u64));
    for number in 0..items {
        assert_eq!(fs::read(workshop.output().join(format!("item-{number}.png"))).unwrap(), PIXEL);
    }
}

/// Does this with each connection once its request is there; the address.
fn serving(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || {
                let read = read_request(&mut BufReader::new(connection.try_clone().unwrap()));
                if read.is_ok() {
                    serve(connection);
                }
            });
        }
    });
    url
}

/// Says the first, and the second for ever, with so much time between.
fn without_end(first: &'static str, then: &'static str, pause: Duration) -> String {
    serving(move |mut connection| {
        let piece = then.repeat(if pause.is_zero() { 1_000 } else { 1 });
        let mut open = connection.write_all(first.as_bytes()).is_ok();
        while open {
            open = connection.write_all(piece.as_bytes()).is_ok();
            thread::sleep(pause);
        }
    })
}

/// What becomes of a request that is given hardly any time; more, where a busy machine did not even send it in that.
async fn missed_soon(url: impl Fn() -> String) -> Failure {
    for millis in [150, 1_500] {
        let failure = missed_within(&url(), millis).await;
        if failure.reach != Reach::Unsent {
            return failure;
        }
    }
    missed_within(&url(), 15_000).await
}

async fn missed_within(url: &str, millis: u64) -> Failure {
    let hurried = GeminiSettings { request_timeout: Duration::from_millis(millis), ..settings(url, Auth::Header) };
    missed(&Gemini::new(hurried).unwrap()).await
}

#[tokio::test]
async fn an_answer_without_end_ends_with_its_time_however_fast_or_slow_it_comes() {
    const PICTURE: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\
        {\"candidates\":[{\"content\":{\"parts\":[{\"inlineData\":{\"data\":\"iVBORw0KGgo";
    for (first, then, pause) in [
        (PICTURE, "AAAA", Duration::ZERO),
        (PICTURE, "A", Duration::from_millis(5)),
        (HEAD_UNTIL_CLOSED, " ", Duration::from_millis(5)),
        ("HTTP/1.1 200 OK\r\n", "x", Duration::from_millis(5)),
        ("", "", Duration::from_millis(5)),
    ] {
        let began = Instant::now();
        let failure = missed_soon(|| without_end(first, then, pause)).await;
        assert_eq!((failure.kind, failure.reach), (FailureKind::Transient, Reach::Lost), "{failure:?}");
        assert!(failure.message.contains("in the time allowed"), "{}", failure.message);
        assert!(began.elapsed() < Duration::from_secs(60), "long after its time");
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_given_up_and_lost() {
    let many: String = (0..200).map(|n| format!("x-more-{n}: of it\r\n")).collect();
    let many = Server::start([Play::ReplyAndClose(format!("HTTP/1.1 200 OK\r\n{many}\r\n{{}}").into_bytes())]);
    let endless = without_end("HTTP/1.1 200 OK\r\n", "x-more: and more of it\r\n", Duration::ZERO);
    for url in [many.url(), endless] {
        let failure = missed(&Gemini::new(settings(&url, Auth::Header)).unwrap()).await;
        assert_eq!((failure.kind, failure.reach), (FailureKind::Transient, Reach::Lost), "{failure:?}");
        assert!(failure.message.contains("broke: message head is too large"), "{}", failure.message);
    }
}

#[tokio::test]
async fn an_answer_that_comes_before_the_request_was_read_counts_as_any_other() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("large.png"), png(6_000_000)).unwrap();
    let large = Request { references: vec!["large.png".into()], ..sunset() };
    let too_large = http(413, &[("connection", "close")], b"<html>too large</html>");
    for request in [sunset(), large] {
        let server = Server::start([Play::ReplyUnread(too_large.clone()), Play::ReplyUnread(whole())]);
        let gemini = provider_in(&server, folder.path());
        let (result, _) = ask(&gemini, &request).await;
        let Err(AskError::Failed(failure)) = result else { panic!("{result:?}") };
        assert_eq!((failure.kind, failure.status), (FailureKind::Rejected, Some(413)), "{failure:?}");
        let (result, images) = ask(&gemini, &request).await;
        assert!(result.is_ok() && images.images == [png(9)], "{result:?}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_absent_and_nothing_was_sent() {
    // Bound and never listening: nobody else gets the port, and every connection is refused.
    let (_taken, refused) = nobody();
    // No label of a name is longer than 63: this one is nobody's without asking anybody.
    let no_name = format!("http://{}.invalid", "a".repeat(64));
    // Connections are taken by the system, and nobody ever speaks TLS on them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let no_tls = format!("https://{}", silent.local_addr().unwrap());
    for (url, connect_timeout, said) in [
        (refused, Duration::from_secs(30), "refused"),
        (no_name, Duration::from_secs(30), "no connection to aaaa"),
        (no_tls, Duration::from_millis(150), "did not come to be within"),
    ] {
        let in_time = GeminiSettings { connect_timeout, ..settings(&url, Auth::Header) };
        let failure = missed(&Gemini::new(in_time).unwrap()).await;
        assert_eq!((failure.kind, failure.reach), (FailureKind::Transient, Reach::Unsent), "{failure:?}");
        assert!(failure.absent && failure.message.contains(said), "{failure:?}");
    }
}

#[tokio::test]
async fn only_who_says_that_it_fails_or_cannot_be_reached_is_absent() {
    for (status, absent) in [(500, true), (503, true), (529, true), (408, false), (429, false), (400, false)] {
        let server = Server::start([Play::Reply(http(status, &[], b""))]);
        let failure = missed(&provider(&server)).await;
        assert_eq!(failure.absent, absent, "{status}: {failure:?}");
    }
}
