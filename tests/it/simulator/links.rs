//! Answers with URLs: their shapes, and what a fetch gets. Never looks beyond the simulator.

use overnight::simulator::STAND_INS;

use super::*;

/// The kinds tested here.
pub(super) const COVERED: [&str; 8] = [
    "url-bare",
    "url-bare-flaky",
    "url-data",
    "url-file",
    "url-file-flaky",
    "url-gone",
    "url-markdown",
    "url-markdown-flaky",
];

/// The URL in an answer of this kind, as its shape has it.
fn url_of(kind: &str, answer: &Value) -> String {
    let part = answer["candidates"][0]["content"]["parts"].as_array().unwrap().last().unwrap();
    let url = match kind {
        "url-file" | "url-file-flaky" => part["fileData"]["fileUri"].as_str().unwrap(),
        "url-bare" | "url-bare-flaky" => part["text"].as_str().unwrap().rsplit(' ').next().unwrap(),
        _ => part["text"].as_str().unwrap().strip_prefix("![picture](").unwrap().strip_suffix(')').unwrap(),
    };
    url.to_owned()
}

async fn odd(kind: &str) -> (Simulator, String) {
    let simulator = start_with_faults(&[&format!("{kind}=1")]).await;
    let (status, answer) = ask(&simulator, &request("a cup")).await;
    assert_eq!((status, answer.to_string().contains("inlineData")), (200, false), "{kind}");
    assert_eq!(simulator.stats().answered, u64::from(kind != "url-gone"), "{kind}");
    (simulator, url_of(kind, &answer))
}

/// The status, type and bytes of what lies at a URL.
async fn fetch(url: &str) -> (u16, String, Vec<u8>) {
    let response = client().get(url).send().await.unwrap();
    let mime_type = response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), mime_type.unwrap_or_default(), response.bytes().await.unwrap().to_vec())
}

/// The picture of the good answer to the request that `odd` sends.
async fn good() -> (String, Vec<u8>) {
    picture(&ask(&start(Settings::default()).await, &request("a cup")).await.1)
}

#[tokio::test]
async fn a_url_leads_to_the_picture_that_the_answer_would_have_held() {
    let (mime_type, bytes) = good().await;
    for kind in ["url-bare", "url-file", "url-markdown"] {
        let (simulator, url) = odd(kind).await;
        assert!(url.starts_with(&format!("{}/files/", simulator.base_url())), "{url}");
        for _ in 0..2 {
            assert_eq!(fetch(&url).await, (200, mime_type.clone(), bytes.clone()), "{kind}");
        }
        assert_eq!(simulator.stats().requests, 1, "a fetch is no request for a picture");
    }
}

#[tokio::test]
async fn a_flaky_url_fails_once() {
    for kind in ["url-bare-flaky", "url-file-flaky", "url-markdown-flaky"] {
        let (_simulator, url) = odd(kind).await;
        assert_eq!(fetch(&url).await.0, 503, "{kind}");
        for _ in 0..2 {
            assert_eq!(fetch(&url).await.2, good().await.1, "{kind}");
        }
    }
}

#[tokio::test]
async fn what_was_never_linked_or_is_gone_is_not_found() {
    let (simulator, url) = odd("url-gone").await;
    for url in [url, format!("{}/files/0123456789abcdef.png", simulator.base_url())] {
        assert_eq!(fetch(&url).await.0, 404, "{url}");
    }
}

#[tokio::test]
async fn a_fetch_that_brings_a_key_is_refused_and_does_not_count() {
    let (_simulator, url) = odd("url-file-flaky").await;
    for keyed in [
        client().get(format!("{url}?key=k")),
        client().get(&url).header("x-goog-api-key", "k"),
        client().get(&url).header("authorization", "Bearer k"),
    ] {
        assert_eq!(keyed.send().await.unwrap().status(), 400);
    }
    assert_eq!(fetch(&url).await.0, 503, "the first fetch");
}

#[tokio::test]
async fn a_url_names_the_host_that_the_client_named() {
    let simulator = start_with_faults(&["url-file=1"]).await;
    let sent = post(&simulator, &request("a cup")).header("host", "pictures:8080").send().await.unwrap();
    let url = url_of("url-file", &read(sent).await.1);
    assert!(url.starts_with("http://pictures:8080/files/"), "{url}");
}

#[tokio::test]
async fn a_reset_forgets_the_files() {
    let (simulator, url) = odd("url-bare").await;
    client().post(format!("{}/reset", simulator.base_url())).send().await.unwrap();
    assert_eq!(fetch(&url).await.0, 404);
}

#[tokio::test]
async fn a_data_uri_holds_the_picture_itself() {
    let (_simulator, uri) = odd("url-data").await;
    let (mime_type, bytes) = good().await;
    assert_eq!(uri, format!("data:{mime_type};base64,{}", STANDARD.encode(bytes)));
}

#[tokio::test]
async fn a_stand_in_is_drawn_for_any_name_and_the_same_for_the_same() {
    let simulator = start_with_faults(&[]).await;
    let base = simulator.base_url();
    let [first, again, other] = ["1f", "1f", "2e"].map(|name| format!("{base}{STAND_INS}/{name}"));
    let drawn = fetch(&first).await;
    assert_eq!((drawn.0, drawn.1.as_str(), &drawn.2[..3]), (200, "image/jpeg", &b"\xFF\xD8\xFF"[..]));
    assert!(drawn == fetch(&again).await && drawn != fetch(&other).await);
    assert_eq!(simulator.stats().requests, 0, "nobody was asked to make a picture");
}
