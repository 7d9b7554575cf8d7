//! A server that is gone: whose trouble that is, and when a run gives up. What the wire says is real in one test.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use overnight::domain::{Auth, Ending, Failure, FailureKind, News, OnLost, Reach, RetryPolicy};
use overnight::provider::gemini::Gemini;
use overnight::run::{OutageSettings, Rules, RunSettings};
use tokio::net::TcpSocket;

use crate::support::gate::small_picture;
use crate::support::gemini;
use crate::support::server::{Server, json};
use crate::support::workshop::{Act, Scripted, Workshop, at_once, failure, rules, settings};

/// The real thing with milliseconds in the place of minutes.
fn hurried(patience: Duration) -> RunSettings {
    let outage = OutageSettings {
        shortest_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(5),
        patience,
        patience_at_start: patience,
    };
    let policy = RetryPolicy { max_attempts: 2, on_lost: OnLost::Resend };
    RunSettings { rules: Rules { outage, policy, ..rules() }, ..settings() }
}

fn long() -> Duration {
    Duration::from_secs(3600)
}

fn refused() -> Failure {
    Failure { absent: true, reach: Reach::Unsent, ..failure(FailureKind::Transient) }
}

fn overloaded() -> Failure {
    Failure { absent: true, status: Some(503), ..failure(FailureKind::Transient) }
}

/// A server that fails so for the first so many asks, after so many that it answers.
fn gone(after: usize, asks: usize, failure: fn() -> Failure) -> Arc<Scripted> {
    let asked = AtomicUsize::new(0);
    Scripted::new(move |_, _| match asked.fetch_add(1, Ordering::SeqCst) {
        number if (after..after + asks).contains(&number) => Act::fail(failure()),
        _ => Act::Draw,
    })
}

fn slowed(events: &[News]) -> Vec<&String> {
    events
        .iter()
        .filter_map(|news| if let News::Slowed { message, .. } = news { Some(message) } else { None })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_for_a_while_costs_no_item_its_attempts() {
    for failure in [refused, overloaded] {
        for after in [0, 5] {
            let workshop = Workshop::of_items(20);
            let provider = gone(after, 60, failure);
            // One at a time: an answer from before the outage that lands in it would end it, and another would begin.
            let mut settings = hurried(long());
            settings.rules.concurrency = at_once(if after > 0 { 1 } else { 4 });
            let (summary, events) = workshop.run(&provider, settings).await;
            assert_eq!((summary.ending, summary.done, summary.failed), (Ending::Complete, 20, 0));
            assert_eq!(provider.asks(), 80, "each failed request is the run's trouble, and each item is made once");
            let told = slowed(&events);
            assert_eq!(told.len(), 1, "told once: {told:?}");
            assert!(told[0].contains("one request at a time") && told[0].contains("it was transient"), "{told:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_is_there_one_request_at_a_time_asks() {
    let workshop = Workshop::of_items(20);
    let provider = gone(0, 60, overloaded);
    let (mut probes, mut most, mut is_outage) = (HashSet::new(), 0, false);
    let mut each = |news: &News| match news {
        News::Slowed { .. } => is_outage = true,
        // What leaves after all of these is answered.
        News::AttemptStarted { item, .. } if is_outage && provider.asks() < 60 => {
            probes.insert(item.clone());
            most = most.max(probes.len());
        }
        News::AttemptLanded { item, .. } => drop(probes.remove(item)),
        _ => {}
    };
    let (summary, _) = workshop.run_watched(&provider, hurried(long()), &mut each).await;
    assert_eq!((summary.done, most), (20, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stays_away_halts_the_run_with_every_item_still_queued() {
    for after in [0, 5] {
        let workshop = Workshop::of_items(20);
        let provider = gone(after, usize::MAX / 2, refused);
        let (summary, _) = workshop.run(&provider, hurried(Duration::from_millis(60))).await;
        let Ending::Halted(failure) = &summary.ending else { panic!("{:?}", summary.ending) };
        assert!(failure.message.contains("nobody has answered for"), "{}", failure.message);
        assert!(failure.message.contains("run the same command again"), "{}", failure.message);
        assert_eq!((summary.done + summary.counts.queued, summary.failed), (20, 0), "{summary:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gets_no_answer_alone_is_given_up_as_ever() {
    for items in [1, 2] {
        let workshop = Workshop::of_items(items);
        let provider = gone(0, usize::MAX / 2, refused);
        let (summary, events) = workshop.run(&provider, hurried(long())).await;
        assert_eq!((summary.ending, summary.failed, provider.asks()), (Ending::Complete, items as u64, 2 * items));
        assert!(slowed(&events).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn items_that_always_fail_amid_others_that_are_made_are_given_up() {
    let workshop = Workshop::of_items(20);
    let poisoned = ["prompt 3", "prompt 9", "prompt 19"];
    let provider = Scripted::new(move |prompt, _| match poisoned.contains(&prompt) {
        true => Act::fail(overloaded()),
        false => Act::Draw,
    });
    let (summary, events) = workshop.run(&provider, hurried(long())).await;
    assert_eq!((summary.ending, summary.done, summary.failed), (Ending::Complete, 17, 3));
    assert!(slowed(&events).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_item_is_given_up_also_after_an_outage_that_few_answers_followed() {
    let workshop = Workshop::of_items(4);
    let provider = Scripted::new(move |prompt, nth| match (prompt, nth) {
        ("prompt 3", _) | (_, 0) => Act::fail(overloaded()),
        _ => Act::Draw,
    });
    let (summary, _) = workshop.run(&provider, hurried(long())).await;
    assert_eq!((summary.ending, summary.done, summary.failed), (Ending::Complete, 3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_where_nobody_listens_yet_is_waited_for() {
    let workshop = Workshop::of_items(8);
    let mut port = Some(TcpSocket::new_v4().unwrap());
    let address = port.as_ref().map(|port| port.bind("127.0.0.1:0".parse().unwrap()).and_then(|()| port.local_addr()));
    let base_url = format!("http://{}", address.unwrap().unwrap());
    let provider = Gemini::new(gemini::settings(&base_url, Auth::Header)).unwrap();
    let mut server = None;
    let mut each = |news: &News| {
        if matches!(news, News::Slowed { .. })
            && let Some(port) = port.take()
        {
            let listener = port.listen(64).and_then(tokio::net::TcpListener::into_std).unwrap();
            listener.set_nonblocking(false).unwrap();
            server = Some(Server::at(listener, vec![json(200, &small_picture()); 8]));
        }
    };
    let mut queue = workshop.queue();
    let run = workshop.run_with(&mut queue, Arc::new(provider), hurried(long()), &mut each);
    let (summary, events) = run.await;
    assert_eq!((summary.ending, summary.done, summary.failed), (Ending::Complete, 8, 0));
    assert_eq!(server.unwrap().seen().len(), 8);
    assert!(slowed(&events)[0].contains("no connection to 127.0.0.1"), "{:?}", slowed(&events));
}
