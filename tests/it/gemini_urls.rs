//! Answers that name their picture instead of holding it, and pictures whose end is missing. Never what is safe to
//! fetch at all: that is `net`.

use std::time::Duration;

use overnight::domain::{Auth, Failure, FailureKind, Reach};
use overnight::net::Limits;
use overnight::provider::AskError;
use overnight::provider::gemini::{FetchSettings, Gemini, GeminiSettings};
use serde_json::Value;

use crate::support::gemini::{KEY, answer, ask, base64, fail, image_part, jpeg, png, provider, settings, sunset, webp};
use crate::support::server::{self, Play, Server, http};
use crate::support::simulated::Simulated;

/// The shapes in which an answer names a picture, around the same words where it has any.
const NAMED: &[(&str, Option<&str>)] = &[
    (r#"{"fileData":{"mimeType":"image/png","fileUri":"URL"}}"#, None),
    (r#"{"file_data":{"file_uri":"URL"}},{"text":"A sunset."}"#, Some("A sunset.")),
    (r#"{"text":"A sunset.\n\n![image](URL)\n"}"#, Some("A sunset.")),
    (r#"{"text":"![](<URL> \"title\") A sunset."}"#, Some("A sunset.")),
    (r#"{"text":"URL"}"#, None),
    (r#"{"text":"A sunset.\nURL"}"#, Some("A sunset.")),
];

/// Ways in which a first fetch fails.
fn failures() -> Vec<Play> {
    let whole = http(200, &[], &png(5_000));
    vec![
        Play::Reply(http(404, &[], b"not yet")),
        Play::Reply(http(503, &[], b"<html>busy</html>")),
        Play::Reply(http(200, &[("content-type", "image/png")], b"<html>please wait</html>")),
        Play::Reply(http(200, &[], &png(5_000)[..4_000])),
        Play::ReplyAndClose(whole[..whole.len() - 9].to_vec()),
        Play::Reset,
    ]
}

/// A server that answers with these parts, `URL` being an address on it, and then plays on.
fn naming(parts: &str, then: Vec<Play>) -> Server {
    Server::start_knowing(|home| {
        let parts = parts.replace("URL", &format!("{home}/files/1?signature=s3cr3t"));
        std::iter::once(server::json(200, &answer(&parts, "STOP"))).chain(then)
    })
}

fn served(picture: &[u8]) -> Play {
    Play::Reply(http(200, &[("content-type", "application/octet-stream")], picture))
}

/// The failure of an ask that left nothing behind, and how often the server was asked.
async fn missed(parts: &str, then: Vec<Play>) -> (Failure, usize) {
    let server = naming(parts, then);
    let (result, images) = ask(&provider(&server), &sunset()).await;
    assert!(images.images.is_empty() && !images.is_open(), "{images:?}");
    let Err(AskError::Failed(failure)) = result else { panic!("{result:?}") };
    assert_eq!((failure.kind, failure.reach, failure.empty), (FailureKind::Transient, Reach::Answered, true));
    assert!(!format!("{failure:?}").contains("s3cr3t"), "{failure:?}");
    (*failure, server.seen().len())
}

#[tokio::test]
async fn every_shape_gives_its_picture_and_its_words_though_the_first_fetch_fails() {
    for (parts, caption) in NAMED {
        for failure in failures() {
            let server = naming(parts, vec![failure.clone(), served(&jpeg(90_000))]);
            let (result, images) = ask(&provider(&server), &sunset()).await;
            assert_eq!(result.unwrap().reply.text.as_deref(), *caption, "{parts}");
            assert_eq!((images.images.as_slice(), images.is_open()), (&[jpeg(90_000)][..], false));
            let seen = server.seen();
            let asked = seen.iter().filter(|request| request.line.starts_with("POST")).count();
            assert_eq!(asked, 1, "one generation, {parts}, {failure:?}");
            assert_eq!(seen.last().unwrap().target(), "/files/1?signature=s3cr3t");
        }
    }
}

#[tokio::test]
async fn a_markdown_picture_with_its_data_is_taken_without_any_fetch() {
    for picture in [png(90_000), jpeg(301), webp(50)] {
        let data = format!("data:image/png;base64,{}", base64(&picture));
        for text in [format!(r"A sunset.\n![image]({data})"), format!("![]({data}) A sunset."), data.clone()] {
            let server = Server::start([server::json(200, &answer(&format!(r#"{{"text":"{text}"}}"#), "STOP"))]);
            let (result, images) = ask(&provider(&server), &sunset()).await;
            assert_eq!(images.images, std::slice::from_ref(&picture));
            let caption = text.contains("sunset").then_some("A sunset.");
            assert_eq!(result.unwrap().reply.text.as_deref(), caption);
            server.only();
        }
    }
}

#[tokio::test]
async fn the_key_travels_with_the_request_only() {
    for auth in Auth::ALL {
        let hop = Play::Reply(http(302, &[("location", "/else"), ("set-cookie", "a=b")], b""));
        let server = naming(NAMED[0].0, vec![hop, served(&png(9))]);
        let gemini = Gemini::new(settings(&server.url(), *auth)).unwrap();
        ask(&gemini, &sunset()).await.0.unwrap();
        let [asked, fetched @ ..] = &server.seen()[..] else { panic!() };
        assert!(format!("{asked:?}").contains(KEY));
        assert_eq!(fetched.len(), 2);
        for fetch in fetched {
            assert!(!format!("{fetch:?}").contains(KEY), "{auth}: {fetch:?}");
            assert!(["cookie", "referer", "content-type"].iter().all(|name| fetch.header(name).is_none()));
        }
    }
}

#[tokio::test]
async fn an_address_that_quotes_the_key_is_not_followed() {
    let (failure, requests) = missed(&format!(r#"{{"text":"URL&key={KEY}"}}"#), vec![]).await;
    assert!(failure.message.contains("holds the key"), "{}", failure.message);
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn a_picture_in_the_answer_wins_and_nothing_is_fetched() {
    for (parts, _) in NAMED {
        let server = naming(&format!("{parts},{}", image_part(&png(20))), vec![]);
        let (result, images) = ask(&provider(&server), &sunset()).await;
        result.unwrap();
        assert_eq!(images.images, [png(20)]);
        server.only();
    }
}

#[tokio::test]
async fn drafts_are_not_followed_in_any_shape() {
    let data = format!(r#"{{"text":"![a](data:image/png;base64,{})"}}"#, base64(&png(9)));
    for parts in NAMED.iter().map(|(parts, _)| *parts).chain([data.as_str()]) {
        let mut drafts: Vec<Value> = serde_json::from_str(&format!("[{parts}]")).unwrap();
        drafts.iter_mut().for_each(|part| part["thought"] = true.into());
        let drafts = serde_json::to_string(&drafts).unwrap();
        let drafts = drafts.trim_matches(['[', ']']);
        let (failure, requests) = missed(drafts, vec![]).await;
        assert!(failure.message.starts_with("the answer held no picture"), "{drafts}: {}", failure.message);
        assert_eq!(requests, 1, "{drafts}");
    }
}

#[tokio::test]
async fn all_pictures_that_an_answer_names_are_kept_once_each() {
    let parts = r#"{"text":"![a](URL&n=1) ![b](URL&n=2)"},{"text":"[again](URL&n=2), by https://a.example"}"#;
    let server = naming(parts, vec![served(&png(1)), served(&webp(30))]);
    let (result, images) = ask(&provider(&server), &sunset()).await;
    assert_eq!(images.images, [png(1), webp(30)]);
    assert_eq!(result.unwrap().reply.text.as_deref(), Some(", by https://a.example"));
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn an_expired_address_is_told_by_its_host_after_some_tries() {
    for status in [403, 404, 410] {
        let gone = Play::Reply(http(status, &[], b"gone"));
        let (failure, requests) = missed(NAMED[4].0, vec![gone; 9]).await;
        let told = format!("HTTP {status}: the address has expired or was never right (tried 5 times)");
        assert!(failure.message.contains("fetched from 127.0.0.1:"), "{}", failure.message);
        assert!(failure.message.contains(&told), "{}", failure.message);
        assert_eq!(requests, 6, "one generation, five fetches");
        assert_eq!(failure.reply.usage.unwrap().output_tokens, 1120, "what was paid for is still told");
    }
}

#[tokio::test]
async fn bytes_that_stay_no_picture_or_half_a_picture_are_told() {
    for (bytes, told) in [
        (b"<html>log in first</html>".to_vec(), "what came was no image by its bytes (tried 5 times)"),
        (b"GIF".to_vec(), "no image by its bytes"),
        (png(5_000)[..4_000].to_vec(), "cut off: 4000 bytes of image/png without their end"),
    ] {
        let (failure, requests) = missed(NAMED[2].0, vec![served(&bytes); 9]).await;
        assert!(failure.message.contains(told), "{}", failure.message);
        assert_eq!((requests, failure.reply.text.as_deref()), (6, Some("A sunset.")));
    }
}

#[tokio::test]
async fn an_unsafe_address_is_refused_at_once_with_its_reason() {
    let inside = Server::start([served(&png(9))]);
    for (url, why) in [
        (inside.url(), "only public addresses are safe"),
        ("http://169.254.169.254/latest?s3cr3t".to_owned(), "only public addresses are safe"),
        ("file:///etc/passwd".to_owned(), "only http and https are fetched"),
    ] {
        for shape in [NAMED[0].0, NAMED[2].0] {
            let (failure, requests) = missed(&shape.replace("URL", &url), vec![]).await;
            assert!(failure.message.contains(why), "{}", failure.message);
            assert_eq!(requests, 1);
        }
    }
    assert!(inside.seen().is_empty());
}

#[tokio::test]
async fn a_refusal_that_links_to_its_rules_stays_a_refusal() {
    let server = Server::start_knowing(|home| {
        let body = answer(&format!(r#"{{"text":"Not this. See {home}/rules"}}"#), "IMAGE_SAFETY");
        std::iter::once(server::json(200, &body)).chain(vec![served(b"<html>the rules</html>"); 9])
    });
    let Err(AskError::Failed(failure)) = ask(&provider(&server), &sunset()).await.0 else { panic!() };
    assert_eq!((failure.kind, failure.empty), (FailureKind::Refused, false), "{failure:?}");
}

#[tokio::test]
async fn fetching_ends_with_the_time_of_the_attempt() {
    for millis in [300, 3_000, 30_000] {
        let picture = b"HTTP/1.1 200 OK\r\n\r\n\x89PNG\r\n\x1A\n and on".to_vec();
        let server = naming(NAMED[0].0, vec![Play::ReplyAndHang(picture)]);
        let fetch = FetchSettings { limits: Limits::default(), waits: vec![Duration::from_secs(3_600)] };
        let request_timeout = Duration::from_millis(millis);
        let hurried = GeminiSettings { request_timeout, fetch, ..settings(&server.url(), Auth::Header) };
        let (result, images) = ask(&Gemini::new(hurried).unwrap(), &sunset()).await;
        let Err(AskError::Failed(failure)) = result else { panic!("{result:?}") };
        assert!(images.images.is_empty() && !images.is_open());
        // On a busy machine a short time is over before the picture has begun to come: then it gets longer.
        if server.seen().len() == 2 && failure.message.contains("not whole in the time allowed") {
            return assert!(failure.empty, "{failure:?}");
        }
        assert!(millis < 30_000, "{failure:?}");
    }
}

#[tokio::test]
async fn a_picture_cut_inside_valid_base64_is_found_in_every_format() {
    for (whole, name) in [(png(90_000), "image/png"), (jpeg(90_000), "image/jpeg"), (webp(90_000), "image/webp")] {
        for length in [whole.len() - 3, whole.len() / 2, 15] {
            let failure = fail(server::json(200, &answer(&image_part(&whole[..length]), "STOP"))).await;
            assert_eq!((failure.kind, failure.empty), (FailureKind::Transient, true), "{failure:?}");
            let told = format!("the answer's picture was cut off: {length} bytes of {name} without their end");
            assert!(failure.message.starts_with(&told), "{}", failure.message);
        }
    }
}

#[tokio::test]
async fn a_cut_picture_leaves_no_trace_beside_a_whole_one() {
    let parts = format!("{},{}", image_part(&png(90_000)[..80_000]), image_part(&jpeg(7)));
    let server = Server::start([server::json(200, &answer(&parts, "STOP"))]);
    let (result, images) = ask(&provider(&server), &sunset()).await;
    result.unwrap();
    assert_eq!((images.images.as_slice(), images.discarded), (&[jpeg(7)][..], 1));
}

/// The other side written by other hands: what the simulator links to is fetched, and counted there as one picture.
#[test]
fn every_shape_of_the_simulator_costs_one_generation() {
    for kind in
        ["url-bare", "url-file", "url-markdown", "url-bare-flaky", "url-file-flaky", "url-markdown-flaky", "url-data"]
    {
        let simulated = Simulated::with_faults(&[&format!("{kind}=1")]);
        let gemini = Gemini::new(settings(&simulated.url(), Auth::Header)).unwrap();
        let asking = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (result, images) = asking.block_on(ask(&gemini, &sunset()));
        let caption = result.unwrap().reply.text.unwrap_or_default();
        assert!(!caption.contains("http") && !caption.contains("base64"), "{kind}: {caption}");
        assert_eq!((images.images.len(), images.discarded), (1, 0), "{kind}");
        assert_eq!(simulated.stats().requests, 1, "{kind}");
    }
}
