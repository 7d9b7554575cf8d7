//! The quota and what is counted. Never looks at a picture.

use std::num::NonZeroU32;
use std::time::Duration;

use overnight::simulator::{Asked, QuotaStep, QuotaWindow};
use serde_json::json;

use super::*;

fn of_two_a_minute() -> Settings {
    Settings { quota_per_minute: NonZeroU32::new(2), ..Settings::default() }
}

#[tokio::test]
async fn beyond_the_quota_a_429_names_it_and_the_wait() {
    let simulator = start(of_two_a_minute()).await;
    for prompt in ["a cup", "a jug"] {
        assert_eq!(ask(&simulator, &request(prompt)).await.0, 200);
    }
    let (status, answer) = ask(&simulator, &request("a bowl")).await;
    assert_eq!((status, &answer["error"]["status"]), (429, &json!("RESOURCE_EXHAUSTED")));
    let violation = &answer["error"]["details"][0]["violations"][0];
    assert!(violation["quotaId"].as_str().unwrap().contains("PerMinutePerProjectPerModel"));
    assert_eq!(violation["quotaValue"], "2");
    let delay = answer["error"]["details"][1]["retryDelay"].as_str().unwrap().strip_suffix('s').unwrap().to_owned();
    let delay: f64 = delay.parse().unwrap();
    assert!(0.0 < delay && delay <= 60.0, "{delay}");
}

#[tokio::test]
async fn a_day_that_is_used_up_says_so_beside_a_short_wait_until_the_reset() {
    let simulator = start(Settings { quota_per_day: NonZeroU32::new(2), ..Settings::default() }).await;
    for (prompt, status) in [("a cup", 200), ("a jug", 200), ("a bowl", 429), ("a cup", 429)] {
        assert_eq!(ask(&simulator, &request(prompt)).await.0, status, "{prompt}");
    }
    let (_, answer) = ask(&simulator, &request("a bowl")).await;
    let details = &answer["error"]["details"];
    let day = &details[0]["violations"][1];
    assert!(day["quotaId"].as_str().unwrap().contains("PerDayPerProjectPerModel"), "{answer}");
    assert_eq!((&day["quotaValue"], &details[1]["retryDelay"]), (&json!("2"), &json!("1.000s")));
    assert_eq!((simulator.stats().taken, simulator.stats().statuses["429"]), (2, 3));
    client().post(format!("{}/reset", simulator.base_url())).send().await.unwrap();
    assert_eq!(ask(&simulator, &request("a bowl")).await.0, 200);
}

#[tokio::test]
async fn a_quota_may_change_and_be_counted_in_minutes_of_the_clock() {
    let change = QuotaStep { from: Duration::ZERO, places: NonZeroU32::MIN };
    let later = QuotaStep { from: Duration::from_secs(3600), places: NonZeroU32::new(9).unwrap() };
    let settings =
        Settings { quota_changes: vec![later, change], quota_window: QuotaWindow::Fixed, ..of_two_a_minute() };
    let simulator = start(settings).await;
    assert_eq!(ask(&simulator, &request("a cup")).await.0, 200);
    let (status, answer) = ask(&simulator, &request("a jug")).await;
    assert_eq!((status, &answer["error"]["details"][0]["violations"][0]["quotaValue"]), (429, &json!("1")));
}

#[tokio::test]
async fn the_quota_comes_before_faults_and_is_not_spent_on_invalid_requests() {
    let mut settings = of_two_a_minute();
    settings.faults = Faults::new(["503=1".parse().unwrap()]).unwrap();
    let simulator = start(settings).await;
    for (body, status) in [(json!({}), 400), (request("a"), 503), (request("a"), 503), (request("a"), 429)] {
        assert_eq!(ask(&simulator, &body).await.0, status);
    }
    assert_eq!(simulator.stats().answered, 0);
}

#[tokio::test]
async fn a_throttled_request_is_no_ask_of_it() {
    let (limited, free) = (start(of_two_a_minute()).await, start(Settings::default()).await);
    for prompt in ["a cup", "a jug", "a bowl"] {
        ask(&limited, &request(prompt)).await;
    }
    let reset = client().post(format!("{}/reset", limited.base_url())).send().await.unwrap();
    assert_eq!(reset.status(), 200);
    assert_eq!(ask(&limited, &request("a bowl")).await, ask(&free, &request("a bowl")).await);
}

#[tokio::test]
async fn stats_count_answers_and_those_given_again() {
    let simulator = start(Settings::default()).await;
    for body in [request("a cup"), request("a jug"), request("a cup"), json!({})] {
        ask(&simulator, &body).await;
    }
    let url = format!("{}/stats", simulator.base_url());
    let (status, stats) = read(client().get(url).send().await.unwrap()).await;
    let expected = json!({
        "requests": 4, "statuses": {"200": 3, "400": 1}, "taken": 3, "in_flight": 0, "most_at_once": 1, "answered": 3,
        "answered_again": 1, "oddities": {},
    });
    assert_eq!((status, stats), (200, expected));
}

#[tokio::test]
async fn each_prompt_has_an_account_of_its_own() {
    let simulator = start(of_two_a_minute()).await;
    for prompt in ["a cup", "[[simulate:503]] a jug", "a cup"] {
        ask(&simulator, &request(prompt)).await;
    }
    let asked = |prompt| simulator.asked(prompt);
    assert_eq!(asked("a cup"), Asked { requests: 2, answers: 1 }, "also what the quota turned away");
    assert_eq!(asked("[[simulate:503]] a jug"), Asked { requests: 1, answers: 0 });
    assert_eq!(asked("a bowl"), Asked::default());
    client().post(format!("{}/reset", simulator.base_url())).send().await.unwrap();
    assert_eq!(asked("a cup"), Asked::default());
}

#[tokio::test]
async fn the_account_counts_what_was_handed_over_whole_by_its_own_count() {
    let simulator = start(Settings::default()).await;
    for kinds in ["ok", "several", "refused", "503", "truncated-image", "error-200"] {
        ask(&simulator, &request(&format!("a cup [[simulate:{kinds}]]"))).await;
    }
    // What is cut in the middle was never handed over whole, whoever bills it.
    assert!(post(&simulator, &request("a jug [[simulate:cut]]")).send().await.unwrap().bytes().await.is_err());
    let url = format!("{}/account", simulator.base_url());
    let (status, account) = read(client().get(url).send().await.unwrap()).await;
    assert_eq!((status, &account["requests"]), (200, &json!(4)), "{account}");
    assert!(account["images"] == 4 || account["images"] == 5, "{account}");
    assert_eq!(serde_json::to_value(simulator.account()).unwrap(), account);
    let model = account["models"].as_object().unwrap().values().next().unwrap();
    for key in ["requests", "images", "prompt_tokens", "output_tokens", "thought_tokens"] {
        assert_eq!(model[key], account[key], "{key}");
    }
    client().post(format!("{}/reset", simulator.base_url())).send().await.unwrap();
    assert_eq!(simulator.account(), overnight::simulator::Account::default());
}

#[tokio::test]
async fn a_reset_forgets_counts_asks_and_quota() {
    let simulator = start(of_two_a_minute()).await;
    let first = ask(&simulator, &request("a cup")).await;
    ask(&simulator, &request("a cup")).await;
    client().post(format!("{}/reset", simulator.base_url())).send().await.unwrap();
    assert_eq!(simulator.stats(), overnight::simulator::Stats::default());
    assert_eq!(ask(&simulator, &request("a cup")).await, first);
    assert_eq!(simulator.stats().answered_again, 0);
}

#[tokio::test]
async fn an_answer_that_is_not_taken_is_not_counted_as_answered() {
    let simulator = start(Settings { latency: Duration::from_secs(600), ..Settings::default() }).await;
    let asking = tokio::spawn(post(&simulator, &request("a cup")).send());
    until(|| simulator.stats().requests == 1).await;
    asking.abort();
    until(|| simulator.stats().statuses.get("none") == Some(&1)).await;
    assert_eq!(simulator.stats().answered, 0);
}

#[tokio::test]
async fn many_requests_can_wait_together() {
    let simulator = start(Settings { latency: Duration::from_secs(600), ..Settings::default() }).await;
    let client = client();
    let url = format!("{}{MODEL_PATH}?key=k", simulator.base_url());
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..200 {
        asking.spawn(client.post(&url).body(request(&number.to_string()).to_string()).send());
    }
    until(|| simulator.stats().most_at_once == 200).await;
}

#[tokio::test]
async fn what_is_in_flight_may_end_before_the_server_does() {
    let simulator = start(Settings { latency: Duration::from_millis(50), ..Settings::default() }).await;
    let asking = tokio::spawn(post(&simulator, &request("a cup")).send());
    until(|| simulator.stats().requests == 1).await;
    simulator.serve_until(std::future::ready(())).await;
    assert_eq!(read(asking.await.unwrap().unwrap()).await.0, 200);
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_in_the_error() {
    let first = start(Settings::default()).await;
    let port = first.address().port();
    let error = Simulator::start(Settings { port, ..Settings::default() }).await.err().unwrap();
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}
