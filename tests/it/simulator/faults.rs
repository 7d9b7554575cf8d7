//! Plain failures, as a client sees them: errors, cuts, silence, refusals. Never the odder ones.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// The kinds tested here.
pub(super) const COVERED: [&str; 11] =
    ["500", "503", "429", "bad-request", "refused", "no-image", "text-only", "blocked", "cut", "reset", "hang"];

#[tokio::test]
async fn errors_have_googles_shape() {
    let expected = [
        ("500", 500, "INTERNAL"),
        ("503", 503, "UNAVAILABLE"),
        ("429", 429, "RESOURCE_EXHAUSTED"),
        ("bad-request", 400, "INVALID_ARGUMENT"),
    ];
    for (kind, code, word) in expected {
        let simulator = start_with_faults(&[&format!("{kind}=1")]).await;
        let (status, answer) = ask(&simulator, &request("a cup")).await;
        let error = &answer["error"];
        assert_eq!((status, &error["code"], &error["status"]), (code, &json!(code), &json!(word)));
        assert!(!error["message"].as_str().unwrap().is_empty());
        assert_eq!(simulator.stats().statuses[&code.to_string()], 1);
    }
}

#[tokio::test]
async fn a_throttle_without_quota_says_how_long_to_wait() {
    let simulator = start_with_faults(&["429=1"]).await;
    let details = ask(&simulator, &request("a cup")).await.1["error"]["details"].clone();
    assert_eq!(details.as_array().unwrap().len(), 1);
    assert_eq!(details[0]["@type"], "type.googleapis.com/google.rpc.RetryInfo");
    assert_eq!(details[0]["retryDelay"], "1.000s");
}

#[tokio::test]
async fn answers_without_a_picture_say_why() {
    let expected = [
        ("refused", "/candidates/0/finishReason", "IMAGE_SAFETY"),
        ("no-image", "/candidates/0/finishReason", "NO_IMAGE"),
        ("text-only", "/candidates/0/finishReason", "STOP"),
        ("blocked", "/promptFeedback/blockReason", "PROHIBITED_CONTENT"),
    ];
    for (kind, pointer, word) in expected {
        let simulator = start_with_faults(&[&format!("{kind}=100%")]).await;
        let (status, answer) = ask(&simulator, &request("a cup")).await;
        assert_eq!((status, answer.pointer(pointer)), (200, Some(&json!(word))), "{kind}");
        assert!(!answer.to_string().contains("inlineData"), "{kind}");
        assert!(answer["usageMetadata"]["promptTokenCount"].as_u64() > Some(0), "{kind}: input is billed all the same");
        let stats = simulator.stats();
        assert_eq!((stats.statuses["200"], stats.answered), (1, 0), "{kind}");
    }
}

#[tokio::test]
async fn a_cut_answer_promises_more_than_comes() {
    let simulator = start_with_faults(&["cut=1"]).await;
    let mut response = post(&simulator, &request("a cup")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let (promised, mut came) = (response.content_length().unwrap(), 0);
    let end = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => came += chunk.len() as u64,
            end => break end,
        }
    };
    assert!(end.is_err(), "the body ended as if it were whole");
    assert!(0 < came && came < promised, "{came} of {promised}");
    let stats = simulator.stats();
    assert_eq!((stats.statuses["cut"], stats.answered), (1, 0));
}

/// Sends a request over a bare connection, so that its end can be told apart.
async fn connect_and_send(simulator: &Simulator) -> TcpStream {
    let body = request("a cup").to_string();
    let mut stream = TcpStream::connect(simulator.address()).await.unwrap();
    let head = format!("POST {MODEL_PATH}?key=k HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_reset_comes_before_any_byte_of_an_answer() {
    let simulator = start_with_faults(&["reset=1"]).await;
    let mut bytes = Vec::new();
    let end = connect_and_send(&simulator).await.read_to_end(&mut bytes).await;
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert!(bytes.is_empty());
    assert_eq!(simulator.stats().statuses["none"], 1);
}

#[tokio::test]
async fn a_hang_lasts_until_the_client_goes_away() {
    let simulator = start_with_faults(&["hang=1"]).await;
    let streams = [connect_and_send(&simulator).await, connect_and_send(&simulator).await];
    until(|| simulator.stats().requests == 2).await;
    for stream in &streams {
        assert_eq!(stream.try_read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
    assert!(simulator.stats().statuses.is_empty());
    drop(streams);
    until(|| simulator.stats().statuses.get("none") == Some(&2)).await;
    assert_eq!(simulator.stats().most_at_once, 2);
}

#[tokio::test]
async fn stopping_ends_what_hangs() {
    let simulator = start_with_faults(&["hang=1"]).await;
    let mut stream = connect_and_send(&simulator).await;
    until(|| simulator.stats().requests == 1).await;
    simulator.stop().await;
    assert!(stream.read_to_end(&mut Vec::new()).await.is_err());
}

#[tokio::test]
async fn a_refusal_belongs_to_the_request_and_an_overload_to_the_ask() {
    let simulator = start_with_faults(&["refused=30%", "503=30%"]).await;
    let mut recovered = 0;
    for number in 0..12 {
        let body = request(&format!("cup number {number}"));
        let mut outcomes = Vec::new();
        for _ in 0..6 {
            let (status, answer) = ask(&simulator, &body).await;
            outcomes.push((status, answer["candidates"][0]["finishReason"].clone()));
        }
        let refused = outcomes.iter().filter(|outcome| outcome.1 == "IMAGE_SAFETY").count();
        assert!(refused == 0 || refused == 6, "{outcomes:?}");
        let overloaded = outcomes.iter().filter(|outcome| outcome.0 == 503).count();
        recovered += usize::from(overloaded > 0 && overloaded < 6);
    }
    assert!(recovered > 3, "{recovered}");
}
