//! How a key has to come, and that one that comes otherwise is refused. Never looks at an answer with a picture.

use overnight::simulator::KeyWay;
use serde_json::json;

use super::*;

#[tokio::test]
async fn a_key_may_come_in_three_ways_and_must_come_in_one() {
    let simulator = start(Settings::default()).await;
    let url = format!("{}{MODEL_PATH}", simulator.base_url());
    let body = request("a cup").to_string();
    let bare = || client().post(&url).body(body.clone());
    let by_query = |key: &str| client().post(format!("{url}?key={key}")).body(body.clone());
    for keyed in [
        by_query("a+key%2Fwith%20signs"),
        bare().header("x-goog-api-key", "key"),
        bare().header("authorization", "Bearer key"),
    ] {
        assert_eq!(read(keyed.send().await.unwrap()).await.0, 200);
    }
    for keyless in [bare(), by_query(""), bare().header("authorization", "Basic a2V5")] {
        let (status, answer) = read(keyless.send().await.unwrap()).await;
        assert_eq!((status, &answer["error"]["status"]), (403, &json!("PERMISSION_DENIED")));
    }
    for wrong in [by_query("invalid"), bare().header("x-goog-api-key", "invalid")] {
        let (status, answer) = read(wrong.send().await.unwrap()).await;
        assert_eq!((status, &answer["error"]["details"][0]["reason"]), (400, &json!("API_KEY_INVALID")));
    }
}

#[tokio::test]
async fn a_server_of_one_way_takes_no_other() {
    for (place, name) in ["query", "header", "bearer"].into_iter().enumerate() {
        let simulator = start(Settings { key_way: name.parse().unwrap(), ..Settings::default() }).await;
        let url = format!("{}{MODEL_PATH}", simulator.base_url());
        let body = request("a cup [[simulate:no-image]]").to_string();
        let bare = || client().post(&url).body(body.clone());
        let keyed = [
            client().post(format!("{url}?key=k")).body(body.clone()),
            bare().header("x-goog-api-key", "k"),
            bare().header("authorization", "Bearer k"),
        ];
        for (way, keyed) in keyed.into_iter().enumerate() {
            let (status, answer) = read(keyed.send().await.unwrap()).await;
            assert_eq!(status, if way == place { 200 } else { 403 }, "{name}, way {way}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_key_in_the_right_way_is_looked_at_whatever_else_comes() {
    let simulator = start(Settings { key_way: KeyWay::Header, ..Settings::default() }).await;
    let post = |query: &str, header: &'static str| {
        let url = format!("{}{MODEL_PATH}?key={query}", simulator.base_url());
        client().post(url).header("x-goog-api-key", header).body(request("[[simulate:no-image]]").to_string())
    };
    assert_eq!(read(post("invalid", "k").send().await.unwrap()).await.0, 200);
    assert_eq!(read(post("k", "invalid").send().await.unwrap()).await.0, 400);
}

#[test]
fn an_unknown_way_is_told_the_known_ones() {
    let message = "cookie".parse::<KeyWay>().unwrap_err().to_string();
    assert!(["cookie", "any", "header", "query", "bearer"].iter().all(|word| message.contains(word)), "{message}");
}

#[tokio::test]
async fn whoever_has_a_key_is_told_the_models_for_nothing() {
    let simulator = start(Settings::default()).await;
    let list = |query: &str| client().get(format!("{}/any/path/v1beta/models{query}", simulator.base_url()));
    let (status, models) = read(list("?pageSize=1000&key=a").send().await.unwrap()).await;
    assert_eq!((status, &models["models"][0]["name"]), (200, &json!("models/gemini-3.1-flash-lite-image")));
    assert_eq!(read(list("").send().await.unwrap()).await.0, 403);
    assert_eq!(read(list("?key=invalid").send().await.unwrap()).await.0, 400);
    assert_eq!(simulator.stats().requests, 0, "nothing of it is a request for a picture");
}
