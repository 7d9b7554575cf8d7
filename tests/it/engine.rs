//! What one draining of a queue promises. Never over HTTP: what the wire does is tested where the binary runs.

use std::sync::atomic::Ordering;
use std::time::Duration;

use overnight::domain::{Accept, Ending, Failure, FailureKind, Interrupt, News, OnLost, Reach, RetryPolicy};
use overnight::run::{Rules, RunSettings, Stop};

use crate::support::workshop::{Act, Scripted, Workshop, failure, rules, settings};

#[tokio::test(flavor = "multi_thread")]
async fn every_item_gets_its_picture_and_no_more_requests_fly_than_may() {
    let workshop = Workshop::of_items(40);
    let provider = Scripted::new(|_, _| Act::Draw);
    let (summary, events) = workshop.run(&provider, settings()).await;
    assert_eq!((summary.ending, summary.done, summary.attempts, provider.asks()), (Ending::Complete, 40, 40, 40));
    assert!(provider.most_at_once.load(Ordering::SeqCst) <= 4);
    assert!(matches!(events.first(), Some(News::RunStarted { items: 40, .. })));
    assert!(matches!(events.last(), Some(News::RunEnded(_))));
    assert!(workshop.output().join("item-39.png").exists() && workshop.output().join("item-39.txt").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_is_on_the_disk_and_in_the_database_already() {
    let workshop = Workshop::of_items(12);
    let provider = Scripted::new(|_, _| Act::Draw);
    let mut told = 0;
    let mut each = |news: &News| {
        if let News::AttemptEnded { file: Some(file), .. } = news {
            told += 1;
            assert!(workshop.output().join(file).exists());
            assert!(workshop.done() >= told, "told of {told}, settled {}", workshop.done());
        }
    };
    workshop.run_watched(&provider, settings(), &mut each).await;
    assert_eq!(told, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fatal_failure_stops_the_sending_and_leaves_everything_queued() {
    let workshop = Workshop::of_items(50);
    let provider = Scripted::new(|_, _| Act::fail(failure(FailureKind::Fatal)));
    let (summary, events) = workshop.run(&provider, settings()).await;
    assert!(matches!(summary.ending, Ending::Halted(_)));
    assert_eq!(summary.counts.queued, 50);
    assert!(provider.asks() <= 4, "only what was in flight was asked, not {}", provider.asks());
    assert_eq!(events.iter().filter(|news| matches!(news, News::Halted { .. })).count(), 1, "said once");
}

#[tokio::test(flavor = "multi_thread")]
async fn throttled_items_come_back_without_losing_an_attempt() {
    let workshop = Workshop::of_items(8);
    let throttled = || Failure { retry_after: Some(Duration::from_millis(5)), ..failure(FailureKind::Throttled) };
    // More often than an item may be attempted. If all of them were, that would be a quota, and waited for by the minute.
    let provider = Scripted::new(move |prompt, nth| match (prompt, nth) {
        ("prompt 3", 0 | 1) => Act::fail(throttled()),
        _ => Act::Draw,
    });
    let once = RetryPolicy { max_attempts: 1, on_lost: OnLost::Resend };
    let (summary, events) =
        workshop.run(&provider, RunSettings { rules: Rules { policy: once, ..rules() }, ..settings() }).await;
    assert_eq!((summary.ending, summary.done, provider.asks()), (Ending::Complete, 8, 10));
    assert!(events.iter().any(|news| matches!(news, News::Slowed { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transient_failure_is_tried_again_until_the_attempts_are_used_up() {
    let workshop = Workshop::of_items(2);
    let provider = Scripted::new(|prompt, nth| match (prompt, nth) {
        ("prompt 0", 0) => Act::fail(failure(FailureKind::Transient)),
        ("prompt 0", _) => Act::Draw,
        _ => Act::fail(failure(FailureKind::Transient)),
    });
    let two = RetryPolicy { max_attempts: 2, on_lost: OnLost::Resend };
    let (summary, _) =
        workshop.run(&provider, RunSettings { rules: Rules { policy: two, ..rules() }, ..settings() }).await;
    assert_eq!((summary.done, summary.failed, summary.attempts), (1, 1, 4));
    assert_eq!(summary.counts.failed[&FailureKind::Transient], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_of_items_and_what_was_begun_is_brought_to_its_end() {
    let workshop = Workshop::of_items(9);
    let provider =
        Scripted::new(|_, nth| if nth == 0 { Act::fail(failure(FailureKind::Transient)) } else { Act::Draw });
    let (summary, _) = workshop.run(&provider, RunSettings { limit: Some(3), ..settings() }).await;
    assert_eq!((&summary.ending, summary.done, summary.attempts), (&Ending::Limit("--limit"), 3, 6));
    let (summary, _) = workshop.run(&provider, RunSettings { limit: Some(6), ..settings() }).await;
    assert_eq!((summary.ending, summary.counts.done), (Ending::Complete, 9), "a limit that is just enough is none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stops_when_too_many_items_have_failed() {
    let workshop = Workshop::of_items(50);
    let provider = Scripted::new(|_, _| Act::fail(failure(FailureKind::Rejected)));
    let (summary, _) = workshop.run(&provider, RunSettings { halt_after: Some(5), ..settings() }).await;
    assert_eq!(summary.ending, Ending::Limit("--halt-after"));
    assert!((5..=9).contains(&summary.failed), "{} failed", summary.failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_signal_finishes_what_is_in_flight_and_the_second_gives_it_up() {
    let workshop = Workshop::of_items(20);
    let hanging = Scripted::new(|_, _| Act::Hang);
    let mut started = 0;
    let mut each = |news: &News| {
        if matches!(news, News::AttemptStarted { .. }) {
            started += 1;
            let stop = if started == 4 { Stop::Now(Interrupt::Term) } else { Stop::Finish(Interrupt::Int) };
            workshop.stop.send_replace(stop);
        }
    };
    let (summary, _) = workshop.run_watched(&hanging, settings(), &mut each).await;
    assert_eq!(summary.ending, Ending::Interrupted(Interrupt::Term));
    assert_eq!((summary.attempts, summary.lost, summary.counts.queued), (4, 4, 20));
    workshop.stop.send_replace(Stop::No);
    let provider = Scripted::new(|_, _| Act::Draw);
    let (summary, _) = workshop.run(&provider, settings()).await;
    assert_eq!((summary.ending, summary.done), (Ending::Complete, 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_after_a_signal_that_came_before_anybody_waited_for_one() {
    let workshop = Workshop::of_items(20);
    let provider = Scripted::new(|_, _| Act::Draw);
    for stop in [Stop::Finish(Interrupt::Int), Stop::Now(Interrupt::Int)] {
        workshop.stop.send_replace(stop);
        let (summary, _) = workshop.run(&provider, settings()).await;
        assert_eq!(summary.ending, Ending::Interrupted(Interrupt::Int));
        assert_eq!((provider.asks(), summary.counts.queued), (0, 20), "{stop:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_whole_at_the_second_signal_is_still_looked_at_and_kept() {
    let workshop = Workshop::of_items(1);
    let stop = workshop.stop.clone();
    let provider = Scripted::new(move |_, _| {
        stop.send_replace(Stop::Now(Interrupt::Int));
        Act::Draw
    });
    let accept = Accept { duplicate: true, ..Accept::default() };
    let (summary, _) = workshop.run(&provider, RunSettings { accept, ..settings() }).await;
    assert_eq!(summary.ending, Ending::Interrupted(Interrupt::Int));
    assert_eq!((summary.done, summary.lost), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_request_is_held_when_the_job_says_so() {
    let workshop = Workshop::of_items(1);
    let provider = Scripted::new(|_, _| Act::fail(Failure { reach: Reach::Lost, ..failure(FailureKind::Transient) }));
    let hold = RetryPolicy { max_attempts: 3, on_lost: OnLost::Hold };
    let (summary, _) =
        workshop.run(&provider, RunSettings { rules: Rules { policy: hold, ..rules() }, ..settings() }).await;
    assert_eq!((summary.counts.failed[&FailureKind::Lost], summary.lost, provider.asks()), (1, 1, 1));
}
