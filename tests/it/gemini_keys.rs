//! The key appears nowhere: for each way it travels, and also when the server sends it back.

use std::time::Duration;

use overnight::domain::Auth;
use overnight::provider::gemini::{Gemini, GeminiSettings};
use serde_json::json;

use crate::support::gemini::{KEY, answer, ask, image_part, png, settings, sunset};
use crate::support::server::{self, Play, Server, http};

/// Replies that hold the key wherever a server could put it.
fn echoes() -> Vec<Play> {
    let google = json!({"error": {"code": 400, "status": "INVALID_ARGUMENT",
        "message": format!("bad request with key={KEY}"),
        "details": [{"@type": "type.googleapis.com/google.rpc.DebugInfo", "detail": format!("key {KEY}")}]}});
    let long = json!({"error": {"message": format!("{}{KEY}", "x".repeat(290))}});
    let nested = json!({"error": {"code": "", "message": google.to_string()}});
    let without_picture = answer(&format!(r#"{{"text":"your key is {KEY}"}}"#), "STOP").replace("r-1", KEY);
    let with_picture = answer(&format!(r#"{{"text":"{KEY}"}},{}"#, image_part(&png(9))), "STOP");
    let blocked = json!({"promptFeedback": {"blockReason": KEY, "blockReasonMessage": KEY}});
    vec![
        server::json(400, &google.to_string()),
        server::json(401, &google.to_string()),
        server::json(503, &long.to_string()),
        server::json(500, &nested.to_string()),
        server::json(502, &format!("<html><title>no way to /?key={KEY}</title></html>")),
        server::json(200, &google.to_string()),
        server::json(200, &without_picture),
        server::json(200, &with_picture),
        server::json(200, &answer("", KEY)),
        server::json(200, &blocked.to_string()),
        server::json(200, &format!("no JSON but {KEY}")),
        Play::Reply(http(302, &[("location", &format!("https://else/?key={KEY}"))], b"")),
        Play::ReplyAndClose(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\ncut".to_vec()),
        Play::Reset,
    ]
}

#[tokio::test]
async fn the_key_is_in_no_message_and_in_no_reply() {
    for auth in Auth::ALL {
        for play in echoes() {
            let server = Server::start([play.clone()]);
            let gemini = Gemini::new(settings(&server.url(), *auth)).unwrap();
            let (result, _) = ask(&gemini, &sunset()).await;
            let shown = match &result {
                Ok(generation) => format!("{generation:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            // The first letters too: a message cut in the middle of the key would still give half of it away.
            assert!(!shown.contains(&KEY[..8]), "{auth}: {shown}");
        }
    }
}

#[tokio::test]
async fn the_key_is_in_no_message_of_a_failed_connection_and_in_no_debug_print() {
    for auth in Auth::ALL {
        let made = settings("http://127.0.0.1:1/path", *auth);
        assert!(!format!("{made:?}").contains(KEY));
        let gemini = Gemini::new(made).unwrap();
        let (result, _) = ask(&gemini, &sunset()).await;
        let error = result.unwrap_err();
        assert!(!format!("{gemini:?} {error} {error:?}").contains(KEY), "{error:?}");
    }
}

#[tokio::test]
async fn the_key_is_in_no_message_of_a_time_out() {
    for auth in Auth::ALL {
        let server = Server::start([Play::ReplyAndHang(Vec::new())]);
        let hurried = GeminiSettings { request_timeout: Duration::from_millis(60), ..settings(&server.url(), *auth) };
        let (result, _) = ask(&Gemini::new(hurried).unwrap(), &sunset()).await;
        let error = result.unwrap_err();
        assert!(!format!("{error} {error:?}").contains(KEY), "{error:?}");
    }
}

#[test]
fn a_key_that_no_header_can_carry_is_refused_without_being_printed() {
    let broken = GeminiSettings { key: Some("s3cr3t\n".into()), ..settings("https://host", Auth::Bearer) };
    let error = Gemini::new(broken).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
}
