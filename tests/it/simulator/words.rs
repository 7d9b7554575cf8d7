//! Every kind of fault alike: by rate and by a word in the prompt, counted, and the same each time. Never its shape.

use std::collections::BTreeMap;

use overnight::simulator::FaultKind;

use super::*;

/// What a client sees of an answer, with the simulator's own address taken out; an error is one word.
async fn seen(simulator: &Simulator, body: &Value) -> (String, String) {
    match post_with(&plain_client(), simulator, body).send().await {
        Err(_) => ("none".to_owned(), String::new()),
        Ok(response) => {
            let status = response.status().to_string();
            let text = match response.bytes().await {
                Ok(bytes) => String::from_utf8_lossy(&bytes).replace(&simulator.base_url(), "http://simulator"),
                Err(_) => "broken off".to_owned(),
            };
            (status, text)
        }
    }
}

/// Every kind that ends by itself.
fn kinds() -> impl Iterator<Item = &'static str> {
    FaultKind::all().map(|(_, name, _)| name).filter(|name| *name != "hang")
}

/// A server on which dripping takes no time, and drawing little.
async fn quick(faults: &[&str]) -> Simulator {
    let faults = Faults::new(faults.iter().map(|fault| fault.parse().unwrap())).unwrap();
    start(Settings { faults, drip: Duration::ZERO, small_pictures: true, ..Settings::default() }).await
}

#[test]
fn every_kind_of_fault_is_tested_for_its_shape() {
    let covered = [&faults::COVERED[..], &oddities::COVERED[..], &links::COVERED[..]].concat();
    let missing: Vec<&str> = FaultKind::all().map(|(_, name, _)| name).filter(|name| !covered.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn every_kind_befalls_by_rate_is_counted_and_falls_the_same_way_again() {
    for kind in kinds() {
        let (one, two) = (quick(&[&format!("{kind}=1")]).await, quick(&[&format!("{kind}=100%")]).await);
        let body = request("a cup");
        assert_eq!(seen(&one, &body).await, seen(&two, &body).await, "{kind}");
        assert_eq!(one.stats().oddities, BTreeMap::from([(kind, 1)]));
    }
}

#[tokio::test]
async fn every_kind_befalls_by_a_word_in_the_prompt_and_falls_the_same_way_again() {
    let (one, two) = (quick(&[]).await, quick(&[]).await);
    for kind in kinds() {
        let body = request(&format!("a cup [[simulate:{kind}]]"));
        assert_eq!(seen(&one, &body).await, seen(&two, &body).await, "{kind}");
    }
    assert_eq!(one.stats().oddities, kinds().map(|kind| (kind, 1)).collect());
}

#[tokio::test]
async fn a_hang_befalls_by_a_word_as_well() {
    let simulator = quick(&[]).await;
    let asking = tokio::spawn(post(&simulator, &request("[[simulate:hang]]")).send());
    until(|| simulator.stats().oddities == BTreeMap::from([("hang", 1)])).await;
    asking.abort();
    until(|| simulator.stats().statuses.get("none") == Some(&1)).await;
}

#[tokio::test]
async fn several_words_are_for_one_ask_after_the_other() {
    let simulator = quick(&[]).await;
    let body = request("a cup [[simulate:503 ok refused]]");
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let (status, answer) = ask(&simulator, &body).await;
        statuses.push((status, answer["candidates"][0]["finishReason"].as_str().unwrap_or_default().to_owned()));
    }
    let refused = (200, "IMAGE_SAFETY".to_owned());
    assert_eq!(statuses, [(503, String::new()), (200, "STOP".to_owned()), refused.clone(), refused]);
    assert_eq!(simulator.stats().oddities, BTreeMap::from([("503", 1), ("refused", 2)]));
}

#[tokio::test]
async fn a_word_comes_before_rates() {
    let simulator = quick(&["503=1"]).await;
    assert_eq!(ask(&simulator, &request("a cup [[simulate:ok]]")).await.0, 200);
    assert_eq!(ask(&simulator, &request("a cup [[simulate:500]]")).await.0, 500);
    assert_eq!(ask(&simulator, &request("a cup")).await.0, 503);
}

#[tokio::test]
async fn a_word_that_is_no_kind_is_refused_with_the_known_ones() {
    let simulator = quick(&[]).await;
    let (status, answer) = ask(&simulator, &request("a cup [[simulate:explode]]")).await;
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(status == 400 && FaultKind::all().all(|(_, name, _)| message.contains(name)), "{message}");
    assert!(simulator.stats().oddities.is_empty());
}

#[tokio::test]
async fn a_reset_forgets_the_count_and_the_place_in_the_script() {
    let simulator = quick(&[]).await;
    let body = request("a cup [[simulate:503 ok]]");
    for _ in 0..2 {
        assert_eq!(ask(&simulator, &body).await.0, 503);
        client().post(format!("{}/reset", simulator.base_url())).send().await.unwrap();
        assert!(simulator.stats().oddities.is_empty());
    }
}
