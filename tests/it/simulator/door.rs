//! Who is let in by a server that others could reach, and by one that only this machine should. Never beyond loopback.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;

use super::*;
use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;

#[tokio::test]
async fn with_a_token_nothing_is_answered_without_it() {
    let simulator = start(Settings { token: Some("t0ken".into()), ..Settings::default() }).await;
    let url = |path: &str| format!("{}{path}", simulator.base_url());
    let ask = || client().post(url(MODEL_PATH)).body(request("a cup").to_string());
    let all = || {
        [
            ask(),
            client().get(url("/stats")),
            client().post(url("/reset")),
            client().get(url("/account")),
            client().get(url("/elsewhere")),
        ]
    };
    for bare in all() {
        let (status, answer) = read(bare.send().await.unwrap()).await;
        assert_eq!((status, &answer["error"]["status"]), (403, &json!("PERMISSION_DENIED")));
    }
    for wrong in all() {
        assert_eq!(read(wrong.header("x-goog-api-key", "t0keN").send().await.unwrap()).await.0, 403);
    }
    for right in [("x-goog-api-key", "t0ken"), ("authorization", "Bearer t0ken")] {
        assert_eq!(read(ask().header(right.0, right.1).send().await.unwrap()).await.0, 200);
    }
    let stats = client().get(url("/stats?key=t0ken")).send().await.unwrap();
    assert_eq!(read(stats).await.1["answered"], 2);
}

/// The status line for a request under this name.
fn called(simulator: &Simulated, path: &str, host: &str) -> String {
    let address = simulator.url().replace("http://", "");
    let mut connection = TcpStream::connect(address).unwrap();
    write!(connection, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    connection.read_to_string(&mut reply).unwrap();
    reply.lines().next().unwrap().to_owned()
}

#[test]
fn on_loopback_a_name_that_a_web_page_could_own_is_refused() {
    let simulator = Simulated::start();
    for host in ["127.0.0.1:80", "localhost:1", "[::1]:9", "127.0.0.2"] {
        assert!(called(&simulator, "/stats", host).contains("200"), "{host}");
        assert!(called(&simulator, "/files/unknown.png", host).contains("404"), "{host}");
    }
    for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "192.0.2.1", "[2001:db8::1]"] {
        for path in ["/stats", "/account", "/files/unknown.png"] {
            assert!(called(&simulator, path, host).contains("403"), "{host} {path}");
        }
    }
}

#[test]
fn beyond_loopback_the_token_is_the_environments_or_a_new_one_each_time() {
    let here = Workspace::new();
    let start = |token: &str| {
        let words = "simulate --bind 0.0.0.0";
        let mut running = here.overnight(words).env("OVERNIGHT_SIMULATE_TOKEN", token).start();
        let line = running.line().unwrap();
        (line.strip_prefix("listening on http://0.0.0.0:").expect(&line).to_owned(), running)
    };
    let status = |port: &str, key: &str| {
        let mut connection = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
        write!(connection, "GET /stats?key={key} HTTP/1.1\r\nconnection: close\r\n\r\n").unwrap();
        let mut reply = String::new();
        connection.read_to_string(&mut reply).unwrap();
        reply[9..12].to_owned()
    };
    let (port, running) = start("chosen-by-me");
    assert_eq!((status(&port, "chosen-by-me"), status(&port, "x")), ("200".to_owned(), "403".to_owned()));
    assert!(!running.kill().stderr.contains("chosen"));
    let (port, running) = start("");
    assert_eq!(status(&port, "x"), "403");
    let told = running.kill().stderr;
    let token = told.trim().rsplit(' ').next().unwrap();
    assert!(token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{told}");
}
