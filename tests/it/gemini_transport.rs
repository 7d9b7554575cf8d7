//! Connections that fail, before, within and after the request. Never what a whole answer says.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use overnight::domain::Auth;
use overnight::domain::FailureKind::{Fatal, Throttled, Transient};
use overnight::domain::Reach;
use overnight::provider::AskError;
use overnight::provider::gemini::{Gemini, GeminiSettings};

use crate::support::gemini::{answer, ask, fail, image_part, png, provider, settings, sunset};
use crate::support::server::{self, Play, Server, http, nobody};
use crate::support::tls::{Authority, SecureServer};

#[tokio::test]
async fn an_answer_that_breaks_off_is_lost() {
    let body = answer(&image_part(&png(50_000)), "STOP");
    let whole = http(200, &[], body.as_bytes());
    let until_close = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", &body[..body.len() / 2]);
    for play in [
        Play::ReplyAndClose(whole[..whole.len() - 1].to_vec()),
        Play::ReplyAndClose(whole[..whole.len() / 2].to_vec()),
        Play::ReplyAndClose(whole[..20].to_vec()),
        Play::ReplyAndClose(Vec::new()),
        Play::ReplyAndClose(b"this is no HTTP\r\n\r\n".to_vec()),
        Play::ReplyAndClose(until_close.into_bytes()),
        Play::Reply(http(200, &[("content-encoding", "gzip")], b"\x1F\x8B no gzip")),
        Play::Reset,
    ] {
        let failure = fail(play.clone()).await;
        assert_eq!((failure.kind, failure.reach, failure.empty), (Transient, Reach::Lost, false), "{failure:?}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_and_the_request_is_lost() {
    let whole = http(200, &[], answer(&image_part(&png(5_000)), "STOP").as_bytes());
    for start in [&whole[..0], &whole[..30], &whole[..900]] {
        for millis in [80, 800, 8_000] {
            let server = Server::start([Play::ReplyAndHang(start.to_vec())]);
            let request_timeout = Duration::from_millis(millis);
            let hurried = GeminiSettings { request_timeout, ..settings(&server.url(), Auth::Query) };
            let (result, _) = ask(&Gemini::new(hurried).unwrap(), &sunset()).await;
            let Err(AskError::Failed(failure)) = result else { panic!("{result:?}") };
            // On a busy machine a short time is over before the request has left: then it gets longer.
            if failure.reach == Reach::Unsent && millis < 8_000 {
                continue;
            }
            assert_eq!((failure.kind, failure.reach), (Transient, Reach::Lost), "{failure:?}");
            assert!(failure.message.contains("in the time allowed"), "{}", failure.message);
            break;
        }
    }
}

#[tokio::test]
async fn among_many_requests_answers_that_hang_halfway_hold_up_none_of_the_others() {
    let picture = png(200_000);
    let whole = http(200, &[], answer(&image_part(&picture), "STOP").as_bytes());
    let hanging = std::iter::repeat_n(Play::ReplyAndHang(whole[..whole.len() / 2].to_vec()), 20);
    let server = Server::start(hanging.chain(std::iter::repeat_n(Play::Reply(whole.clone()), 40)));
    let gemini = Gemini::new(GeminiSettings { in_flight: 200, ..settings(&server.url(), Auth::Header) }).unwrap();
    let request = sunset();
    let asking: FuturesUnordered<_> = (0..60).map(|_| ask(&gemini, &request)).collect();
    let ended: Vec<_> = asking.take(40).collect().await;
    // What hangs does so until its time is up; whatever ended before is whole.
    for (result, images) in ended {
        assert!(result.is_ok() && images.images == [picture.clone()], "{result:?}");
    }
}

#[tokio::test]
async fn a_cut_error_counts_by_its_status() {
    let reply = b"HTTP/1.1 429 Busy\r\nretry-after: 4\r\ncontent-length: 500\r\n\r\n{\"error\":{\"code\":".to_vec();
    let failure = fail(Play::ReplyAndClose(reply)).await;
    assert_eq!((failure.kind, failure.reach), (Throttled, Reach::Answered), "{failure:?}");
    assert_eq!(failure.retry_after, Some(Duration::from_secs(4)));
}

#[tokio::test]
async fn a_connection_that_never_came_to_be_cost_nothing() {
    let (_taken, refused) = nobody();
    let plain = Server::start([Play::ReplyAndClose(b"not TLS".to_vec())]);
    let no_tls = plain.url().replace("http://", "https://");
    for base in [refused.as_str(), no_tls.as_str()] {
        let (result, _) = ask(&Gemini::new(settings(base, Auth::Query)).unwrap(), &sunset()).await;
        let Err(AskError::Failed(failure)) = result else { panic!("{result:?}") };
        assert_eq!((failure.kind, failure.reach), (Transient, Reach::Unsent), "{base}: {failure:?}");
        assert!(failure.message.contains("no connection to"), "{}", failure.message);
    }
}

#[tokio::test]
async fn a_certificate_is_judged_where_no_proxy_lies_between_too() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let reply = http(200, &[], answer(&image_part(&png(9)), "STOP").as_bytes());
    let server = SecureServer::start(&authority, "localhost", reply);
    let (result, _) = ask(&Gemini::new(settings(&server.url(), Auth::Query)).unwrap(), &sunset()).await;
    let Err(AskError::Failed(failure)) = result else { panic!("{result:?}") };
    assert_eq!((failure.kind, failure.reach), (Fatal, Reach::Unsent), "{failure:?}");
    assert!(failure.message.contains("--ca-file") && server.seen().is_empty(), "{}", failure.message);
    let ca_file = folder.path().join("company.pem");
    std::fs::write(&ca_file, authority.pem()).unwrap();
    let trusting = GeminiSettings { ca_file: Some(ca_file), ..settings(&server.url(), Auth::Query) };
    ask(&Gemini::new(trusting).unwrap(), &sunset()).await.0.unwrap();
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn one_ask_is_one_request_whatever_happens() {
    for play in [
        server::json(503, ""),
        server::json(429, ""),
        Play::ReplyAndClose(Vec::new()),
        Play::ReplyAndClose(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec()),
    ] {
        let server = Server::start([play, server::json(200, &answer(&image_part(&png(9)), "STOP"))]);
        let (result, _) = ask(&provider(&server), &sunset()).await;
        assert!(result.is_err());
        server.only();
    }
}

#[tokio::test]
async fn a_kept_connection_that_breaks_under_a_request_does_not_send_it_again() {
    let good = server::json(200, &answer(&image_part(&png(9)), "STOP"));
    let server = Server::start([good.clone(), Play::ReplyAndClose(Vec::new()), good]);
    let gemini = provider(&server);
    ask(&gemini, &sunset()).await.0.unwrap();
    let (result, _) = ask(&gemini, &sunset()).await;
    let Err(AskError::Failed(failure)) = result else { panic!("{result:?}") };
    assert_eq!((failure.kind, failure.reach), (Transient, Reach::Lost), "{failure:?}");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let endless = vec![b' '; 65 << 20];
    let failure = fail(Play::ReplyAndClose(http(200, &[], &endless))).await;
    assert_eq!((failure.kind, failure.reach), (Transient, Reach::Lost));
    assert!(failure.message.contains("holds more than 1 MiB beside its pictures"), "{}", failure.message);
}
